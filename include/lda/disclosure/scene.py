"""The scene of an attack: cells, their relations, what the figures tell by themselves, and what is to stay hidden."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np

from lda.disclosure.amounts import Shown, as_published, as_would_be, told_by_amounts, told_by_ends
from lda.disclosure.cells import HIDDEN, KEY, Cells, Source, make_cells, read_figures, read_ruled
from lda.disclosure.equations import Relations
from lda.disclosure.intervals import propagate
from lda.disclosure.rates import told_by_rates
from lda.disclosure.reference import Reference, load_reference
from lda.disclosure.relations import find_relations
from lda.disclosure.rules import (
    UNBOUNDED,
    Bools,
    DisclosureError,
    Ints,
    Standard,
    hidden_interval,
    rounded,
    shown_interval,
)


@dataclass
class Before:
    """What earlier publications tell of the present cells.

    :ivar low, high: an interval of each cell.
    :ivar told: cells they told outright.
    :ivar masked: cells that the latest of them hid to protect others.
    """

    low: Ints
    high: Ints
    told: Bools
    masked: Bools


@dataclass
class Scene:
    """Everything an attack needs. ``counts`` are the exact values of all variables when they are known."""

    cells: Cells
    relations: Relations
    standard: Standard
    before: Before
    counts: Ints | None

    def variables(self, low: Ints, high: Ints) -> tuple[Ints, Ints]:
        """Intervals of variables from those of their cells and from earlier publications."""
        return self.of_one_publication(np.maximum(low, self.before.low), np.minimum(high, self.before.high))

    def of_one_publication(self, low: Ints, high: Ints) -> tuple[Ints, Ints]:
        """Intervals of variables from those of their cells."""
        least = np.zeros(self.relations.variables, dtype=np.int64)
        most = np.full(self.relations.variables, UNBOUNDED)
        np.maximum.at(least, self.relations.of_cell, low)
        np.minimum.at(most, self.relations.of_cell, high)
        return least, most

    def origin(self, variable: int) -> str:
        """What told a variable that no relation told: another measure's figure, a rate, or an earlier publication."""
        width = self.width[variable]
        for word, intervals in (("another measure", plain_intervals), ("rate", published_intervals)):
            low, high = self.of_one_publication(*intervals(self.cells))
            if high[variable] - low[variable] < width:
                return word
        return "earlier publication"

    def to_hide(self, hidden: Bools, high: Ints) -> Bools:
        """Variables that must not be told: hidden cells and, by the standard, small complements of shown ones; not what
        earlier publications told outright, nor a complement of which they told all the rest.

        :param hidden: cells that are hidden.
        :param high: largest possible value of each variable, which says whether an unknown complement is small.
        """
        wanted = np.zeros(self.relations.variables, dtype=np.bool_)
        wanted[self.relations.of_cell[hidden]] = True
        told = np.zeros(self.relations.variables, dtype=np.bool_)
        told[self.relations.of_cell[self.before.told]] = True
        if self.relations.rows:
            protected = np.zeros(self.relations.variables, dtype=np.bool_)
            protected[self.relations.of_cell[self.cells.complements]] = True
            rows = np.flatnonzero(self.relations.people & (self.relations.rest >= 0))
            rows = rows[protected[self.relations.variable[self.relations.start[rows]]]]
            whole, rest = self.relations.variable[self.relations.start[rows]], self.relations.rest[rows]
            value = self.counts[rest] if self.counts is not None else high[rest]
            is_told = told | (np.arange(len(told)) >= self.relations.counts)
            all_told = np.logical_and.reduceat(is_told[self.relations.variable], self.relations.start[:-1])[rows]
            wanted[rest] |= ~wanted[whole] & (value < self.smallest[whole]) & ~all_told
        return wanted & ~told

    @property
    def width(self) -> Ints:
        """The least difference between smallest and largest possible value, by variable."""
        found = np.full(self.relations.variables, self.standard.minimum_width)
        np.maximum.at(found, self.relations.of_cell, self.cells.width)
        return found

    @property
    def smallest(self) -> Ints:
        """The smallest count that may be published, by variable of a cell."""
        smallest = np.zeros(self.relations.variables, dtype=np.int64)
        smallest[self.relations.of_cell] = self.cells.smallest
        return smallest

    def cell_of(self, variable: int, hidden: Bools) -> int:
        """The first cell of a variable, a hidden one if there is any; -1 for a rest."""
        found = np.flatnonzero(self.relations.of_cell == variable)
        hidden_ones = found[hidden[found]]
        return int(hidden_ones[0]) if len(hidden_ones) else int(found[0]) if len(found) else -1


def published_intervals(cells: Cells) -> tuple[Ints, Ints]:
    """What published counts, rates, sums, means and medians tell by themselves, of each cell."""
    return told_by_amounts(as_published(cells), *told_by_rates(cells, *plain_intervals(cells)))


def narrowed(cells: Cells) -> Bools:
    """Shown counts of which a rate, mean or median beside them tells more than their own rounding does, or beside which
    stands an interval that tells more of a mean, or of a person's value, than rounding leaves.

    Sums are not asked: that nobody has more than 31 days of a month bounds people whatever a sum is rounded to.
    """
    low, high = plain_intervals(cells)
    shown = as_published(cells)
    means = Shown(**{name: value[shown.is_mean | shown.is_median] for name, value in vars(shown).items()})
    found = told_by_amounts(means, *told_by_rates(cells, low, high))
    told = (found[0] > low) | (found[1] < high)
    told[shown.people[told_by_ends(shown)]] = True
    counts: Bools = (cells.shown != HIDDEN) & ~cells.amount
    return counts & told


