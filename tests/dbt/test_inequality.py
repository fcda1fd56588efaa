"""Gaps and ratios between groups: a published worked example, plain formulas, and who is compared with whom."""

from __future__ import annotations

from datetime import date
from math import exp, inf, log, sqrt
from typing import Any

import pytest
from compiled_sql import Desk, model_sql
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import poisson
from scratch_candidate import Candidate

Z = 1.959963984540054
MARCH = date(2026, 3, 31)
FIGURE = (
    "measure_id VARCHAR, system_code VARCHAR, geography_type VARCHAR, geography_code VARCHAR, geography_name VARCHAR, "
    "breakdown_type VARCHAR, breakdown_value VARCHAR, period_end DATE, period_start DATE, is_latest_period BOOLEAN, "
    "numerator BIGINT, denominator BIGINT, denominator_kind VARCHAR, confidence_interval VARCHAR, value DOUBLE, "
    "unit VARCHAR, lower_95 DOUBLE, upper_95 DOUBLE"
)
MOST, LEAST = "1 (most deprived)", "5 (least deprived)"


def wilson(count: int, people: int) -> tuple[float, float]:
    share, weight = count / people, Z * Z / people
    middle = (share + weight / 2) / (1 + weight)
    reach = Z * sqrt(share * (1 - share) / people + weight / (4 * people)) / (1 + weight)
    return max(0, middle - reach), min(1, middle + reach)


def figure(value: str, count: int, people: int, kind: str = "people", unit: str = "proportion") -> tuple[Any, ...]:
    """A cell of a measure; a rate per population is per million."""
    times = 1 if kind == "people" else 1_000_000
    breakdown = "deprivation_quintile" if "(" in value else "ethnicity_group"
    interval = [times * end for end in wilson(count, people)] if unit != "count" else [None, None]
    area = ("m", "s", "system", "QK1", "The system", breakdown, value, MARCH, date(2025, 4, 1), True)
    return (
        *area,
        count,
        people,
        kind,
        "wilson" if unit != "count" else "none",
        times * count / people,
        unit,
        *interval,
    )


def byar(count: int) -> tuple[float, float]:
    """Byar's limits of ten events or more."""
    more = count + 1
    return (
        count * (1 - 1 / (9 * count) - Z / (3 * sqrt(count))) ** 3,
        more * (1 - 1 / (9 * more) + Z / (3 * sqrt(more))) ** 3,
    )


def rate(value: str, events: int, days: int) -> tuple[Any, ...]:
    """A cell of a rate of events per 1,000 bed days."""
    per = 1000 / days
    cell = (*figure(value, 1, 1)[:10], events, days, "bed_days", "byar", per * events, "per 1,000 bed days")
    return (*cell, *(per * end for end in byar(events)))


@pytest.fixture(scope="module")
def sql(empty_candidate: Candidate) -> str:
    return model_sql(empty_candidate, "measure_inequality")


@pytest.fixture(scope="module")
def desk(empty_candidate: Candidate) -> Desk:
    """Tables with the comparisons that the project's own seed holds; groups of 20 people or 10 events at least."""
    with empty_candidate.read() as connection:
        comparisons = connection.execute("SELECT * FROM staging.stg_inequality_comparison").fetchall()
    columns = "comparison VARCHAR, breakdown_type VARCHAR, comparison_kind VARCHAR, group_value VARCHAR, "
    columns += "reference_value VARCHAR, sort_order INTEGER, valid_from DATE, valid_to DATE"
    return Desk(
        {
            "staging.stg_inequality_comparison": (columns, comparisons),
            "staging.stg_inequality_rule": ("minimum_people DOUBLE, minimum_events DOUBLE", [(20, 10)]),
            "staging.stg_run": ("publication_id VARCHAR", [("p",)]),
            "intermediate.int_measure_figure": (FIGURE, []),
        }
    )


def compare(desk: Desk, sql: str, *figures: tuple[Any, ...]) -> dict[str, dict[str, Any]]:
    desk.fill("intermediate.int_measure_figure", figures)
    rows = desk.rows(sql)
    found = {row["comparison"]: row for row in rows}
    assert len(found) == len(rows)
    return found


