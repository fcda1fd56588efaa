"""The right answers: cells of every measure, added up from the generator's own history.

A cell is ``measure_id, geography_type, geography_code, breakdown_type, breakdown_value, period_end`` with a numerator
and a denominator, or with a value (a sum, mean or median) and in the denominator the people behind it. Proportion and
count cells exist where somebody is in the denominator (or count); cells per million exist for every breakdown value of
the population, and for values that only a patient holds (denominator 0).
Nothing here reads the written files or any SQL. The rules are those of the measure catalogue, worked out again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from math import fsum
from pathlib import Path
from statistics import fmean, median
from typing import Any, Protocol

import numpy as np

from lda.synthetic.calendar import NO_DAY, financial_year_start, last_day, month_index
from lda.synthetic.codes import ALL, ETHNIC_GROUP, NOT_STATED, QUINTILE_LABELS, SEX_WORDS
from lda.synthetic.geography import UNALLOCATED, Geography
from lda.synthetic.health_checks import LDHC_FIELDS, RegisterView
from lda.synthetic.population import Days, Flags, People, Plan
from lda.synthetic.practices import REGISTER, UNLISTED, NamedPractices, Word
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
    "numerator", "denominator", "value",
)  # fmt: skip
BAND_FROM = (0, 18, 25, 35, 45, 55, 65)
POPULATION_YEAR = "2017"
STALE_AFTER_MONTHS = 3
# Measures of the registers that are not given for the smallest areas.
NOT_IN = {
    "practice": {"ahc_rolling_12_months_ethnicity", "ld_prevalence"},
    "pcn": {"ld_prevalence"},
    "neighbourhood": {"ld_prevalence"},
}
# Measures of the registers that count what happened since 1 April.
SINCE_APRIL = frozenset({"ahc_uptake_register", "ahc_and_hap", "ahc_declined"})
# Areas that have figures of a measure because others have.
FOLLOWS = {"sub_icb": "practice", "icb": "practice", "icb_current": "practice", "pcn_current": "pcn"}
SCHEME_REGISTER_AREAS = ("pcn", "place", "system")


def age_band(age: int) -> str:
    """Name of the published age band that holds ``age``."""
    return AGE_BANDS[int(np.searchsorted(BAND_FROM, age, side="right")) - 1]


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
            (cell[0], system, *cell[1:], count, "" if cell[0] in COUNTS else of, "")
            for cell, (count, of) in self.cells.items()
        ]
        rows += [
            (cell[0], system, *cell[1:], "", len(values), VALUED[cell[0]](values))
            for cell, values in self.values.items()
        ]
        rows += [(cell[0], system, *cell[1:], "", "", value) for cell, value in self.figures.items()]
        return rows


def write_truth(path: Path, truths: Sequence[Truth]) -> int:
    """Write ``measures.csv`` of all systems, sorted; returns the number of cells."""
    rows = [row for truth in truths for row in truth.rows()]
    write_csv(path, TRUTH_HEADER, sorted(rows, key=lambda row: [str(part) for part in row[: len(TRUTH_HEADER) - 3]]))
    return len(rows)


def register_in_force(plan: Plan, views: Sequence[RegisterView], missing: Mapping[int, set[int]]) -> list[RegisterView]:
    """For each month the rows that count: each practice's last delivered view, if it is not too old.

    ``missing`` says which practices (by index) sent nothing in which month.
    """
    latest = np.full(len(plan.geography.practices), -1 - STALE_AFTER_MONTHS)
    joined = []
    for month in range(len(views)):
        delivered = np.ones(len(latest), dtype=bool)
        delivered[sorted(missing.get(month, set()))] = False
        latest[delivered] = month
        used = sorted({int(seen) for seen in latest if seen >= max(0, month - STALE_AFTER_MONTHS)})
        parts = [views[seen].only(latest[views[seen].practice] == seen) for seen in used]
        columns = {name: np.concatenate([vars(part)[name] for part in parts]) for name in parts[0].columns()}
        joined.append(RegisterView(month=month, **columns))
    return joined


def add_listings(
    truth: Truth, plan: Plan, people: People, views: Sequence[RegisterView], missing: Mapping[int, set[int]]
) -> None:
    """Note which practices' registers name each person, month by month: with a number, in an extract that arrived."""
    if not truth.geography.has_neighbourhoods:
        return
    months = range(len(plan.ends))
    sent = [[month for month in months if practice not in missing.get(month, set())]
            for practice in range(len(plan.geography.practices))]  # fmt: skip
    for month, view in enumerate(views):
        # An extract stands until the practice's next, if it is not too old before.
        stands_to = [
            plan.ends[min([other - 1 for other in arrived if other > month] + [month + STALE_AFTER_MONTHS, months[-1]])]
            for arrived in sent
        ]
        listed = _present(view, plan.ends[month].toordinal())
        for row in np.flatnonzero(people.number_known[view.person] == 0):
            practice = int(view.practice[row])
            if month in sent[practice]:
                code, since = plan.geography.practices[practice], int(view.register_day[row])
                word = Word(code, since, stands_to=stands_to[practice])
                speaker = REGISTER if listed[row] else UNLISTED
                truth.practices.name(people.nhs[view.person[row]], speaker, plan.ends[month], word)


