"""What is past its time goes, place by place; what is needed or on legal hold never does."""

from __future__ import annotations

import shutil
from datetime import date, timedelta

import pytest
from intake.conftest import gp_row
from sent_twice import put, send_a_month_twice, with_days
from sqlalchemy import text
from tiny import UNITS, units

from lda.gates import GateOutcome, GateReport
from lda.intake import ingest, redrive
from lda.keeping import HoldError, keep_house, lift_hold, place_hold, prune
from lda.landing import check_archive
from lda.ledger import Hold, Ledger, held_by, utc_now
from lda.publishing import publish
from lda.reporting.feedback import write_feedback
from lda.settings import Settings

pytestmark = pytest.mark.slow

LATER = timedelta(days=100)
DAYS = {
    "keep_landing_days": 30,
    "keep_archive_days": 30,
    "keep_quarantine_days": 30,
    "keep_identifiers_days": 30,
    "keep_superseded_days": 30,
    "keep_runs_days": 30,
}


@pytest.fixture
def used(settings) -> Settings:
    return send_a_month_twice(settings)


def ids(settings: Settings) -> dict[str, str]:
    """File ids by what they are: replaced, standing, unknown."""
    ledger = Ledger(settings.ledger_address)
    names = {"superseded": "replaced", "accepted": "standing", "unrecognised": "unknown"}
    found = {names[record.status]: record.file_id for record in ledger.files()}
    ledger.close()
    return found


def test_by_default_everything_stays(used):
    report = prune(used, apply=True, at=utc_now() + 50 * LATER)
    assert {name for name, place in report.places.items() if place.going} == set()
    assert {name for name, place in report.places.items() if place.days == "keep"} >= {"archive", "lake", "quarantine"}


def test_without_apply_it_says_what_and_why_and_changes_nothing(used):
    before = sorted(path for path in used.home.rglob("*") if path.is_file() and path.suffix != ".lock")
    report = prune(with_days(used, **DAYS), at=utc_now() + LATER)
    known = ids(used)
    assert set(report.places["archive"].going) == {known["replaced"], known["unknown"]}
    assert set(report.places["archive"].going.values()) == {"older than 30 days"}
    assert report.places["archive"].staying == {"in force, or a kept publication is made of it": 1}
    assert len(report.places["landing"].going) == 3
    assert len(report.places["lake"].going) == 1
    assert [name.split("/")[0] for name in report.places["quarantine"].going] == ["quarantine", "warned"]
    assert sorted(path for path in used.home.rglob("*") if path.is_file() and path.suffix != ".lock") == before
    early = prune(with_days(used, **DAYS), at=utc_now() + timedelta(days=29))
    assert not any(place.going for place in early.places.values())


def test_what_is_past_its_time_goes_and_the_rest_goes_on_working(used):
    known, kept = ids(used), with_days(used, **DAYS)
    at = utc_now() + LATER
    report = prune(kept, apply=True, at=at)
    assert report.size_bytes > 0
    assert not list(used.landing.rglob("*.csv"))
    assert not [path for name in ("quarantine", "warned") for path in (used.vault / name).rglob("*.parquet")]
    ledger = Ledger(used.ledger_address)
    archive = check_archive(used, ledger)
    assert (archive.sound, archive.files, archive.removed) == (True, 1, 2)
    assert (used.lake / ledger.in_force(utc_now())[0].lake_path).exists()
    assert {line["subject"] for line in ledger.trail("pruned")} >= {"archive", "landing", "lake", "quarantine"}
    assert ledger.file(known["standing"]).status == "accepted"
    ledger.close()
    assert redrive(used).files == 0, "a file whose bytes are gone is not judged again"
    assert ingest(used).files == 0
    assert not any(place.going for name, place in prune(kept, at=at).places.items() if name != "runs")


