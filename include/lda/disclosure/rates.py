"""What a published rate or its interval tells of the counts it was worked out from.

A rate that is the ratio of the published counts, with the interval that these give, tells nothing new. One that is not,
or that stands beside a hidden count, was worked out from something else: the pairs of counts that give exactly this
rate and this interval are sought. An interval is read by the method that the catalogue names (``confidence_interval``).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lda.disclosure.cells import HIDDEN, Cells
from lda.disclosure.rules import Floats, Ints, shown_interval

# Standard normal deviate of a two-sided 95 % interval, as variable wilson_z of the dbt project.
WILSON_Z = 1.959963984540054
CLOSE = 1e-9
MOST_DENOMINATORS = 5_000
# Numerators tried where nothing but an interval is shown.
MOST_NUMERATORS = 50
# Both ends of the interval of a rate per one, of numerators over denominators; the last are the exact limits of counts.
Method = Callable[[Ints, Ints, Floats], tuple[Floats, Floats]]


def told_by_rates(cells: Cells, low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """Intervals of cells after the rates of their rows were read."""
    low, high = low.copy(), high.copy()
    with np.errstate(invalid="ignore", divide="ignore"):
        as_expected = np.abs(cells.rates - _of_shown_counts(cells)) <= CLOSE * cells.multiplier[:, np.newaxis]
    telling = np.where(as_expected, np.nan, cells.rates)
    for cell in np.flatnonzero(cells.numerator & ~np.isnan(telling).all(axis=1)).tolist():
        _read(cells, telling[cell], cell, low, high)
    return low, high


def _of_shown_counts(cells: Cells) -> Floats:
    """Rate and interval that the published counts of each row give; NaN where one of them is hidden."""
    whole = np.where(cells.partner >= 0, cells.shown[cells.partner], cells.residents)
    are_shown = (cells.shown != HIDDEN) & (whole > 0) & ~cells.alone
    found = np.full(cells.rates.shape, np.nan)
    found[are_shown, 0] = cells.shown[are_shown] / whole[are_shown]
    for name, bounds in METHODS.items():
        own = are_shown & (cells.method == name)
        found[own, 1:] = np.column_stack(bounds(cells.shown[own], whole[own], cells.poisson))
    found *= cells.multiplier[:, np.newaxis]
    found[cells.alone, 0] = cells.shown[cells.alone]
    return found


def _read(cells: Cells, telling: Floats, cell: int, low: Ints, high: Ints) -> None:
    """Narrow a cell, and its denominator, by what of its rate and interval the published counts do not explain."""
    other = int(cells.partner[cell])
    if cells.alone[cell]:
        count = np.array([round(telling[0])])
        bounds = shown_interval(count, cells.least[[cell]], cells.round_to[[cell]])
        _narrow(low, high, cell, bounds[0], bounds[1])
        return
    most = int(cells.residents[cell])
    denominators = np.array([most])
    if other >= 0:
        least = max(int(low[other]), 1)
        most = min(int(high[other]), least + MOST_DENOMINATORS)
        denominators = np.arange(least, most + 1)
    pairs = _pairs(cells, telling, cell, denominators, int(low[cell]), int(high[cell]))
    if not len(pairs):
        return
    # Many pairs have one rate, also beyond the denominators tried; a rate and its interval only one has.
    is_one = cells.method[cell] in METHODS and not np.isnan(telling[1:]).all()
    are_all = other < 0 or most == high[other] or is_one
    for place, side in ((0, cell), (1, other)):
        if side >= 0:
            ends = pairs[:, [place]]
            _narrow(low, high, side, ends.min(axis=0), ends.max(axis=0) if are_all else high[[side]])


def _pairs(cells: Cells, telling: Floats, cell: int, denominators: Ints, low: int, high: int) -> Ints:
    """Pairs (numerator, denominator) that give a rate and the ends of an interval; of those not given (NaN) any."""
    rates, method = telling / cells.multiplier[cell], METHODS.get(str(cells.method[cell]))
    if np.isnan(rates[0]):
        span = min(high, low + MOST_NUMERATORS)
        numerator, denominator = (grid.ravel() for grid in np.meshgrid(np.arange(low, span + 1), denominators))
    else:
        numerator, denominator = np.rint(rates[0] * denominators).astype(np.int64), denominators
    # Nobody is among more people than there are; events are counted over days, and may be more.
    fits = (numerator >= low) & (numerator <= high) & ((numerator <= denominator) | (method is not _wilson))
    numerator, denominator = numerator[fits], denominator[fits]
    found = [numerator / denominator, *(method(numerator, denominator, cells.poisson) if method else ())]
    fits = np.ones(len(numerator), dtype=np.bool_)
    for rate, given in zip(found, rates, strict=False):
        fits &= np.isnan(given) | (np.abs(rate - given) <= CLOSE)
    return np.column_stack([numerator[fits], denominator[fits]])


def _wilson(numerator: Ints, denominator: Ints, _: Floats) -> tuple[Floats, Floats]:
    """Wilson (1927) interval of a proportion, as macro wilson_bound of the dbt project."""
    rate, squared = numerator / denominator, WILSON_Z**2
    centre = rate + squared / (2 * denominator)
    spread = WILSON_Z * np.sqrt(np.maximum(rate * (1 - rate), 0) / denominator + squared / (4 * denominator**2))
    scale = 1 + squared / denominator
    return np.maximum(0, (centre - spread) / scale), np.minimum(1, (centre + spread) / scale)


def _byar(numerator: Ints, denominator: Ints, exact: Floats) -> tuple[Floats, Floats]:
    """Interval of a rate of events over exposure, as macro poisson_bound of the dbt project: the exact limits of few
    events (Garwood 1936), Byar's approximation of more (Breslow and Day 1987)."""
    few = numerator < len(exact)
    ends = []
    for place, (events, sign) in enumerate(((numerator, -1), (numerator + 1, 1))):
        many = np.maximum(events, 1)
        limits = many * (1 - 1 / (9 * many) + sign * WILSON_Z / (3 * np.sqrt(many))) ** 3
        limits[few] = exact[numerator[few], place]
        ends.append(limits / denominator)
    return ends[0], ends[1]


METHODS: dict[str, Method] = {"wilson": _wilson, "byar": _byar}


def _narrow(low: Ints, high: Ints, cell: int, least: Ints, most: Ints) -> None:
    low[cell], high[cell] = max(low[cell], int(least[0])), min(high[cell], int(most[0]))
