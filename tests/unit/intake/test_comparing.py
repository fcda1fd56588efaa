"""A list of people that was cut short is rejected, so that nobody on the list before is counted again unnoticed."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from lda.cli.verbs import app
from lda.contracts import load_contracts
from lda.intake import ingest, redrive
from lda.intake.database import IntakeError
from lda.ledger import utc_now

from .conftest import nhs_number

RULE = "FILE-PEOPLE-LOST"
EVERYBODY = range(100)


@pytest.fixture
def send(settings):
    def put(people, month: str, version: str = "", partner: str = "QK1") -> Path:
        path = settings.landing / partner / f"opt_out_{partner}_{month}{version}.dat"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{nhs_number(one)},\n" for one in people))
        return path

    return put


def in_force(home) -> dict[tuple[str, str], int]:
    standing = [one for one in home.ledger.in_force(utc_now()) if one.feed == "opt_out"]
    return {(one.partner_code, one.period_end.isoformat()[:7]): one.rows_accepted for one in standing}


def test_lists_that_come_together_are_each_compared_with_the_one_before(settings, send, home):
    """15 % may go, and who takes it back is not asked about one by one; 16 % are too many, even if as many are new."""
    january = send(EVERYBODY, "2026-01")
    february = send(range(15, 100), "2026-02")
    # Of the 85 of February 14 are missing (16 %), and 20 others are on it.
    march = send([*range(29, 100), *range(200, 220)], "2026-03")
    april = send(range(15, 101), "2026-04")
    report = ingest(settings)
    statuses = [home.file(path).status for path in (january, february, march, april)]
    assert statuses == ["accepted", "accepted", "rejected", "accepted"]
    assert report.problems == []
    assert in_force(home) == {("QK1", "2026-01"): 100, ("QK1", "2026-02"): 85, ("QK1", "2026-04"): 86}
    (found,) = home.ledger.rule_results(home.file(march).file_id)
    assert (found.rule_code, found.scope) == (RULE, "file")
    assert "16% of the people on the list of February 2026 are not on it." in found.detail
    assert nhs_number(20) not in found.detail


def test_a_correction_is_held_to_the_list_it_would_replace_and_a_whole_one_replaces_it(settings, send, home):
    send(EVERYBODY, "2026-02")
    ingest(settings)
    cut = send(range(40), "2026-02", "_v2")
    ingest(settings)
    assert (home.file(cut).status, in_force(home)) == ("rejected", {("QK1", "2026-02"): 100})
    whole = send(range(5, 120), "2026-02", "_v3")
    ingest(settings)
    assert (home.file(whole).status, in_force(home)) == ("accepted", {("QK1", "2026-02"): 115})


def test_a_few_people_may_always_go_and_another_partner_s_list_is_no_measure(settings, send, home):
    send(range(6), "2026-01")
    few = send(range(5, 6), "2026-02")
    ingest(settings)
    assert home.file(few).status == "accepted"
    fewer = send(range(300, 301), "2026-03")
    other = load_contracts(settings)["opt_out"].people_lost
    assert other is not None and other.people == 5
    ingest(settings)
    assert home.file(fewer).status == "accepted"


def test_a_person_takes_a_smaller_list_as_it_is_once_and_for_good_and_says_why(settings, send, home):
    whole = send(EVERYBODY, "2026-01")
    cut = send(range(50), "2026-02")
    ingest(settings)
    number = home.file(cut).file_id
    redrive(settings)
    assert home.file(cut).status == "rejected"
    for wrong in ({"file_id": None}, {"file_id": home.file(whole).file_id}):
        with pytest.raises(
            IntakeError, match="Name with --file the one file that was rejected for FILE-EMPTY or FILE-PEOPLE-LOST"
        ):
            redrive(settings, as_sent="letter of 3 March", **wrong)
    with pytest.raises(IntakeError, match="Say why"):
        redrive(settings, file_id=number, as_sent=" ")
    assert home.ledger.trail("accepted_list") == []
    redrive(settings, file_id=number[:12], as_sent="letter of 3 March")
    assert in_force(home) == {("QK1", "2026-01"): 100, ("QK1", "2026-02"): 50}
    (line,) = home.ledger.trail("accepted_list")
    assert (line["subject"], line["detail"]) == (number, "letter of 3 March")
    redrive(settings, feed="opt_out")
    assert home.file(cut).status == "accepted"
    april = send(range(10), "2026-04")
    ingest(settings)
    assert home.file(april).status == "rejected", "what was accepted was that list, not the next"


def test_the_command_line_says_how_a_list_is_taken():
    told = CliRunner().invoke(app, ["redrive", "--help"], env={"COLUMNS": "200"}).output
    assert "--as-sent" in told


def test_feeds_without_the_setting_are_not_held_to_the_rule(settings):
    from lda.contracts import load_batch_rules, load_file_rules
    from lda.intake.suites import suite_of

    rules, batch_rules = load_file_rules(settings), load_batch_rules(settings)
    held = {
        feed
        for feed, contract in load_contracts(settings).items()
        if RULE in {one["meta"]["rule"] for one in suite_of(contract, rules, batch_rules)["expectations"]}
    }
    assert held == {"opt_out"}