def plain_intervals(cells: Cells) -> tuple[Ints, Ints]:
    """What published counts tell by themselves, of each cell.

    Why a figure is hidden is known where exact counts are; else from the row's label, and a denominator hidden beside
    a small numerator may be hidden for either reason.
    """
    primary = cells.small if cells.knows_truth else ~cells.labelled & (cells.smallest > 0)
    limited = ~cells.unlimited & (cells.knows_truth | cells.numerator)
    return _intervals(cells, cells.shown, primary, limited)


def would_be_intervals(cells: Cells, masked: Bools) -> tuple[Ints, Ints]:
    """What figures would tell if the cells of a mask were hidden besides the small ones."""
    shown = rounded(cells.truth, cells.round_to)
    found = _intervals(cells, np.where(cells.small | masked, HIDDEN, shown), cells.small, ~cells.unlimited)
    return told_by_amounts(as_would_be(cells, masked), *found)


def _intervals(cells: Cells, shown: Ints, primary: Bools, limited: Bools) -> tuple[Ints, Ints]:
    low, high = shown_interval(shown, cells.least, cells.round_to)
    hidden_low, hidden_high = hidden_interval(primary, cells.smallest, cells.least)
    hidden = (shown == HIDDEN) | cells.behind_mean
    return np.where(hidden, hidden_low, low), np.where(hidden, np.where(limited, hidden_high, UNBOUNDED), high)


def read_scene(
    published: Source | None,
    mart: Source | None,
    previous: list[Path],
    reference: Reference,
    connection: duckdb.DuckDBPyConnection,
) -> Scene:
    """Read figures, reference data and earlier publications.

    :param published: the figures to attack; None when a mask for the mart's figures is to be found.
    :param previous: databases with schema ``published`` and, if the reader has it, ``mart``; newest first.
    :param connection: an empty working database.
    """
    standard = load_reference(connection, reference)
    public = read_figures(published, "published") if published is not None else None
    exact = read_figures(mart, "mart") if mart is not None else None
    ruled = read_ruled(mart) if mart is not None and public is None else None
    cells = make_cells(connection, public, exact, ruled)
    truth = cells.truth if cells.knows_truth else None
    low, high = (
        published_intervals(cells)
        if public is not None
        else would_be_intervals(cells, np.zeros(len(cells), dtype=np.bool_))
    )
    relations = find_relations(connection, low, high, truth)
    counts = None
    if truth is not None:
        known = np.zeros(int(relations.of_cell.max(initial=-1)) + 1, dtype=np.int64)
        known[relations.of_cell] = truth
        counts = relations.with_rests(known)
    return Scene(cells, relations, standard, _before(cells, previous, reference, standard), counts)


def _before(cells: Cells, previous: list[Path], reference: Reference, standard: Standard) -> Before:
    """Intervals that earlier publications leave, for cells that have not changed since.

    A cell has changed when its exact count has; where that is not known, when the intervals exclude one another.
    """
    none = np.zeros(len(cells), dtype=np.bool_)
    before = Before(np.zeros(len(cells), dtype=np.int64), np.full(len(cells), UNBOUNDED), none, none.copy())
    for path in reversed(previous):
        with duckdb.connect(":memory:") as connection:
            scene = read_scene(path, _mart_of(path), [], reference, connection)
            low, high = scene.variables(*published_intervals(scene.cells))
            found = propagate(scene.relations, low, high)
            same, earlier = _matches(cells, scene.cells)
        variable = scene.relations.of_cell[earlier]
        unchanged = np.ones(len(same), dtype=np.bool_)
        if cells.knows_truth and scene.cells.knows_truth:
            unchanged = cells.truth[same] == scene.cells.truth[earlier]
        same, variable, earlier = same[unchanged], variable[unchanged], earlier[unchanged]
        before.masked[same] = (scene.cells.shown[earlier] == HIDDEN) & ~scene.cells.small[earlier]
        low = np.maximum(before.low[same], found.low[variable])
        high = np.minimum(before.high[same], found.high[variable])
        agree = low <= high
        before.low[same[agree]], before.high[same[agree]] = low[agree], high[agree]
    before.told = before.high - before.low < np.maximum(cells.width, standard.minimum_width)
    return before


def _mart_of(path: Path) -> Path | None:
    try:
        read_figures(path, "mart")
    except DisclosureError:
        return None
    return path


def _matches(now: Cells, earlier: Cells) -> tuple[Ints, Ints]:
    """Pairs of cells that are the same figure in two publications."""
    now.connection.register("earlier", earlier.connection.execute("SELECT * FROM cell").to_arrow_table())
    data = now.connection.execute(
        f"SELECT cell.cell_id AS now, earlier.cell_id AS earlier FROM cell JOIN earlier USING ({', '.join(KEY)}, side)"
    ).fetchnumpy()
    now.connection.unregister("earlier")
    return np.asarray(data["now"], dtype=np.int64), np.asarray(data["earlier"], dtype=np.int64)