def test_the_worked_example_of_newcombe(desk: Desk, sql: str) -> None:
    # Newcombe 1998, table II, method 10: 56/70 against 48/80 differ by 0.2, from 0.0524 to 0.3339.
    row = compare(desk, sql, figure(MOST, 56, 70), figure(LEAST, 48, 80))["most_and_least_deprived"]
    assert (row["gap"], row["gap_lower_95"], row["gap_upper_95"]) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    assert (row["group_value"], row["reference_value"]) == (MOST, LEAST)
    assert (row["group_rate"], row["reference_rate"]) == (0.8, 0.6)
    # By hand: the log of the ratio has variance 1/56 - 1/70 + 1/48 - 1/80 = 1/84.
    reach = 1.959964 / sqrt(84)
    assert row["ratio"] == pytest.approx(4 / 3)
    assert (row["ratio_lower_95"], row["ratio_upper_95"]) == pytest.approx(
        (4 / 3 * exp(-reach), 4 / 3 * exp(reach)), rel=1e-6
    )


@settings(max_examples=100, deadline=None)
@given(
    groups=st.tuples(st.integers(20, 400), st.integers(20, 400)).flatmap(
        lambda sizes: st.tuples(*(st.tuples(st.integers(0, size), st.just(size)) for size in sizes))
    )
)
def test_gap_and_ratio_follow_the_formulas(groups: tuple[tuple[int, int], ...], desk: Desk, sql: str) -> None:
    (count, people), (other, others) = groups
    row = compare(desk, sql, figure("Asian", count, people), figure("White", other, others))["asian_and_white"]
    share, base = count / people, other / others
    low, high = wilson(count, people)
    base_low, base_high = wilson(other, others)
    assert row["gap"] == pytest.approx(share - base, abs=1e-12)
    assert row["gap_lower_95"] == pytest.approx(share - base - sqrt((share - low) ** 2 + (base_high - base) ** 2))
    assert row["gap_upper_95"] == pytest.approx(share - base + sqrt((high - share) ** 2 + (base - base_low) ** 2))
    slack = 1e-12
    assert -1 - slack <= row["gap_lower_95"] <= row["gap"] + slack
    assert row["gap"] - slack <= row["gap_upper_95"] <= 1 + slack
    if other == 0:
        assert row["ratio"] is None
    else:
        assert row["ratio"] == pytest.approx(share / base)
    if count == 0 or other == 0:
        assert row["ratio_lower_95"] is row["ratio_upper_95"] is None
    else:
        error = sqrt(max(1 / count - 1 / people + 1 / other - 1 / others, 0))
        assert row["ratio_lower_95"] == pytest.approx(exp(log(share / base) - Z * error))
        assert row["ratio_upper_95"] == pytest.approx(exp(log(share / base) + Z * error))
        assert row["ratio_upper_95"] < inf


def test_each_ethnic_group_is_compared_with_white_and_the_highest_with_the_lowest(desk: Desk, sql: str) -> None:
    found = compare(
        desk,
        sql,
        figure("White", 60, 100),
        figure("Asian", 20, 50),
        figure("Black", 24, 30),
        figure("Not stated", 30, 30),
    )
    assert {name: (row["group_value"], row["reference_value"]) for name, row in found.items()} == {
        "asian_and_white": ("Asian", "White"),
        "black_and_white": ("Black", "White"),
        "highest_and_lowest_ethnicity": ("Black", "Asian"),
    }
    assert found["highest_and_lowest_ethnicity"]["gap"] == pytest.approx(0.4)


def test_groups_of_too_few_people_are_not_compared(desk: Desk, sql: str) -> None:
    assert compare(desk, sql, figure(MOST, 10, 19), figure(LEAST, 10, 20)) == {}
    assert compare(desk, sql, figure(MOST, 10, 20), figure(LEAST, 10, 20)).keys() == {"most_and_least_deprived"}
    # Of a rate per population, those counted must be enough: here 9 and 10 in hospital.
    unit = "per million people"
    assert (
        compare(desk, sql, figure(MOST, 9, 90_000, "population", unit), figure(LEAST, 10, 90_000, "population")) == {}
    )


def test_a_rate_per_million_is_compared_in_its_own_unit(desk: Desk, sql: str) -> None:
    unit = "per million people"
    found = compare(
        desk,
        sql,
        figure(MOST, 30, 500_000, "population", unit),
        figure(LEAST, 10, 500_000, "population", unit),
    )["most_and_least_deprived"]
    assert (found["gap"], found["ratio"]) == pytest.approx((40, 3))
    assert 10 < found["gap_lower_95"] < 40 < found["gap_upper_95"] < 75


