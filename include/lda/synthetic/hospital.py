"""Hospital stays: admissions, transfers, discharges, C(E)TRs and oversight visits, and the monthly census of them.

Stays fill a fixed number of beds with short gaps, which keeps about the right number of people in hospital. Reviews
keep to their rhythm (under 18: 3 months; adults: 6, or 12 for a specialised commissioner) and sometimes miss it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from lda.synthetic.calendar import NO_DAY, add_months, completed_years
from lda.synthetic.codes import (
    COMMISSIONER_CODES,
    DELAY_REASONS,
    DISCHARGE_DESTINATIONS,
    DSR_RATINGS,
    EATING_DISORDER,
    ETHNIC_CODES,
    ICB,
    LEGAL_STATUSES,
    PROVIDER_COLLABORATIVE,
    SEX_WORDS,
    SPECIALISED,
)
from lda.synthetic.geography import FAR_WARDS
from lda.synthetic.population import HOSPITAL_STREAM, Days, People, Plan, Random
from lda.synthetic.registrations import Registration, registrations_of

CHILD_BEDS, LONG_BEDS = 0.125, 0.4
READMITTED = 0.25
FIRST_CETR_CHILD, FIRST_CETR_ADULT = (3, 19), (5, 36)
CHILD_AGES, ADULT_AGES = (8, 16), (18, 62)
CETR_MONTHS_CHILD = 3
CETR_MONTHS = {ICB: 6, PROVIDER_COLLABORATIVE: 12, SPECIALISED: 12, EATING_DISORDER: 12}
VISIT_DAYS_CHILD, VISIT_DAYS_ADULT = 42, 56


@dataclass(frozen=True)
class Stay:
    """One continuous stay: who, for whom, and its spells as (start, end, destination); the last may be open (0)."""

    nhs: str
    local_id: str
    birth: int
    sex: int
    ethnicity: int
    postcode: str
    quintile: int
    place: int
    commissioner: str
    spells: tuple[tuple[int, int, str], ...]
    cetrs: tuple[int, ...]
    visits: tuple[int, ...]
    ready: int
    legal_status: str
    diagnosis: str
    ward: int
    rating: str
    distance: float
    cost: float
    plan_items: int
    eating_disorder: bool
    # With GP practices; the census does not tell of them, trusts do.
    registrations: tuple[Registration, ...] = ()

    @property
    def known_as(self) -> str:
        """What the person is known by: the NHS number, else the commissioner's own number."""
        return self.nhs or f"{self.commissioner}:{self.local_id}"

    @property
    def start(self) -> int:
        """First day of the continuous stay."""
        return self.spells[0][0]

    def spells_in_census(self, end: date) -> list[tuple[int, int, str]]:
        """Spells open at the month end or discharged in the month, with only what is known by then."""
        last, first = end.toordinal(), end.replace(day=1).toordinal()
        return [
            (start, stop if stop and stop <= last else NO_DAY, destination if stop and stop <= last else "")
            for start, stop, destination in self.spells
            if start <= last and (stop == NO_DAY or stop >= first)
        ]

    def latest(self, days: Sequence[int], cut: int) -> int:
        """Latest of the (sorted) days up to ``cut``; 0 if none."""
        position = bisect_right(days, cut)
        return days[position - 1] if position else NO_DAY


