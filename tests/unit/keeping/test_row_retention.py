"""Rows past the retention of their feed go from every place, also what is in force; what is on hold is kept."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date, datetime, timedelta

import duckdb
import pytest
from intake.conftest import gp_row
from sent_twice import put, send_a_month_twice, with_days
from sqlalchemy import text
from tiny import UNITS

from lda.contracts import load_contracts
from lda.gates import GateOutcome, GateReport
from lda.intake import ingest, redrive
from lda.keeping import lift_hold, place_hold, prune
from lda.keeping.expiry import expire, find_expired
from lda.landing import check_archive
from lda.ledger import PAST_RETENTION, FileRecord, Ledger, RowAccount, Verdict, utc_now
from lda.ledger.tables import file, submission
from lda.publishing import PublicationError, publish, reproduce
from lda.reporting import find_files, status_board
from lda.settings import Settings

pytestmark = pytest.mark.slow

LATER = timedelta(days=100)
SEEN_FROM = datetime.fromisoformat("2027-03-15")


@pytest.fixture
def used(settings) -> Settings:
    return send_a_month_twice(settings)


@pytest.fixture
def two_months(used) -> Settings:
    """January, sent twice, and February."""
    put(used, "gp_ld_register_Y90001_2026-02.csv", [gp_row(1), gp_row(6, **{"LD Register Date": "never"})])
    ingest(used)
    ledger = Ledger(used.ledger_address)
    with ledger.engine.begin() as connection:
        connection.execute(file.update().values(received_at=datetime.fromisoformat("2026-03-02")))
        for row in connection.execute(submission.select()).mappings().all():
            earlier = {name: row[name] - timedelta(hours=1) for name in ("accepted_at", "superseded_at") if row[name]}
            own = submission.c.submission_id == row["submission_id"]
            connection.execute(submission.update().where(own).values(**earlier))
    ledger.close()
    return used


def standing(settings: Settings) -> list[str]:
    """Months in force."""
    ledger = Ledger(settings.ledger_address)
    found = [f"{one.period_end:%Y-%m}" for one in ledger.in_force(utc_now())]
    ledger.close()
    return found


def test_rows_past_their_feeds_retention_go_from_every_place_also_in_force(two_months):
    kept = with_days(two_months, keep_rows_months=13)
    assert not prune(kept, at=SEEN_FROM - timedelta(days=15)).places["rows"].going, "13 months are not over"
    told = prune(kept, at=SEEN_FROM)
    assert told.places["rows"].going == {
        "gp_ld_register Y90001 2026-01-31": "its period ended more than 13 months ago; in force until now"
    }
    assert standing(two_months) == ["2026-01", "2026-02"], "without apply nothing changes"
    report = prune(kept, apply=True, at=SEEN_FROM)
    counts = {name: len(place.going) for name, place in report.places.items()}
    assert counts == {
        "rows": 1, "landing": 2, "lake": 2, "archive": 2, "quarantine": 2, "identifiers": 2, "outbox": 0,
        "care lists": 0, "candidates": 0, "runs": 0,
    }  # fmt: skip
    assert standing(two_months) == ["2026-02"]
    stories = find_files(two_months, "2026-01")
    assert [story.status for story in stories] == ["superseded", "superseded"]
    assert all("past its feed's retention" in story.next_step for story in stories)
    assert stories[1].history[-1]["detail"] == "Its rows are past their feed's retention; nothing counts in its place."
    assert len(list(two_months.lake.rglob("*.parquet"))) == 1
    identifiers = [str(path) for path in (two_months.vault / "identifiers").rglob("*.parquet")]
    assert duckdb.execute("SELECT count(DISTINCT _file_id) FROM read_parquet(?)", [identifiers]).fetchall() == [(1,)]
    assert sorted(path.name for path in two_months.landing.rglob("*.csv")) == [
        "gp_ld_register_Y90001_2026-02.csv", "who_knows.csv",
    ]  # fmt: skip
    ledger = Ledger(two_months.ledger_address)
    assert check_archive(two_months, ledger).sound
    lines = {line["subject"]: line["detail"] for line in ledger.trail("pruned")}
    assert lines["rows"] == "submissions in force past their feed's retention: gp_ld_register 1"
    assert lines["lake"] == "2, 2 of them past their feed's retention"
    ledger.close()
    assert redrive(two_months).files == 0, "nothing of January is judged again, and February comes to the same"
    assert ingest(two_months).files == 0 and standing(two_months) == ["2026-02"]
    assert not any(place.going for place in prune(kept, at=SEEN_FROM).places.values())


@pytest.mark.parametrize(("setting", "own", "goes"), [("keep", 13, True), (13, 120, False), (120, 13, True)])
def test_a_contracts_own_retention_is_for_its_feed_instead_of_the_settings(two_months, monkeypatch, setting, own, goes):
    contracts = load_contracts(two_months)
    contracts["gp_ld_register"] = replace(contracts["gp_ld_register"], retention_months=own)
    monkeypatch.setattr(sys.modules["lda.keeping.retention"], "load_contracts", lambda _: contracts)
    report = prune(with_days(two_months, keep_rows_months=setting), at=SEEN_FROM)
    assert bool(report.places["rows"].going) == goes


def test_what_was_received_just_now_stays_whatever_its_name_says_of_its_period(two_months):
    """A typing mistake in the year does not cost the only copy."""
    dates = {"LD Register Date": "2010-06-01", "AHC Date": "2014-11-20"}
    put(two_months, "gp_ld_register_Y90001_2015-01.csv", [gp_row(1, **dates), gp_row(8, **dates)])
    ingest(two_months)
    ledger = Ledger(two_months.ledger_address)
    came = datetime.fromisoformat("2027-03-01")
    with ledger.engine.begin() as connection:
        late = file.c.period_end == date(2015, 1, 31)
        connection.execute(file.update().where(late).values(received_at=came))
    ledger.close()
    kept = with_days(two_months, keep_rows_months=13)
    report = prune(kept, apply=True, at=came + timedelta(days=29))
    assert report.places["rows"].staying == {"received less than 30 days ago": 1}
    assert standing(two_months) == ["2015-01", "2026-02"], "January was here for longer"
    (copy,) = two_months.landing.rglob("*2015-01.csv")
    assert copy.exists()
    assert list(prune(kept, at=came + timedelta(days=30)).places["landing"].going) == ["Y90001/" + copy.name]


def test_a_hold_keeps_what_is_past_its_feeds_retention(two_months):
    kept = with_days(two_months, keep_rows_months=13)
    number = place_hold(two_months, "inquiry", feed="gp_ld_register")
    hold = f"legal hold {number}: feed gp_ld_register"
    before = sorted(path for path in two_months.home.rglob("*") if path.suffix in {".parquet", ".csv"})
    report = prune(kept, apply=True, at=SEEN_FROM)
    assert {name for name, place in report.places.items() if place.going} == {"rows"}
    assert list(report.places["rows"].going.values()) == [
        f"its period ended more than 13 months ago; in force until now; its rows stay: {hold}"
    ]
    assert report.places["rows"].staying == {hold: 2}
    assert sorted(path for path in two_months.home.rglob("*") if path.suffix in {".parquet", ".csv"}) == before
    assert standing(two_months) == ["2026-02"], "what is kept for an inquiry is no month of the system's any more"
    redrive(two_months)
    assert standing(two_months) == ["2026-02"], "what is past its retention is not judged again"
    days = with_days(two_months, keep_rows_months=13, keep_superseded_days=1, keep_archive_days=1)
    again = prune(days, apply=True, at=SEEN_FROM)
    assert (again.places["lake"].going, list(again.places["archive"].going)) == ({}, []), "days do not free it either"
    lift_hold(two_months, number, "inquiry closed")
    assert len(prune(kept, apply=True, at=SEEN_FROM).places["lake"].going) == 2, "no longer held, it goes"


@pytest.mark.parametrize("of_system", ["llr", "hertfordshire", "gone"])
def test_a_publication_that_can_no_longer_be_made_again_is_told_of_once_and_one_on_hold_keeps_its_rows(
    two_months, make_candidate, monkeypatch, of_system
):
    """Also one of a system that is not served now, or that has no file any more."""
    monkeypatch.setattr("lda.publishing.folder.write_report", lambda *_: [])
    passed = GateOutcome(suite="keys", code="KEYS-UNIQUE", scope="measure", success=True, detail="Passed.")
    ledger = Ledger(two_months.ledger_address)
    candidate = replace(make_candidate(), periods={of_system: date(2026, 3, 31)})
    name = publish(two_months, ledger, candidate, GateReport((passed,), UNITS)).publication_id
    with ledger.engine.begin() as connection:
        connection.execute(text("UPDATE publication SET as_of = :at"), {"at": utc_now() - timedelta(minutes=30)})
        for table in ("publication", "submission", "file"):
            connection.execute(text(f"UPDATE {table} SET system_code = :code"), {"code": of_system})
    kept = with_days(two_months, keep_rows_months=13)
    number = place_hold(two_months, "inquiry", publication_id=name)
    held = prune(kept, apply=True, at=SEEN_FROM)
    assert (held.cannot_be_made_again, standing(two_months)) == ([], ["2026-02"])
    assert len(list(two_months.lake.rglob("*.parquet"))) == 2, "what it was made of, and what is in force"
    made_at = ledger.book.publications()[0]["as_of"]
    (january,) = ledger.in_force(made_at, date(2026, 1, 31))
    assert (two_months.lake / january.lake_path).exists(), "as of its own moment it reads what it was made of"
    assert held.places["rows"].staying == {f"publication {name}, on legal hold, is made of it": 1}
    lift_hold(two_months, number, "inquiry closed")
    for _ in range(2):
        assert prune(kept, apply=True, at=SEEN_FROM).cannot_be_made_again == [name]
    assert (two_months.published / name).is_dir(), "its figures stay"
    with pytest.raises(PublicationError, match=f"{name} cannot be made again: rows it was made of are past"):
        reproduce(two_months, name)
    lines = [line["detail"] for line in ledger.trail("pruned") if line["subject"] == name]
    assert lines == ["cannot be made again: rows it was made of are past their feed's retention; its figures stay"]
    ledger.close()


@pytest.mark.parametrize("hold", [True, False])
def test_a_rejected_file_ends_too_also_of_a_month_of_which_nothing_ever_counted(ledger, settings, hold):
    came, end = datetime.fromisoformat("2026-02-10"), date(2026, 1, 31)
    for name, received in (("old", came), ("new", SEEN_FROM - timedelta(days=5))):
        one = FileRecord(
            name, "received", f"Y90001/{name}", 1, received, received, feed="gp_ld_register",
            partner_code="Y90001", system_code="llr", period_start=end.replace(day=1), period_end=end,
        )  # fmt: skip
        ledger.register([one], [], [], received)
        ledger.record([Verdict(replace(one, status="rejected"), RowAccount())], received)
    assert len(status_board(settings, SEEN_FROM).rejections) == 2
    if hold:
        place_hold(settings, "inquiry", feed="gp_ld_register")
    found = find_expired(with_days(settings, keep_rows_months=13), ledger, load_contracts(settings), [], SEEN_FROM)
    assert (set(found.files), set(found.on_hold)) == ((set(), {"old"}) if hold else ({"old"}, set()))
    expire(ledger, found)
    (left,) = status_board(settings, SEEN_FROM).rejections
    assert left.file_id == "new", "what came just now has not been seen by anybody yet"
    (story,) = find_files(settings, "old")
    assert (story.status, "past its feed's retention" in story.next_step) == ("rejected", True)
    assert story.history[-1]["detail"] == PAST_RETENTION
    assert ledger.trail("pruned") == [], "nothing of it was in force"


def test_an_earlier_months_publication_is_made_of_the_latest_list_of_its_moment(ledger, settings):
    """A month that is reported later uses the opt-outs known by then, of whatever period, and no older list."""
    entered = datetime.fromisoformat("2026-05-01")
    for number, month in enumerate((1, 2, 3, 4)):
        at, end = entered + timedelta(hours=number), date(2026, month, 28)
        one = FileRecord(
            f"{number:064}", "accepted", f"Y90001/{number}", 1, at, at, feed="opt_out",
            partner_code="Y90001", system_code="llr", period_start=end.replace(day=1), period_end=end,
            contract_version="1.0.0", lake_path=f"{number}.parquet",
        )  # fmt: skip
        ledger.register([replace(one, status="received")], [], [], at)
        ledger.record([Verdict(one, RowAccount(1, 1))], at)
    manifest = {"system_code": "llr", "period_end": "2026-01-31", "periods": {"llr": "2026-01-31"}}
    made = {"publication_id": "2026-01_x", "system_code": "llr", "manifest": manifest}
    kept = [made | {"as_of": entered + timedelta(hours=2, minutes=30)}]
    months = with_days(settings, keep_rows_months=13)
    found = find_expired(months, ledger, load_contracts(settings), kept, SEEN_FROM + LATER)
    assert ({name[-1] for name in found.files}, found.publications) == ({"0", "1", "2"}, ("2026-01_x",))
    on_hold = Settings(home=settings.home, keep_rows_months=13, legal_hold=["2026-01_x"])
    found = find_expired(on_hold, ledger, load_contracts(settings), kept, SEEN_FROM + LATER)
    assert ({name[-1] for name in found.files}, found.publications) == ({"0", "1"}, ())
    assert found.staying["publication 2026-01_x, on legal hold, is made of it"] == 1


def test_by_a_setting_feeds_about_people_expire_but_for_the_last_opt_out_lists(sample):
    """Of a month of every feed, long after."""
    report = prune(Settings(home=sample.home, keep_rows_months=13), at=datetime.fromisoformat("2036-01-01"))
    gone = {name.split(" ")[0] for name in report.places["rows"].going}
    ledger = Ledger(sample.ledger_address)
    there = {one.feed for one in ledger.in_force(utc_now())}
    ledger.close()
    about_nobody = there - gone - {"opt_out"}
    assert about_nobody >= {"ods_organisations", "ons_population", "ldhc_national", "training"}
    assert gone >= {"gp_ld_register", "mhsds", "cld", "leder"}
    assert report.places["rows"].staying["the latest list of its sender"] >= 1
