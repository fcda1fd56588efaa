"""When the scheduled refresh publishes: complete, or at the deadline with most of it; and what it waits for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from lda.ledger.records import FileRecord, RowAccount, Verdict
from lda.ledger.trail import audit_line
from lda.refresh import start_scheduled
from lda.reporting.alerts.watch import UNPUBLISHED, watch
from lda.settings import Settings
from lda.warehouse import being_judged, readiness

FEBRUARY, MARCH = date(2026, 2, 28), date(2026, 3, 31)
BEFORE, DEADLINE = (datetime.fromisoformat(text) for text in ("2026-04-16T12:00", "2026-04-18T05:00"))
SYSTEM = """
system_code: tiny
name: A tiny system
icb_code: QXX
places: [{code: E06000016, name: Leicester, cassr_code: "509"}]
feeds: [inpatient_census, leder, programme, training, ons_population, opt_out]
partners: [{code: QXX, name: The ICB, type: icb}]
"""


@pytest.fixture
def settings(with_systems) -> Settings:
    """A system of one partner that owes three feeds by the deadline, and one (training) after it."""
    return with_systems({"tiny": SYSTEM}, "tiny")


def arrive(ledger, feed: str, period: date, at: datetime, *, judged: bool = True) -> None:
    name = f"{feed}-{period}"
    record = FileRecord(
        file_id=name, status="received", landing_path=f"QXX/{name}.csv", size_bytes=1, delivered_at=at, received_at=at,
        feed=feed, partner_code="QXX", system_code="tiny", period_start=period.replace(day=1), period_end=period,
        version=1, lake_path=f"{feed}/{name}.parquet",
    )  # fmt: skip
    ledger.register([record], [], [], at)
    if judged:
        account = RowAccount(received=3, accepted=3)
        ledger.record([Verdict(replace(record, status="accepted"), account, (), ("Judged.",))], at)


def month(ledger, period: date, feeds: str, at: datetime = BEFORE - timedelta(days=14)) -> None:
    for feed in feeds.split():
        arrive(ledger, feed, period, at)


def test_with_nothing_accepted_it_waits(settings, ledger):
    state = readiness(settings, ledger, BEFORE)
    assert state.waits and "No submission of any feed with figures" in state.reason


def test_a_complete_month_is_published_before_its_deadline_without_what_falls_due_after_it(settings, ledger):
    month(ledger, MARCH, "inpatient_census leder programme opt_out")
    state = readiness(settings, ledger, BEFORE)
    assert (state.period_end, state.deadline) == (MARCH, DEADLINE)
    assert state.reason == "March 2026 is published: complete"


def test_an_incomplete_month_waits_until_its_deadline_and_says_for_what(settings, ledger):
    month(ledger, MARCH, "inpatient_census programme opt_out")
    state = readiness(settings, ledger, BEFORE)
    assert state.waits
    assert "March 2026: 2 of the 3 submissions due by 18 April 2026 are in; not yet: leder of QXX." in state.reason
    assert readiness(settings, ledger, DEADLINE - timedelta(seconds=1)).waits
    late = readiness(settings, ledger, DEADLINE)
    assert late.period_end == MARCH
    assert "its deadline is reached" in late.reason and "leder of QXX" in late.reason


def test_under_half_is_no_month_of_the_system_and_the_month_before_stays(settings, ledger):
    month(ledger, FEBRUARY, "inpatient_census leder programme opt_out")
    month(ledger, MARCH, "inpatient_census")
    state = readiness(settings, ledger, DEADLINE + timedelta(days=5))
    assert state.period_end == FEBRUARY
    assert "March 2026: 1 of the 3" in state.reason


def test_while_a_month_waits_a_correction_of_the_month_before_is_published(settings, ledger):
    month(ledger, FEBRUARY, "inpatient_census leder programme opt_out")
    month(ledger, MARCH, "inpatient_census programme opt_out")
    state = readiness(settings, ledger, BEFORE)
    assert state.period_end == FEBRUARY
    assert "not yet: leder of QXX" in state.reason


def test_nothing_is_published_without_the_opt_out_list_even_after_the_deadline(settings, ledger):
    month(ledger, MARCH, "inpatient_census leder programme")
    state = readiness(settings, ledger, DEADLINE + timedelta(days=1))
    assert state.waits
    assert "opt_out of QXX has not come or is too old" in state.reason
    arrive(ledger, "opt_out", MARCH, DEADLINE)
    assert readiness(settings, ledger, DEADLINE + timedelta(days=1)).period_end == MARCH


def test_files_being_judged_are_told_of_but_not_for_longer_than_an_ingest_may_take(settings, ledger):
    assert being_judged(settings, ledger, BEFORE) == ""
    arrive(ledger, "training", MARCH, BEFORE, judged=False)
    words = being_judged(settings, ledger, BEFORE + timedelta(hours=1))
    assert words == "1 files have landed and are not judged yet: 1 training."
    assert being_judged(settings, ledger, BEFORE + timedelta(hours=5)) == ""


def test_a_paused_partner_is_not_waited_for(settings, ledger):
    month(ledger, MARCH, "inpatient_census programme opt_out")
    path = settings.systems_dir / "tiny.yaml"
    pause = "paused: [{partner: QXX, type: icb, first: 2026-03-01, reason: No reviewer, feeds: [leder]}]\n"
    path.write_text(SYSTEM + pause, encoding="utf-8")
    state = readiness(settings, ledger, BEFORE)
    assert (state.period_end, state.reason) == (MARCH, "March 2026 is published: complete")


def test_a_month_that_cannot_be_published_by_its_deadline_is_named_however_little_of_it_has_come(settings, ledger):
    month(ledger, FEBRUARY, "inpatient_census leder programme opt_out")
    assert readiness(settings, ledger, DEADLINE - timedelta(seconds=1)).missed is None
    none_came = readiness(settings, ledger, DEADLINE)
    assert (none_came.period_end, none_came.missed) == (FEBRUARY, MARCH)
    assert none_came.reason.endswith("Nothing of March 2026 has come.")
    month(ledger, MARCH, "inpatient_census")
    assert readiness(settings, ledger, DEADLINE).missed == MARCH, "under half"
    month(ledger, MARCH, "leder programme")
    assert readiness(settings, ledger, DEADLINE).missed is None


def test_the_month_is_named_too_when_only_the_opt_out_list_lacks_but_not_one_before_the_first(settings, ledger):
    month(ledger, MARCH, "inpatient_census leder programme")
    before, after = (readiness(settings, ledger, at) for at in (BEFORE, DEADLINE))
    assert (before.waits, before.missed, after.waits, after.missed) == (True, None, True, MARCH)


def test_the_schedule_tells_the_team_of_it_once_until_it_is_published(settings, ledger, monkeypatch):
    monkeypatch.setattr("lda.refresh.utc_now", lambda: DEADLINE)
    month(ledger, MARCH, "inpatient_census")
    assert [start_scheduled(settings)["waits"] for _ in range(2)] == [True, True]
    (told,) = [one for one in watch(settings, ledger) if one.topic == UNPUBLISHED]
    assert (told.subject, told.state) == ("monthly publication", "2026-03-31")
    assert "March 2026 was not published by its deadline" in told.words and "1 of the 3" in told.words
    assert [run["run_id"] for run in ledger.book.runs("tiny") if run["kind"] == UNPUBLISHED] == [
        "unpublished-2026-03-31"
    ]
    manifest = {
        "publication_id": "2026-03_x", "run_id": "r", "system_code": "tiny", "period_end": "2026-03-31",
        "as_of": "2026-04-20T09:00:00", "published_at": "2026-04-20T09:00:00", "inputs_hash": "h",
    }  # fmt: skip
    ledger.book.record_release(manifest, "published", DEADLINE, audit_line("released", "2026-03_x"))
    assert UNPUBLISHED not in {one.topic for one in watch(settings, ledger)}
    start_scheduled(settings)
    assert UNPUBLISHED not in {one.topic for one in watch(settings, ledger)}, "it is there, whatever was withdrawn"