def make_stays(plan: Plan, block: int, people: People, block_scale: float) -> list[Stay]:
    """The block's stays, bed by bed."""
    random = plan.random(block, HOSPITAL_STREAM)
    beds = max(3, round(plan.geography.sample["inpatients"] * block_scale * 1.06))
    order = random.permutation(len(people.birth))
    queue = _Queue(people, order)
    stays: list[Stay] = []
    for bed in range(beds):
        share = (bed + 0.5) / beds
        kind = "child" if share < CHILD_BEDS or bed == 0 else "long" if share < CHILD_BEDS + LONG_BEDS else "acute"
        ages = CHILD_AGES if kind == "child" else ADULT_AGES
        day = plan.opening - (int(random.integers(100, 3400)) if kind == "long" else int(random.integers(0, 150)))
        while day <= plan.last:
            person = queue.take(day, ages)
            if person is None:
                break
            stay = _stay(random, plan, people, person, day, kind, f"{block + 1:03d}{len(stays) + 1:05d}")
            stays.append(stay)
            leaves = stay.spells[-1][1]
            back = leaves + int(random.integers(3, 60))
            if leaves and back <= plan.last and random.random() < READMITTED:
                again = _stay(random, plan, people, person, back, kind, stay.local_id)
                # The same person under the same numbers, for the same commissioner.
                stays.append(replace(again, nhs=stay.nhs, local_id=stay.local_id, commissioner=stay.commissioner))
                leaves = again.spells[-1][1]
            if leaves == NO_DAY:
                break
            day = leaves + int(random.integers(1, 21))
    return stays


class _Queue:
    """People in a random order, each used once, who are alive throughout."""

    def __init__(self, people: People, order: Days) -> None:
        self._people = people
        self._order = [int(person) for person in order if people.death_day[person] == NO_DAY]
        self._used: set[int] = set()

    def take(self, day: int, ages: tuple[int, int]) -> int | None:
        """The next person who is of the right age on ``day``; None when there is nobody left."""
        youngest, oldest = ages
        for person in self._order:
            birth = int(self._people.birth[person])
            if person not in self._used and birth < day and youngest <= completed_years(birth, day) <= oldest:
                self._used.add(person)
                return person
        return None


def _stay(random: Random, plan: Plan, people: People, person: int, start: int, kind: str, number: str) -> Stay:
    child = kind == "child"
    mean = {"child": 130, "long": 1500, "acute": 240}[kind]
    length = max(3, int(random.exponential(mean)))
    if start < plan.opening:
        # Somebody in hospital when the sample opens stays on for as long again as anybody would.
        length += plan.opening - start
    spells = _spells(random, plan, start, start + length)
    area_index = people.area_on(person, start)
    area = plan.geography.areas[area_index]
    adult_kinds = (ICB, PROVIDER_COLLABORATIVE, SPECIALISED, EATING_DISORDER)
    commissioner = PROVIDER_COLLABORATIVE if child else str(random.choice(adult_kinds, p=[0.58, 0.3, 0.06, 0.06]))
    stops = spells[-1][1] or plan.last + 1
    ready = start + int(length * random.uniform(0.6, 1.0))
    known = bool(people.address_known[person])
    has_number = random.random() > 0.04
    return Stay(
        nhs=people.nhs[person] if has_number else "",
        local_id=f"AT{number}",
        birth=int(people.birth[person]),
        sex=int(people.sex[person]),
        ethnicity=int(people.ethnicity[person]),
        postcode=area.postcodes[people.postcode[person]] if known else "",
        quintile=area.quintile if known else 0,
        place=area.place,
        commissioner=commissioner,
        spells=spells,
        cetrs=_cetrs(random, int(people.birth[person]), commissioner, start, stops),
        visits=_visits(random, int(people.birth[person]), start, stops),
        ready=ready if random.random() < 0.6 else NO_DAY,
        legal_status=str(random.choice(LEGAL_STATUSES)),
        diagnosis=_diagnosis(random, person < people.registered),
        ward=int(random.integers(0, len(plan.geography.wards) - (len(FAR_WARDS) if child else 0))),
        rating=str(random.choice(DSR_RATINGS)),
        distance=round(float(random.gamma(1.5, 25)), 1),
        cost=round(float(random.uniform(380, 1150)), 2),
        plan_items=int(random.choice((12, int(random.integers(0, 12))), p=[0.3, 0.7])),
        eating_disorder=commissioner == EATING_DISORDER or (child and random.random() < 0.3),
        registrations=registrations_of(plan.geography, people, person),
    )


