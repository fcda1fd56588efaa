"""Targets of the real seed, on the dates their source names and between them."""

from __future__ import annotations

import csv
from datetime import date
from typing import Any

import pytest
from compiled_sql import Desk, model_sql
from scratch_candidate import Candidate

TARGET = (
    "measure_id VARCHAR, system_code VARCHAR, geography_type VARCHAR, valid_from DATE, valid_to DATE, target DOUBLE, "
    "baseline_date DATE, baseline_factor DOUBLE, interpolation VARCHAR, due VARCHAR"
)
BASELINE = (
    "measure_id VARCHAR, system_code VARCHAR, geography_type VARCHAR, geography_code VARCHAR, baseline_date DATE, "
    "value DOUBLE"
)
AREA = "system_code VARCHAR, geography_type VARCHAR, geography_code VARCHAR"
SHARE = "ahc_uptake_register"
PERIODS = [date(2024, 2, 29), date(2024, 3, 31), date(2024, 9, 30), date(2025, 3, 31), date(2026, 3, 31)]
PERIODS += [date(2026, 9, 30)]


@pytest.fixture(scope="module")
def targets(empty_candidate: Candidate) -> list[dict[str, Any]]:
    """Targets of every system for six periods, from the real seed and an invented baseline."""
    with (empty_candidate.settings.reference_dir / "measure_target.csv").open() as file:
        rows = list(csv.DictReader(file))
    points = [
        (
            row["measure_id"],
            row["system_code"],
            row["geography_type"],
            row["valid_from"],
            row["valid_to"] or "9999-12-31",
            row["target"] or None,
            row["baseline_date"] or None,
            row["baseline_factor"] or None,
            row["interpolation"],
            row["due"],
        )
        for row in rows
    ]
    points += [
        ("long_stays", "llr", "place", "2024-04-01", "9999-12-31", None, "2019-03-31", 0.75, "step", "throughout")
    ]
    areas = [(system, kind, f"{system}-{kind}") for _, system, kind, *_ in points]
    desk = Desk(
        {
            "staging.stg_measure_target": (TARGET, points),
            "staging.stg_measure_baseline": (
                BASELINE,
                [("long_stays", "llr", "place", "llr-place", "2019-03-31", 20)],
            ),
            "intermediate.int_measure_period": (
                "measure_id VARCHAR, period_end DATE",
                [(measure, day) for measure in sorted({point[0] for point in points}) for day in PERIODS],
            ),
            "intermediate.int_geography_month": (AREA, [*areas, ("llr", "place", "no-baseline")]),
        }
    )
    return desk.rows(model_sql(empty_candidate, "int_measure_target"))


def of(targets: list[dict[str, Any]], measure: str, area: str) -> dict[date, float]:
    return {
        row["period_end"]: row["target"]
        for row in targets
        if row["measure_id"] == measure and row["geography_code"] == area
    }


@pytest.mark.parametrize(
    ("measure", "points"),
    [("inpatients_adult_per_million", (28, 24, 21)), ("inpatients_under18_per_million", (5, 4, 3))],
)
def test_the_coventry_and_warwickshire_trajectory(
    targets: list[dict[str, Any]], measure: str, points: tuple[int, int, int]
) -> None:
    for area in ("coventry_warwickshire-system", "coventry_warwickshire-place"):
        found = of(targets, measure, area)
        assert date(2024, 2, 29) not in found, "a target before its first date"
        assert [found[day] for day in (date(2024, 3, 31), date(2025, 3, 31), date(2026, 3, 31))] == list(points)
        # 30 September 2024 is 183 of the 365 days from the first point to the second.
        assert found[date(2024, 9, 30)] == pytest.approx(points[0] + (points[1] - points[0]) * 183 / 365)
        assert found[date(2026, 9, 30)] == points[2], "the last point stands"


@pytest.mark.parametrize("system", ["llr", "coventry_warwickshire", "hertfordshire", "leeds"])
def test_health_checks_and_leder_reviews_have_the_same_target_in_every_system(
    targets: list[dict[str, Any]], system: str
) -> None:
    for kind in ("practice", "pcn", "place", "system"):
        assert set(of(targets, "ahc_and_hap", f"{system}-{kind}").values()) == {0.75}
    for measure in ("leder_initial_within_six_months", "leder_focused_within_six_months", "cetr_in_date"):
        assert set(of(targets, measure, f"{system}-system").values()) == {1}


def test_a_relative_target_is_a_share_of_the_area_s_own_baseline(targets: list[dict[str, Any]]) -> None:
    assert of(targets, "long_stays", "llr-place") == {day: 15 for day in PERIODS if day >= date(2024, 4, 1)}
    assert of(targets, "long_stays", "no-baseline") == {}


