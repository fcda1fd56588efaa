"""The right answers: cells of every measure, added up from the generator's own history.

A cell is ``measure_id, geography_type, geography_code, breakdown_type, breakdown_value, period_end`` with a numerator
and a denominator, or with a value (a sum, mean or median), the people behind it in the denominator and, of enough
people, the value's 95 % interval. Proportion and count cells exist where somebody is in the denominator (or count);
cells per million exist for every breakdown value of the population, and for values that only a patient holds
(denominator 0).
Nothing here reads the written files or any SQL. The rules are those of the measure catalogue, worked out again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from math import fsum, sqrt
from pathlib import Path
from statistics import NormalDist, fmean, median, stdev
from typing import Protocol

import numpy as np
from scipy.special import stdtrit

from lda.synthetic.codes import ALL
from lda.synthetic.geography import UNALLOCATED, Geography
from lda.synthetic.practices import NamedPractices
from lda.synthetic.profiles import AGE_BANDS
from lda.synthetic.reference import write_csv

Cell = tuple[str, str, str, str, str, str]

COUNTS = frozenset({
    "ld_register_size", "inpatients_total", "admissions", "admissions_same_month_discharge", "discharges",
    "clinically_ready", "cyp_eating_disorder", "people_restricted", "people_restricted_by_type",
    "restrictive_interventions_by_type", "inpatients_in_trusts", "inpatients_in_either_source", "autism_open_referrals",
    "autism_new_referrals", "autism_closed_referrals", "dsr_people", "leder_backlog", "leder_deaths",
    "leder_deaths_by_cause", "keyworker_caseload", "qi_initiatives", "supported_accommodation_units",
    "community_autism_open_referrals", "community_autism_new_referrals", "community_autism_closed_referrals",
    "autism_open_either_source",
    "long_term_support",
})  # fmt: skip
# Measures whose contributions carry a value, and what is made of the values of a cell.
VALUED: dict[str, Callable[[Sequence[float]], float]] = {
    "mean_length_of_stay": fmean,
    "median_length_of_stay": median,
    "autism_median_wait_days": median,
    "community_autism_median_wait_days": median,
    "leder_median_age_at_death": median,
    "delayed_days": fsum,
    "delay_cost": fsum,
    "long_term_support_weekly_cost": fsum,
}
TRUTH_HEADER = (
    "measure_id", "system_code", "geography_type", "geography_code", "breakdown_type", "breakdown_value", "period_end",
    "numerator", "denominator", "value", "lower_95", "upper_95",
)  # fmt: skip
# Of fewer people no interval is given.
INTERVAL_PEOPLE = 20
KEY_PARTS = TRUTH_HEADER.index("numerator")
BAND_FROM = (0, 18, 25, 35, 45, 55, 65)


def age_band(age: int) -> str:
    """Name of the published age band that holds ``age``."""
    return AGE_BANDS[int(np.searchsorted(BAND_FROM, age, side="right")) - 1]


def interval(made: Callable[[Sequence[float]], float], values: Sequence[float]) -> tuple[float, float] | None:
    """95 % interval of a sum, mean or median of people's values: Student's t, or the values at the ranks of Campbell
    and Gardner (1988); None of few people."""
    people = len(values)
    if people < INTERVAL_PEOPLE:
        return None
    if made is median:
        reach = NormalDist().inv_cdf(0.975) * sqrt(people) / 2
        ranked = sorted(values)
        return ranked[round(people / 2 - reach) - 1], ranked[round(1 + people / 2 + reach) - 1]
    reach = float(stdtrit(people - 1, 0.975)) * stdev(values) / sqrt(people)
    times = people if made is fsum else 1
    return times * (fmean(values) - reach), times * (fmean(values) + reach)


class Somebody(Protocol):
    """A person as some partner tells of them."""

    @property
    def known_as(self) -> str:
        """The NHS number as sent, else the partner's own number: what links what partners say of one person."""

    @property
    def place(self) -> int:
        """Index of the place; -1 where it is not known."""


