"""Logs, masks and steps: what is said, and that nobody can be recognised in it."""

from __future__ import annotations

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lda.settings import Settings
from lda.telemetry import about, configure_logs, holds_nhs_number, masked, step, tell_lineage
from lda.telemetry.lineage import START, Job


@pytest.fixture(autouse=True)
def own_handlers():
    """Leaves the logger as it was found."""
    logger = logging.getLogger("lda")
    before = (logger.handlers, logger.level, logger.propagate)
    yield
    logger.handlers, logger.level, logger.propagate = before


def records(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


@given(st.integers(0, 999_999_999), st.sampled_from(["", " ", "-"]), st.sampled_from(["{}", "no {} here", "({})"]))
def test_every_valid_nhs_number_is_masked(nine, gap, around):
    digits = f"{nine:09d}"
    check = 11 - sum(weight * int(digit) for weight, digit in zip(range(10, 1, -1), digits, strict=True)) % 11
    number = f"{digits}{0 if check == 11 else check}"
    text = around.format(gap.join((number[:3], number[3:6], number[6:10])))
    assert holds_nhs_number(text) == (check != 10)
    assert (number[:3] not in masked(text)) == (check != 10)


def test_postcodes_and_addresses_are_masked_and_codes_are_not():
    assert masked("LE1 7RH, ask a.person@nhs.net") == "[hidden], ask [hidden]"
    assert masked("partner Y90001, rule GPLD-03, file 3f9a8b7c6d5e4f30") == (
        "partner Y90001, rule GPLD-03, file 3f9a8b7c6d5e4f30"
    )


def test_a_record_carries_what_it_is_about_and_no_identifier(capsys):
    configure_logs(Settings(log_format="json", log_level="INFO"))
    log = logging.getLogger("lda.somewhere")
    with about(run="ingest-1", feed="cld", partner="509", note="943 476 5919"):
        log.info("Row of %s read.", "9434765919")
    log.info("After.")
    first, second = records(capsys)
    assert first["event"] == "Row of [hidden] read."
    assert (first["run"], first["feed"], first["partner"], first["note"]) == ("ingest-1", "cld", "509", "[hidden]")
    assert (first["level"], first["logger"]) == ("info", "lda.somewhere")
    assert "run" not in second


def test_a_traceback_is_masked_too(capsys):
    configure_logs(Settings(log_format="json"))
    try:
        raise ValueError("cell 9434765919")
    except ValueError:
        logging.getLogger("lda").exception("It failed.")
    (record,) = records(capsys)
    assert "ValueError" in record["exception"]
    assert "9434765919" not in json.dumps(record)


def test_people_read_words_and_only_from_warnings_on(capsys):
    configure_logs(Settings())
    logging.getLogger("lda").info("Quiet.")
    logging.getLogger("lda").warning("Look: 943 476 5919")
    assert capsys.readouterr().err == "warning: Look: [hidden]\n"


def test_a_step_tells_how_it_ended_and_its_error_goes_on(capsys):
    configure_logs(Settings(log_format="json", log_level="INFO"))
    with pytest.raises(ZeroDivisionError), step(Settings(), "refresh-1", "build"):
        raise ZeroDivisionError
    started, failed = records(capsys)
    assert (started["event"], started["run"], started["step"]) == ("Step started.", "refresh-1", "build")
    assert (failed["event"], failed["error"], failed["level"]) == ("Step failed.", "ZeroDivisionError", "error")
    assert failed["seconds"] >= 0


def test_lineage_that_cannot_be_sent_stops_nothing(monkeypatch, capsys):
    from lda.telemetry import lineage

    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__TYPE", "nonsense")
    lineage._client.cache_clear()
    configure_logs(Settings())
    tell_lineage(Settings(lineage=True), START, Job("build", "refresh-1"))
    lineage._client.cache_clear()
    assert "could not be sent" in capsys.readouterr().err


def test_the_same_step_of_a_run_has_one_id():
    assert Job("build", "refresh-1").uuid == Job("build", "refresh-1").uuid
    assert len({Job(name, run).uuid for name in ("build", "judge") for run in ("refresh-1", "refresh-2")}) == 4
