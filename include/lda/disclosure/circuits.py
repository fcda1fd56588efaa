"""Which figures to hide so that a told one may have another value: the cheapest change that nobody could rule out.

A hidden figure is open when some change of figures that a reader cannot see moves it by one and keeps every relation.
So such a change is sought among everything that is hidden, rounded or could be hidden, and what of it would still be
seen is hidden. The change itself then proves that the figure is open, and each figure that was hidden for it too. In
tables that add up, such changes are circuits: one more here, one fewer there, around rows and columns.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from lda.disclosure.equations import Relations
from lda.disclosure.moves import Change, Moves
from lda.disclosure.rules import Ints

# Ways tried to make a change good, for one more and for one fewer; the cheapest is taken.
TRIES = 6


class Circuits(Moves):
    """Searches the cheapest changes around the exact figures of a group.

    :param values: the exact figures.
    :param seen: smallest and largest value of each variable as far as its own figure tells.
    :param widest: the same if everything that may be hidden were.
    :param cost: of hiding each variable.
    """

    # Cheap is not good enough: the cheapest is wanted.
    GOOD_ENOUGH = -1 << 62

    def __init__(
        self, relations: Relations, values: Ints, seen: tuple[Ints, Ints], widest: tuple[Ints, Ints], cost: Ints
    ) -> None:
        super().__init__(relations, values, *widest)
        self._up: list[int] = np.where(seen[1] > values, 0, cost)[: relations.counts].tolist()
        self._down: list[int] = np.where(seen[0] < values, 0, cost)[: relations.counts].tolist()
        # What it takes at least to make a broken row good: the price of its cheapest entry, and one more mend.
        self._row_price = [
            1 + min((min(self._up[one], self._down[one]) for one, _ in entries), default=0) for entries in self._entries
        ]

    def cheapest(self, variable: int) -> tuple[Change, list[int]] | None:
        """The cheapest change found that moves a variable by one, and the variables to hide for it; None if none is."""
        best: tuple[int, Change] | None = None
        for _ in range(TRIES):
            for step in (1, -1):
                change = self.around(variable, step)
                if change is None:
                    continue
                price = sum(self._price(*one) for one in change.items())
                if price == 0:
                    return change, []
                if best is None or price < best[0]:
                    best = price, change
        return None if best is None else (best[1], sorted(one[0] for one in best[1].items() if self._price(*one)))

    def hide(self, variables: Iterable[int]) -> None:
        """Variables that are hidden from now on: to change them costs nothing more."""
        for variable in variables:
            self._up[variable] = self._down[variable] = 0

    def _price(self, variable: int, step: int) -> int:
        return self._up[variable] if step > 0 else self._down[variable] if step < 0 else 0