class Truth:
    """Cells of every measure, added to block by block."""

    def __init__(self, geography: Geography) -> None:
        self.geography = geography
        self.cells: dict[Cell, list[int]] = {}
        self.values: dict[Cell, list[float]] = {}
        # Figures made of the figures of other measures.
        self.figures: dict[Cell, float] = {}
        # Areas that no figure is added to for now: see without.
        self._unknown: frozenset[tuple[str, str]] = frozenset()
        # What partners say of people's practices. Until all have spoken, what is counted by neighbourhood waits:
        # measure, month end, person, count and people, or a value.
        self.practices = NamedPractices()
        self._waiting: list[tuple[str, date, str, int, int, float | None]] = []
        # Every area that has a cell, as geography type and code, in a fixed order.
        self.areas: dict[tuple[str, str], None] = {}

    def without(self, places: Sequence[int]) -> AbstractContextManager[None]:
        """Add nothing, meanwhile, to places that nobody told of, nor to what they are a part of: where any is missing,
        the system and the rest of it are not known either."""
        unknown = {("place", self.geography.places[place]) for place in places}
        if unknown:
            unknown |= {("system", self.geography.system_area), ("place", UNALLOCATED)}
        return self.leaving_out(unknown)

    @contextmanager
    def leaving_out(self, areas: Iterable[tuple[str, str]]) -> Iterator[None]:
        """Add nothing, meanwhile, to some areas."""
        self._unknown = frozenset(areas)
        try:
            yield
        finally:
            self._unknown = frozenset()

    def add(self, measure: str, end: date, where: tuple[str, str], what: tuple[str, str], count: int, of: int) -> None:
        """Add to one cell: ``where`` is geography type and code, ``what`` breakdown type and value."""
        if where in self._unknown:
            return
        self.areas[where] = None
        cell = self.cells.setdefault((measure, *where, *what, end.isoformat()), [0, 0])
        cell[0] += int(count)
        cell[1] += int(of)

    def add_person(
        self, measure: str, end: date, who: Somebody, traits: Mapping[str, str], count: int, of: int = 1
    ) -> None:
        """Add one person to the cells of their place and system, and where it is told, of their neighbourhood."""
        self.add_group(measure, end, who.place, traits, count, of)
        if of and self._has_neighbourhood(traits):
            self._waiting.append((measure, end, who.known_as, int(count), int(of), None))

    def add_value(self, measure: str, end: date, who: Somebody, traits: Mapping[str, str], value: float) -> None:
        """Add one person's value to the cells of their place and system, and where it is told, their neighbourhood."""
        cells = [(where, what) for where in self._places(who.place) for what in self._told(where, traits)]
        for where, what in cells:
            if where in self._unknown:
                continue
            self.values.setdefault((measure, *where, *what, end.isoformat()), []).append(float(value))
        if self._has_neighbourhood(traits):
            self._waiting.append((measure, end, who.known_as, 0, 0, float(value)))

    def add_group(
        self, measure: str, end: date, place: int, traits: Mapping[str, str], count: int, of: int = 1
    ) -> None:
        """Add things or people alike in ``traits`` to the cells of a place and of the system."""
        for where in self._places(place):
            for what in self._told(where, traits):
                self.add(measure, end, where, what, count, of)

    @staticmethod
    def _told(where: tuple[str, str], traits: Mapping[str, str]) -> list[tuple[str, str]]:
        """Everyone and the breakdowns of an area: the rest of a system has none."""
        return [ALL] if where[1] == UNALLOCATED else [ALL, *traits.items()]

    def _places(self, place: int) -> list[tuple[str, str]]:
        """The place and the system; somebody of no known place (-1) is in the rest of the system."""
        code = self.geography.places[place] if place >= 0 else UNALLOCATED
        return [("place", code), ("system", self.geography.system_area)]

    def _has_neighbourhood(self, traits: Mapping[str, str]) -> bool:
        """Whether people counted by these traits are counted by neighbourhood: not where the system has none, nor for a
        measure that is not broken down by people's addresses."""
        return self.geography.has_neighbourhoods and "deprivation_quintile" in traits

    def _place_in_neighbourhoods(self) -> None:
        """Add what waits to the neighbourhoods of people's practices."""
        waiting, self._waiting = self._waiting, []
        codes = {
            end: dict(zip(self.geography.practices, self.geography.practice_neighbourhoods(end), strict=True))
            for end in {end for _, end, *_ in waiting}
        }
        for measure, end, person, count, of, value in waiting:
            where = ("neighbourhood", codes[end].get(self.practices.at(person, end), UNALLOCATED))
            if value is None:
                self.add(measure, end, where, ALL, count, of)
            else:
                self.values.setdefault((measure, *where, *ALL, end.isoformat()), []).append(value)

    def add_figure(self, measure: str, end: date, where: tuple[str, str], value: float) -> None:
        """Add the figure of an area that is made of the figures of other measures."""
        self.figures[(measure, *where, *ALL, end.isoformat())] = value

    def rows(self) -> list[Sequence[str | int | float]]:
        """A row of ``measures.csv`` for each cell."""
        self._place_in_neighbourhoods()
        system = self.geography.system_code
        rows: list[Sequence[str | int | float]] = [
            (cell[0], system, *cell[1:], count, "" if cell[0] in COUNTS else of, "", "", "")
            for cell, (count, of) in self.cells.items()
        ]
        rows += [
            (
                *(cell[0], system, *cell[1:], "", len(values), VALUED[cell[0]](values)),
                *(interval(VALUED[cell[0]], values) or ("", "")),
            )
            for cell, values in self.values.items()
        ]
        rows += [(cell[0], system, *cell[1:], "", "", value, "", "") for cell, value in self.figures.items()]
        return rows


def write_truth(path: Path, truths: Sequence[Truth]) -> int:
    """Write ``measures.csv`` of all systems, sorted; returns the number of cells."""
    rows = [row for truth in truths for row in truth.rows()]
    write_csv(path, TRUTH_HEADER, sorted(rows, key=lambda row: [str(part) for part in row[:KEY_PARTS]]))
    return len(rows)