def test_bytes_that_were_removed_and_come_again_are_sound_and_judged_again(used):
    first = (used.landing / "Y90001" / "gp_ld_register_Y90001_2026-01.csv").read_bytes()
    prune(with_days(used, **DAYS), apply=True, at=utc_now() + LATER)
    (used.landing / "Y90001" / "gp_ld_register_Y90001_2026-02.csv").write_bytes(first)
    assert ingest(used).files == 1
    ledger = Ledger(used.ledger_address)
    archive = check_archive(used, ledger)
    assert (archive.damaged, archive.missing, archive.files, archive.removed) == ([], [], 2, 1)
    redrive(used)
    (line,) = ledger.trail("redrove")
    assert line["detail"].startswith("2 files judged again"), "the one of February, and the one of January of its bytes"
    ledger.close()


def test_a_correction_that_no_ingest_has_seen_stays_in_landing(used):
    name, kept, at = "gp_ld_register_Y90001_2026-01_v2.csv", with_days(used, **DAYS), utc_now() + LATER
    put(used, name, [gp_row(1), gp_row(2), gp_row(4), gp_row(6)])
    landing = prune(kept, apply=True, at=at).places["landing"]
    assert (len(landing.going), landing.staying) == (2, {"changed since it was taken in": 1})
    assert [path.name for path in used.landing.rglob("*.csv")] == [name]
    assert ingest(used).files == 1
    assert list(prune(kept, apply=True, at=at).places["landing"].going) == [f"Y90001/{name}"]


def test_a_kept_publication_keeps_what_it_was_made_of(used, make_candidate, monkeypatch):
    monkeypatch.setattr("lda.publishing.folder.write_report", lambda *_: [])
    passed = GateOutcome(suite="keys", code="KEYS-UNIQUE", scope="measure", success=True, detail="Passed.")
    ledger = Ledger(used.ledger_address)
    publish(used, ledger, make_candidate(), GateReport((passed,), UNITS))
    (old,) = ledger.superseded()
    with ledger.engine.begin() as connection:  # the publication was made while the replaced submission stood
        day_before = {"at": old.accepted_at - timedelta(days=1), "id": old.file_id}
        connection.execute(text("UPDATE submission SET accepted_at = :at WHERE file_id = :id"), day_before)
        connection.execute(text("UPDATE publication SET as_of = :at"), day_before)
    ledger.close()
    kept, at = with_days(used, **DAYS), utc_now() + LATER
    report = prune(kept, apply=True, at=at)
    assert (report.places["lake"].going, report.publications.removed) == ({}, [])
    assert old.file_id not in report.places["archive"].going
    shutil.rmtree(used.published)
    used.published.mkdir()
    gone = prune(kept, at=at)
    assert list(gone.places["lake"].going) == [old.lake_path], "nothing needs it once the publication is gone"
    assert old.file_id in gone.places["archive"].going


@pytest.mark.parametrize(
    "what",
    [
        {"feed": "gp_ld_register"},
        {"partner_code": "Y90001"},
        {"period_end": date(2026, 1, 31)},
        {"file_id": "8"},
    ],
)
def test_a_legal_hold_wins_until_it_is_lifted(used, what):
    known, kept, at = ids(used), with_days(used, **DAYS), utc_now() + LATER
    if "file_id" in what:
        what = {"file_id": known["replaced"][:10]}
    number = place_hold(used, "inquiry", **what)
    held = prune(kept, apply=True, at=at)
    assert known["replaced"] not in held.places["archive"].going
    assert not held.places["lake"].going and not held.places["quarantine"].going
    assert any(f"legal hold {number}" in why for why in held.places["archive"].staying)
    lift_hold(used, number, "inquiry closed")
    assert known["replaced"] in prune(kept, at=at).places["archive"].going
    ledger = Ledger(used.ledger_address)
    assert [line["action"] for line in ledger.trail() if line["action"] != "pruned"] == ["held", "lifted_hold"]
    (hold,) = ledger.holds(standing=False)
    assert hold.reason == "inquiry" and hold.lifted_at is not None and ledger.holds() == []
    ledger.close()


