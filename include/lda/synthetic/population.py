"""People: who they are, where they live and register, when they move, join or leave the register and die.

A block is a whole seeded population; a sample of scale 50 is 50 of them, one after the other, so memory stays flat.
Columns are numpy arrays with one entry for each person; days are ordinals, 0 for never (see ``calendar``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from lda.synthetic.calendar import NO_DAY, financial_year_start, month_ends, month_index, quarter_ends
from lda.synthetic.geography import Geography

Days = np.ndarray[Any, np.dtype[np.int64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
Random = np.random.Generator

PEOPLE_STREAM, HEALTH_STREAM, HOSPITAL_STREAM, MORTALITY_STREAM, COUNCIL_STREAM, MESS_STREAM = range(6)
TRUST_STREAM = 20
ACTION_STREAM = 30
NATIONAL_STREAM = 31
NHS_FIRST, NHS_SPAN, NHS_STRIDE = 400_000_000, 400_000_000, 247_483_647
NUMBERS_PER_BLOCK = 400_000
SPARE_FROM = 100_000
ANCHOR_AGE_DAYS = 7_300

AGE_WEIGHTS = (
    (3, 13, 6),
    (14, 17, 8),
    (18, 24, 14),
    (25, 34, 20),
    (35, 44, 16),
    (45, 54, 14),
    (55, 64, 13),
    (65, 88, 9),
)
DEATH_RATE = ((18, 0.0007), (45, 0.0033), (55, 0.007), (65, 0.0145), (75, 0.029), (200, 0.064))
ETHNIC_SHARES = {
    0: (40, 1, 4, 1.2, 0.6, 0.8, 1, 28, 5, 3, 5, 2, 4, 1.4, 0.6, 2, 3, 1.5, 1),
    1: (86, 1, 3, 0.6, 0.3, 0.6, 0.6, 3.5, 0.6, 0.4, 1, 0.3, 0.3, 0.1, 0.3, 0.4, 1.5, 0.8, 0.5),
}


@dataclass(frozen=True)
class Plan:
    """What is made: the geography, the months it is seen at and the seed.

    ``opening`` is the first simulated day, early enough for the first month's financial-year and LeDeR measures.
    """

    geography: Geography
    ends: tuple[date, ...]
    seed: int
    scale: float
    dirt: float

    @property
    def quarters(self) -> list[date]:
        """Quarter ends among the months."""
        return quarter_ends(list(self.ends))

    @property
    def last(self) -> int:
        """Last day of the sample."""
        return self.ends[-1].toordinal()

    @property
    def opening(self) -> int:
        """First simulated day: 1 April, one to two years before the first month ends."""
        start = financial_year_start(self.ends[0])
        return start.replace(year=start.year - 1).toordinal()

    @property
    def years(self) -> float:
        """Length of the simulated time."""
        return (self.last - self.opening) / 365.25

    def random(self, block: int, stream: int) -> Random:
        """The random numbers of one block and subject; independent of every other."""
        return np.random.default_rng([self.seed, block, stream])


def make_plan(geography: Geography, end: date, months: int, seed: int, scale: float, dirt: float) -> Plan:
    """The plan of a sample of ``months`` months up to ``end``."""
    ends = tuple(month_ends(end, months))
    geography.restate(ends)
    return Plan(geography, ends, seed, scale, dirt)


def nhs_number(serial: int) -> str | None:
    """The ``serial``-th synthetic NHS number: valid, first digit 4 to 7; None where the check digit would be 10."""
    prefix = NHS_FIRST + serial * NHS_STRIDE % NHS_SPAN
    digits = f"{prefix:09d}"
    check = (11 - sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=True)) % 11) % 11
    return None if check == 10 else f"{digits}{check}"


class NumberSource:
    """Hands out NHS numbers that no other block, and nobody else in the block, has."""

    def __init__(self, block: int, start: int = 0) -> None:
        self._next = block * NUMBERS_PER_BLOCK + start + 1

    def take(self) -> str:
        """A number nobody has had yet."""
        while True:
            number = nhs_number(self._next)
            self._next += 1
            if number:
                return number


@dataclass
class People:
    """A block's people. Index ranges: the first ``registered`` are, were or will be on a GP register; the rest are not.

    ``area``/``practice`` hold until ``move_day``, then ``new_area``/``new_practice``; ``recoded`` people get a new
    register date when they move. ``lingers`` says the old practice still lists them at the next month end.
    ``number_known`` is how the GP system holds the NHS number: 0 known, 1 zeros, 2 nines, 3 blank.
    """

    registered: int
    nhs: list[str]
    birth: Days
    sex: Days
    ethnicity: Days
    area: Days
    new_area: Days
    postcode: Days
    address_known: Flags
    practice: Days
    new_practice: Days
    move_day: Days
    recoded: Flags
    lingers: Flags
    register_day: Days
    removal_day: Days
    death_day: Days
    autism_day: Days
    number_known: Days

    @property
    def birth_month(self) -> Days:
        """Month index of birth."""
        return _month_indexes(self.birth)

    def areas_on(self, day: int) -> Days:
        """Index of the small area where each person lives on ``day``."""
        moved = (self.move_day != NO_DAY) & (self.move_day <= day)
        found: Days = np.where(moved, self.new_area, self.area)
        return found

    def area_on(self, person: int, day: int) -> int:
        """Index of the small area where ``person`` lives on ``day``."""
        moved = NO_DAY < self.move_day[person] <= day
        return int(self.new_area[person] if moved else self.area[person])


def _month_indexes(days: Days) -> Days:
    unique, inverse = np.unique(days, return_inverse=True)
    return np.array([month_index(int(day)) for day in unique], dtype=np.int64)[inverse]


def make_people(plan: Plan, block: int, block_scale: float, others: int) -> People:
    """The people of one block: those of the GP registers and ``others`` known only to hospitals and councils."""
    random = plan.random(block, PEOPLE_STREAM)
    geography = plan.geography
    practices = len(geography.practices)
    registered = max(round(plan.geography.sample["register_size"] * block_scale * 1.035), practices * 2)
    total = registered + others
    birth = _births(random, plan, total)
    birth[: practices + 1] = np.minimum(birth[: practices + 1], plan.opening - ANCHOR_AGE_DAYS)
    home_practice = _practices(random, practices, registered, total)
    place = geography.practice_places(plan.ends[0])[home_practice]
    area, new_area, new_practice = _homes(random, plan, place)
    deprivation = np.array([small.quintile for small in geography.areas])[area]
    death = _deaths(random, plan, birth, deprivation)
    register = _register_days(random, plan, birth)
    numbers = NumberSource(geography.number_block + block)
    people = People(
        registered=registered,
        nhs=[numbers.take() for _ in range(total)],
        birth=birth,
        sex=random.choice(3, total, p=[0.6, 0.397, 0.003]),
        ethnicity=_ethnicities(random, place),
        area=area,
        new_area=new_area,
        postcode=random.integers(0, 4, total),
        address_known=random.random(total) > 0.012,
        practice=home_practice,
        new_practice=new_practice,
        move_day=np.where(random.random(total) < 0.045 * plan.years, _days(random, plan, total), NO_DAY),
        recoded=random.random(total) < 0.5,
        lingers=random.random(total) < 0.3,
        register_day=register,
        removal_day=np.where(random.random(total) < 0.004 * plan.years, _days(random, plan, total), NO_DAY),
        death_day=death,
        autism_day=np.where(random.random(total) < 0.32, birth + random.integers(1000, 6000, total), NO_DAY),
        number_known=np.where(random.random(total) < 0.006, random.integers(1, 4, total), 0),
    )
    _move_one(people, practices, plan.ends[max(0, len(plan.ends) - 2)].replace(day=10).toordinal())
    _settle(people, practices)
    return people


def _move_one(people: People, practices: int, day: int) -> None:
    """Make sure that somebody moves on ``day`` and is listed twice, however small the sample."""
    mover = practices
    people.new_practice[mover] = (people.practice[mover] + 1) % practices
    people.move_day[mover], people.lingers[mover] = day, True
    people.number_known[mover] = people.removal_day[mover] = people.death_day[mover] = 0
    people.register_day[mover] = people.birth[mover] + 730


def _settle(people: People, practices: int) -> None:
    """Make each life consistent: no move without a number or after death; the first person of each practice stays."""
    anchors = np.arange(len(people.birth)) < practices
    stays = anchors | (people.number_known > 0) | (people.removal_day != NO_DAY) | (people.death_day != NO_DAY)
    people.move_day[stays | (people.practice == people.new_practice)] = NO_DAY
    people.move_day[people.move_day <= people.register_day + 30] = NO_DAY
    people.death_day[anchors] = NO_DAY
    people.removal_day[anchors | (people.removal_day <= people.register_day) | (people.death_day != NO_DAY)] = NO_DAY
    people.number_known[anchors] = 0
    people.register_day[anchors] = np.minimum(people.register_day[anchors], people.birth[anchors] + 730)
    before_death = (people.death_day != NO_DAY) & (people.register_day >= people.death_day)
    people.register_day[before_death] = people.birth[before_death] + 200
    people.autism_day[(people.death_day != NO_DAY) & (people.autism_day >= people.death_day)] = NO_DAY


def _days(random: Random, plan: Plan, count: int) -> Days:
    return random.integers(plan.opening + 1, plan.last + 1, count)


def _births(random: Random, plan: Plan, total: int) -> Days:
    weights = np.array([weight for *_, weight in AGE_WEIGHTS], dtype=float)
    band = random.choice(len(AGE_WEIGHTS), total, p=weights / weights.sum())
    youngest = np.array([low for low, *_ in AGE_WEIGHTS])[band]
    oldest = np.array([high for _, high, _ in AGE_WEIGHTS])[band]
    days = (youngest + random.random(total) * (oldest + 1 - youngest)) * 365.25
    middle = (plan.opening + plan.last) // 2
    births: Days = (middle - days).astype(np.int64)
    return births


def _practices(random: Random, practices: int, registered: int, total: int) -> Days:
    sizes = random.gamma(4.0, 1.0, practices)
    chosen: Days = random.choice(practices, total, p=sizes / sizes.sum())
    chosen[:practices] = np.arange(practices)
    chosen[practices : min(practices * 2, registered)] = np.arange(min(practices, registered - practices))
    return chosen


def _homes(random: Random, plan: Plan, place: Days) -> tuple[Days, Days, Days]:
    """Home area in the practice's place, and area and practice of a possible move (one in four to another place)."""
    total, places = len(place), len(plan.geography.places)
    area_place = np.array([area.place for area in plan.geography.areas])
    practice_place = plan.geography.practice_places(plan.ends[-1])
    elsewhere = np.where(
        random.random(total) < 0.25, (place + 1 + random.integers(0, max(1, places - 1), total)) % places, place
    )
    area, new_area, new_practice = (np.zeros(total, dtype=np.int64) for _ in range(3))
    for index in range(places):
        here, there = place == index, elsewhere == index
        area[here] = random.choice(np.flatnonzero(area_place == index), here.sum())
        new_area[there] = random.choice(np.flatnonzero(area_place == index), there.sum())
        new_practice[there] = random.choice(np.flatnonzero(practice_place == index), there.sum())
    return area, new_area, new_practice


