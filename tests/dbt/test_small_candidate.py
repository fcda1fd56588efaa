"""A register of a few people through the whole project, with the real reference data, counted by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from compiled_sql import Desk, macro_sql
from scratch_candidate import Candidate, failures

MARCH, FEBRUARY = date(2026, 3, 31), date(2026, 2, 28)
# Two practices of Leicester and one of Leicestershire in the reference data.
LEICESTER, LEICESTER_LATE, COUNTY = "Y90001", "Y90002", "Y90100"
LEICESTER_PLACE = "E06000016"


def submission(feed: str, partner: str, period_end: date) -> dict[str, Any]:
    return {
        "file_id": f"{feed}-{partner}-{period_end}",
        "feed": feed,
        "partner_code": partner,
        "system_code": "llr",
        "period_start": period_end.replace(day=1),
        "period_end": period_end,
        "accepted_at": datetime(2026, 4, 10),  # noqa: DTZ001 - the ledger's datetimes are naive UTC
        "rows_accepted": 0,
    }


def people(practice: str, period_end: date, how_many: int, checked: int, **columns: Any) -> list[dict[str, Any]]:
    """Register rows of a practice: adults, of whom the first ``checked`` had their check in the year."""
    return [
        {
            "person_token": f"{practice}-{number}",
            "person_token_source": "nhs_number",
            "birth_month": date(1980, 5, 1),
            "sex": "F",
            "ethnic_category": "A",
            "practice_code": practice,
            "register_date": date(2015, 1, 1),
            "ahc_date": date(2025, 6, 1) if number < checked else None,
            "_file_id": f"gp_ld_register-{practice}-{period_end}",
            "_row_number": number + 2,
            "_row_hash": "",
            **columns,
        }
        for number in range(how_many)
    ]


@pytest.fixture(scope="module")
def candidate(new_candidate: Callable[[], Candidate]) -> Candidate:
    """Leicester: 12 people of whom 7 were checked, 4 of them (3 checked) at a practice that sent nothing in March."""
    built = new_candidate()
    built.make_sources(
        lake={
            "gp_ld_register": [
                *people(LEICESTER, MARCH, 8, 4),
                *people(LEICESTER_LATE, FEBRUARY, 4, 3, sex="Male"),
                *people(COUNTY, MARCH, 3, 0, birth_month=date(2012, 4, 1)),
            ]
        },
        submissions=[
            submission("gp_ld_register", LEICESTER, MARCH),
            submission("gp_ld_register", LEICESTER_LATE, FEBRUARY),
            submission("gp_ld_register", COUNTY, MARCH),
        ],
        expected=[
            {
                "feed": "gp_ld_register",
                "partner_code": practice,
                "system_code": "llr",
                "period_end": MARCH,
                "due_date": date(2026, 4, 14),
                "is_paused": False,
            }
            for practice in (LEICESTER, LEICESTER_LATE, COUNTY)
        ],
    )
    assert failures(built.dbt("build", "--exclude-resource-types", "unit_test", "exposure")) == []
    return built


def cell(candidate: Candidate, table: str, measure: str, geography: str, breakdown: str = "All") -> dict[str, Any]:
    with candidate.read() as connection:
        found = connection.execute(
            f"SELECT * FROM {table} WHERE measure_id = ? AND geography_code = ? AND breakdown_value = ? "
            "AND period_end = ?",
            [measure, geography, breakdown, MARCH],
        )
        names = [column[0] for column in found.description]
        rows = found.fetchall()
    assert len(rows) == 1
    return dict(zip(names, rows[0], strict=True))


def test_a_place_counts_its_practices_and_the_late_one_by_its_last_submission(candidate: Candidate) -> None:
    uptake = cell(candidate, "mart.measure_value", "ahc_uptake_register", LEICESTER_PLACE)
    assert (uptake["numerator"], uptake["denominator"]) == (7, 12)
    assert uptake["value"] == pytest.approx(7 / 12)
    assert (uptake["lower_95"], uptake["upper_95"]) == pytest.approx((0.3195, 0.8067), abs=1e-4)
    assert (uptake["target"], uptake["coverage"]) == (0.75, 0.5)
    assert (uptake["period_start"], uptake["is_latest_period"]) == (date(2025, 4, 1), True)


def test_a_characteristic_is_counted_by_its_standard_label(candidate: Candidate) -> None:
    male = cell(candidate, "mart.measure_value", "ahc_uptake_register", LEICESTER_PLACE, "Male")
    female = cell(candidate, "mart.measure_value", "ahc_uptake_register", LEICESTER_PLACE, "Female")
    assert (male["numerator"], male["denominator"]) == (3, 4)
    assert (female["numerator"], female["denominator"]) == (4, 8)


def test_people_under_14_are_on_the_register_but_not_due_a_check(candidate: Candidate) -> None:
    register = cell(candidate, "mart.measure_value", "ld_register_size", COUNTY)
    uptake = cell(candidate, "mart.measure_value", "ahc_uptake_register", COUNTY)
    assert (register["value"], register["denominator"]) == (3, None)
    assert (uptake["numerator"], uptake["denominator"], uptake["value"]) == (0, 0, None)


def test_published_figures_are_rounded_and_the_rate_is_of_the_rounded_ones(candidate: Candidate) -> None:
    uptake = cell(candidate, "published.measure_value", "ahc_uptake_register", LEICESTER_PLACE)
    assert (uptake["numerator"], uptake["denominator"], uptake["value"]) == (5, 10, 0.5)
    assert uptake["suppression"] == "rounded"


def test_a_small_group_and_an_empty_one_look_the_same_to_the_public(candidate: Candidate) -> None:
    small = cell(candidate, "published.measure_value", "ld_register_size", LEICESTER_PLACE, "Male")
    empty = cell(candidate, "published.measure_value", "ld_register_size", LEICESTER_PLACE, "Asian")
    for figures in (small, empty):
        assert (figures["numerator"], figures["value"], figures["suppression"]) == (None, None, "suppressed")


def test_coverage_says_who_stands_in_with_an_earlier_submission(candidate: Candidate) -> None:
    with candidate.read() as connection:
        counts = connection.execute(
            "SELECT partners_expected, partners_received, partners_stale, coverage, has_figure, is_complete "
            "FROM published.measure_coverage "
            "WHERE measure_id = 'ahc_uptake_register' AND geography_type = 'place' AND geography_code = ? "
            "AND period_end = ?",
            [LEICESTER_PLACE, MARCH],
        ).fetchall()
    assert counts == [(2, 1, 1, 0.5, True, True)]


def test_the_wilson_interval_agrees_with_the_published_examples(empty_candidate: Candidate) -> None:
    """Worked examples of Newcombe (1998), Statistics in Medicine 17: 857-872, table I, method 3."""
    bound = "wilson_bound('{}', 'numerator', 'denominator', '1')"
    sql = macro_sql(empty_candidate, f"{bound.format('lower')} ~ ', ' ~ {bound.format('upper')}")
    examples = [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
    desk = Desk({"main.example": ("numerator INTEGER, denominator INTEGER", [example[:2] for example in examples])})
    found = desk.rows(f"SELECT numerator, denominator, {sql} FROM main.example")
    rounded = [tuple(round(value, 4) for value in row.values()) for row in found]
    assert rounded == examples