def members(view: RegisterView, end: int) -> Flags:
    """Which rows of a view are the one row of a person on the register at ``end``.

    On the register: registered, not removed, not dead. Among a person's rows the later submission wins, then the
    later register date, then the lower practice code.
    """
    rows = np.flatnonzero(_present(view, end))
    keys = (view.practice[rows], -view.register_day[rows], -view.submitted[rows], view.person[rows])
    ordered = rows[np.lexsort(keys)]
    first = np.ones(len(ordered), dtype=bool)
    first[1:] = view.person[ordered][1:] != view.person[ordered][:-1]
    chosen = np.zeros(len(view.person), dtype=bool)
    chosen[ordered[first]] = True
    return chosen


def _present(view: RegisterView, end: int) -> Flags:
    """Rows of people on the register at ``end``."""
    present: Flags = (view.register_day <= end) & _after(view.removal_day, end) & _after(view.death_day, end)
    return present


def _after(day: Days, end: int) -> Flags:
    after: Flags = (day == NO_DAY) | (day > end)
    return after


def not_heard_since_april(plan: Plan, month: int, missing: Mapping[int, set[int]]) -> frozenset[tuple[str, str]]:
    """Areas of which no practice has sent a register of the month's financial year: nothing counted from 1 April is
    known of them. Where some practice has, the others count with what they last sent."""
    start = financial_year_start(plan.ends[month])
    months = [sent for sent in range(max(0, month - STALE_AFTER_MONTHS), month + 1) if plan.ends[sent] >= start]
    silent = set.intersection(*(missing.get(sent, set()) for sent in months))
    areas = plan.geography.practice_areas(plan.ends[month])
    heard = {where for practice, its in enumerate(areas) if practice not in silent for where in its}
    return frozenset(where for practice in silent for where in areas[practice]) - heard


def add_register_measures(
    truth: Truth, plan: Plan, people: People, views: Sequence[RegisterView], missing: Mapping[int, set[int]]
) -> None:
    """Register size, checks, checks with plans and declines, from views already joined by ``register_in_force``."""
    for joined in views:
        end = plan.ends[joined.month]
        view = joined.only(members(joined, end.toordinal()))
        start = financial_year_start(end).toordinal()
        age = (month_index(end.toordinal()) - people.birth_month[view.person]) // 12
        fourteen = age >= 14
        checked = view.check >= start
        # A year to a month end begins the day after the same month's end a year before.
        year_before = last_day(f"{end.year - 1}-{end.month:02d}").toordinal()
        rolling = (view.check > year_before) & (view.plan >= view.check)
        stated = np.array([group != NOT_STATED for group in ETHNIC_GROUP])[people.ethnicity[view.person]]
        everyone = np.ones(len(age), dtype=bool)
        cases: dict[str, tuple[Flags, Flags]] = {
            "ld_register_size": (everyone, everyone),
            "ahc_uptake_register": (checked, fourteen),
            "ahc_and_hap": (checked & (view.plan >= start), fourteen),
            "ahc_declined": ((view.decline >= start) & ~checked, fourteen),
            "ahc_rolling_12_months": (rolling, fourteen),
            "ahc_rolling_12_months_ethnicity": (rolling & stated, fourteen),
        }
        traits = _traits(plan, people, view, age)
        not_heard = not_heard_since_april(plan, joined.month, missing)
        for measure, (counted, among) in cases.items():
            with truth.leaving_out(not_heard if measure in SINCE_APRIL else ()):
                _add_rows(truth, measure, end, view.practice, traits, counted & among, among)
        _add_rows(truth, "ld_prevalence", end, view.practice, traits, everyone, ~everyone)


