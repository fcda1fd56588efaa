"""Relations between counts as rows of a sparse system of equations.

A variable is a count: cells that are the same people (one denominator of several measures) are one variable. Each row
says: whole - parts = 0. Of a stock it says: those there and those who left - those there before and those who joined
= 0. A row that is only known as an inequality (whole >= parts) gets a rest, a variable of its own that is never
published and is not negative. Variables are the counts of cells, then the rests.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from lda.disclosure.rules import Bools, Ints


@dataclass(frozen=True)
class Relations:
    """Rows in compressed form: row ``r`` has the entries ``start[r] : start[r + 1]``, the whole first.

    :ivar of_cell: variable of each cell.
    :ivar variables: how many variables there are, rests included.
    :ivar variable: variable of each entry.
    :ivar coefficient: 1 for the whole and what left it, -1 for parts and rests.
    :ivar kind: what each row is (geography, breakdown, complement, part, shares, partition, grows, flow).
    :ivar rest: variable of each row's rest, or -1.
    :ivar people: whether the rest counts people of its own (a complement).
    :ivar place: of each count, what it is the count of, whatever the month: counts of several months share it.
    :ivar period: number of the month of each count.
    """

    of_cell: Ints
    variables: int
    start: Ints
    variable: Ints
    coefficient: Ints
    kind: NDArray[np.object_]
    rest: Ints
    people: Bools
    place: Ints
    period: Ints

    @property
    def counts(self) -> int:
        """How many variables are counts of cells; those after them are rests."""
        return len(self.place)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.start) - 1

    @cached_property
    def entry_row(self) -> Ints:
        """The row of each entry."""
        return np.repeat(np.arange(self.rows), np.diff(self.start))

    @cached_property
    def group(self) -> Ints:
        """The group of each variable: two variables are in one group when relations connect them."""
        whole = self.variable[self.start[:-1]]
        ones = np.ones(len(self.variable), dtype=np.int8)
        shape = (self.variables, self.variables)
        links = coo_array((ones, (whole[self.entry_row], self.variable)), shape=shape)
        group: Ints = connected_components(links, directed=False)[1].astype(np.int64)
        return group

    @cached_property
    def row_of_rest(self) -> Ints:
        """The row of each rest, by variable; -1 for a count."""
        found = np.full(self.variables, -1, dtype=np.int64)
        rows = np.flatnonzero(self.rest >= 0)
        found[self.rest[rows]] = rows
        return found

    @cached_property
    def month(self) -> Ints:
        """The number of the month of each variable."""
        found = np.zeros(self.variables, dtype=np.int64)
        found[: self.counts] = self.period
        rows = np.flatnonzero(self.rest >= 0)
        found[self.rest[rows]] = self.period[self.variable[self.start[rows]]]
        return found

    @cached_property
    def across(self) -> Bools:
        """Whether each row is of counts of more than one month."""
        month, whole = self.month, self.variable[self.start[:-1]]
        found = np.zeros(self.rows, dtype=np.bool_)
        np.logical_or.at(found, self.entry_row, month[self.variable] != month[whole][self.entry_row])
        return found

    @cached_property
    def within_months(self) -> Relations:
        """The rows of one month each, with the variables as they are."""
        return self.only(~self.across) if self.across.any() else self

    @cached_property
    def variable_at(self) -> Ints:
        """The variable of each month (row) and place (column), or -1."""
        shape = (int(self.period.max(initial=-1)) + 1, int(self.place.max(initial=-1)) + 1)
        found = np.full(shape, -1, dtype=np.int64)
        found[self.period, self.place] = np.arange(self.counts)
        return found

    def part(self, variables: Ints, rows: Ints) -> Relations:
        """A part that no relation connects with the others, with variables and rows numbered anew.

        :param variables, rows: of the part, in ascending order. ``of_cell`` are the cells of the part, in order.
        """
        entry_row, entry = self.only_rows(rows)
        number = np.full(self.variables, -1, dtype=np.int64)
        number[variables] = np.arange(len(variables))
        of_cell = number[self.of_cell]
        lengths = np.diff(self.start)[rows]
        rest = self.rest[rows]
        places = np.repeat(self.start[rows] - np.concatenate(([0], np.cumsum(lengths)))[:-1], lengths)
        is_count = variables[variables < self.counts]
        return Relations(
            of_cell=of_cell[of_cell >= 0],
            variables=len(variables),
            start=np.concatenate(([0], np.cumsum(lengths))),
            variable=number[entry],
            coefficient=self.coefficient[places + np.arange(len(entry_row))],
            kind=self.kind[rows],
            rest=np.where(rest >= 0, number[rest], -1),
            people=self.people[rows],
            place=self.place[is_count],
            period=np.unique(self.period[is_count], return_inverse=True)[1].astype(np.int64),
        )

    def only(self, wanted: Bools) -> Relations:
        """Some of the rows, with the variables as they are."""
        entries = wanted[self.entry_row]
        return replace(
            self,
            start=np.concatenate(([0], np.cumsum(np.diff(self.start)[wanted]))),
            variable=self.variable[entries],
            coefficient=self.coefficient[entries],
            kind=self.kind[wanted],
            rest=self.rest[wanted],
            people=self.people[wanted],
        )

    def only_rows(self, rows: Ints) -> tuple[Ints, Ints]:
        """The row and the variable of each entry of some rows."""
        lengths = np.diff(self.start)[rows]
        places = np.repeat(self.start[rows] - np.concatenate(([0], np.cumsum(lengths)))[:-1], lengths)
        return np.repeat(rows, lengths), self.variable[places + np.arange(len(places))]

    def with_rests(self, counts: Ints) -> Ints:
        """Values of all variables, from those of the counts of cells: a rest is what parts leave of their whole."""
        values = np.zeros(self.variables, dtype=np.int64)
        values[: len(counts)] = counts
        left = np.bincount(self.entry_row, weights=values[self.variable] * self.coefficient, minlength=self.rows)
        has = self.rest >= 0
        values[self.rest[has]] = np.rint(left[has]).astype(np.int64)
        return values