def test_every_target_has_a_value_or_a_baseline_and_a_source(empty_candidate: Candidate) -> None:
    with (empty_candidate.settings.reference_dir / "measure_target.csv").open() as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        assert bool(row["target"]) != bool(row["baseline_date"] and row["baseline_factor"]), row
        assert row["source"], row


EVERY = ("llr", "coventry_warwickshire", "hertfordshire", "leeds")
# What the programmes' documents and national policy ask, at the end of March 2026.
ASKED = [
    *((measure, system, 0.75) for measure in ("ahc_uptake_register", "ahc_and_hap") for system in EVERY),
    *(("ahc_rolling_12_months", system, 1) for system in EVERY),
    *(("inpatients_adult_per_million", system, 30) for system in ("llr", "hertfordshire", "leeds")),
    *(("inpatients_under18_per_million", system, 15) for system in ("llr", "hertfordshire", "leeds")),
    ("inpatients_adult_per_million", "coventry_warwickshire", 21),
    ("inpatients_under18_per_million", "coventry_warwickshire", 3),
    ("long_stays_change_since_march_2019", "llr", 0.75),
    *(
        (measure, system, 1)
        for measure in (
            "cetr_in_date", "post_admission_cetr", "oversight_visit_in_date", "discharge_plan_complete",
            "leder_initial_within_six_months", "leder_focused_within_six_months",
        )
        for system in EVERY
    ),
    *(("autism_over_13_weeks", system, 0.5) for system in EVERY),
    *(("community_autism_over_13_weeks", system, 0.5) for system in EVERY),
]  # fmt: skip


@pytest.mark.parametrize(("measure", "system", "target"), ASKED)
def test_every_target_of_the_programmes_is_in_the_seed(
    targets: list[dict[str, Any]], measure: str, system: str, target: float
) -> None:
    assert of(targets, measure, f"{system}-system")[date(2026, 3, 31)] == pytest.approx(target)


def test_what_is_to_be_reached_by_the_end_of_march_is_held_against_march_alone(targets: list[dict[str, Any]]) -> None:
    due = {day: set() for day in PERIODS}
    for row in targets:
        due[row["period_end"]] |= {row["measure_id"]} if row["target_is_due"] else set()
    by_march = {"ahc_uptake_register", "ahc_and_hap", "ahc_uptake_ldhc", "ahc_uptake_ldhc_register"}
    assert by_march < due[date(2025, 3, 31)] and by_march < due[date(2026, 3, 31)]
    for day in (date(2024, 9, 30), date(2026, 9, 30)):
        assert not by_march & due[day]
        assert {"ahc_year_end_forecast", "leder_initial_within_six_months"} < due[day]


def test_only_a_measure_that_counts_up_through_the_year_has_a_target_of_the_year_s_end(
    empty_candidate: Candidate,
) -> None:
    """Its control chart would be held against a target that is not due; such a measure has none."""
    measures = {row["measure_id"]: row for row in seed(empty_candidate, "measure_catalogue")}
    of_the_end = {row["measure_id"] for row in seed(empty_candidate, "measure_target") if row["due"] == "year_end"}
    assert of_the_end
    for measure in of_the_end:
        assert measures[measure]["year_to_date"] == "true" and measures[measure]["spc"] == "false", measure


def seed(candidate: Candidate, name: str) -> list[dict[str, str]]:
    with (candidate.settings.reference_dir / f"{name}.csv").open() as file:
        return list(csv.DictReader(file))


def test_every_relative_target_has_a_baseline_and_every_target_a_better_direction(empty_candidate: Candidate) -> None:
    known = {
        (row["measure_id"], row["system_code"], row["geography_type"], row["baseline_date"])
        for row in seed(empty_candidate, "measure_baseline")
    }
    better = {row["measure_id"]: row["better_is"] for row in seed(empty_candidate, "measure_catalogue")}
    rows = seed(empty_candidate, "measure_target")
    relative = [row for row in rows if row["baseline_factor"]]
    assert {row["measure_id"] for row in relative} == {"inpatients_total"}
    for row in relative:
        assert (row["measure_id"], row["system_code"], row["geography_type"], row["baseline_date"]) in known
    assert {better[row["measure_id"]] for row in rows} == {"higher", "lower"}


def test_a_baseline_is_never_a_number_that_the_disclosure_rule_would_hide(empty_candidate: Candidate) -> None:
    """A target, and a share of a baseline, show the number they are made of."""
    rules = seed(empty_candidate, "disclosure_rule")
    smallest = next(int(row["smallest_count"]) for row in rules if row["disclosure_rule"] == "lda")
    counts = {float(row["value"]) for row in seed(empty_candidate, "measure_baseline") if row["measure_id"] != SHARE}
    assert min(counts) >= smallest
