"""Small changes that prove counts safe: one person more or fewer here, made good there, with every relation kept.

Starting from figures that fulfil every relation, a count is changed by one and each relation this breaks is mended with
one other of its counts, until none is broken. A relation that is only an inequality is broken when its rest leaves its
interval, so what has room needs no mending. A change that was found in one month is tried in every other month too,
where areas and groups are mostly related in the same way. Every change is checked in integers against all relations
and intervals before it counts, so what it proves is certain. What is not found is left to integer programming.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.sparse import csc_array, csr_array

from lda.disclosure.equations import Relations
from lda.disclosure.rules import Bools, Ints

# More mends than this and the search for a small change is given up.
MOST_MENDS = 60
# How far one count may go in a small change.
FARTHEST = 1

Change = dict[int, int]


class Moves:
    """Searches small changes around one set of figures.

    To change a count, one more or one fewer, costs nothing here, and to break a row costs one mend.

    :param values: figures that fulfil every relation, within ``low`` and ``high``.
    """

    # What mends one row more than it breaks is taken at once.
    GOOD_ENOUGH = -1

    def __init__(self, relations: Relations, values: Ints, low: Ints, high: Ints) -> None:
        self._random = np.random.default_rng(relations.variables)
        counts = relations.counts
        of_count = relations.variable < counts
        row, variable = relations.entry_row[of_count], relations.variable[of_count]
        coefficient = relations.coefficient[of_count]
        start = np.concatenate(([0], np.cumsum(np.bincount(row, minlength=relations.rows))))
        order = np.argsort(variable, kind="stable")
        column = np.concatenate(([0], np.cumsum(np.bincount(variable, minlength=counts))))
        self._row_of_rest = relations.row_of_rest
        self._entries = _lists(start, variable, coefficient)
        self._rows = _lists(column, row[order], coefficient[order])
        self._most: list[int] = np.minimum(high - values, FARTHEST)[:counts].tolist()
        self._least: list[int] = np.maximum(low - values, -FARTHEST)[:counts].tolist()
        has = relations.rest >= 0
        self._row_most: list[int] = np.where(has, (high - values)[relations.rest], 0).tolist()
        self._row_least: list[int] = np.where(has, (low - values)[relations.rest], 0).tolist()
        self._up, self._down, self._row_price = [0] * counts, [0] * counts, [1] * relations.rows
        self._turns: list[float] = []

    def around(self, variable: int, step: int) -> Change | None:
        """Changes of counts that move one variable, a rest too, by ``step`` (1 or -1); None when none was found."""
        if variable < len(self._most):
            return self._from(variable, step)
        entries = self._entries[int(self._row_of_rest[variable])]
        turn = self._turn(len(entries))
        for count, coefficient in (*entries[turn:], *entries[:turn]):
            change = self._from(count, step * coefficient)
            if change is None:
                continue
            left: int = sum([other * change.get(one, 0) for one, other in entries])
            if left != 0:
                return change
        return None

    def _turn(self, length: int) -> int:
        if not self._turns:
            self._turns = self._random.random(1000).tolist()
        return int(self._turns.pop() * length)

    def _from(self, variable: int, step: int) -> Change | None:
        if not self._least[variable] <= step <= self._most[variable]:
            return None
        change: Change = {}
        left: Change = {}
        broken: Change = {}
        self._change(variable, step, change, left, broken)
        for _ in range(MOST_MENDS):
            if not broken:
                return change
            row = next(iter(broken))
            mend = self._mend(row, 1 if broken[row] > 0 else -1, change, left, broken, variable)
            if mend is None:
                return None
            self._change(*mend, change, left, broken)
        return None

    def _change(self, variable: int, step: int, change: Change, left: Change, broken: Change) -> None:
        """Change one count. ``left`` is what each row's whole and parts now leave, ``broken`` which way it is wrong."""
        change[variable] = change.get(variable, 0) + step
        for row, coefficient in self._rows[variable]:
            now = left.get(row, 0) + coefficient * step
            left[row] = now
            if now > self._row_most[row]:
                broken[row] = 1
            elif now < self._row_least[row]:
                broken[row] = -1
            else:
                broken.pop(row, None)

    def _mend(
        self, row: int, wrong: int, change: Change, left: Change, broken: Change, first: int
    ) -> tuple[int, int] | None:
        """The entry of a broken row whose change costs least: its own price, and that of the rows which it breaks, less
        that of those which it mends."""
        entries, row_most, row_least, row_price = self._entries[row], self._row_most, self._row_least, self._row_price
        best, best_cost = None, 1 << 62
        turn = self._turn(len(entries))
        for place in range(turn - len(entries), turn):
            candidate, coefficient = entries[place]
            step = -wrong * coefficient
            done = change.get(candidate, 0)
            if done * step < 0 or candidate == first:
                continue
            if not self._least[candidate] <= done + step <= self._most[candidate]:
                continue
            cost = self._up[candidate] if step > 0 else self._down[candidate]
            for other, its_coefficient in self._rows[candidate]:
                now = left.get(other, 0) + its_coefficient * step
                if now > row_most[other] or now < row_least[other]:
                    cost += row_price[other]
                elif other in broken:
                    cost -= row_price[other]
            if cost < best_cost:
                best, best_cost = (candidate, step), cost
                if cost <= self.GOOD_ENOUGH:
                    break
        return best


