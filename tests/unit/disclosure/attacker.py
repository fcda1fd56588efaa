"""An independent attacker: the world's own equations, solved exactly. Shares nothing with ``lda.disclosure``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from world import MEASURES, PLACE_OF, SERIES, SEXES, key

MOST = 1_000
NAMES = ("register", "aged", "checked", "planned")
Place = tuple[str, str, str, str, str]


class Attacker:
    """Every count of every series in every area and group is a variable; what is published bounds it."""

    def __init__(self, published: Iterable[Mapping[str, Any]], mart: Iterable[Mapping[str, Any]]) -> None:
        exact = {key(row): row for row in mart}
        self.low: dict[Place, int] = {}
        self.high: dict[Place, int] = {}
        self.hidden: dict[tuple[Any, ...], Place] = {}
        for row in published:
            for side in ("numerator", "denominator"):
                series = SERIES.get((row["measure_id"], side))
                if series is None or (side == "denominator" and MEASURES[row["measure_id"]][1] == "count"):
                    continue
                place = (series, *key(row)[2:6])
                count = row[side]
                if count is None:
                    self.hidden[(*key(row), side)] = place
                    small = exact[key(row)][side] < 5
                    low, high = (0, 4) if small else (5, MOST)
                else:
                    low, high = max(5, count - 2), count + 2
                self.low[place] = max(self.low.get(place, 0), low)
                self.high[place] = min(self.high.get(place, MOST), high)
        self.places = sorted(self.low)
        self._number = {place: number for number, place in enumerate(self.places)}
        self._rows: list[np.ndarray] = []
        self._least: list[float] = []
        self._most: list[float] = []
        self._relations()

    def _add(self, whole: Place, parts: list[Place], most: float) -> None:
        if whole not in self._number or not parts or any(part not in self._number for part in parts):
            return
        row = np.zeros(len(self.places))
        row[self._number[whole]] = 1
        for part in parts:
            row[self._number[part]] -= 1
        self._rows.append(row)
        self._least.append(0)
        self._most.append(most)

    def _relations(self) -> None:
        practices = sorted({place[2] for place in self.places if place[1] == "practice"})
        towns = sorted({place[2] for place in self.places if place[1] == "place"})
        for name in NAMES:
            for level in (("all", "All"), *(("sex", sex) for sex in SEXES)):
                self._add((name, "system", "S", *level), [(name, "place", town, *level) for town in towns], 0)
            for town in towns:
                inside = [(name, "practice", one, "all", "All") for one in practices if PLACE_OF[one] == town]
                self._add((name, "place", town, "all", "All"), inside, 0)
            for kind, code in (*(("place", town) for town in towns), ("system", "S")):
                self._add((name, kind, code, "all", "All"), [(name, kind, code, "sex", sex) for sex in SEXES], 0)
        for place in self.places:
            at = place[1:]
            for whole, part in (("register", "aged"), ("aged", "checked"), ("checked", "planned"), ("aged", "planned")):
                if place[0] == part:
                    self._add((whole, *at), [place], np.inf)

    def ends(self, place: Place) -> tuple[int, int]:
        """Smallest and largest value of a count in any figures that fit everything published."""
        found = []
        for sign in (1, -1):
            goal = np.zeros(len(self.places))
            goal[self._number[place]] = sign
            constraints = [LinearConstraint(np.array(self._rows), self._least, self._most)] if self._rows else []
            bounds = Bounds([self.low[one] for one in self.places], [self.high[one] for one in self.places])
            result = milp(goal, integrality=np.ones(len(goal)), bounds=bounds, constraints=constraints)
            assert result.status == 0, result.message
            found.append(round(result.x[self._number[place]]))
        return found[0], found[1]

    def worked_out(self) -> set[tuple[Any, ...]]:
        """Key and side of every hidden figure with only one possible value."""
        known: dict[Place, bool] = {}
        for place in set(self.hidden.values()):
            low, high = self.ends(place)
            known[place] = low == high
        return {name for name, place in self.hidden.items() if known[place]}
