"""Several systems, one of them a month behind: each has the reporting month that it would have alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from lda.contracts import Pause, Systems, load_systems
from lda.ledger import Ledger
from lda.ledger.records import FileRecord, RowAccount, Verdict
from lda.refresh import start_refresh, start_scheduled
from lda.settings import Settings
from lda.warehouse import Candidate, in_force, known_periods, latest_periods, readiness
from lda.warehouse.build import ledger_rows, paused_partners

FEBRUARY, MARCH, APRIL = date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)
# The deadline of March, and a moment after that of April.
DEADLINE, LATER = (datetime.fromisoformat(text) for text in ("2026-04-18T05:00", "2026-05-20T09:00"))
FIGURES = ("inpatient_census", "leder", "programme")
SYSTEM = """
system_code: {code}
name: The {code} system
icb_code: {icb}
places: [{{code: {place}, name: A place, cassr_code: "{cassr}"}}]
feeds: [inpatient_census, leder, programme, ons_population, opt_out]
partners: [{{code: {icb}, name: The ICB, type: icb}}]
"""
KNOWN = {"ahead": ("QXA", "E06000016", "509"), "late": ("QXL", "E10000018", "508")}


@pytest.fixture
def settings(with_systems) -> Settings:
    """Two systems of one partner each, which owes three feeds."""
    systems = {
        code: SYSTEM.format(code=code, icb=icb, place=place, cassr=cassr) for code, (icb, place, cassr) in KNOWN.items()
    }
    return with_systems(systems, "all")


def arrive(ledger, system: str, period: date, *feeds: str, at: datetime = DEADLINE - timedelta(days=9)) -> None:
    partner = KNOWN[system][0]
    for feed in feeds:
        name = f"{feed}-{partner}-{period:%Y-%m}"
        record = FileRecord(
            file_id=name, status="received", landing_path=f"{partner}/{name}.csv", size_bytes=1, delivered_at=at,
            received_at=at, feed=feed, partner_code=partner, system_code=system, period_start=period.replace(day=1),
            period_end=period, version=1, lake_path=f"{feed}/{name}.parquet",
        )  # fmt: skip
        ledger.register([record], [], [], at)
        verdict = Verdict(replace(record, status="accepted"), RowAccount(received=3, accepted=3), (), ("Judged.",))
        ledger.record([verdict], at)


@pytest.fixture
def a_month_apart(ledger) -> Ledger:
    """The one has sent March; of the other a single feed of March has come, which is no month of it yet."""
    for period in (FEBRUARY, MARCH):
        arrive(ledger, "ahead", period, *FIGURES, "opt_out")
    arrive(ledger, "late", FEBRUARY, *FIGURES, "opt_out")
    arrive(ledger, "late", MARCH, "programme", "ons_population")
    return ledger


def test_each_system_has_the_month_it_has_alone(settings, a_month_apart):
    together = latest_periods(settings, a_month_apart, DEADLINE)
    assert together == {"ahead": MARCH, "late": FEBRUARY}
    for code, end in together.items():
        assert latest_periods(settings.model_copy(update={"system": code}), a_month_apart, DEADLINE) == {code: end}


def test_a_system_that_has_sent_nothing_is_listed_and_has_the_latest_of_the_others(settings, ledger):
    arrive(ledger, "ahead", FEBRUARY, *FIGURES)
    arrive(ledger, "late", MARCH, "ons_population")
    assert latest_periods(settings, ledger, DEADLINE) == {"ahead": FEBRUARY, "late": FEBRUARY}


def test_figures_are_made_of_what_a_system_sent_up_to_its_own_month_and_of_all_reference_data(settings, a_month_apart):
    periods = latest_periods(settings, a_month_apart, DEADLINE)
    used = {(one.system_code, one.feed, one.period_end) for one in in_force(settings, a_month_apart, DEADLINE, periods)}
    assert ("late", "programme", FEBRUARY) in used and ("late", "programme", MARCH) not in used
    assert ("late", "ons_population", MARCH) in used and ("ahead", "programme", MARCH) in used
    alone = settings.model_copy(update={"system": "late"})
    theirs = {("late", one.feed, one.period_end) for one in in_force(alone, a_month_apart, DEADLINE, periods)}
    assert theirs == {one for one in used if one[0] == "late"}


def test_nothing_is_expected_of_a_system_after_its_own_month(settings, a_month_apart):
    periods = latest_periods(settings, a_month_apart, DEADLINE)
    inputs = in_force(settings, a_month_apart, DEADLINE, periods)
    rows = ledger_rows(settings, a_month_apart, inputs, periods, DEADLINE)
    assert {row["system_code"]: row["period_end"] for row in rows["system"]} == periods
    expected = {
        (row["system_code"], row["period_end"]) for row in rows["expected_submission"] if row["feed"] == "leder"
    }
    assert expected == {("ahead", FEBRUARY), ("ahead", MARCH), ("late", FEBRUARY)}
    assert {row["partner_code"]: row["stands"] for row in rows["opt_out_list"]} == {"QXA": True, "QXL": True}


def test_an_opt_out_list_is_too_old_by_the_month_of_its_own_system(settings, ledger):
    """Lists of January stand for March and not for April."""
    for code in KNOWN:
        arrive(ledger, code, date(2026, 1, 31), "opt_out")
    inputs = in_force(settings, ledger, DEADLINE)
    stands = [
        {row["partner_code"]: row["stands"] for row in rows["opt_out_list"]}
        for ahead in (MARCH, date(2026, 12, 31))
        for rows in [ledger_rows(settings, ledger, inputs, {"ahead": ahead, "late": FEBRUARY}, DEADLINE)]
    ]
    assert stands == [{"QXA": True, "QXL": True}, {"QXA": False, "QXL": True}]


def test_a_pause_is_told_by_the_month_of_its_own_system(settings, a_month_apart, monkeypatch):
    pause = {
        code: Pause(partner=icb, type="icb", first=MARCH.replace(day=1), last=MARCH, reason="New system")
        for code, (icb, *_) in KNOWN.items()
    }
    systems = [replace(one, paused=(pause[one.system_code],)) for one in load_systems(settings)]
    monkeypatch.setattr("lda.warehouse.build.load_systems", lambda _: Systems(tuple(systems)))
    periods = latest_periods(settings, a_month_apart, DEADLINE)
    inputs = in_force(settings, a_month_apart, DEADLINE, periods)
    paused = paused_partners(settings, inputs, periods)
    assert paused["leder"] == [{"partner_code": "QXA", "reason": "New system"}]


def test_by_default_a_refresh_is_of_each_system_s_month_and_a_named_one_is_of_all(settings, a_month_apart):
    plan = start_refresh(settings, as_of=DEADLINE)
    assert (plan["period_end"], plan["periods"]) == ("2026-03-31", {"ahead": "2026-03-31", "late": "2026-02-28"})
    assert known_periods(plan) == {"ahead": MARCH, "late": FEBRUARY}
    for asked in (FEBRUARY, MARCH):
        plan = start_refresh(settings, asked, as_of=DEADLINE)
        assert known_periods(plan) == {"ahead": asked, "late": asked}


def test_what_was_made_before_systems_had_months_of_their_own_has_one_for_all():
    old = {"system_code": "ahead,late", "period_end": "2026-03-31"}
    assert known_periods(old) == {"ahead": MARCH, "late": MARCH}


def test_a_candidate_that_waits_since_before_has_one_month_for_all(settings):
    settings.warehouse.mkdir(parents=True)
    (settings.warehouse / "run.duckdb").touch()
    candidate = Candidate(
        run_id="run", publication_id="p", path=settings.warehouse / "run.duckdb", system_code="ahead,late",
        period_end=MARCH, as_of=DEADLINE, code_version="c", inputs_hash="h", inputs=(),
    )  # fmt: skip
    candidate.save()
    assert Candidate.load(settings, "run").periods == {"ahead": MARCH, "late": MARCH}
    replace(candidate, periods={"ahead": MARCH, "late": FEBRUARY}).save()
    assert Candidate.load(settings, "run").periods == {"ahead": MARCH, "late": FEBRUARY}


def test_the_schedule_waits_for_all_until_the_deadline_and_then_for_none(settings, a_month_apart):
    before = readiness(settings, a_month_apart, DEADLINE - timedelta(hours=1))
    assert before.periods == {"ahead": FEBRUARY, "late": FEBRUARY}
    after = readiness(settings, a_month_apart, DEADLINE)
    assert (after.period_end, after.periods) == (MARCH, {"ahead": MARCH, "late": FEBRUARY})
    assert "leder of QXL" in after.reason


def test_a_month_of_which_one_small_system_alone_is_ready_is_published_at_the_deadline(settings, ledger):
    """Of what is due of all under half has come, and of the one system everything."""
    path = settings.systems_dir / "late.yaml"
    more = "".join(f", {{code: QX{one}, name: Another, type: icb, feeds: [leder]}}" for one in range(4))
    path.write_text(path.read_text().replace("type: icb}]", f"type: icb}}{more}]"), encoding="utf-8")
    for period in (FEBRUARY, MARCH):
        arrive(ledger, "ahead", period, *FIGURES, "opt_out")
    arrive(ledger, "late", FEBRUARY, *FIGURES, "opt_out")
    state = readiness(settings, ledger, DEADLINE)
    assert "March 2026: 3 of the 10 submissions" in state.reason
    assert (state.period_end, state.periods) == (MARCH, {"ahead": MARCH, "late": FEBRUARY})


def test_the_scheduled_refresh_is_of_the_months_that_are_ready(settings, a_month_apart, monkeypatch):
    monkeypatch.setattr("lda.refresh.utc_now", lambda: DEADLINE)
    monkeypatch.setattr("lda.asked.utc_now", lambda: DEADLINE)
    assert known_periods(start_scheduled(settings)) == {"ahead": MARCH, "late": FEBRUARY}