def test_counts_and_hidden_figures_are_not_compared(desk: Desk, sql: str) -> None:
    hidden = (*figure(MOST, 5, 40)[:10], None, 40, "people", "wilson", None, "proportion", None, None)
    assert compare(desk, sql, hidden, figure(LEAST, 10, 40)) == {}
    assert compare(desk, sql, figure(MOST, 30, 40, unit="count"), figure(LEAST, 30, 40, unit="count")) == {}


@settings(max_examples=100, deadline=None)
@given(events=st.tuples(*[st.integers(10, 3000)] * 2), days=st.tuples(*[st.integers(30, 9000)] * 2))
def test_rates_of_events_are_compared_by_their_poisson_limits(
    events: tuple[int, int], days: tuple[int, int], desk: Desk, sql: str
) -> None:
    row = compare(desk, sql, rate("Asian", events[0], days[0]), rate("White", events[1], days[1]))["asian_and_white"]
    (value, low, high), (base, base_low, base_high) = (
        [1000 / n * one for one in (o, *byar(o))] for o, n in zip(events, days, strict=True)
    )
    assert row["gap"] == pytest.approx(value - base, rel=1e-9, abs=1e-9)
    assert row["gap_lower_95"] == pytest.approx(value - base - sqrt((value - low) ** 2 + (base_high - base) ** 2))
    assert row["gap_upper_95"] == pytest.approx(value - base + sqrt((high - value) ** 2 + (base - base_low) ** 2))
    error = sqrt(1 / events[0] + 1 / events[1])
    assert row["ratio_lower_95"] == pytest.approx(exp(log(value / base) - Z * error))
    assert row["ratio_upper_95"] == pytest.approx(exp(log(value / base) + Z * error))


def test_rates_on_fewer_than_ten_events_are_not_compared(desk: Desk, sql: str) -> None:
    few = (*rate(MOST, 10, 900)[:10], 9, *rate(MOST, 10, 900)[11:])
    assert compare(desk, sql, few, rate(LEAST, 30, 900)) == {}
    assert compare(desk, sql, rate(MOST, 10, 900), rate(LEAST, 30, 900)).keys() == {"most_and_least_deprived"}


def test_the_exact_limits_of_few_events_are_those_of_the_poisson_distribution(empty_candidate: Candidate) -> None:
    with empty_candidate.read() as connection:
        rows = connection.execute(
            "SELECT events, lower_95, upper_95 FROM staging.stg_poisson_limit ORDER BY 1"
        ).fetchall()
    assert [events for events, *_ in rows] == list(range(10))
    for events, low, high in rows:
        # So few or fewer happen once in forty times at the upper limit, so many or more at the lower.
        assert poisson.cdf(events, high) == pytest.approx(0.025, abs=1e-9)
        assert low == 0 if events == 0 else poisson.sf(events - 1, low) == pytest.approx(0.025, abs=1e-9)
    # Breslow and Day, Statistical methods in cancer research II (1987), as printed.
    printed = {1: (0.0253, 5.57), 3: (0.619, 8.77), 5: (1.62, 11.67), 9: (4.12, 17.08)}
    for events, (low, high) in printed.items():
        assert rows[events][1:] == (pytest.approx(low, abs=5e-3), pytest.approx(high, abs=5e-3))


def test_every_measure_is_compared_between_groups_or_says_why_not(empty_candidate: Candidate) -> None:
    with empty_candidate.read() as connection:
        rows = connection.execute(
            "SELECT measure_id, is_compared, method, reason FROM published.measure_comparison"
        ).fetchall()
    found = {measure: (compared, method, reason) for measure, compared, method, reason in rows}
    assert len(found) == 80
    for measure, (compared, method, reason) in found.items():
        assert compared == bool(method) == (not reason), measure
    assert sum(compared for compared, *_ in found.values()) == 31
    assert found["ahc_uptake_register"][1] == "wilson"
    assert found["restrictive_interventions_per_1000_bed_days"][1] == "byar"
    assert {measure for measure, (_, _, reason) in found.items() if reason and "What is sent" in reason} == {
        "ahc_uptake_ldhc", "ahc_uptake_ldhc_register", "mandatory_training_tier_1", "mandatory_training_tier_2",
    }  # fmt: skip
    for measure in ("inpatients_total", "mean_length_of_stay", "autism_median_wait_days", "delayed_days"):
        assert not found[measure][0], measure
