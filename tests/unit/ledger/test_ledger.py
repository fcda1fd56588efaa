"""What the ledger promises: accounts add up, history stays, and the right submission is in force at any moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from lda.ledger import PAST_RETENTION, FileRecord, Ledger, RowAccount, RuleResult, Sighting, Verdict, another_id, tables
from lda.settings import Settings

T0 = datetime.fromisoformat("2026-04-01T08:00:00")
MARCH = date(2026, 3, 31)


def at(hours: int) -> datetime:
    return T0 + timedelta(hours=hours)


def record(name: str, version: int = 1, delivered: int = 0, partner: str = "Y90001", **more: object) -> FileRecord:
    values = {
        "file_id": name.ljust(64, "0"),
        "status": "received",
        "landing_path": f"{partner}/{name}.csv",
        "size_bytes": 10,
        "delivered_at": at(delivered),
        "received_at": at(delivered),
        "feed": "gp_ld_register",
        "partner_code": partner,
        "system_code": "llr",
        "period_start": date(2026, 3, 1),
        "period_end": MARCH,
        "version": version,
    }
    return FileRecord(**(values | more))


def accepted(item: FileRecord, rows: int = 3, lake_path: str | None = None) -> Verdict:
    judged = replace(item, status="accepted", lake_path=lake_path or f"{item.file_id[:4]}.parquet")
    return Verdict(judged, RowAccount(rows, rows), (), ("Accepted.",))


def enter(ledger: Ledger, *records: FileRecord) -> None:
    seen = [Sighting(item.landing_path, item.size_bytes, 1, item.file_id) for item in records]
    ledger.register(list(records), seen, [], T0)


def in_force(ledger: Ledger, moment: datetime) -> list[str]:
    return [item.file_id[:4].rstrip("0") for item in ledger.in_force(moment)]


@pytest.mark.parametrize("account", [(3, 1, 1, 0), (3, 2, 1, 1), (0, 1, 0, 0)])
def test_an_account_that_does_not_add_up_cannot_be_recorded_and_changes_nothing(ledger, account):
    good, bad = record("good"), record("bad", partner="Y90002")
    enter(ledger, good, bad)
    wrong = Verdict(replace(bad, status="accepted", lake_path="b"), RowAccount(*account))
    with pytest.raises(IntegrityError):
        ledger.record([accepted(good), wrong], at(1))
    assert [item.status for item in ledger.files()] == ["received", "received"]
    assert ledger.in_force(at(9)) == []
    assert ledger.account(good.file_id) is None


def test_a_file_without_a_record_cannot_have_an_account(ledger):
    with pytest.raises(IntegrityError):
        ledger.record([accepted(record("ghost"))], at(1))


def test_a_resubmission_replaces_the_earlier_file_from_the_moment_it_is_accepted(ledger):
    first, second = record("aaa"), record("bbb", version=2, delivered=5)
    enter(ledger, first, second)
    assert ledger.record([accepted(first)], at(1)) == [first.file_id]
    assert ledger.record([accepted(second)], at(6)) == [second.file_id]
    assert in_force(ledger, at(0)) == []
    assert in_force(ledger, at(1)) == ["aaa"]
    assert in_force(ledger, at(5)) == ["aaa"]
    assert in_force(ledger, at(6)) == ["bbb"]
    assert ledger.file(first.file_id).status == "superseded"
    assert [event["status"] for event in ledger.history(first.file_id)] == ["received", "accepted", "superseded"]


def test_an_older_version_that_arrives_late_is_accepted_and_replaced_at_once(ledger):
    new, old = record("new", version=2), record("old", version=1, delivered=8)
    enter(ledger, new, old)
    ledger.record([accepted(new)], at(1))
    assert ledger.record([accepted(old)], at(9)) == []
    assert in_force(ledger, at(10)) == ["new"]
    assert ledger.file(old.file_id).status == "superseded"
    assert ledger.submissions(old.file_id)[0].superseded_by == new.file_id


def test_a_period_filter_leaves_later_periods_out(ledger):
    april = record("apr", period_start=date(2026, 4, 1), period_end=date(2026, 4, 30))
    march = record("mar")
    enter(ledger, april, march)
    ledger.record([accepted(april), accepted(march)], at(1))
    assert [item.file_id for item in ledger.in_force(at(2), MARCH)] == [march.file_id]
    assert len(ledger.in_force(at(2))) == 2


def test_judging_a_file_again_begins_a_new_submission_and_keeps_the_old_one_for_the_past(ledger):
    item = record("aaa")
    enter(ledger, item)
    ledger.record([accepted(item, 3, "old.parquet")], at(1))
    ledger.record([accepted(item, 4, "new.parquet")], at(5))
    assert [(s.lake_path, s.rows_accepted) for s in ledger.in_force(at(4))] == [("old.parquet", 3)]
    assert [(s.lake_path, s.rows_accepted) for s in ledger.in_force(at(5))] == [("new.parquet", 4)]
    assert ledger.file(item.file_id).status == "accepted"
    assert ledger.account(item.file_id).accepted == 4


def test_a_file_that_no_longer_passes_is_withdrawn(ledger):
    item = record("aaa")
    enter(ledger, item)
    ledger.record([accepted(item)], at(1))
    ledger.record([Verdict(replace(item, status="rejected"), RowAccount())], at(5))
    assert in_force(ledger, at(4)) == ["aaa"]
    assert in_force(ledger, at(5)) == []


def test_what_a_withdrawn_file_had_replaced_is_in_force_again(ledger):
    first, second, third = (record(name, version) for version, name in enumerate(("aaa", "bbb", "ccc"), start=1))
    enter(ledger, first, second, third)
    for hour, item in enumerate((first, second, third), start=1):
        ledger.record([accepted(item, hour)], at(hour))
    rejected = Verdict(replace(third, status="rejected"), RowAccount())
    assert ledger.record([rejected], at(5)) == [second.file_id]
    assert [in_force(ledger, at(hour)) for hour in range(1, 6)] == [["aaa"], ["bbb"], ["ccc"], ["ccc"], ["bbb"]]
    assert [(one.rows_accepted, one.lake_path) for one in ledger.in_force(at(5))] == [(2, "bbb0.parquet")]
    assert [item.status for item in ledger.files()] == ["superseded", "accepted", "rejected"]
    assert "In force again" in ledger.history(second.file_id)[-1]["detail"]
    ledger.record([Verdict(replace(item, status="rejected"), RowAccount()) for item in (first, second)], at(6))
    assert ledger.in_force(at(6)) == []


def test_a_replaced_file_whose_rows_retention_removed_does_not_come_back(ledger):
    first, second, third = (record(name, version) for version, name in enumerate(("aaa", "bbb", "ccc"), start=1))
    enter(ledger, first, second, third)
    for hour, item in enumerate((first, second, third), start=1):
        ledger.record([accepted(item, hour)], at(hour))
    rejected = [Verdict(replace(third, status="rejected"), RowAccount())]
    assert ledger.record(rejected, at(5), lambda path: path == "aaa0.parquet") == [first.file_id]
    withdrawn = [Verdict(replace(first, status="rejected"), RowAccount())]
    assert ledger.record(withdrawn, at(6), lambda _: False) == []
    assert ledger.in_force(at(6)) == []


def test_what_retention_ended_does_not_come_back_when_a_late_file_is_withdrawn(ledger):
    first, second, late = (record(name, version) for version, name in enumerate(("aaa", "bbb", "ccc"), start=1))
    enter(ledger, first, second)
    ledger.record([accepted(first)], at(1))
    ledger.record([accepted(second)], at(2))
    ledger.end_files([first.file_id, second.file_id], at(3))
    assert [one.past_retention_at for one in ledger.files()] == [at(3), at(3)]
    assert [one.status for one in ledger.files()] == ["superseded", "superseded"]
    assert ledger.history(second.file_id)[-1] == {"at": at(3), "status": "superseded", "detail": PAST_RETENTION}
    assert [one["status"] for one in ledger.history(first.file_id)][-2:] == ["superseded", "superseded"]
    told = len(ledger.history(second.file_id))
    ledger.end_files([first.file_id, second.file_id], at(4))
    assert len(ledger.history(second.file_id)) == told, "said once"
    enter(ledger, late)
    assert ledger.record([accepted(late)], at(5)) == [late.file_id], "what comes later counts"
    assert ledger.record([Verdict(replace(late, status="rejected"), RowAccount())], at(6)) == []
    assert ledger.in_force(at(6)) == []
    assert [one.file_id for one in ledger.in_force(at(2))] == [second.file_id], "a past moment reads what stood then"


def test_a_file_read_to_be_of_another_period_counts_for_that_one_alone(ledger):
    early, item = record("aaa"), record("bbb", version=2)
    enter(ledger, early, item)
    ledger.record([accepted(early)], at(1))
    ledger.record([accepted(item)], at(2))
    moved = replace(item, period_start=date(2026, 4, 1), period_end=date(2026, 4, 30))
    ledger.record([accepted(moved, lake_path="moved")], at(3))
    assert [(one.file_id, one.period_end) for one in ledger.in_force(at(2))] == [(item.file_id, MARCH)]
    now = [(one.file_id[:3], one.period_end, one.lake_path) for one in ledger.in_force(at(3))]
    assert now == [("aaa", MARCH, "aaa0.parquet"), ("bbb", date(2026, 4, 30), "moved")]


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("names", ["ab", "ba"])
def test_of_two_files_of_one_moment_the_one_entered_last_is_in_force(ledger, names, together):
    items = [record(name) for name in names]
    for item in items:
        enter(ledger, item)
    for step in [items[::-1]] if together else [[item] for item in items[::-1]]:
        ledger.record([accepted(item) for item in step], at(1))
    assert in_force(ledger, at(1)) == [names[1]]


@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(order=st.permutations(range(5)), cuts=st.sets(st.integers(1, 4)))
def test_whatever_the_order_of_arrival_the_last_version_ends_in_force(tmp_path_factory, order, cuts):
    ledger = Ledger(f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'ledger.db'}")
    ledger.create()
    records = [record("abcde"[number], version=number + 1) for number in range(5)]
    enter(ledger, *records)
    bounds = [0, *sorted(cuts), 5]
    for step, (start, end) in enumerate(pairwise(bounds), start=1):
        ledger.record([accepted(records[number]) for number in order[start:end]], at(step))
        best = max(order[:end])
        assert in_force(ledger, at(step)) == ["abcde"[best]]
    assert sorted(item.status for item in ledger.files()) == ["accepted"] + ["superseded"] * 4
    ledger.close()


def test_the_same_bytes_again_are_an_event_of_the_one_file(ledger):
    item = record("aaa")
    enter(ledger, item)
    ledger.register([], [Sighting("Y90001/copy.csv", 10, 2, item.file_id)], [(item.file_id, "Y90001/copy.csv")], at(3))
    assert len(ledger.files()) == 1
    assert "seen again as Y90001/copy.csv" in ledger.history(item.file_id)[-1]["detail"]
    assert ledger.sightings()["Y90001/copy.csv"].modified_ns == 2


def test_rule_results_and_files_are_found_again(ledger):
    item = record("abc")
    enter(ledger, item, record("other", partner="Y90002"))
    results = (RuleResult("GP-01", "error", "row", 2, None, 7), RuleResult("GP-06", "warning", "warn", 9))
    ledger.record([Verdict(replace(item, status="accepted", lake_path="x"), RowAccount(5, 3, 2), results)], at(1))
    assert [result.rule_code for result in ledger.rule_results(item.file_id)] == ["GP-01", "GP-06"]
    assert ledger.rule_results(item.file_id)[0].first_row == 7
    assert [found.file_id for found in ledger.files(status="accepted")] == [item.file_id]
    assert [found.file_id for found in ledger.files(text="abc")] == [item.file_id]
    assert [found.partner_code for found in ledger.files(partner_code="Y90002")] == ["Y90002"]
    assert [found.file_id for found in ledger.waiting(["gp_ld_register"])] == [record("other").file_id]
    assert ledger.waiting(["cld"]) == []
    assert [found.file_id for found in ledger.judged()] == [item.file_id]


@pytest.mark.slow
def test_thousands_of_files_are_recorded_in_one_transaction(ledger):
    records = [record(f"{number:05d}", partner=f"P{number}") for number in range(6000)]
    enter(ledger, *records)
    assert len(ledger.record([accepted(item) for item in records], at(1))) == 6000
    assert len(ledger.in_force(at(1))) == 6000
    found = ledger.files_of_bytes([item.file_id for item in records] + ["unknown"])
    assert set(found) == {item.file_id for item in records}


def test_a_ledger_from_before_there_were_versions_gets_the_columns_that_have_come_since(ledger):
    first = record("first")
    enter(ledger, first)
    with ledger.engine.begin() as connection:
        connection.execute(text("DROP INDEX ix_file_content_hash"))
        for column in ("content_hash", "past_retention_at"):
            connection.execute(text(f"ALTER TABLE file DROP COLUMN {column}"))
        connection.execute(text("ALTER TABLE gate_result DROP COLUMN system_code"))
        connection.execute(text("ALTER TABLE run DROP COLUMN feeds"))
        for table in ("alembic_version", "judgement", "pseudonym_key", "archive_change", "hold"):
            connection.execute(text(f"DROP TABLE {table}"))
    ledger.create()
    assert ledger.file(first.file_id) == first
    ledger.create()


def test_files_of_the_same_bytes_are_found_by_their_hash_first_received_first(ledger):
    first = record("first")
    own_id = another_id(first.file_id, ("gp_ld_register", "Y90002", MARCH))
    second = record("second", partner="Y90002", file_id=own_id, content_hash=first.file_id)
    enter(ledger, second, first)
    assert [one.file_id for one in ledger.files_of_bytes([first.file_id])[first.file_id]] == [first.file_id, own_id]
    assert {one.file_id for one in ledger.files(text=first.file_id[:8])} == {first.file_id, own_id}
    assert [one.archived_as for one in (first, second)] == [first.file_id] * 2


def test_the_label_of_every_system_together_fits_wherever_it_is_kept():
    """Postgres refuses what is too long; SQLite would not say."""
    label = Settings(system="all").system_label
    for table in (tables.run, tables.publication, tables.alert_state):
        assert table.c.system_code.type.length >= 400 > len(label), table.name


def test_what_the_ledger_committed_survives_a_power_cut(ledger):
    """Senders remove a file on the strength of it: 2 is SQLite's FULL."""
    with ledger.engine.connect() as connection:
        assert connection.scalar(text("PRAGMA synchronous")) == 2
