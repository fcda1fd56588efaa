"""The exact attack: whole-number programming on each group of connected counts.

Interval arithmetic looks at one relation at a time; a set of relations together can tell more. A count is safe when
two sets of figures that fulfil every relation give it values far enough apart. Such sets are looked for with
HiGHS, through SciPy: first by linear programming, whose answer is mostly in whole numbers already, then by mixed
integer programming. Each is checked in integers before it counts, so "safe" is proved, not believed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from lda.disclosure.equations import Relations
from lda.disclosure.rules import UNBOUNDED, Floats, Ints

# Branch-and-bound nodes for one question; a limit of nodes, unlike one of seconds, gives the same answer everywhere.
MOST_NODES = 2_000

# How far from a whole number an answer of the solver may be and still mean it; answers are checked in integers.
NEAR = 1e-5

# How much farther than everything bounded a count without bound may go.
FAR = 1_000


@dataclass
class Reach:
    """The smallest and largest value of each variable in a set of figures that fulfils every relation."""

    low: Ints
    high: Ints

    @classmethod
    def nothing(cls, variables: int) -> Reach:
        """Before any set was found."""
        return cls(np.full(variables, UNBOUNDED), np.full(variables, -UNBOUNDED))

    def copy(self) -> Reach:
        """The same, to be changed apart."""
        return Reach(self.low.copy(), self.high.copy())

    def include(self, variables: Ints, values: Ints) -> None:
        """Take in one more set of figures."""
        self.low[variables] = np.minimum(self.low[variables], values)
        self.high[variables] = np.maximum(self.high[variables], values)

    def include_any(self, variables: Ints, values: Ints) -> None:
        """Take in values from several sets of figures; a variable may be named more than once."""
        np.minimum.at(self.low, variables, values)
        np.maximum.at(self.high, variables, values)

    def width(self, variables: Ints) -> Ints:
        """Largest less smallest value, by variable; negative before any set was found."""
        return self.high[variables] - self.low[variables]


class Group:
    """Some rows and the variables in them as an integer programme. Its unknowns are counts; rests follow from them.

    :param variables: in ascending order; every variable of the rows is one of them.
    :param low, high: intervals of all variables.
    :param values: figures that fulfil every relation, where some are known: the search starts from them.
    :param width: how far apart figures must be to prove something: what is without bound is let go farther.
    :param whole: seek whole numbers from the start; else only where a corner of what is possible is not whole.
    """

    def __init__(
        self,
        relations: Relations,
        variables: Ints,
        rows: Ints,
        low: Ints,
        high: Ints,
        values: Ints | None = None,
        whole: bool = True,
        width: int = 1,
    ) -> None:
        self._whole = whole
        self._counts = int((variables < relations.counts).sum())
        entry_row, entry = relations.only_rows(rows)
        is_count = entry < relations.counts
        first = np.concatenate(([True], np.diff(entry_row) != 0))
        coefficient = np.where(first, 1, -1)[is_count]
        lengths = np.bincount(np.searchsorted(rows, entry_row[is_count]), minlength=len(rows))
        start = np.concatenate(([0], np.cumsum(lengths)))
        shape = (len(rows), self._counts)
        self.matrix = csr_array((coefficient, np.searchsorted(variables, entry[is_count]), start), shape=shape)
        self.low, self.high = low[variables], high[variables]
        self.optimal = False
        self.solved = 0
        rest = relations.rest[rows]
        self._has_rest = np.flatnonzero(rest >= 0)
        self._rest = np.searchsorted(variables, rest[self._has_rest])
        # What is without bound is let go farther than all that is bounded together: enough to see that it can move.
        bounded = self.high < UNBOUNDED
        far = int(self.high[bounded].sum() + self.low.sum()) + FAR + width
        most = np.where(bounded, self.high, far).astype(float)
        # Unknown is how far each count is from where the search starts, so that staying there is one solution.
        self._from = np.zeros(len(variables), dtype=np.int64) if values is None else values[variables]
        least, most = self.low - self._from, most - self._from
        self._bounds = Bounds(least[: self._counts].astype(float), most[: self._counts])
        left_least, left_most = np.zeros(len(rows)), np.zeros(len(rows))
        left_least[self._has_rest], left_most[self._has_rest] = least[self._rest], most[self._rest]
        self._constraint = LinearConstraint(self.matrix.astype(float), left_least, left_most)

    def solve(self, direction: Ints, within: int = UNBOUNDED) -> Ints | None:
        """A set of figures that fulfils every relation and goes far in a direction, or None when none is proved.

        Sets ``optimal``: whether none goes farther.

        :param within: how far each count may go from where the search starts. Where none may go far, more of them move.
        """
        found = None if self._whole else self.solve_loosely(direction, within)
        return self._solved(direction, within, np.ones(self._counts)) if found is None else found

    def solve_loosely(self, direction: Ints, within: int = UNBOUNDED) -> Ints | None:
        """The same without asking for whole numbers, in less than half the time; the answer is mostly in whole numbers.

        None when it is not. Else nothing goes farther, in whole numbers or not, and ``optimal`` says so.
        """
        return self._solved(direction, within, np.zeros(self._counts))

    def _solved(self, direction: Ints, within: int, whole: Floats) -> Ints | None:
        self.solved += 1
        bounds = Bounds(np.maximum(self._bounds.lb, -within), np.minimum(self._bounds.ub, within))
        of_rows = np.zeros(self.matrix.shape[0], dtype=np.int64)
        of_rows[self._has_rest] = direction[self._rest]
        goal = direction[: self._counts] + self.matrix.T @ of_rows
        result = milp(
            -goal.astype(float),
            integrality=whole,
            bounds=bounds,
            constraints=self._constraint,
            options={"node_limit": MOST_NODES, "mip_rel_gap": 0},
        )
        self.optimal = result.status == 0 and within == UNBOUNDED
        if result.x is None or np.abs(result.x - np.rint(result.x)).max(initial=0) > NEAR:
            return None
        values = np.zeros(len(self.low), dtype=np.int64)
        values[: self._counts] = self._from[: self._counts] + np.rint(result.x).astype(np.int64)
        left = self.matrix @ values[: self._counts]
        values[self._rest] = left[self._has_rest]
        left[self._has_rest] = 0
        fulfils = not np.any(left) and bool(((values >= self.low) & (values <= self.high)).all())
        return values if fulfils else None
