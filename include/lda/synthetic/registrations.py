"""Where people are registered with a GP, as partners other than the practices themselves have it.

Everything follows from a person's number by a checksum, so no other part of the sample changes with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

from lda.synthetic.calendar import NO_DAY
from lda.synthetic.geography import Geography
from lda.synthetic.population import People, Plan

# NHS Data Dictionary default codes; partners send them for people whose practice they do not know.
NO_PRACTICE, NOT_KNOWN = "V81997", "V81999"
# A practice that belongs to no system of the sample.
ELSEWHERE = "Y99001"
MOVED_IN_TEN = 2
# Of a hundred records those up to each limit hold this instead of the practice.
RECORDED_AS = ((4, NOT_KNOWN), (6, NO_PRACTICE), (9, ""), (12, ELSEWHERE))


@dataclass(frozen=True)
class Registration:
    """A registration with a practice from ``start`` to ``stop``, both days included; 0 is always and still."""

    practice: str
    start: int
    stop: int

    def holds(self, day: int) -> bool:
        """True on a day of the registration."""
        return self.start <= day and (self.stop == NO_DAY or self.stop >= day)


def registrations_of(geography: Geography, people: People, person: int) -> tuple[Registration, ...]:
    """The registrations of one of the sample's people: before and after a move."""
    first = geography.practices[people.practice[person]]
    move = int(people.move_day[person])
    if move == NO_DAY:
        return (Registration(first, NO_DAY, NO_DAY),)
    return (
        Registration(first, NO_DAY, move - 1),
        Registration(geography.practices[people.new_practice[person]], move, NO_DAY),
    )


def registrations_for(plan: Plan, key: str, place: int) -> tuple[Registration, ...]:
    """Registrations at practices of a place of somebody no register lists; some move practice within the sample."""
    places = plan.geography.practice_places(plan.ends[0])
    near = [code for code, where in zip(plan.geography.practices, places, strict=True) if where == place]
    draw = crc32(key.encode())
    first = near[draw % len(near)]
    if draw // 1000 % 10 >= MOVED_IN_TEN:
        return (Registration(first, NO_DAY, NO_DAY),)
    move = plan.ends[0].toordinal() + draw // 10_000 % max(1, plan.last - plan.ends[0].toordinal() + 1)
    second = near[(draw + 1) % len(near)]
    return (Registration(first, NO_DAY, move - 1), Registration(second, move, NO_DAY))


def recorded(practice: str, key: str) -> str:
    """What a partner writes down for a practice: mostly the practice, else a default code, one elsewhere, nothing."""
    draw = crc32(f"{key}:{practice}".encode()) % 100
    return next((instead for limit, instead in RECORDED_AS if draw < limit), practice)


def as_recorded(registrations: Sequence[Registration], key: str) -> tuple[Registration, ...]:
    """A partner's record of the registrations; those it holds nothing of are left out."""
    written = (Registration(recorded(one.practice, key), one.start, one.stop) for one in registrations)
    return tuple(one for one in written if one.practice)