def _traits(plan: Plan, people: People, view: RegisterView, age: Days) -> dict[str, tuple[Days, list[str]]]:
    """Breakdown type to each row's index and the names the indexes stand for."""
    groups = sorted(set(ETHNIC_GROUP))
    group_of = np.array([groups.index(name) for name in ETHNIC_GROUP])
    quintile = np.array([area.quintile for area in plan.geography.areas])[view.area]
    return {
        "sex": (people.sex[view.person], list(SEX_WORDS)),
        "age_band": (np.searchsorted(BAND_FROM, age, side="right") - 1, list(AGE_BANDS)),
        "ethnicity_group": (group_of[people.ethnicity[view.person]], groups),
        "deprivation_quintile": (
            np.where(people.address_known[view.person], quintile, 0),
            [QUINTILE_LABELS[number] for number in range(6)],
        ),
    }


def _add_rows(
    truth: Truth,
    measure: str,
    end: date,
    practice: Days,
    traits: dict[str, tuple[Days, list[str]]],
    counted: Flags,
    among: Flags,
) -> None:
    geography = truth.geography
    places, areas = geography.practice_places(end), geography.practice_areas(end)
    count = np.bincount(practice[counted], minlength=len(areas))
    of = np.bincount(practice[among], minlength=len(areas))
    for index in np.flatnonzero(count + of):
        for where in areas[index]:
            if measure not in NOT_IN.get(FOLLOWS.get(where[0], where[0]), ()):
                truth.add(measure, end, where, ALL, count[index], of[index])
    for kind, (values, names) in traits.items():
        key = places[practice] * len(names) + values
        count = np.bincount(key[counted], minlength=len(names) * len(geography.places))
        of = np.bincount(key[among], minlength=len(names) * len(geography.places))
        for index in np.flatnonzero(count + of):
            place, value = divmod(int(index), len(names))
            for where in (("place", geography.places[place]), ("system", geography.system_area)):
                truth.add(measure, end, where, (kind, names[value]), count[index], of[index])


def add_scheme_measure(truth: Truth, end: date, counts: np.ndarray[Any, Any]) -> None:
    """Uptake over the scheme's denominator, without and with those who declined, from ``scheme_return``'s counts."""
    geography = truth.geography
    columns = {
        name: [LDHC_FIELDS.index((indicator, name)) for indicator in ("LDHCMI034", "LDHCMI035")]
        for name in ("Numerator", "Denominator", "HLTHCHKDEC")
    }
    count, of, declined = (counts[:, places_of].sum(axis=1) for places_of in columns.values())
    for index, areas in enumerate(geography.practice_areas(end)):
        for where in areas:
            truth.add("ahc_uptake_ldhc", end, where, ALL, count[index], of[index])
            if FOLLOWS.get(where[0], where[0]) in SCHEME_REGISTER_AREAS:
                truth.add("ahc_uptake_ldhc_register", end, where, ALL, count[index], of[index] + declined[index])


def add_population(truth: Truth, end: date) -> None:
    """Denominators of the inpatient rates: residents of 2017, adults and children apart."""
    rates = ("inpatients_adult_per_million", "inpatients_under18_per_million")
    _add_residents(truth, end, POPULATION_YEAR, lambda row: rates[row["age_band"] == AGE_BANDS[0]])


def add_residents_of_registers(truth: Truth, end: date) -> None:
    """Denominator of prevalence: residents of the latest estimate of the year of ``end`` or before."""
    year = max(row["year"] for row in truth.geography.population if int(row["year"]) <= end.year)
    _add_residents(truth, end, year, lambda _: "ld_prevalence")


def _add_residents(truth: Truth, end: date, year: str, measure_of: Callable[[dict[str, str]], str]) -> None:
    for row in truth.geography.population:
        if row["year"] != year:
            continue
        traits = {name: row[name] for name in ("sex", "age_band", "ethnicity_group")}
        traits["deprivation_quintile"] = QUINTILE_LABELS[int(row["deprivation_quintile"])]
        place = truth.geography.places.index(row["place_code"])
        truth.add_group(measure_of(row), end, place, traits, 0, int(row["population"]))
