"""The exact attack: whole-number programming on each group of connected counts.

Interval arithmetic looks at one relation at a time; a set of relations together can tell more. A count is safe when
two sets of figures that fulfil every relation give it values far enough apart. Such sets are looked for with mixed
integer programming (HiGHS, through SciPy) and each is checked in integers before it counts, so "safe" is proved, not
believed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from lda.disclosure.relations import Relations
from lda.disclosure.rules import UNBOUNDED, Ints

# Branch-and-bound nodes for one question; a limit of nodes, unlike one of seconds, gives the same answer everywhere.
MOST_NODES = 2_000

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

    def width(self, variables: Ints) -> Ints:
        """Largest less smallest value, by variable; negative before any set was found."""
        return self.high[variables] - self.low[variables]


class Group:
    """Some rows and the variables in them as an integer programme.

    :param variables: in ascending order; every variable of the rows is one of them.
    :param low, high: intervals of all variables.
    """

    def __init__(self, relations: Relations, variables: Ints, rows: Ints, low: Ints, high: Ints) -> None:
        entry_row, entry = relations.only_rows(rows)
        lengths = np.diff(relations.start)[rows]
        first = np.concatenate(([True], np.diff(entry_row) != 0))
        coefficient = np.where(first, 1, -1)
        start = np.concatenate(([0], np.cumsum(lengths)))
        shape = (len(rows), len(variables))
        self.matrix = csr_array((coefficient, np.searchsorted(variables, entry), start), shape=shape)
        self.low, self.high = low[variables], high[variables]
        self.optimal = False
        # What is without bound is let go farther than all that is bounded together: enough to see that it can move.
        bounded = self.high < UNBOUNDED
        far = int(self.high[bounded].sum() + self.low.sum()) + FAR
        self._bounds = Bounds(self.low.astype(float), np.where(bounded, self.high, far).astype(float))
        self._constraint = LinearConstraint(self.matrix.astype(float), 0, 0)

    def solve(self, direction: Ints) -> Ints | None:
        """A set of figures that fulfils every relation and goes far in a direction, or None when none is proved.

        Sets ``optimal``: whether none goes farther.
        """
        result = milp(
            -direction.astype(float),
            integrality=np.ones(len(direction)),
            bounds=self._bounds,
            constraints=self._constraint,
            options={"node_limit": MOST_NODES},
        )
        self.optimal = result.status == 0
        if result.x is None:
            return None
        values = np.rint(result.x).astype(np.int64)
        fulfils = not np.any(self.matrix @ values) and bool(((values >= self.low) & (values <= self.high)).all())
        return values if fulfils else None
