"""The right answers of measures that are made of other measures' figures: what is still needed, differences, forecasts.

They are worked out area by area from the cells already added, in the order of the months, so that earlier years are
known when a forecast asks for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from lda.synthetic.calendar import financial_year_start, last_day
from lda.synthetic.codes import ALL
from lda.synthetic.truth import Truth

Counts = tuple[int, int]
UPTAKE = "ahc_uptake_register"
NATIONAL, NATIONAL_REGISTER = "ahc_uptake_ldhc", "ahc_uptake_ldhc_register"
# Local less national uptake, and the two parts that explain it.
DIFFERENCES = {
    "ahc_local_national_difference": (UPTAKE, NATIONAL),
    "ahc_local_national_difference_declined": (NATIONAL_REGISTER, NATIONAL),
    "ahc_local_national_difference_other": (UPTAKE, NATIONAL_REGISTER),
}
DIFFERENCE_AREAS = FORECAST_AREAS = frozenset({"pcn", "place", "system"})
LEAST_NETWORKS = 10


def add_derived_measures(truth: Truth, end: date) -> None:
    """Add the pace needed, the local less the national figure and the year-end forecast of one month."""
    for kind, code, (count, of) in _areas(truth, UPTAKE, end):
        target = truth.geography.check_targets.get(kind)
        if target is not None and of:
            missing = max(0.0, target * of - count)
            truth.add_figure("ahc_pace_needed", end, (kind, code), missing / max(1, _months_left(end)))
    for measure, (one, other) in DIFFERENCES.items():
        others = {(kind, code): counts for kind, code, counts in _areas(truth, other, end)}
        for kind, code, (count, of) in _areas(truth, one, end):
            other_count, other_of = others.get((kind, code), (0, 0))
            if kind in DIFFERENCE_AREAS and of and other_of:
                truth.add_figure(measure, end, (kind, code), 100 * (count / of - other_count / other_of))
    _add_forecasts(truth, end)


def _areas(truth: Truth, measure: str, end: date) -> Iterator[tuple[str, str, Counts]]:
    """Every area's count and denominator of one measure and month, for everyone together."""
    for kind, code in truth.areas:
        cell = truth.cells.get((measure, kind, code, *ALL, end.isoformat()))
        if cell is not None:
            yield kind, code, (cell[0], cell[1])


def _months_left(end: date) -> int:
    return (3 - end.month) % 12


def _add_forecasts(truth: Truth, end: date) -> None:
    """Today's checks, and of those without one the share who had one by the year end in earlier years' networks."""
    waiting = reached = networks = 0
    first_year = min(date.fromisoformat(cell[5]) for cell in truth.cells if cell[0] == UPTAKE)
    for years in range(1, end.year - first_year.year + 2):
        then = last_day(f"{end.year - years}-{end.month:02d}")
        year_end = date(financial_year_start(then).year + 1, 3, 31)
        finals = {code: count for kind, code, (count, _) in _areas(truth, UPTAKE, year_end) if kind == "pcn"}
        for kind, code, (count, of) in _areas(truth, UPTAKE, then):
            if kind == "pcn" and of > count and code in finals:
                networks += 1
                waiting += of - count
                reached += finals[code] - count
    if networks < LEAST_NETWORKS:
        return
    for kind, code, (count, of) in _areas(truth, UPTAKE, end):
        if kind in FORECAST_AREAS and of:
            expected = (count + reached / waiting * (of - count)) / of
            truth.add_figure("ahc_year_end_forecast", end, (kind, code), min(1.0, max(expected, count / of)))
