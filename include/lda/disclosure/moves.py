"""Small changes that prove a count safe: one person more or fewer here, made good there, with every relation kept.

Starting from figures that fulfil every relation, a count is changed by one and each relation this breaks is mended with
one other of its counts, until none is broken. Most hidden counts are proved safe this way in microseconds; the rest is
left to integer programming. A change that is found is certain: it is checked by construction.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lda.disclosure.relations import Relations
from lda.disclosure.rules import Ints

# More mends than this and the search for a small change is given up.
MOST_MENDS = 120


class Moves:
    """Searches small changes around one set of figures.

    :param values: figures that fulfil every relation, within ``low`` and ``high``.
    """

    def __init__(self, relations: Relations, values: Ints, low: Ints, high: Ints) -> None:
        self._start: list[int] = relations.start.tolist()
        self._variable: list[int] = relations.variable.tolist()
        self._coefficient: list[int] = relations.coefficient.tolist()
        order = np.argsort(relations.variable, kind="stable")
        counts = np.bincount(relations.variable, minlength=relations.variables)
        self._column: list[int] = np.concatenate(([0], np.cumsum(counts))).tolist()
        self._column_row: list[int] = relations.entry_row[order].tolist()
        self._column_coefficient: list[int] = relations.coefficient[order].tolist()
        self._values: list[int] = values.tolist()
        self._low: list[int] = low.tolist()
        self._high: list[int] = high.tolist()

    def around(self, variable: int, step: int) -> dict[int, int] | None:
        """Changes by variable that move one variable by ``step`` (1 or -1), or None when none was found."""
        if not self._low[variable] <= self._values[variable] + step <= self._high[variable]:
            return None
        changes: dict[int, int] = {}
        broken: dict[int, int] = {}
        self._change(variable, step, changes, broken)
        for _ in range(MOST_MENDS):
            if not broken:
                return changes
            row = next(reversed(broken))
            mend = self._mend(row, broken, changes, variable)
            if mend is None:
                return None
            self._change(*mend, changes, broken)
        return None

    def _change(self, variable: int, step: int, changes: dict[int, int], broken: dict[int, int]) -> None:
        changes[variable] = changes.get(variable, 0) + step
        for row, coefficient in self._rows(variable):
            left = broken.get(row, 0) + coefficient * step
            if left:
                broken[row] = left
            else:
                broken.pop(row, None)

    def _rows(self, variable: int) -> Iterator[tuple[int, int]]:
        places = range(self._column[variable], self._column[variable + 1])
        return ((self._column_row[place], self._column_coefficient[place]) for place in places)

    def _mend(self, row: int, broken: dict[int, int], changes: dict[int, int], variable: int) -> tuple[int, int] | None:
        """The entry of a broken row whose change breaks fewest other rows, less those that it mends."""
        wrong = 1 if broken[row] > 0 else -1
        begin, end = self._start[row], self._start[row + 1]
        turn = begin + variable % (end - begin)
        best, best_cost = None, 1 << 30
        for place in (*range(turn, end), *range(begin, turn)):
            candidate = self._variable[place]
            step = -wrong * self._coefficient[place]
            done = changes.get(candidate, 0)
            value = self._values[candidate] + done + step
            if done * step < 0 or candidate == variable or not self._low[candidate] <= value <= self._high[candidate]:
                continue
            cost = 0
            for other, coefficient in self._rows(candidate):
                cost += -1 if broken.get(other, 0) * coefficient * step < 0 else 1
            if cost < best_cost:
                best, best_cost = (candidate, step), cost
                if cost <= -1:
                    break
        return best
