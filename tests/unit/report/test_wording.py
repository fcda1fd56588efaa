"""Numbers in words do not contradict what is said beside them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from lda.reporting.report.board import sparkline
from lda.reporting.report.charts.style import span
from lda.reporting.report.source import Baseline, Definition, Figure, Standing
from lda.reporting.report.wording import (
    difference,
    earlier_text,
    figure_text,
    number,
    shown,
    standing_text,
    status_text,
    target_text,
)


@pytest.mark.parametrize(
    ("value", "status", "words"),
    [(0.748, "not_met", "74.8%"), (0.748, None, "75%"), (0.752, "met", "75%"), (0.744, "not_met", "74%")],
)
def test_a_figure_that_just_misses_its_target_is_not_rounded_to_it(value, status, words):
    figure = Figure(
        "uptake", "llr", "system", "QK1", "LLR", date(2026, 3, 31), value=value, target=0.75, target_status=status
    )
    assert figure_text(figure, "proportion") == words


def test_a_count_that_misses_its_target_by_less_than_one_shows_the_targets_decimal():
    definition = Definition("inpatients", "Inpatients", unit="count", better_is="lower")
    misses = figure(40.0, target=39.6, target_status="not_met")
    assert target_text(misses, definition) == "no more than 39.6"
    assert target_text(figure(38.0, target=39.6, target_status="met"), definition) == "no more than 40"


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (19, "rank", "19th"),
        (1, "rank", "1st"),
        (112, "rank", "112th"),
        (111_675, "pounds", "£111,675"),
        (0.75, "of the March 2019 number", "75% of the March 2019 number"),
        (-4.36, "percentage points", "−4.4 percentage points"),
        (31.04, "per million people", "31.0 per million people"),
        (61.5, "per 100,000 residents", "61.5 per 100,000 residents"),
        (12.3, "days per person", "12.3 days per person"),
        (1_204.4, "pounds a week per person", "£1,204 a week per person"),
        (1_204.4, "pounds per person", "£1,204 per person"),
    ],
)
def test_values_read_as_people_say_them(value, unit, words):
    assert shown(value, unit) == words


def test_a_place_in_a_ranking_has_a_target_of_a_place():
    definition = Definition("rank", "Rank", unit="rank", better_is="lower")
    assert target_text(figure(19.0, target=14.0, target_status="not_met"), definition) == "14th or better"


@pytest.mark.parametrize(
    ("period_end", "words"),
    [
        (date(2026, 6, 30), "at least 75% by 31 March 2027"),
        (date(2027, 3, 31), "at least 75%"),
    ],
)
def test_a_target_of_the_years_end_says_its_day_until_it_is_due(period_end, words):
    definition = Definition("uptake", "Uptake", unit="proportion", better_is="higher")
    status = "met" if period_end.month == 3 else "not_due"
    one = Figure(
        "uptake", "llr", "system", "QK1", "LLR", period_end, period_start=date(2026, 4, 1), value=0.8, target=0.75,
        target_status=status,
    )  # fmt: skip
    assert target_text(one, definition) == words
    assert status_text(one, definition) == {"met": "On target", "not_due": "Not due yet"}[status]


def test_a_place_in_the_country_says_of_how_many_and_which_quarter():
    one = figure(0.7, national_rank=7)
    standing = Standing("m", "leeds", "sub_icb", one.period_end, 7, 106, 1, is_top_third=True, is_own_system=True)
    assert standing_text(one, standing) == "7th of 106 sub-ICB areas, quarter 1 of 4, in the top third"
    low = replace(standing, organisation_type="icb", organisations_ranked=42, national_quartile=2, is_top_third=False)
    words = "15th of 42 integrated care boards, quarter 2 of 4, not in the top third"
    assert standing_text(figure(0.6, national_rank=15), low) == words
    assert standing_text(one, None) == "7th"
    assert standing_text(figure(0.6), standing) == standing_text(None, None) == ""


@pytest.mark.parametrize(
    ("unit", "value", "source", "words"),
    [
        ("proportion", 0.71, "Programme documents [L]", "71% in March 2019 (to be confirmed)"),
        ("count", 44.0, "Published", "44 in March 2019"),
        # A share of the March 2019 number has that number beside it, not a share of itself.
        ("of the March 2019 number", 22.0, "Published", "22 in March 2019"),
    ],
)
def test_an_earlier_figure_is_told_with_its_month_and_whether_it_is_confirmed(unit, value, source, words):
    earlier = Baseline("m", "llr", "system", "QK1", date(2019, 3, 31), value, source)
    assert earlier_text([earlier], unit) == words
    assert earlier_text([], unit) == ""


@pytest.mark.parametrize(
    ("now", "before", "unit", "words"),
    [
        (5.604, 5.601, "per 1,000 people", "less than 0.1 per 1,000 people"),
        (0.7201, 0.72, "proportion", "less than 0.1 points"),
        (19, 18, "rank", "1 place"),
        (0.5, 0.45, "of the March 2019 number", "5.0 points"),
        (45, 40, "count", "5"),
    ],
)
def test_a_small_change_never_reads_as_none(now, before, unit, words):
    assert difference(now, before, unit) == words


def test_nothing_below_nought_is_written_as_nought():
    assert (number(-0.04, 1), number(-4), number(6_455)) == ("0.0", "−4", "6,455")


@pytest.mark.parametrize("zero", [True, False])
def test_a_chart_of_differences_holds_what_is_below_zero_and_others_do_not_go_there(zero):
    low, high = span([-8.7, -4.4, 0.1], "percentage points", zero=zero)
    assert low < -8.7 and 0.1 < high < 3
    low, high = span([-8.7, -4.4], "percentage points", zero=zero)
    assert low < -8.7 and -4.4 <= high <= 0
    assert span([3, 40], "count", zero=zero)[0] == 0 < 40 < span([3, 40], "count", zero=zero)[1]


def test_the_small_line_of_a_measure_that_counts_from_april_breaks_at_the_new_year():
    months = [date(2025, 2, 28), date(2025, 3, 31), date(2025, 4, 30), date(2025, 5, 31)]
    starts = [date(2024, 4, 1), date(2024, 4, 1), date(2025, 4, 1), date(2025, 4, 1)]
    history = [
        figure(value, period_end=end, period_start=start)
        for value, end, start in zip((0.6, 0.7, 0.05, 0.1), months, starts, strict=True)
    ]
    assert sparkline(history, yearly=True).count("<polyline") == 2
    assert sparkline(history).count("<polyline") == 1


def figure(value: float | None, period_end: date = date(2026, 3, 31), **more) -> Figure:
    return Figure("m", "llr", "system", "QK1", "LLR", period_end, value=value, **more)
