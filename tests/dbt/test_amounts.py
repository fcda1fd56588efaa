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
                ("staging", "stg_geography"), ("staging", "stg_measure"), ("staging", "stg_system"),
                ("mart", "measure_contribution"),
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
