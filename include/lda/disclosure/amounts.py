"""What a published sum, mean or median tells of the people behind it, and these of the sum.

Everybody's own value is a whole number of steps (a day, a year, a penny), so people times mean is one too: an exact
mean of 12.375 days is of 8 people, or 16, or 24. A median halfway between two steps is of an even number of people.
Rounded to whole steps or more (seed disclosure_amount), neither tells anything: for every number of people there is a
sum that gives the mean. A sum bounds its people where nobody's value can pass a known most, or be under a known least.

An exact mean lies halfway between the ends of its interval (Student's t), so ends that are not laid round the rounded
mean tell more of it. The ends of a median's are values of other people, rounded as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lda.disclosure.cells import HUNDRED, Cells
from lda.disclosure.rules import UNBOUNDED, Bools, Floats, Ints

CLOSE = 1e-6
# People are tried one by one up to this many more than the fewest possible.
MOST_TRIED = 1_000


@dataclass(frozen=True)
class Shown:
    """Published sums, means and medians, one a row.

    :ivar people: cell of the number of people behind each.
    :ivar total: cell of the sum of their values; -1 for a median, which has none.
    :ivar figure: what is published; NaN where it is hidden.
    :ivar lower, upper: ends of its interval as published; NaN where none is.
    :ivar is_mean, is_median: which of the three it is.
    :ivar round_to: what it is rounded to. A figure that is no multiple is taken as exact.
    :ivar step: everybody's value is a multiple of this.
    :ivar least, most: bounds of everybody's value.
    """

    people: Ints
    total: Ints
    figure: Floats
    lower: Floats
    upper: Floats
    is_mean: Bools
    is_median: Bools
    round_to: Floats
    step: Floats
    least: Floats
    most: Floats


def as_published(cells: Cells) -> Shown:
    """Sums, means and medians as the publication shows them."""
    return _read(cells, "value")


def as_would_be(cells: Cells, masked: Bools) -> Shown:
    """Sums, means and medians as they would be shown if the cells of a mask were hidden besides the small ones.

    Their intervals are left out: laid round rounded means they tell nothing.
    """
    found = _read(cells, "exact_value", with_ends=False)
    hidden = cells.small | masked
    with_total = found.total >= 0
    gone = hidden[found.people] | (with_total & hidden[np.where(with_total, found.total, 0)])
    figure = np.floor(found.figure / found.round_to + 0.5) * found.round_to
    return Shown(**{**vars(found), "figure": np.where(gone, np.nan, figure)})


def told_by_amounts(shown: Shown, low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """Intervals of cells after sums, means and medians were read; of people, and of the sums behind means."""
    low, high = low.copy(), high.copy()
    whole = _is_whole(shown, shown.figure)
    lower, upper = _bounds(shown, whole)
    for row in np.flatnonzero(~np.isnan(shown.figure) & (shown.is_mean | shown.is_median) & ~whole).tolist():
        _narrow_people(shown, row, low, high)
    for row in np.flatnonzero(~np.isnan(shown.figure) & ~shown.is_median).tolist():
        people, total = int(shown.people[row]), int(shown.total[row])
        if shown.is_mean[row]:
            low[total] = max(low[total], int(np.floor(HUNDRED * low[people] * max(lower[row], 0))))
            high[total] = min(high[total], int(np.ceil(HUNDRED * min(high[people], UNBOUNDED // HUNDRED) * upper[row])))
            continue
        fewest = int(np.ceil(lower[row] / shown.most[row] - CLOSE)) if shown.most[row] > 0 else 0
        largest = int(np.floor(upper[row] / shown.least[row] + CLOSE)) if shown.least[row] > 0 else UNBOUNDED
        if max(fewest, low[people]) <= min(largest, high[people]):
            low[people], high[people] = max(fewest, low[people]), min(largest, high[people])
    return low, high


def told_by_ends(shown: Shown) -> Bools:
    """Means and medians whose interval tells more than they do themselves.

    Such is an end that is not rounded, and of a mean ends that are not as far below it as above, by a step at least (a
    mean without any reach is of people who are all alike, and exact).
    """
    below, above = shown.figure - shown.lower, shown.upper - shown.figure
    is_round = (np.abs(below - above) <= CLOSE) & (below >= shown.round_to - CLOSE)
    are_whole = np.array([np.isnan(end) | _is_whole(shown, end) for end in (shown.lower, shown.upper)]).all(axis=0)
    is_given: Bools = ~np.isnan(shown.lower) | ~np.isnan(shown.upper)
    return is_given & (~are_whole | (shown.is_mean & ~is_round))


def _is_whole(shown: Shown, figure: Floats) -> Bools:
    """Multiples of what figures are rounded to."""
    whole: Bools = np.abs(figure - np.rint(figure / shown.round_to) * shown.round_to) <= CLOSE
    return whole


def _bounds(shown: Shown, whole: Bools) -> tuple[Floats, Floats]:
    """Smallest and largest figure before rounding; a mean is as near the middle of its interval as that was rounded."""
    half = np.where(whole, shown.round_to / 2, 0)
    lower, upper = shown.figure - half, shown.figure + half
    middle = (shown.lower + shown.upper) / 2
    half = np.where(_is_whole(shown, shown.lower) & _is_whole(shown, shown.upper), shown.round_to / 2, 0)
    least, most = np.fmax(lower, middle - half), np.fmin(upper, middle + half)
    agree = shown.is_mean & (least <= most)
    return np.where(agree, least, lower), np.where(agree, most, upper)


def _narrow_people(shown: Shown, row: int, low: Ints, high: Ints) -> None:
    """The numbers of people of which an exact mean or median can be."""
    people = int(shown.people[row])
    first = max(int(low[people]), 1)
    tried = np.arange(first, min(int(high[people]), first + MOST_TRIED) + 1)
    steps = shown.figure[row] / shown.step[row] * (tried if shown.is_mean[row] else 1)
    fits = np.abs(steps - np.rint(steps)) <= CLOSE * np.maximum(1, np.abs(steps))
    if shown.is_median[row]:
        fits |= (tried % 2 == 0) & (np.abs(2 * steps - np.rint(2 * steps)) <= CLOSE * np.maximum(1, np.abs(steps)))
    found = tried[fits]
    if len(found):
        low[people] = max(int(low[people]), int(found[0]))
        if high[people] <= first + MOST_TRIED:
            high[people] = min(int(high[people]), int(found[-1]))


def _read(cells: Cells, figure: str, with_ends: bool = True) -> Shown:
    lower, upper = ("people.lower_95", "people.upper_95") if with_ends else ("NULL", "NULL")
    data = cells.connection.execute(f"""
        SELECT people.cell_id AS people, coalesce(total.cell_id, -1) AS total, people.{figure}::DOUBLE AS figure,
            {lower}::DOUBLE AS lower, {upper}::DOUBLE AS upper,
            people.aggregation = 'mean' AS is_mean, people.aggregation = 'median' AS is_median,
            people.amount_step AS round_to, people.person_step, people.person_least, people.person_most
        FROM cell AS people LEFT JOIN cell AS total ON people.row_id = total.row_id AND total.side = 'amount'
        WHERE people.side = 'denominator' AND people.aggregation IN ('sum', 'mean', 'median')
        ORDER BY people.cell_id
    """).fetchnumpy()
    floats = {
        name: np.ma.filled(np.ma.asarray(data[name], dtype=np.float64), empty)
        for name, empty in (
            ("figure", np.nan), ("lower", np.nan), ("upper", np.nan), ("round_to", 1), ("person_step", 1),
            ("person_least", 0), ("person_most", 0),
        )
    }  # fmt: skip
    return Shown(
        people=np.asarray(data["people"], dtype=np.int64),
        total=np.asarray(data["total"], dtype=np.int64),
        figure=floats["figure"],
        lower=floats["lower"],
        upper=floats["upper"],
        is_mean=np.asarray(data["is_mean"], dtype=np.bool_),
        is_median=np.asarray(data["is_median"], dtype=np.bool_),
        round_to=floats["round_to"],
        step=floats["person_step"],
        least=floats["person_least"],
        most=floats["person_most"],
    )
