"""Council clients: who draws on care, where, and the events and statuses of their care over time.

A client is one person at one council. A person who moves between councils is two clients with one NHS number. The
council's record of the NHS number, birth date and address is as good or bad throughout as it was at the start.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lda.synthetic.calendar import NO_DAY, completed_years
from lda.synthetic.codes import (
    CARE_HOME,
    CARER,
    CARER_SUPPORT,
    COMMUNITY,
    COMMUNITY_COMPONENTS,
    LEARNING_DISABILITY,
    NOT_MAPPED,
    NOT_PAID,
    NURSING,
    NURSING_HOME,
    OTHER_REASONS,
    PAID,
    PRISON,
    PRISON_CELL,
    RESIDENTIAL,
    ROUTES,
    SERVICE_USER,
    SETTLED,
    SHORT_TERM,
    UNKNOWN,
    UNSETTLED,
)
from lda.synthetic.population import COUNCIL_STREAM, People, Plan, Random
from lda.synthetic.registrations import recorded

OTHER_CLIENTS = 0.34
CARERS = 0.1
UNREGISTERED_SHARE = 0.15
DUMMY_BIRTH = 693596  # 1 January 1900
HOMES = {RESIDENTIAL: CARE_HOME, NURSING: NURSING_HOME, PRISON: PRISON_CELL}
COMPONENTS = {RESIDENTIAL: "Residential care", NURSING: "Nursing care", PRISON: ""}


@dataclass(frozen=True)
class Event:
    """One event of a client's care. ``repeat`` marks a second record of the same event under another reference."""

    kind: str
    start: int
    end: int
    reference: str
    service_type: str = ""
    component: str = ""
    assessment: str = ""
    route: str = ""
    other_home: str = ""
    cost: float = 0.0
    repeat: bool = False


@dataclass(frozen=True)
class Client:
    """One person at one council, up to ``until`` (0 for still).

    ``homes`` and ``jobs`` are (day, status) from the earliest. ``nhs`` is blank when the council has no usable number;
    ``nhs_text`` is what it sends.
    """

    council: int
    local_id: str
    person: int
    nhs: str
    nhs_text: str
    birth: int
    sex: int
    ethnicity: int
    address_known: bool
    practice: str
    died: int
    until: int
    kind: str
    reason: str
    unmapped_home: bool
    homes: tuple[tuple[int, str], ...]
    jobs: tuple[tuple[int, str], ...]
    events: tuple[Event, ...]

    @property
    def known_as(self) -> str:
        """What the person is known by: the NHS number, else the council's own number."""
        return self.nhs or self.local_id

    @property
    def place(self) -> int:
        """Index of the council's place."""
        return self.council


def others_needed(plan: Plan, block_scale: float) -> int:
    """How many people outside the GP registers a block needs for its councils and hospitals."""
    clients = plan.geography.sample["council_clients"] * block_scale
    return int(clients * (UNREGISTERED_SHARE + OTHER_CLIENTS + CARERS) * 1.2) + max(20, round(60 * block_scale))


def make_clients(plan: Plan, block: int, people: People, block_scale: float) -> list[Client]:
    """The block's council clients with their events, in a fixed order."""
    random = plan.random(block, COUNCIL_STREAM)
    wanted = plan.geography.sample["council_clients"] * block_scale
    adult = people.birth + 18 * 365.25 <= plan.last
    registered = np.arange(len(adult)) < people.registered
    known = random.permutation(np.flatnonzero(adult & registered))[: round(wanted * (1 - UNREGISTERED_SHARE) * 1.14)]
    others = random.permutation(np.flatnonzero(adult & ~registered))
    unknown = round(wanted * UNREGISTERED_SHARE * 1.14)
    noise = round(wanted * OTHER_CLIENTS)
    groups = [
        (known, SERVICE_USER, True),
        (others[:unknown], SERVICE_USER, True),
        (others[unknown : unknown + noise], SERVICE_USER, False),
        (others[unknown + noise : unknown + noise + round(wanted * CARERS)], CARER, False),
    ]
    maker = _Maker(random, plan, block, people)
    return [
        client
        for group, kind, disabled in groups
        for person in group
        for client in maker.clients(int(person), kind, disabled)
    ]


