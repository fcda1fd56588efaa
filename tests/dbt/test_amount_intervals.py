"""Sums, means and medians of people's values with their 95 % intervals, beside the formulas of SciPy and the standard
library."""

from __future__ import annotations

from statistics import fmean, median, stdev

import pytest
from compiled_sql import Desk, macro_sql, model_sql
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom
from scipy.stats import t as student_t
from scratch_candidate import Candidate

MEASURES = ("sum", "mean", "median")


@pytest.fixture(scope="module")
def sql(empty_candidate: Candidate) -> str:
    return model_sql(empty_candidate, "int_measure_amount")


@pytest.fixture(scope="module")
def desk(empty_candidate: Candidate) -> Desk:
    with empty_candidate.read() as connection:
        tables = {
            f"{schema}.{table}": (", ".join(f'"{name}" {kind}' for name, kind in columns), [])
            for schema, table in (
                ("intermediate", "int_current_boundary"), ("intermediate", "int_practice_month"),
                ("intermediate", "int_geography_month"), ("intermediate", "int_person_neighbourhood"),
                ("intermediate", "int_measure_cell"), ("staging", "stg_geography"), ("staging", "stg_measure"),
                ("staging", "stg_system"), ("mart", "measure_contribution"),
            )
            if (
                columns := connection.execute(
                    "SELECT column_name, data_type FROM information_schema.columns "
                    "WHERE table_schema = $1 AND table_name = $2 ORDER BY ordinal_position", [schema, table],
                ).fetchall()
            )
        }  # fmt: skip
    desk = Desk(tables)
    for kind in MEASURES:
        desk.connection.execute("INSERT INTO staging.stg_measure (measure_id, aggregation) VALUES ($1, $1)", [kind])
    desk.connection.execute("INSERT INTO staging.stg_system (system_code, system_geography_code) VALUES ('s', 'QK1')")
    return desk


def amounts(desk: Desk, sql: str, values: list[float]) -> dict[str, tuple[float, float | None, float | None]]:
    """Amount and interval of everyone in the system, by measure."""
    desk.connection.execute("DELETE FROM mart.measure_contribution")
    desk.connection.execute(
        """
        INSERT INTO mart.measure_contribution (measure_id, system_code, period_end, place_code, value)
        SELECT measure_id, 's', DATE '2026-03-31', 'E1', value FROM unnest($1) AS m(measure_id), unnest($2) AS v(value)
        """,
        [list(MEASURES), values],
    )
    rows = desk.rows(f"SELECT * FROM ({sql}) WHERE geography_type = 'system' AND breakdown_type = 'all'")
    return {row["measure_id"]: (row["amount"], row["amount_lower"], row["amount_upper"]) for row in rows}


@settings(max_examples=60, deadline=None)
@given(values=st.lists(st.integers(0, 900_000).map(lambda pence: pence / 100), min_size=20, max_size=90))
def test_the_intervals_are_those_of_students_t_and_of_two_ranks(values: list[float], desk: Desk, sql: str) -> None:
    found = amounts(desk, sql, values)
    people, ranked = len(values), sorted(values)
    reach = float(student_t.ppf(0.975, people - 1)) * stdev(values) / people**0.5
    wide = 1e-3 * reach + 1e-6 * max(values)
    middle = fmean(values)
    assert found["mean"] == pytest.approx((middle, middle - reach, middle + reach), abs=wide)
    assert found["sum"] == pytest.approx(
        tuple(people * one for one in (middle, middle - reach, middle + reach)), abs=people * wide
    )
    centre, low, high = found["median"]
    assert centre == pytest.approx(median(values))
    assert low is not None and high is not None and low in ranked and high in ranked and low <= centre <= high


def test_one_person_has_no_spread(desk: Desk, sql: str) -> None:
    found = amounts(desk, sql, [12.5])
    assert found["mean"] == (12.5, None, None)
    assert found["sum"] == (12.5, None, None)
    assert found["median"][0] == 12.5


def test_the_ranks_hold_the_median_in_nineteen_samples_of_twenty(desk: Desk, sql: str) -> None:
    for people in (20, 21, 45, 90):
        _, low, high = amounts(desk, sql, [float(rank) for rank in range(1, people + 1)])["median"]
        assert low is not None and high is not None
        # Between the two ranks lie as many of the people as fall below the median with this chance.
        held = binom.cdf(high - 1, people, 0.5) - binom.cdf(low - 1, people, 0.5)
        assert 0.935 <= held <= 0.98, (people, low, high, held)


def test_the_deviate_is_students_from_twenty_people_on(empty_candidate: Candidate) -> None:
    sql = macro_sql(empty_candidate, "student_t('people')")
    desk = Desk({})
    rows = desk.rows(f"SELECT people, {sql} AS deviate FROM range(20, 400) AS given(people)")
    for row in rows:
        assert row["deviate"] == pytest.approx(student_t.ppf(0.975, row["people"] - 1), abs=1e-3)


@pytest.fixture(scope="module")
def ruled_sql(empty_candidate: Candidate) -> str:
    return model_sql(empty_candidate, "int_measure_ruled")


def ruled(desk: Desk, sql: str, kind: str, step: int, *cells: tuple[float, float, float]) -> list[tuple[float, ...]]:
    """Amount and interval as they are published, of exact ones."""
    desk.connection.execute("DELETE FROM intermediate.int_measure_cell")
    for place, (amount, lower, upper) in enumerate(cells):
        desk.connection.execute(
            "INSERT INTO intermediate.int_measure_cell (measure_id, geography_code, aggregation, denominator_kind, "
            "smallest_count, round_to, denominator, amount_round_to, amount, amount_lower, amount_upper) "
            "VALUES ($1, $2, $1, 'people', 5, 5, 20, $3, $4, $5, $6)",
            [kind, str(place), step, amount, lower, upper],
        )
    found = desk.rows(f"SELECT * FROM ({sql}) ORDER BY geography_code")
    return [(row["ruled_amount"], row["ruled_amount_lower"], row["ruled_amount_upper"]) for row in found]


@settings(max_examples=200, deadline=None)
@given(
    kind=st.sampled_from(["sum", "mean"]),
    step=st.sampled_from([1, 10, 100, 1000]),
    steps=st.integers(0, 5_000),
    apart=st.lists(st.floats(-0.49, 0.49), min_size=2, max_size=2),
    reach=st.floats(0, 90).map(lambda steps: round(steps, 3)),
)
def test_what_is_shown_of_a_sum_or_mean_and_its_interval_is_the_same_wherever_rounding_leaves_it(
    kind: str, step: int, steps: int, apart: list[float], reach: float, desk: Desk, ruled_sql: str
) -> None:
    exact = [step * (steps + part) for part in apart]
    cells = [(one, one - step * (reach + 1e-4), one + step * (reach + 1e-4)) for one in exact]
    first, second = ruled(desk, ruled_sql, kind, step, *cells)
    assert first == second
    value, low, high = first
    assert value == step * steps
    # As far below as above, in whole steps, and no shorter than the exact interval.
    assert value - low == high - value
    assert (high - value) % step == 0
    assert step * reach <= high - value <= step * (reach + 1.001)
    assert high - value >= step


@settings(max_examples=100, deadline=None)
@given(values=st.lists(st.integers(0, 9_000).map(lambda half: half / 2), min_size=3, max_size=3).map(sorted))
def test_the_ends_of_a_median_are_values_rounded_outwards(values: list[float], desk: Desk, ruled_sql: str) -> None:
    low, middle, high = values
    assert ruled(desk, ruled_sql, "median", 1, (middle, low, high)) == [(int(middle + 0.5), low // 1, -(-high // 1))]
