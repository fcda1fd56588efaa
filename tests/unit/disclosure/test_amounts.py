"""Sums, means and medians: exact ones tell how many people are behind them, rounded ones do not."""

from __future__ import annotations

from fractions import Fraction
from statistics import mean, median

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from world import MARCH, database, write_seeds

from lda.disclosure import DisclosureError, audit, protect
from lda.disclosure.amounts import Shown, told_by_amounts

# Days in hospital of everybody in each place. In C there are three people: hidden.
STAYS = {"A": [12, 12, 12, 12, 12, 12, 12, 15], "B": [40, 41, 40, 40, 41, 40, 41], "C": [900, 30, 4]}
HEADER = (
    "measure_id,unit,aggregation,denominator_kind,multiplier,disclosure_rule,frequency_months,confidence_interval,"
    "counts_events,valid_from,valid_to"
)
# The sum is of the days of one month.
KINDS = {"mean": mean, "median": median, "sum": lambda values: sum(min(one, 31) for one in values)}
ROUNDED_TO = {"mean": 1, "median": 1, "sum": 10}
INTERVALS = {"mean": "student_t", "median": "order_statistics", "sum": "none"}


@pytest.fixture
def seeds(tmp_path):
    folder = write_seeds(tmp_path / "seeds", [("same", "same", kind, "denominator", "mean", "denominator")
                                              for kind in ("median", "sum")])  # fmt: skip
    rows = [f"{kind},days,{kind},people,1,lda,1,{INTERVALS[kind]},false,," for kind in KINDS]
    (folder / "measure_catalogue.csv").write_text("\n".join([HEADER, *rows]))
    return folder


def rows_of(stays, shown=lambda kind, values: (len(values), KINDS[kind](values), "none")):
    """A row of each kind for each place and the system."""
    areas = [("place", place, values) for place, values in stays.items()]
    areas.append(("system", "S", [one for values in stays.values() for one in values]))
    found = []
    for kind in KINDS:
        for area, code, values in areas:
            people, value, label = shown(kind, values)
            found.append({
                "measure_id": kind, "system_code": "s", "geography_type": area, "geography_code": code,
                "breakdown_type": "all", "breakdown_value": "All", "period_end": MARCH, "unit": "days",
                "numerator": None, "denominator": people, "value": None if value is None else float(value),
                "lower_95": None, "upper_95": None, "suppression": label,
            })  # fmt: skip
    return found


def as_published(kind, values, exact=False):
    """The rule in plain Python; means, medians and sums exact if asked for."""
    if len(values) < 5:
        return None, None, "suppressed"
    value, step = KINDS[kind](values), ROUNDED_TO[kind]
    return int(len(values) / 5 + 0.5) * 5, value if exact else int(value / step + 0.5) * step, "rounded"


def audited(stays, seeds, exact, with_mart=True):
    published = rows_of(stays, lambda kind, values: as_published(kind, values, exact))
    with (
        database(":memory:", published=published) as connection,
        database(":memory:", mart=rows_of(stays)) as mart,
    ):
        return audit(connection, mart=mart if with_mart else None, reference=seeds)


def test_exact_means_tell_a_hidden_number_of_people_and_the_auditor_finds_it(seeds):
    """12.375 days are of 8 people and 283/7 of 7; all 18 together, of whom the mean tells too: 3 are left for C."""
    report = audited(STAYS, seeds, exact=True)
    assert not report.safe
    people = [one for one in report.worked_out if one.side == "denominator"]
    assert {(one.geography_code, one.low, one.high) for one in people} == {("C", 3, 3)}
    assert report.narrowed["mean"] >= 2


def test_it_is_found_by_a_reader_without_the_exact_figures_too(seeds):
    report = audited(STAYS, seeds, exact=True, with_mart=False)
    assert {one.geography_code for one in report.worked_out if one.side == "denominator"} == {"C"}


def test_of_what_is_published_the_attack_finds_nothing(seeds):
    for with_mart in (True, False):
        report = audited(STAYS, seeds, exact=False, with_mart=with_mart)
        assert report.safe
        assert report.narrowed == {}
        assert report.unproved == {}


