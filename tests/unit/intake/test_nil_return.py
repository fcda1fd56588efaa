"""A file without rows is rejected, for a failed export looks the same, until a person says that it is true."""

from __future__ import annotations

import pytest

from lda.intake import ingest, redrive
from lda.intake.database import IntakeError
from lda.ledger import utc_now

from .conftest import gp_row

REASON = "letter of the practice, 3 March"


def standing(home) -> dict[str, int]:
    """Rows in force by month."""
    return {one.period_end.isoformat()[:7]: one.rows_accepted for one in home.ledger.in_force(utc_now())}


def test_a_person_takes_a_file_without_rows_as_a_nil_return(settings, land, home):
    land([gp_row(seed) for seed in range(3)], "2026-01")
    nil = land([], "2026-02")
    ingest(settings)
    assert home.account(nil) == ("rejected", 0, 0, 0, 0)
    (found,) = home.ledger.rule_results(home.file(nil).file_id)
    assert found.rule_code == "FILE-EMPTY"
    redrive(settings)
    assert standing(home) == {"2026-01": 3}, "judging it again does not make it true"

    redrive(settings, file_id=home.file(nil).file_id, as_sent=REASON)
    assert home.account(nil) == ("accepted", 0, 0, 0, 0)
    assert (home.rules(nil), home.lake(nil)) == ({}, [])
    assert standing(home) == {"2026-01": 3, "2026-02": 0}
    told = str(home.ledger.history(home.file(nil).file_id))
    assert "There is a header but no data row. A person took it as it was sent." in told
    (line,) = home.ledger.trail("accepted_list")
    assert (line["subject"], line["detail"]) == (home.file(nil).file_id, REASON)

    redrive(settings)
    assert standing(home) == {"2026-01": 3, "2026-02": 0}
    # It holds for that file alone: a correction with rows replaces it, another empty month is asked about.
    land([gp_row(1)], "2026-02", "_v2")
    other = land(b"".join([(settings.landing / home.file(nil).landing_path).read_bytes(), b"\n"]), "2026-03")
    ingest(settings)
    assert standing(home) == {"2026-01": 3, "2026-02": 1}
    assert home.file(other).status == "rejected"


def test_only_a_header_says_that_there_is_nobody(settings, land, home):
    """A file without anything in it says nothing of the feed it would be of."""
    blank = land(b"\n", "2026-02")
    ingest(settings)
    redrive(settings, file_id=home.file(blank).file_id, as_sent=REASON)
    assert home.account(blank) == ("rejected", 0, 0, 0, 0)


def test_what_cannot_be_true_is_not_taken(settings, land, home):
    wrong = land([gp_row(seed, DOB="x") for seed in range(3)], "2026-02")
    ingest(settings)
    with pytest.raises(IntakeError, match="rejected for FILE-EMPTY or FILE-PEOPLE-LOST: 1 files are named so, 0 of"):
        redrive(settings, file_id=home.file(wrong).file_id, as_sent=REASON)
    assert home.ledger.trail("accepted_list") == []
