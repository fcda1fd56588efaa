"""What a published rate or its interval tells of the counts it was worked out from.

A rate that is the ratio of the published counts tells nothing new. One that is not, or that stands beside a hidden
count, was worked out from something else: the pairs of counts that give exactly this rate are sought.
"""

from __future__ import annotations

import numpy as np

from lda.disclosure.cells import HIDDEN, Cells
from lda.disclosure.rules import Floats, Ints, shown_interval

# Standard normal deviate of a two-sided 95 % interval, as variable wilson_z of the dbt project.
WILSON_Z = 1.959963984540054
CLOSE = 1e-9
MOST_DENOMINATORS = 5_000


def told_by_rates(cells: Cells, low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """Intervals of cells after the rates of their rows were read."""
    low, high = low.copy(), high.copy()
    with np.errstate(invalid="ignore", divide="ignore"):
        shown = ~np.isnan(cells.rates)
        whole = np.where(cells.partner >= 0, cells.shown[cells.partner], cells.residents)
        ratio = cells.shown / whole * cells.multiplier
        expected = np.where(cells.alone, cells.shown, np.where((cells.shown == HIDDEN) | (whole <= 0), np.nan, ratio))
        as_expected = np.abs(cells.rates[:, 0] - expected) <= CLOSE * cells.multiplier
    for cell in np.flatnonzero(cells.numerator & shown.any(axis=1) & ~as_expected).tolist():
        _read(cells, cell, low, high)
    return low, high


def _read(cells: Cells, cell: int, low: Ints, high: Ints) -> None:
    value, multiplier, other = cells.rates[cell, 0], cells.multiplier[cell], int(cells.partner[cell])
    if cells.alone[cell]:
        count = np.array([round(value)])
        bounds = shown_interval(count, cells.least[[cell]], cells.round_to[[cell]])
        _narrow(low, high, cell, bounds[0], bounds[1])
        return
    if other >= 0:
        denominators = np.arange(max(low[other], 1), min(high[other], max(low[other], 1) + MOST_DENOMINATORS) + 1)
    else:
        denominators = np.array([cells.residents[cell]])
    pairs = _pairs(cells.rates[cell] / multiplier, denominators, int(low[cell]), int(high[cell]))
    if len(pairs):
        _narrow(low, high, cell, pairs[:, :1].min(axis=0), pairs[:, :1].max(axis=0))
        if other >= 0:
            _narrow(low, high, other, pairs[:, 1:].min(axis=0), pairs[:, 1:].max(axis=0))


def _pairs(rates: Floats, denominators: Ints, low: int, high: int) -> Ints:
    """Pairs (numerator, denominator) that give the rates shown."""
    if np.isnan(rates[0]):
        span = min(high, low + 50)
        numerator, denominator = (grid.ravel() for grid in np.meshgrid(np.arange(low, span + 1), denominators))
    else:
        numerator, denominator = np.rint(rates[0] * denominators).astype(np.int64), denominators
    fits = (numerator >= low) & (numerator <= high) & (numerator <= denominator)
    numerator, denominator = numerator[fits], denominator[fits]
    found = (numerator / denominator, *_wilson(numerator, denominator))
    fits = np.ones(len(numerator), dtype=np.bool_)
    for rate, given in zip(found, rates, strict=True):
        fits &= np.isnan(given) | (np.abs(rate - given) <= CLOSE)
    return np.column_stack([numerator[fits], denominator[fits]])


def _wilson(numerator: Ints, denominator: Ints) -> tuple[Floats, Floats]:
    """Wilson (1927) interval, as macro wilson_bound of the dbt project."""
    rate, squared = numerator / denominator, WILSON_Z**2
    centre = rate + squared / (2 * denominator)
    spread = WILSON_Z * np.sqrt(rate * (1 - rate) / denominator + squared / (4 * denominator**2))
    scale = 1 + squared / denominator
    return np.maximum(0, (centre - spread) / scale), np.minimum(1, (centre + spread) / scale)


def _narrow(low: Ints, high: Ints, cell: int, least: Ints, most: Ints) -> None:
    low[cell], high[cell] = max(low[cell], int(least[0])), min(high[cell], int(most[0]))