def audited_with(interval, seeds):
    """The audit of what is published, with an interval beside one mean (12 days) and median (12 days) of 8 people."""
    published = rows_of(STAYS, as_published)
    for row in published:
        if row["geography_code"] == "A" and row["measure_id"] in interval:
            row["lower_95"], row["upper_95"] = interval[row["measure_id"]]
    with database(":memory:", published=published) as connection, database(":memory:", mart=rows_of(STAYS)) as mart:
        return audit(connection, mart=mart, reference=seeds)


def test_an_interval_round_a_rounded_mean_or_of_rounded_values_tells_nothing(seeds):
    report = audited_with({"mean": (9, 15), "median": (11, 17)}, seeds)
    assert report.safe
    assert report.narrowed == {}


@pytest.mark.parametrize(
    ("kind", "ends"),
    [
        ("mean", (9, 16)),  # the exact mean is over 12
        ("mean", (9.375, 15.375)),  # it is 12.375
        ("mean", (9.5, 14.5)),
        ("mean", (12, 12)),  # everybody stayed so long
        ("mean", (9, None)),
        ("median", (11.5, 17)),
        ("median", (None, 16.5)),
    ],
)
def test_an_interval_that_tells_more_than_its_mean_or_a_value_that_is_not_rounded_is_found(seeds, kind, ends):
    report = audited_with({kind: ends}, seeds)
    assert not report.safe
    assert report.narrowed == {kind: 1}


def test_nothing_more_is_hidden_because_sums_and_means_are_rounded(seeds):
    with database(":memory:", mart=rows_of(STAYS)) as mart:
        found = protect(mart, reference=seeds)
    assert (found.hidden, found.unprotected) == (0, ())


def test_a_sum_of_days_is_protected_where_its_rest_would_tell_a_few_people_s(seeds):
    """A and B together have the system's days but for a handful, which are C's."""
    stays = {"A": [31] * 5, "B": [30] * 5, "C": [1, 1]}
    with database(":memory:", mart=rows_of(stays)) as mart:
        mask = protect(mart, reference=seeds).mask.to_pylist()
    published = rows_of(stays, as_published)
    hidden = {(one["measure_id"], one["geography_code"]) for one in mask}
    for row in published:
        if (row["measure_id"], row["geography_code"]) in hidden:
            row.update(value=None, denominator=None, suppression="secondary")
    with database(":memory:", published=published) as connection, database(":memory:", mart=rows_of(stays)) as mart:
        report = audit(connection, mart=mart, reference=seeds)
    assert report.safe


def test_a_unit_that_nothing_says_how_to_round_is_refused(seeds):
    catalogue = seeds / "measure_catalogue.csv"
    catalogue.write_text(catalogue.read_text().rstrip() + "\nodd,furlongs,mean,people,1,lda,1,none,false,,\n")
    with (
        database(":memory:", mart=rows_of(STAYS)) as mart,
        pytest.raises(DisclosureError, match=r"disclosure_amount .*: odd"),
    ):
        protect(mart, reference=seeds)


@pytest.mark.parametrize(
    ("kind", "method"), [("mean", "wilson"), ("median", "student_t"), ("sum", "bootstrap"), ("sum", "")]
)
def test_an_interval_of_values_of_another_kind_is_refused(seeds, kind, method):
    catalogue = seeds / "measure_catalogue.csv"
    row = f"{kind},days,{kind},people,1,lda,1,"
    catalogue.write_text(catalogue.read_text().replace(f"{row}{INTERVALS[kind]},", f"{row}{method},"))
    with (
        database(":memory:", mart=rows_of(STAYS)) as mart,
        pytest.raises(DisclosureError, match=rf"confidence_interval .* for: {kind}: {method or 'blank'} \(of a {kind}"),
    ):
        protect(mart, reference=seeds)


def shown(figure, is_mean, round_to=1.0, step=1.0, least=0.0, most=0.0, is_sum=False, ends=(np.nan, np.nan)):
    """One published figure, of the people of cell 0 and the sum of cell 1."""
    one = {
        "people": 0, "total": -1 if not (is_mean or is_sum) else 1, "figure": figure, "is_mean": is_mean and not is_sum,
        "lower": ends[0], "upper": ends[1],
        "is_median": not is_mean and not is_sum, "round_to": round_to, "step": step, "least": least, "most": most,
    }  # fmt: skip
    return Shown(**{name: np.array([value]) for name, value in one.items()})


