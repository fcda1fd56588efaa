"""The Dynamic Support Register: who is at risk of admission, from when, with which rating, reviews and keyworker.

Most people who come into hospital were on the register before, some join it when admitted, some never; most people on
it never come into hospital. On admission the rating becomes blue, for two weeks after discharge it is red.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from lda.synthetic.calendar import NO_DAY, add_months, completed_years
from lda.synthetic.codes import ETHNIC_CODES, SEX_CODES
from lda.synthetic.hospital import Stay
from lda.synthetic.population import People, Plan, Random

SUPPORT_STREAM = 30
RED, AMBER, GREEN, BLUE = "Red", "Amber", "Green", "Blue"
SELF_REFERRAL = "Self-referral"
ROUTES = (SELF_REFERRAL, "Family or carer", "Health", "Social care", "Education", "Voluntary sector")
RED_AFTER_DISCHARGE, AMBER_AFTER_DISCHARGE = 14, 90
REVIEW_DAYS = {RED: 7, AMBER: 28, GREEN: 91, BLUE: 28}
PEOPLE_PER_INPATIENT = 5
YOUNGEST_DAYS = 1500
KNOWN_BEFORE_ADMISSION, KNOWN_AFTER_ADMISSION = 0.6, 0.2


@dataclass(frozen=True)
class Entry:
    """One person's time on the register. ``phases`` are days with the rating from then on, outside hospital."""

    register_id: str
    nhs: str
    birth: int
    sex: int
    ethnicity: int
    postcode: str
    quintile: int
    place: int
    added: int
    removed: int
    route: str
    phases: tuple[tuple[int, str], ...]
    reviews: tuple[int, ...]
    keyworker_from: int
    admissions: tuple[tuple[int, int], ...]

    @property
    def known_as(self) -> str:
        """What the person is known by: the NHS number, else the register's own number."""
        return self.nhs or self.register_id

    def rating(self, day: int) -> str:
        """The rating at the end of a day: blue in hospital, red then amber after it, else as last reviewed."""
        return rating_on(self.phases, self.admissions, day)

    def is_on(self, day: int) -> bool:
        """True when the person is on the register at the end of the day."""
        return self.added <= day and (self.removed == NO_DAY or self.removed > day)

    def is_listed(self, end: date) -> bool:
        """True when the extract of the month has the entry: on the register at its end or taken off in it."""
        first, cut = end.replace(day=1).toordinal(), end.toordinal()
        return self.added <= cut and (self.removed == NO_DAY or self.removed >= first)

    def last_review(self, day: int) -> int:
        """Day of the last review by ``day``; 0 when there was none."""
        return max((review for review in self.reviews if review <= day), default=NO_DAY)


def rating_on(phases: Sequence[tuple[int, str]], admissions: Sequence[tuple[int, int]], day: int) -> str:
    """The rating that follows from stays in hospital and, outside them, from the phases."""
    for start, stop in reversed(admissions):
        if start <= day and (stop == NO_DAY or stop > day):
            return BLUE
        if start <= day and day - stop < RED_AFTER_DISCHARGE:
            return RED
        if start <= day and day - stop < AMBER_AFTER_DISCHARGE:
            return AMBER
    return next(rating for begun, rating in reversed(phases) if begun <= day)


def make_entries(plan: Plan, block: int, people: People, stays: Sequence[Stay], block_scale: float) -> list[Entry]:
    """The block's entries: those of people with stays (``stays`` are the block's own) and of others."""
    maker = _Maker(plan, block, people)
    by_person: defaultdict[str, list[Stay]] = defaultdict(list)
    for stay in stays:
        if stay.nhs:
            by_person[stay.nhs].append(stay)
    numbers = {nhs: index for index, nhs in enumerate(people.nhs)}
    for nhs, theirs in by_person.items():
        maker.add_inpatient(numbers[nhs], sorted(theirs, key=lambda stay: stay.start))
    wanted = max(16, round(plan.geography.sample["inpatients"] * PEOPLE_PER_INPATIENT * block_scale))
    maker.add_others(wanted, {numbers[nhs] for nhs in by_person})
    return maker.entries


