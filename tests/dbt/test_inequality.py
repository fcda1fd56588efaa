"""Gaps and ratios between groups: a published worked example, plain formulas, and who is compared with whom."""

from __future__ import annotations

from datetime import date
from math import exp, inf, log, sqrt
from typing import Any

import pytest
from compiled_sql import Desk, model_sql
from hypothesis import given, settings
from hypothesis import strategies as st
from scratch_candidate import Candidate

Z = 1.959963984540054
MARCH = date(2026, 3, 31)
FIGURE = (
    "measure_id VARCHAR, system_code VARCHAR, geography_type VARCHAR, geography_code VARCHAR, geography_name VARCHAR, "
    "breakdown_type VARCHAR, breakdown_value VARCHAR, period_end DATE, period_start DATE, is_latest_period BOOLEAN, "
    "numerator BIGINT, denominator BIGINT, denominator_kind VARCHAR, value DOUBLE, lower_95 DOUBLE, upper_95 DOUBLE, "
    "amount_lower DOUBLE, amount_upper DOUBLE"
)
# A measure of each kind, by the unit its test figures are made of.
COMPARED = (
    ("share", "wilson", "figure", "proportion"),
    ("per_million", "wilson", "figure", "per million people"),
    ("per_bed_days", "byar", "figure", "per 1,000 bed days"),
    ("number", "byar", "residents", "per 100,000 residents"),
    ("mean", "student_t", "figure", "days"),
    ("median", "order_statistics", "figure", "days"),
    ("sum", "student_t", "person", "days per person"),
)
RESIDENTS = {"Asian": 40_000, "White": 250_000, "1 (most deprived)": 90_000, "5 (least deprived)": 120_000}
MOST, LEAST = "1 (most deprived)", "5 (least deprived)"


def wilson(count: int, people: int) -> tuple[float, float]:
    share, weight = count / people, Z * Z / people
    middle = (share + weight / 2) / (1 + weight)
    reach = Z * sqrt(share * (1 - share) / people + weight / (4 * people)) / (1 + weight)
    return max(0, middle - reach), min(1, middle + reach)


def cell(measure: str, value: str, *figures: Any) -> tuple[Any, ...]:
    """A cell of a measure and group: numerator, denominator, its kind, value, interval, interval of an amount."""
    breakdown = "deprivation_quintile" if "(" in value else "ethnicity_group"
    return (measure, "s", "system", "QK1", "The system", breakdown, value, MARCH, date(2025, 4, 1), True, *figures)


def figure(value: str, count: int, people: int) -> tuple[Any, ...]:
    return cell("share", value, count, people, "people", count / people, *wilson(count, people), None, None)


def per_million(value: str, count: int, people: int) -> tuple[Any, ...]:
    low, high = (1_000_000 * end for end in wilson(count, people))
    rate = 1_000_000 * count / people
    return cell("per_million", value, count, people, "population", rate, low, high, None, None)


def number(value: str, count: int) -> tuple[Any, ...]:
    return cell("number", value, count, None, "people", count, None, None, None, None)


