"""Gaps between groups of people, worked out from the generator's own answers and not from the warehouse's figures."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from math import exp, hypot, log, sqrt
from pathlib import Path

import duckdb
import pytest

pytestmark = pytest.mark.slow

Z = 1.959963984540054
PEOPLE, EVENTS, PER = 20, 10, 100_000
RESIDENTS = "ld_prevalence"
# Counted at some ages only, so that their residents are not those of the truth's ld_prevalence: whether of children.
OF_CHILDREN = {"long_term_support": False, "cyp_eating_disorder": True}
POPULATION = Path(__file__).parents[2] / "dbt_project" / "seeds" / "reference" / "population.csv"
CHILDREN, QUINTILES = "Under 18", {"1": "1 (most deprived)", "5": "5 (least deprived)"}
PAIRS = {
    "most_and_least_deprived": ("deprivation_quintile", "1 (most deprived)", "5 (least deprived)"),
    **{
        f"{group.lower()}_and_white": ("ethnicity_group", group, "White")
        for group in ("Asian", "Black", "Mixed", "Other")
    },
}

Area = tuple[str, str, str]
# What is compared, its interval, and how far that reaches below and above on the log scale.
Rate = tuple[float, float, float, float | None, float | None]


@pytest.fixture(scope="module")
def mart(journey) -> Iterator[duckdb.DuckDBPyConnection]:
    path = journey.settings.published / "current" / "restricted" / "lda_mart.duckdb"
    with duckdb.connect(str(path), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def truth(journey) -> dict[tuple[str, ...], dict[str, str]]:
    key = ("measure_id", "geography_type", "geography_code", "period_end", "breakdown_type", "breakdown_value")
    return {tuple(row[name] for name in key): row for row in journey.truth("measures")}


@pytest.fixture(scope="module")
def residents(truth) -> Counter[tuple[bool, str, int, str, str]]:
    """Residents by whether they are children, area (a place's code or "system"), year of the estimate and group."""
    places = {code for _, kind, code, *_ in truth if kind == "place"}
    found: Counter[tuple[bool, str, int, str, str]] = Counter()
    with POPULATION.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            of, year, people = row["age_band"] == CHILDREN, int(row["year"]), int(row["population"])
            quintile = QUINTILES.get(row["deprivation_quintile"], "")
            for area in (row["place_code"], "system") if row["place_code"] in places else ():
                found[of, area, year, "ethnicity_group", row["ethnicity_group"]] += people
                found[of, area, year, "deprivation_quintile", quintile] += people
    return found


def at_some_ages(residents: Counter, measure: str, area: Area, kind: str, group: str) -> int:
    """Residents of a group at the ages of a measure by the latest estimate up to the year."""
    level, code, period_end = area
    latest = max(year for _, _, year, *_ in residents if year <= int(period_end[:4]))
    return residents[OF_CHILDREN[measure], code if level == "place" else "system", latest, kind, group]


def of_values(row: dict[str, str], by_person: bool) -> Rate | None:
    if not row["lower_95"]:
        return None
    people = int(row["denominator"])
    assert people >= PEOPLE
    value, low, high = (float(row[name]) / (people if by_person else 1) for name in ("value", "lower_95", "upper_95"))
    return value, low, high, *((log(value / low), log(high / value)) if low > 0 else (None, None))


def of_number(count: int, residents: int) -> Rate | None:
    if count < EVENTS or not residents:
        return None
    low = count * (1 - 1 / (9 * count) - Z / (3 * sqrt(count))) ** 3
    high = (count + 1) * (1 - 1 / (9 * (count + 1)) + Z / (3 * sqrt(count + 1))) ** 3
    per = PER / residents
    return per * count, per * low, per * high, Z / sqrt(count), Z / sqrt(count)


def compared(group: Rate, reference: Rate) -> tuple[float | None, ...]:
    """Gap and ratio, each with its interval, by Newcombe's recovery of variances."""
    (value, low, high, below, above), (base, base_low, base_high, base_below, base_above) = group, reference
    gap = value - base
    told = [gap, gap - hypot(value - low, base_high - base), gap + hypot(high - value, base - base_low)]
    ratio = value / base if base > 0 else None
    if ratio and below is not None and base_below is not None:
        return *told, ratio, ratio * exp(-hypot(below, base_above)), ratio * exp(hypot(above, base_below))
    return *told, ratio, None, None


def test_means_medians_sums_and_numbers_are_compared_as_the_truth_says_wherever_enough_people_are(
    mart, truth, residents
):
    how = dict(
        mart.execute("""
        select measure_id, compared_in from published.measure_comparison
        where method in ('student_t', 'order_statistics') or compared_in = 'per 100,000 residents'
    """).fetchall()
    )
    expected = {}
    for (measure, *area, breakdown, value), row in truth.items():
        if measure not in how:
            continue
        for comparison, (kind, group, reference) in PAIRS.items():
            other = truth.get((measure, *area, kind, reference))
            if (kind, group) != (breakdown, value) or other is None:
                continue
            rates = []
            for who, told in ((group, row), (reference, other)):
                if measure in OF_CHILDREN:
                    people = at_some_ages(residents, measure, area, kind, who)
                    rates.append(of_number(int(told["numerator"]), people))
                elif "residents" in how[measure]:
                    people = truth.get((RESIDENTS, *area, kind, who))
                    rates.append(of_number(int(told["numerator"]), int(people["denominator"]) if people else 0))
                else:
                    rates.append(of_values(told, "per person" in how[measure]))
            if all(rates):
                expected[measure, *area, comparison] = compared(*rates)
    found = {
        tuple(str(part) for part in row[:5]): row[5:]
        for row in mart.execute("""
            select measure_id, geography_type, geography_code, period_end, comparison,
                gap, gap_lower_95, gap_upper_95, ratio, ratio_lower_95, ratio_upper_95
            from mart.measure_inequality
        """).fetchall()
        if row[0] in how and row[4] in PAIRS
    }
    assert found.keys() == expected.keys()
    assert "long_term_support" in {measure for measure, *_ in found}
    # Student's t is an expansion in SQL: its intervals are right to a thousandth of their reach.
    for key, numbers in expected.items():
        assert found[key] == pytest.approx(numbers, rel=2e-3, abs=2e-3 * abs(numbers[2] - numbers[1])), key
    # A sample of this size has no two groups of twenty who wait: their medians are compared in tests/dbt.
    assert {"pounds a week per person", "per 100,000 residents"} <= {how[key[0]] for key in expected}