def _ethnicities(random: Random, place: Days) -> Days:
    found = np.zeros(len(place), dtype=np.int64)
    for urban, shares in ETHNIC_SHARES.items():
        here = (place == 0) == (urban == 0)
        weights = np.array(shares, dtype=float)
        found[here] = random.choice(len(shares), here.sum(), p=weights / weights.sum())
    return found


def ethnicity_in(random: Random, place: int) -> int:
    """Ethnic category (index into ETHNIC_CODES) of one more person of a place; the shares are in tenths."""
    tenths = np.cumsum(np.rint(10 * np.array(ETHNIC_SHARES[min(place, 1)])).astype(np.int64))
    return int(np.searchsorted(tenths, random.integers(0, tenths[-1]), side="right"))


def _deaths(random: Random, plan: Plan, birth: Days, quintile: Days) -> Days:
    """Days of death up to the end of the sample; the rate rises with age and deprivation."""
    age = (plan.opening - birth) / 365.25
    rate = np.select([age < limit for limit, _ in DEATH_RATE], [yearly for _, yearly in DEATH_RATE])
    rate = rate * (1.15 - 0.06 * (quintile - 2))
    wait = random.exponential(1.0, len(birth)) / rate * 365.25
    day = np.maximum(plan.opening, birth + 4 * 366) + wait
    deaths: Days = np.where(day <= plan.last, day, NO_DAY).astype(np.int64)
    return deaths


def _register_days(random: Random, plan: Plan, birth: Days) -> Days:
    """Most people were coded years ago; about one in twenty joins in each simulated year."""
    total = len(birth)
    earliest = birth + random.integers(200, 3000, total)
    latest = plan.opening - random.integers(1, 4000, total)
    old = np.where(earliest < latest, earliest + ((latest - earliest) * random.random(total)).astype(np.int64), latest)
    old = np.maximum(old, birth + 100)
    joins = random.random(total) < 0.022 * plan.years
    return np.where(joins, np.maximum(_days(random, plan, total), birth + 100), old)