def amount(measure: str, value: str, people: int, found: float, low: float | None, high: float | None) -> tuple:
    interval = (None, None) if measure == "sum" else (low, high)
    return cell(measure, value, None, people, "people", found, *interval, low, high)


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
    low, high = (per * end for end in byar(events))
    return cell("per_bed_days", value, events, days, "bed_days", per * events, low, high, None, None)


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
            "staging.stg_poisson_limit": ("events BIGINT, lower_95 DOUBLE, upper_95 DOUBLE", []),
            "intermediate.int_measure_comparison": (
                "measure_id VARCHAR, age_from INTEGER, age_to INTEGER, method VARCHAR, compared_per VARCHAR, "
                "unit VARCHAR",
                [(name, 18, 999, *how) for name, *how in COMPARED],
            ),
            "intermediate.int_group_population": (
                "age_from INTEGER, age_to INTEGER, system_code VARCHAR, geography_type VARCHAR, "
                "geography_code VARCHAR, period_end DATE, breakdown_type VARCHAR, breakdown_value VARCHAR, "
                "residents BIGINT",
                [
                    (ages, 999, "s", "system", "QK1", MARCH, cell("", group)[5], group, people // (1 + (ages == 0)))
                    for ages in (0, 18)
                    for group, people in RESIDENTS.items()
                ],
            ),
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
    # Of a rate per population and of a number, those counted must be enough: here 9 and 10 in hospital.
    for made in (lambda *of: per_million(*of, 90_000), number):
        assert compare(desk, sql, made(MOST, 9), made(LEAST, 10)) == {}
        assert compare(desk, sql, made(MOST, 10), made(LEAST, 10)).keys() == {"most_and_least_deprived"}
    for kind in ("mean", "median", "sum"):
        few, enough = (amount(kind, MOST, people, 30, 20, 40) for people in (19, 20))
        other = amount(kind, LEAST, 20, 20, 10, 30)
        assert compare(desk, sql, few, other) == {}
        assert compare(desk, sql, enough, other).keys() == {"most_and_least_deprived"}


def test_a_rate_per_million_is_compared_in_its_own_unit(desk: Desk, sql: str) -> None:
    found = compare(desk, sql, per_million(MOST, 30, 500_000), per_million(LEAST, 10, 500_000))
    row = found["most_and_least_deprived"]
    assert (row["gap"], row["ratio"], row["unit"]) == (pytest.approx(40), pytest.approx(3), "per million people")
    assert 10 < row["gap_lower_95"] < 40 < row["gap_upper_95"] < 75


def test_hidden_figures_are_not_compared(desk: Desk, sql: str) -> None:
    hidden = cell("share", MOST, None, 40, "people", None, None, None, None, None)
    assert compare(desk, sql, hidden, figure(LEAST, 10, 40)) == {}
    gone = cell("number", MOST, None, None, "people", None, None, None, None, None)
    assert compare(desk, sql, gone, number(LEAST, 10)) == {}
    for kind in ("mean", "median", "sum"):
        gone = cell(kind, MOST, None, 40, "people", None, None, None, None, None)
        assert compare(desk, sql, gone, amount(kind, LEAST, 40, 20, 10, 30)) == {}


def test_numbers_are_compared_over_the_residents_of_their_groups_at_the_ages_they_are_of(desk: Desk, sql: str) -> None:
    row = compare(desk, sql, number("Asian", 20), number("White", 50))["asian_and_white"]
    # 20 of 40,000 and 50 of 250,000, per 100,000: of the adults, not of everyone.
    assert (row["group_rate"], row["reference_rate"], row["unit"]) == (50, 20, "per 100,000 residents")
    (low, high), (base_low, base_high) = ([end * 100_000 / RESIDENTS[of] for end in byar(n)]
                                          for of, n in (("Asian", 20), ("White", 50)))  # fmt: skip
    assert row["gap_lower_95"] == pytest.approx(30 - sqrt((50 - low) ** 2 + (base_high - 20) ** 2))
    assert row["gap_upper_95"] == pytest.approx(30 + sqrt((high - 50) ** 2 + (20 - base_low) ** 2))
    reach = Z * sqrt(1 / 20 + 1 / 50)
    assert (row["ratio_lower_95"], row["ratio_upper_95"]) == pytest.approx((2.5 * exp(-reach), 2.5 * exp(reach)))
    # Nobody knows how many residents a group has: it is not compared.
    assert compare(desk, sql, number("Mixed", 20), number("White", 50)) == {}


@settings(max_examples=100, deadline=None)
@given(
    kind=st.sampled_from(["mean", "median", "sum"]),
    groups=st.tuples(*[st.tuples(st.integers(20, 90), *[st.floats(0.01, 900)] * 3)] * 2),
)
def test_means_and_medians_and_sums_by_person_are_compared_by_the_ends_of_their_intervals(
    kind: str, groups: tuple[tuple[int, float, float, float], ...], desk: Desk, sql: str
) -> None:
    cells, told = [], []
    for name, (people, *numbers) in zip(("Asian", "White"), groups, strict=True):
        low, value, high = sorted(numbers)
        cells.append(amount(kind, name, people, value, low, high))
        told.append([number / (people if kind == "sum" else 1) for number in (value, low, high)])
    row = compare(desk, sql, *cells)["asian_and_white"]
    (value, low, high), (base, base_low, base_high) = told
    assert (row["group_rate"], row["reference_rate"]) == pytest.approx((value, base))
    assert row["gap_lower_95"] == pytest.approx(value - base - sqrt((value - low) ** 2 + (base_high - base) ** 2))
    assert row["gap_upper_95"] == pytest.approx(value - base + sqrt((high - value) ** 2 + (base - base_low) ** 2))
    assert row["ratio"] == pytest.approx(value / base)
    below = sqrt(log(value / low) ** 2 + log(base_high / base) ** 2)
    above = sqrt(log(high / value) ** 2 + log(base / base_low) ** 2)
    assert row["ratio_lower_95"] == pytest.approx(value / base * exp(-below))
    assert row["ratio_upper_95"] == pytest.approx(value / base * exp(above))


def test_a_mean_whose_interval_goes_under_zero_has_a_gap_and_no_interval_of_its_ratio(desk: Desk, sql: str) -> None:
    row = compare(desk, sql, amount("mean", MOST, 20, 30, -2, 62), amount("mean", LEAST, 20, 20, 15, 25))
    found = row["most_and_least_deprived"]
    assert (found["ratio"], found["ratio_lower_95"], found["ratio_upper_95"]) == (1.5, None, None)
    assert (found["gap_lower_95"], found["gap_upper_95"]) == pytest.approx(
        (10 - sqrt(32**2 + 5**2), 10 + sqrt(32**2 + 5**2))
    )


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


# From exact figures to what is published of them.
CHAIN = ("int_measure_ruled", "int_measure_disclosed", "int_measure_figure_disclosed", "published_measure_inequality")
EXACT = ("intermediate.int_measure_cell", "staging.stg_disclosure_mask")


@pytest.fixture(scope="module")
def published(empty_candidate: Candidate, desk: Desk) -> Desk:
    """The desk with the models that make the published comparisons of the exact figures of int_measure_cell."""
    with empty_candidate.read() as connection:
        for table in EXACT:
            columns = connection.execute(f"DESCRIBE {table}").fetchall()
            desk.connection.execute(
                f"CREATE TABLE {table} ({', '.join(f'{name} {kind}' for name, kind, *_ in columns)})"
            )
    for model in CHAIN:
        desk.connection.execute(f"CREATE VIEW intermediate.{model} AS {model_sql(empty_candidate, model)}")
    return desk


def exact_cell(group: str, count: int, measure: str) -> dict[str, Any]:
    """An exact figure of ``count`` people: a share of them, their mean, or their number."""
    kind, how = {"share": ("ratio", "wilson"), "mean": ("mean", "student_t"), "number": ("count", "none")}[measure]
    counts = {
        "share": {"numerator": 10, "denominator": count},
        "mean": {"denominator": count, "amount": 30.2, "amount_lower": 25.1, "amount_upper": 35.3},
        "number": {"numerator": count},
    }
    return {
        "measure_id": measure, "system_code": "s", "geography_type": "system", "geography_code": "QK1",
        "breakdown_type": "deprivation_quintile", "breakdown_value": group, "period_end": MARCH, "multiplier": 1,
        "aggregation": kind, "denominator_kind": "people", "confidence_interval": how, "smallest_count": 5,
        "counts_events": False, "round_to": 5, "judged_sides": "numerator;denominator", "only_if_adjusted": False,
        "amount_round_to": 1, "amount_interval_people": 20, **counts[measure],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("measure", "most_that_is_not", "least_that_is", "shown"),
    [("share", 17, 18, 20), ("mean", 17, 18, 20), ("number", 7, 8, 10)],
)
def test_what_is_published_goes_by_rounded_numbers_so_that_twenty_tells_no_more_than_18_to_22(
    measure: str, most_that_is_not: int, least_that_is: int, shown: int, published: Desk
) -> None:
    for count in range(most_that_is_not - 2, least_that_is + 5):
        published.connection.execute("DELETE FROM intermediate.int_measure_cell")
        for row in (exact_cell(MOST, count, measure), exact_cell(LEAST, 40, measure)):
            published.connection.execute(
                f"INSERT INTO intermediate.int_measure_cell ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",
                list(row.values()),
            )
        compared = bool(published.rows("SELECT * FROM intermediate.published_measure_inequality"))
        figures = published.rows(
            f"SELECT * FROM intermediate.int_measure_figure_disclosed WHERE breakdown_value = '{MOST}'"
        )
        (row,) = figures
        assert compared == (count >= least_that_is), count
        assert (row["numerator" if measure == "number" else "denominator"] >= shown) == compared, count
        if measure == "mean":
            assert (row["lower_95"], row["upper_95"]) == ((24, 36) if compared else (None, None)), count
