"""The right answers for settled accommodation and paid employment, from the rows each council sent.

The generator's rows are taken quarter by quarter, so that "the latest submission so far" is simply the last one seen.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from lda.synthetic.calendar import NO_DAY, financial_year_start, first_of_month
from lda.synthetic.codes import (
    CLD_ETHNICITIES,
    KNOWN_ACCOMMODATION,
    KNOWN_EMPLOYMENT,
    LEARNING_DISABILITY,
    LONG_TERM,
    PAID,
    QUINTILE_LABELS,
    SERVICE_USER,
    SETTLED,
    SEX_WORDS,
)
from lda.synthetic.council_returns import SentRow
from lda.synthetic.geography import Geography
from lda.synthetic.practices import COUNCIL, Word
from lda.synthetic.truth import Truth, age_band

EventKey = tuple[int, str, int, int, str, str, str, str, str]


@dataclass
class _Known:
    """What the submissions so far say about one person."""

    events: dict[EventKey, tuple[int, SentRow]] = field(default_factory=dict)
    latest: SentRow | None = None
    homes: set[str] = field(default_factory=set)
    jobs: set[str] = field(default_factory=set)
    died: int = NO_DAY


class CouncilTruth:
    """Follows one block's people through the quarters; ``take`` a quarter's rows, then ``add_measures`` for it."""

    def __init__(self) -> None:
        self._people: dict[str, _Known] = {}

    def take(self, quarter: int, rows: Iterable[SentRow]) -> None:
        """Take in the rows sent for the next quarter."""
        by_person: dict[str, list[SentRow]] = {}
        for row in rows:
            by_person.setdefault(row.client.known_as, []).append(row)
        for person, sent in by_person.items():
            known = self._people.setdefault(person, _Known())
            for row in sent:
                _keep_event(known, quarter, row)
                known.died = row.died or known.died
            known.latest = max(sent, key=lambda row: row.event.start)
            known.homes = _latest({(row.event.start, row.home) for row in sent}, KNOWN_ACCOMMODATION) or known.homes
            known.jobs = _latest({(row.event.start, row.job) for row in sent}, KNOWN_EMPLOYMENT) or known.jobs

    @staticmethod
    def name_practices(truth: Truth, end: date, rows: Iterable[SentRow]) -> None:
        """Note the practices a quarter's rows name."""
        for row in rows if truth.geography.has_neighbourhoods else ():
            truth.practices.name(row.client.known_as, COUNCIL, end, Word(row.client.practice, row.event.start))

    def add_measures(self, truth: Truth, end: date) -> None:
        """Add adults in long-term learning disability support during the financial year so far, and what it costs."""
        start, last = financial_year_start(end).toordinal(), end.toordinal()
        for known in self._people.values():
            row = _qualifying(truth, known, start, last)
            if row is None or known.latest is None or NO_DAY < known.died < start:
                continue
            age = math.floor((last - first_of_month(row.client.birth)) / 365.25)
            if age < 18:
                continue
            client, area = known.latest.client, known.latest.area
            traits = {
                "sex": SEX_WORDS[client.sex],
                "age_band": age_band(age),
                "ethnicity_group": CLD_ETHNICITIES[client.ethnicity][1],
                "deprivation_quintile": QUINTILE_LABELS[truth.geography.areas[area].quintile if area >= 0 else 0],
            }
            service = {"service_type": row.event.service_type}
            truth.add_person("long_term_support", end, row.client, traits | service, 1)
            costs = [other.event.cost for other in _services(known, last, last)]
            if costs:
                truth.add_value("long_term_support_weekly_cost", end, row.client, traits | service, math.fsum(costs))
            if age > 64:
                continue
            truth.add_person("settled_accommodation", end, row.client, traits, _agreed(known.homes) in SETTLED)
            truth.add_person("paid_employment", end, row.client, traits, _agreed(known.jobs) in PAID)


def people_of_the_places(geography: Geography, rows: Iterable[SentRow], end: date) -> list[SentRow]:
    """The rows that count: of a council of which the system holds a part, those of people of that part, by their home
    or, where it is not known, their practice."""
    practice_places = dict(zip(geography.practices, geography.practice_places(end), strict=True))

    def place_of(row: SentRow) -> int:
        return geography.areas[row.area].place if row.area >= 0 else int(practice_places.get(row.client.practice, -1))

    return [
        row
        for row in rows
        if not geography.is_part_of_council(row.client.council) or place_of(row) == row.client.council
    ]


def _keep_event(known: _Known, quarter: int, row: SentRow) -> None:
    """A unique event keeps its latest submission; within one, the record without an end date."""
    event = row.event
    ends = NO_DAY if event.kind == "Service" else row.end
    key = (
        row.client.council, event.kind, event.start, ends, row.client.kind, event.service_type, event.component,
        event.assessment, event.route,
    )  # fmt: skip
    before = known.events.get(key)
    if before is None or before[0] < quarter or row.end == NO_DAY or before[1].end != NO_DAY:
        known.events[key] = (quarter, row)


def _latest(statuses: set[tuple[int, str]], wanted: frozenset[str]) -> set[str]:
    """The known statuses on the latest day that has one."""
    known = {(day, status) for day, status in statuses if status in wanted}
    last = max((day for day, _ in known), default=NO_DAY)
    return {status for day, status in known if day == last}


def _agreed(statuses: set[str]) -> str:
    """The one status, or nothing when none is known or they conflict."""
    return next(iter(statuses)) if len(statuses) == 1 else ""


def _qualifying(truth: Truth, known: _Known, start: int, last: int) -> SentRow | None:
    """The person's qualifying service that started last (then the highest council code), if any."""
    return max(
        _services(known, start, last),
        key=lambda row: (row.event.start, truth.geography.councils[row.client.council]),
        default=None,
    )


def _services(known: _Known, start: int, last: int) -> list[SentRow]:
    """Long-term learning disability services that were open on some day from ``start`` to ``last``."""
    return [
        row
        for _, row in known.events.values()
        if row.event.kind == "Service"
        and row.client.kind == SERVICE_USER
        and row.client.reason == LEARNING_DISABILITY
        and row.event.service_type in LONG_TERM
        and row.event.start <= last
        and (row.end == NO_DAY or row.end >= max(start, row.event.start))
    ]