DAYS = st.lists(st.integers(0, 2_000), min_size=5, max_size=60)


def ends(people):
    """What the rounded number of people tells."""
    rounded = int(people / 5 + 0.5) * 5
    return max(5, rounded - 2), rounded + 2


@settings(max_examples=300, deadline=None, derandomize=True)
@given(DAYS)
def test_an_exact_mean_tells_what_brute_force_tells_and_a_rounded_one_nothing(days):
    low, high = ends(len(days))
    bounds = np.array([low, 0]), np.array([high, 2**40])
    exact = Fraction(sum(days), len(days))
    fits = [people for people in range(low, high + 1) if (exact * people).denominator == 1]
    # Of a whole mean everything fits; it is a multiple of what means are rounded to, so it is no different from those.
    least, most = told_by_amounts(shown(float(exact), is_mean=True), *bounds)
    assert (least[0], most[0]) == (fits[0], fits[-1])
    assert least[1] <= 100 * sum(days) <= most[1]
    rounded = int(exact + Fraction(1, 2))
    least, most = told_by_amounts(shown(float(rounded), is_mean=True), *bounds)
    assert (least[0], most[0]) == (low, high)
    assert least[1] <= 100 * sum(days) <= most[1]
    for people in range(low, high + 1):
        total = -(-(2 * rounded - 1) * people // 2)
        assert int(Fraction(total, people) + Fraction(1, 2)) == rounded, "some sum of whole days gives this mean"


@settings(max_examples=300, deadline=None, derandomize=True)
@given(DAYS)
def test_an_exact_median_tells_that_people_are_even_and_a_rounded_one_nothing(days):
    low, high = ends(len(days))
    bounds = np.array([low]), np.array([high])
    exact = median(days)
    least, most = told_by_amounts(shown(float(exact), is_mean=False), *bounds)
    fits = [people for people in range(low, high + 1) if exact == int(exact) or people % 2 == 0]
    assert (least[0], most[0]) == (fits[0], fits[-1])
    least, most = told_by_amounts(shown(float(int(exact + 0.5)), is_mean=False), *bounds)
    assert (least[0], most[0]) == (low, high)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.integers(1, 31), min_size=5, max_size=40))
def test_a_sum_bounds_people_by_the_most_and_least_of_each_and_never_excludes_the_truth(days):
    low, high = ends(len(days))
    total = int(sum(days) / 10 + 0.5) * 10
    figure = shown(float(total), is_mean=False, round_to=10.0, least=1.0, most=31.0, is_sum=True)
    least, most = told_by_amounts(figure, np.array([low, 0]), np.array([high, 2**40]))
    assert least[0] <= len(days) <= most[0]
    assert least[0] == max(low, -(-(total - 5) // 31))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(DAYS, st.integers(0, 40_000).map(lambda reach: reach / 100))
def test_ends_rounded_one_by_one_halve_a_mean_and_ends_laid_round_it_do_not(days, reach):
    """What the ends tell of the sum, in hundredths, of people whose number is known."""
    people, exact = len(days), Fraction(sum(days), len(days))
    bounds = np.array([people, 0]), np.array([people, 2**40])
    rounded = int(exact + Fraction(1, 2))
    alone = told_by_amounts(shown(float(rounded), is_mean=True), *bounds)
    steps = max(-int(-reach // 1), 1)
    around = told_by_amounts(shown(float(rounded), is_mean=True, ends=(rounded - steps, rounded + steps)), *bounds)
    assert (around[0][1], around[1][1]) == (alone[0][1], alone[1][1])
    low, high = exact - Fraction(reach), exact + Fraction(reach)
    for ends in ((float(low // 1), float(-(-high // 1))), (float(low), float(high))):
        least, most = told_by_amounts(shown(float(rounded), is_mean=True, ends=ends), *bounds)
        assert least[1] - 1 <= 100 * sum(days) <= most[1] + 1
        are_whole, are_round = all(end.is_integer() for end in ends), sum(ends) == 2 * rounded
        assert most[1] - least[1] <= 100 * people * (0 if not are_whole else 1 if are_round else 0.5) + 2