class Checked:
    """Checks changes against every relation and interval, in the month they were found in and in every other.

    :param values: figures that fulfil every relation, within ``low`` and ``high``.
    """

    def __init__(self, relations: Relations, values: Ints, low: Ints, high: Ints) -> None:
        self._relations = relations
        self._most, self._least, self._values = high - values, low - values, values
        shape = (relations.rows, relations.variables)
        whole = csr_array((relations.coefficient, relations.variable, relations.start), shape=shape)
        self._matrix = whole[:, : relations.counts].tocsc()

    def everywhere(self, changes: Sequence[Change]) -> tuple[Ints, Ints]:
        """Variables and values of all changes that fulfil everything, in every month where they do.

        :param changes: of one month each.
        """
        place = self._relations.place
        number = np.repeat(np.arange(len(changes)), [len(change) for change in changes])
        variable = np.fromiter((one for change in changes for one in change), np.int64, len(number))
        step = np.fromiter((one for change in changes for one in change.values()), np.int64, len(number))
        found = [
            self._here(len(changes), number, there[place[variable]], step) for there in self._relations.variable_at
        ]
        variables, values = (np.concatenate([one[side] for one in found]) for side in (0, 1))
        return variables, values

    def _here(self, length: int, number: Ints, variable: Ints, step: Ints) -> tuple[Ints, Ints]:
        wrong = np.zeros(length, dtype=np.bool_)
        missing = variable < 0
        outside = missing | (step > self._most[variable]) | (step < self._least[variable])
        wrong[number[outside]] = True
        fits = ~wrong[number]
        number, variable, step = number[fits], variable[fits], step[fits]
        left = (self._matrix @ csc_array((step, (variable, number)), shape=(self._matrix.shape[1], length))).tocoo()
        row, its_number = left.coords
        told = left.data != 0
        row, its_number, change = row[told], its_number[told], left.data[told]
        rest = self._relations.rest[row]
        wrong[its_number[(rest < 0) | (change > self._most[rest]) | (change < self._least[rest])]] = True
        count_holds: Bools = ~wrong[number]
        rest_holds: Bools = ~wrong[its_number]
        variables = np.concatenate([variable[count_holds], rest[rest_holds]])
        steps = np.concatenate([step[count_holds], change[rest_holds]])
        return variables, self._values[variables] + steps


def _lists(start: Ints, other: Ints, coefficient: Ints) -> list[list[tuple[int, int]]]:
    """Pairs of a compressed matrix, by row."""
    pairs = list(zip(other.tolist(), coefficient.tolist(), strict=True))
    bounds = start.tolist()
    return [pairs[begin:end] for begin, end in pairwise(bounds)]