class _Maker:
    """Makes clients one by one, numbering them and their events."""

    def __init__(self, random: Random, plan: Plan, block: int, people: People) -> None:
        self.random, self.plan, self.people = random, plan, people
        self.prefix = f"{block + 1:02d}"
        self.clients_made = 0
        self.events_made = 0

    def clients(self, person: int, kind: str, disabled: bool) -> Iterator[Client]:
        """One client, or two for a person who moved from one council to another."""
        random, people, areas = self.random, self.people, self.plan.geography.areas
        began, left = self._time_in_care(person)
        if left and left <= began:
            return
        reason = LEARNING_DISABILITY if disabled else str(random.choice(OTHER_REASONS))
        text = self._nhs_text(people.nhs[person])
        birth = DUMMY_BIRTH if random.random() < 0.004 else int(people.birth[person])
        move = int(people.move_day[person])
        before, after = areas[people.area[person]].place, areas[people.new_area[person]].place
        moves = move != NO_DAY and before != after and began + 60 < move and (not left or move < left - 30)
        periods = [(before, began, move), (after, move, left)] if moves else [(None, began, left)]
        for place, start, stop in periods:
            self.clients_made += 1
            here = areas[people.area_on(person, start)].place if place is None else place
            homes, jobs, events = self._care(start, stop, kind, disabled, birth)
            number = f"{self.plan.geography.councils[here]}{self.prefix}{self.clients_made:06d}"
            yield Client(
                council=here,
                local_id=number,
                person=person,
                nhs=people.nhs[person] if text == people.nhs[person] else "",
                nhs_text=text,
                birth=birth,
                sex=int(people.sex[person]),
                ethnicity=int(people.ethnicity[person]),
                address_known=bool(people.address_known[person]),
                practice=recorded(self.plan.geography.practices[people.practice[person]], number),
                died=int(people.death_day[person]),
                until=stop,
                kind=kind,
                reason=reason,
                unmapped_home=random.random() < 0.02,
                homes=homes,
                jobs=jobs,
                events=tuple(events),
            )

    def _time_in_care(self, person: int) -> tuple[int, int]:
        """First day known to the council and the day the care ended (0 if it goes on)."""
        random, plan = self.random, self.plan
        adulthood = int(self.people.birth[person] + 18 * 365.25)
        joins = random.random() < 0.05 * plan.years
        began = (
            int(random.integers(plan.opening, plan.last)) if joins else plan.opening - int(random.integers(30, 3000))
        )
        began = max(began, adulthood)
        leaves = int(random.integers(plan.opening, plan.last)) if random.random() < 0.035 * plan.years else NO_DAY
        died = int(self.people.death_day[person])
        return began, min((day for day in (leaves, died) if day), default=NO_DAY)

    def _nhs_text(self, number: str) -> str:
        draw = self.random.random()
        wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
        for share, text in ((0.11, ""), (0.125, "0000000000"), (0.135, "9999999999"), (0.145, wrong), (0.15, "N/A")):
            if draw < share:
                return text
        return number

    def _reference(self) -> str:
        self.events_made += 1
        return f"E{self.prefix}{self.events_made:07d}"

    def _care(
        self, start: int, stop: int, kind: str, disabled: bool, birth: int
    ) -> tuple[tuple[tuple[int, str], ...], tuple[tuple[int, str], ...], list[Event]]:
        """Homes, jobs and events between ``start`` and ``stop`` (0 for still going on)."""
        last = stop or self.plan.last
        if kind == CARER:
            return ((start, ""),), ((start, ""),), self._carer_events(start, last)
        service = self._long_term(disabled)
        homes = self._homes(service, start, last)
        return homes, self._jobs(start, last, birth), self._client_events(service, start, stop, last, homes)

    def _long_term(self, disabled: bool) -> str:
        draw = self.random.random()
        if disabled and draw < 0.06:
            return ""
        limits = ((0.23, RESIDENTIAL), (0.26, NURSING), (0.263, PRISON)) if disabled else ((0.3, RESIDENTIAL),)
        return next((service for limit, service in limits if draw < limit), COMMUNITY)

    def _homes(self, service: str, start: int, last: int) -> tuple[tuple[int, str], ...]:
        random = self.random
        home = HOMES.get(service) or self._community_home()
        homes = [(start, UNKNOWN if random.random() < 0.1 else home)]
        if service not in HOMES and last - start > 200 and random.random() < 0.25:
            day = max(start, self.plan.opening) + int(random.integers(0, max(1, last - max(start, self.plan.opening))))
            homes.append((day, self._community_home()))
        return tuple(homes)

    def _community_home(self) -> str:
        pool, weights = (SETTLED, (6, 6, 3, 1, 0.5, 1)) if self.random.random() < 0.93 else (UNSETTLED[2:], (1, 1))
        shares = np.array(weights) / sum(weights)
        return str(self.random.choice(pool, p=shares))

    def _jobs(self, start: int, last: int, birth: int) -> tuple[tuple[int, str], ...]:
        random = self.random
        young = completed_years(birth, last) < 65
        jobs = [(start, self._job(young))]
        if random.random() < 0.08:
            first = max(start, self.plan.opening)
            jobs.append((first + int(random.integers(0, max(1, last - first))), self._job(young)))
        return tuple(jobs)

    def _job(self, young: bool) -> str:
        draw = self.random.random()
        if draw < 0.1:
            return UNKNOWN
        if young and draw < 0.17:
            return str(self.random.choice(PAID))
        return str(self.random.choice(NOT_PAID, p=[0.9, 0.04, 0.06]))

    def _client_events(
        self, service: str, start: int, stop: int, last: int, homes: tuple[tuple[int, str], ...]
    ) -> list[Event]:
        random = self.random
        request_end = start + int(random.integers(1, 15))
        assessed = request_end + int(random.integers(7, 40))
        events = [
            Event("Request", start, request_end, self._reference(), route=str(random.choice(ROUTES))),
            Event("Assessment", request_end, assessed, self._reference(), assessment="Long term assessment"),
        ]
        if service:
            events += self._packages(service, assessed, stop, last)
            events += self._reviews(assessed, last, homes)
        if not service or random.random() < 0.1:
            begin = max(assessed, self.plan.opening + int(random.integers(0, 700)))
            events.append(self._service(SHORT_TERM, "Home support", begin, begin + int(random.integers(14, 60))))
        return [event for event in events if event.start <= last and (event.end == NO_DAY or event.end <= last)]

    def _service(self, service: str, component: str, start: int, end: int, other_home: str = "") -> Event:
        cost = round(float(self.random.uniform(60, 1900)), 2)
        return Event("Service", start, end, self._reference(), service, component, cost=cost, other_home=other_home)

    def _packages(self, service: str, start: int, stop: int, last: int) -> list[Event]:
        """Long-term services one after the other, sometimes two at once, the last open until the care ends."""
        random = self.random
        events: list[Event] = []
        begin = start
        while begin <= last:
            length = int(random.exponential(6 * 365)) + 60
            end = begin + length if begin + length < last else stop
            component = (
                COMPONENTS.get(service, "") if service != COMMUNITY else str(random.choice(COMMUNITY_COMPONENTS))
            )
            events.append(self._service(service, component, begin, end))
            if service == COMMUNITY and random.random() < 0.25:
                second = "Day support" if component != "Day support" else "Direct payment"
                conflict = self._community_home() if random.random() < 0.08 else ""
                events.append(self._service(service, second, begin, end, conflict))
            if random.random() < 0.01:
                events.append(
                    Event("Service", begin, end, self._reference(), service, component, cost=1.0, repeat=True)
                )
            if end in (NO_DAY, stop):
                break
            begin = end + int(random.integers(1, 10))
        return events

    def _reviews(self, start: int, last: int, homes: tuple[tuple[int, str], ...]) -> list[Event]:
        """A review about once a year; some record a home that the council did not take over."""
        random = self.random
        events = []
        day = start + int(random.integers(300, 420))
        while day <= last:
            if day > self.plan.opening - 400:
                other = self._community_home() if homes[-1][1] == UNKNOWN and random.random() < 0.3 else ""
                events.append(Event("Review", day, day, self._reference(), other_home=other))
            day += int(random.integers(300, 480))
        return events

    def _carer_events(self, start: int, last: int) -> list[Event]:
        assessed = start + int(self.random.integers(1, 30))
        events = [
            Event("Assessment", start, assessed, self._reference(), assessment="Unpaid carer assessment"),
            self._service(CARER_SUPPORT, "", assessed, NO_DAY),
        ]
        return [event for event in events if event.start <= last and (event.end == NO_DAY or event.end <= last)]


def status_on(history: tuple[tuple[int, str], ...], day: int, unmapped: bool = False) -> str:
    """The status in force on ``day``; the first one for any earlier day."""
    found = history[0][1]
    for since, status in history:
        if since <= day:
            found = status
    return NOT_MAPPED if unmapped and found and found != UNKNOWN else found