def test_a_hold_is_on_documents_lists_and_files_that_nobody_claims_too(used):
    write_feedback(used)
    care_list = used.vault / "direct_care" / "lists" / "reviews" / "Y90001.xlsx"
    care_list.parent.mkdir(parents=True)
    care_list.write_text("names people")
    for name in ("before", "last"):
        (used.warehouse / f"{name}.duckdb").write_text("made again from the lake")
    documents = {path.relative_to(used.outbox).as_posix() for path in used.outbox.glob("*/*/*")}
    assert {name.rsplit(".")[-1] for name in documents} == {"html", "xlsx"}
    known, at = ids(used), utc_now() + LATER
    kept = with_days(used, **DAYS, keep_outbox_days=30, keep_care_lists_days=30, keep_candidates_days=30)

    def going(place: str) -> set[str]:
        return set(prune(kept, at=at).places[place].going)

    number = place_hold(used, "inquiry", feed="gp_ld_register", partner_code="Y90001")
    assert going("outbox") == going("care lists") == going("archive") == set()
    assert len(going("candidates")) == 1
    lift_hold(used, number, "inquiry closed")
    place_hold(used, "inquiry", feed="cld", partner_code="Y90001")
    assert going("outbox") == documents, "what is known to be of another feed is not held"
    assert going("archive") == {known["replaced"]}, "nobody knows of which feed the other is"
    assert going("care lists") == set()


def test_what_is_not_known_of_a_thing_does_not_free_it():
    hold = Hold(1, "inquiry", "a person", utc_now(), feed="cld", partner_code="509", period_end=date(2026, 3, 31))
    assert held_by([hold], feed="cld", partner_code="509", period_end=date(2026, 3, 31)) == hold
    assert held_by([hold], feed="cld", partner_code=None) == hold
    assert held_by([hold]) == hold
    assert held_by([hold], partner_code="510") is None
    of_publication = Hold(2, "inquiry", "a person", utc_now(), publication_id="2026-03_x")
    assert held_by([of_publication], feed="cld") is None, "a file is no publication"
    assert held_by([of_publication], publication_id="2026-03_x") == of_publication


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ({}, "Say what to hold"),
        ({"feed": "nothing"}, "no feed nothing"),
        ({"file_id": "zz"}, "No file's id"),
        ({"publication_id": "2020-01_x"}, "no publication"),
    ],
)
def test_a_hold_on_what_is_not_there_is_refused(used, what, words):
    with pytest.raises(HoldError, match=words):
        place_hold(used, "inquiry", **what)
    with pytest.raises(HoldError, match="No hold 7 stands"):
        lift_hold(used, 7, "over")


def test_housekeeping_asks_for_a_backup_and_says_what_is_damaged(used, tmp_path, make_candidate):
    from lda.keeping import backup

    report = keep_house(used)
    assert report.archived_files == 3
    assert report.problems == ["No backup was ever made; expected one every 8 days. Make one: lda backup"]
    backup(used, tmp_path / "backups")
    assert keep_house(used).problems == []
    assert "The last backup was made on" in keep_house(used, at=utc_now() + LATER).problems[0]
    ledger = Ledger(used.ledger_address)
    publication = publish(used, ledger, make_candidate(), GateReport((), units("checks")))
    ledger.close()
    assert keep_house(used).problems == []
    figures = publication.path / "public" / "measures.csv"
    figures.chmod(0o644)
    figures.write_text("cut short")
    (problem,) = keep_house(used).problems
    assert "The publication in force is damaged." in problem and "measures.csv" in problem
    figures.unlink()
    used.published.joinpath("current").unlink()
    victim = next(path for path in used.archive.glob("*/*") if path.is_file())
    victim.unlink()
    assert "1 missing" in keep_house(used).problems[0]