def _diagnosis(random: Random, on_register: bool) -> str:
    if on_register:
        return str(random.choice(("Learning disability", "Both")))
    return "Autism"


def _spells(random: Random, plan: Plan, start: int, stop: int) -> tuple[tuple[int, int, str], ...]:
    """The stay cut at its transfers, at most two of them; what would come after the sample has not happened."""
    cuts = sorted(
        int(start + (stop - start) * random.random()) for _ in range(int(random.choice(3, p=[0.7, 0.2, 0.1])))
    )
    days = [start, *(cut for cut in cuts if start < cut < stop), stop]
    spells: list[tuple[int, int, str]] = []
    for begin, end in pairwise(days):
        if begin > plan.last or end == begin:
            continue
        destination = "Other hospital" if end != stop else str(random.choice(DISCHARGE_DESTINATIONS))
        spells.append((begin, end, destination) if end <= plan.last else (begin, NO_DAY, ""))
    return tuple(spells)


def _cetrs(random: Random, birth: int, commissioner: str, start: int, stop: int) -> tuple[int, ...]:
    """A review soon after admission and then on its rhythm; about one in seven is late."""
    days = []
    soonest, latest = FIRST_CETR_CHILD if completed_years(birth, start) < 18 else FIRST_CETR_ADULT
    day = start + int(random.integers(soonest, latest))
    while day < stop:
        days.append(day)
        slip = int(random.integers(20, 100)) if random.random() < 0.14 else -int(random.integers(0, 21))
        day = add_months(day, _cetr_months(birth, commissioner, day)) + slip
    return tuple(days)


def _cetr_months(birth: int, commissioner: str, day: int) -> int:
    """Months to the next review of somebody reviewed on ``day``."""
    return CETR_MONTHS_CHILD if completed_years(birth, day) < 18 else CETR_MONTHS[commissioner]


def _visits(random: Random, birth: int, start: int, stop: int) -> tuple[int, ...]:
    days = []
    day = start + int(random.integers(7, 40))
    while day < stop:
        days.append(day)
        rhythm = VISIT_DAYS_CHILD if completed_years(birth, day) < 18 else VISIT_DAYS_ADULT
        slip = int(random.integers(8, 50)) if random.random() < 0.16 else -int(random.integers(0, 9))
        day += rhythm + slip
    return tuple(days)


CensusRow = list[str | int | float]


def census_rows(plan: Plan, stays: Sequence[Stay], end: date) -> list[CensusRow]:
    """The census at a month end, in the contract's column order; dates are day numbers."""
    rows: list[CensusRow] = []
    cut = end.toordinal()
    for stay in stays:
        for start, stop, destination in stay.spells_in_census(end):
            cetr = stay.latest(stay.cetrs, cut)
            months = _cetr_months(stay.birth, stay.commissioner, cetr or cut)
            ready = stay.ready if stay.ready <= cut else NO_DAY
            site, security = plan.geography.wards[stay.ward]
            rows.append([
                stay.nhs, stay.local_id, stay.birth, SEX_WORDS[stay.sex], ETHNIC_CODES[stay.ethnicity], stay.postcode,
                plan.geography.council_areas[stay.place],
                COMMISSIONER_CODES[stay.commissioner] or plan.geography.icb_of(stay.place, end),
                stay.commissioner, site, security, stay.legal_status, stay.diagnosis, start, stay.start,
                add_months(ready, 3) if ready else NO_DAY, ready, DELAY_REASONS[stay.plan_items % 5] if ready else "",
                cetr, add_months(cetr, months) if cetr else NO_DAY, stay.latest(stay.visits, cut), stay.rating,
                "Y" if stay.distance > 50 else "N", stay.distance,
                "Y" if stay.eating_disorder else "N", stay.plan_items, stay.cost, stop, destination,
            ])  # fmt: skip
    return rows
