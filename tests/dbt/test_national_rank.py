"""Ranks among the organisations of a national publication."""

from __future__ import annotations

from typing import Any

import pytest
from compiled_sql import Desk, macro_sql
from hypothesis import given, settings
from hypothesis import strategies as st
from scratch_candidate import Candidate

NATIONAL = "measure_id VARCHAR, organisation_code VARCHAR, period_end DATE, value DOUBLE, better_is VARCHAR"


@pytest.fixture(scope="module")
def sql(empty_candidate: Candidate) -> str:
    return macro_sql(empty_candidate, "rank_national('main.national')")


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk({"main.national": (NATIONAL, [])})


def rank(desk: Desk, sql: str, values: dict[str, float | None], better_is: str) -> dict[str, dict[str, Any]]:
    rows = [("ahc", code, "2026-03-31", value, better_is) for code, value in values.items()]
    desk.fill("main.national", rows)
    return {row["organisation_code"]: row for row in desk.rows(sql)}


def test_the_best_is_first_whichever_way_is_better(desk: Desk, sql: str) -> None:
    values = {"QK1": 0.71, "QWU": 0.75, "QWO": 0.60, "QM7": 0.66}
    higher = rank(desk, sql, values, "higher")
    lower = rank(desk, sql, values, "lower")
    assert {code: row["national_rank"] for code, row in higher.items()} == {"QWU": 1, "QK1": 2, "QM7": 3, "QWO": 4}
    assert {code: row["national_rank"] for code, row in lower.items()} == {"QWO": 1, "QM7": 2, "QK1": 3, "QWU": 4}
    assert {code: row["national_quartile"] for code, row in higher.items()} == {"QWU": 1, "QK1": 2, "QM7": 3, "QWO": 4}
    # A third of four is one and a bit: only the first is in it.
    assert [code for code, row in higher.items() if row["is_top_third"]] == ["QWU"]


def test_equal_values_share_the_better_rank_and_the_next_is_passed_over(desk: Desk, sql: str) -> None:
    found = rank(desk, sql, {"A": 0.8, "B": 0.7, "C": 0.7, "D": 0.6}, "higher")
    assert {code: row["national_rank"] for code, row in found.items()} == {"A": 1, "B": 2, "C": 2, "D": 4}


def test_of_42_boards_fourteen_are_in_the_top_third(desk: Desk, sql: str) -> None:
    found = rank(desk, sql, {f"Q{number:02}": number / 100 for number in range(42)}, "higher")
    assert sum(row["is_top_third"] for row in found.values()) == 14
    # Ranks 1 to 11 are no more than a quarter of the way down: (11 - 1) x 4 / 42 < 1, (12 - 1) x 4 / 42 > 1.
    assert [sum(row["national_quartile"] == quarter for row in found.values()) for quarter in (1, 2, 3, 4)] == [
        11,
        10,
        11,
        10,
    ]


def test_no_value_and_no_better_direction_mean_no_rank(desk: Desk, sql: str) -> None:
    found = rank(desk, sql, {"A": 0.8, "B": None}, "higher")
    assert found.keys() == {"A"}
    assert found["A"]["organisations_ranked"] == 1
    assert rank(desk, sql, {"A": 0.8, "B": 0.7}, "neutral") == {}


@settings(max_examples=60, deadline=None)
@given(
    numbers=st.lists(st.integers(0, 30), min_size=1, max_size=45),
    better_is=st.sampled_from(["higher", "lower"]),
)
def test_a_rank_is_one_more_than_the_number_who_did_better(
    numbers: list[int], better_is: str, desk: Desk, sql: str
) -> None:
    values = {f"Q{place:02}": float(number) for place, number in enumerate(numbers)}
    found = rank(desk, sql, dict(values), better_is)
    assert found.keys() == values.keys()
    for code, row in found.items():
        better = sum(one > values[code] if better_is == "higher" else one < values[code] for one in values.values())
        assert row["national_rank"] == better + 1
        assert row["is_top_third"] == (3 * (better + 1) <= len(values))
        assert row["national_quartile"] == better * 4 // len(values) + 1