class _Maker:
    """Makes entries with register numbers of their own."""

    def __init__(self, plan: Plan, block: int, people: People) -> None:
        self._plan, self._block, self._people = plan, block, people
        self._random: Random = plan.random(block, SUPPORT_STREAM)
        self.entries: list[Entry] = []

    def add_inpatient(self, person: int, stays: Sequence[Stay]) -> None:
        """Somebody who comes into hospital: on the register before it, after it, or not at all."""
        random, start = self._random, stays[0].start
        luck = random.random()
        if luck < KNOWN_BEFORE_ADMISSION:
            added = start - int(random.integers(10, 300))
        elif luck < KNOWN_BEFORE_ADMISSION + KNOWN_AFTER_ADMISSION:
            added = start + int(random.integers(0, 15))
        else:
            return
        leaves = stays[-1].spells[-1][1]
        removed = leaves + int(random.integers(60, 400)) if leaves and random.random() < 0.6 else NO_DAY
        self._add(person, added, removed, tuple((stay.start, stay.spells[-1][1]) for stay in stays))

    def add_others(self, wanted: int, taken: set[int]) -> None:
        """People of all ages who do not come into hospital; a few come off the register and on to it again."""
        random, people = self._random, self._people
        free = [int(one) for one in random.permutation(len(people.birth)) if int(one) not in taken]
        born_by = self._plan.opening - YOUNGEST_DAYS
        alive = [one for one in free if people.death_day[one] == NO_DAY and people.birth[one] < born_by]
        for person in alive[:wanted]:
            added = int(random.integers(self._plan.opening - 200, self._plan.last + 1))
            removed = added + int(random.integers(60, 500)) if random.random() < 0.6 else NO_DAY
            self._add(person, added, removed, ())
            again = removed + int(random.integers(45, 200))
            if removed and again <= self._plan.last and random.random() < 0.15:
                self._add(person, again, NO_DAY, ())

    def _add(self, person: int, added: int, removed: int, admissions: tuple[tuple[int, int], ...]) -> None:
        plan, people, random = self._plan, self._people, self._random
        if added > plan.last:
            return
        area = plan.geography.areas[people.area_on(person, added)]
        known = bool(people.address_known[person])
        child = completed_years(int(people.birth[person]), max(added, int(people.birth[person]))) < 18
        phases = self._phases(added, child)
        allocated = random.random() < (0.75 if child else 0.1)
        self.entries.append(
            Entry(
                register_id=f"DSR{self._block + 1:03d}{len(self.entries) + 1:05d}",
                nhs="" if random.random() < 0.03 else people.nhs[person],
                birth=int(people.birth[person]),
                sex=int(people.sex[person]),
                ethnicity=int(people.ethnicity[person]),
                postcode=area.postcodes[people.postcode[person]] if known else "",
                quintile=area.quintile if known else 0,
                place=area.place,
                added=added,
                removed=removed if removed <= plan.last else NO_DAY,
                route=str(random.choice(ROUTES, p=(0.14, 0.2, 0.3, 0.2, 0.1, 0.06))),
                phases=phases,
                reviews=self._reviews(phases, admissions, added, removed),
                keyworker_from=added + int(random.integers(3, 70)) if allocated else NO_DAY,
                admissions=admissions,
            )
        )

    def _phases(self, added: int, child: bool) -> tuple[tuple[int, str], ...]:
        """Ratings outside hospital, each for one to five months; children more often at risk."""
        random, phases, day = self._random, [], added
        weights = (0.25, 0.4, 0.35) if child else (0.12, 0.33, 0.55)
        while day <= self._plan.last:
            phases.append((day, str(random.choice((RED, AMBER, GREEN), p=weights))))
            day += int(random.integers(30, 150))
        return tuple(phases)

    def _reviews(
        self, phases: tuple[tuple[int, str], ...], admissions: tuple[tuple[int, int], ...], added: int, removed: int
    ) -> tuple[int, ...]:
        """Reviews in the rhythm of the rating of the day; about one in six is late."""
        random, days, day = self._random, [], added + int(self._random.integers(0, 6))
        while day <= (min(removed, self._plan.last) if removed else self._plan.last):
            days.append(day)
            due = REVIEW_DAYS[rating_on(phases, admissions, day)]
            late = random.random() < 0.16
            day += max(1, int(due * (random.uniform(1.1, 2.2) if late else random.uniform(0.6, 0.95))))
        return tuple(days)


EntryRow = list[str | int | float]


def entry_rows(plan: Plan, entries: Sequence[Entry], end: date) -> list[EntryRow]:
    """The register at a month end, in the contract's column order; dates are day numbers."""
    cut = end.toordinal()
    rows: list[EntryRow] = []
    for entry in entries:
        if not entry.is_listed(end):
            continue
        admitted = max((start for start, _ in entry.admissions if start <= cut), default=NO_DAY)
        left = max((stop for _, stop in entry.admissions if NO_DAY < stop <= cut), default=NO_DAY)
        cetr = entry.last_review(cut - 10) if entry.rating(cut) in {RED, BLUE} else NO_DAY
        rows.append([
            entry.register_id, entry.nhs, entry.birth, SEX_CODES[entry.sex], ETHNIC_CODES[entry.ethnicity],
            entry.postcode, plan.geography.council_areas[entry.place], entry.rating(cut), entry.added,
            entry.last_review(cut), "Y", entry.route,
            "Y" if NO_DAY < entry.keyworker_from <= cut else "N",
            cetr, add_months(cetr, 6) if cetr else NO_DAY, admitted, left,
            entry.removed if entry.removed <= cut else NO_DAY,
        ])  # fmt: skip
    return rows
