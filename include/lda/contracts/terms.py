"""What a system agrees with its partners besides the contracts: when a month is published, and who is paused.

Read from ``publication`` and ``paused`` of ``include/systems/<system>.yaml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from lda.contracts.model import PartnerType, Problem

LONDON = ZoneInfo("Europe/London")


def day_of(moment: datetime) -> date:
    """The day in London of a moment in UTC without an offset: in summer a month is over there an hour earlier."""
    return moment.replace(tzinfo=UTC).astimezone(LONDON).date()


class Terms(BaseModel):
    """Frozen words of a system file; a key that nobody knows is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Publication(Terms):
    """When a system's month is published: when all that is due by the deadline has come, at the latest then.

    ``deadline_day`` is the day of the month after, ``deadline_time`` the time of day in London. With ``approval`` a
    person approves each publication before it is released, within ``approval_hours``; unanswered it is not released.
    """

    deadline_day: int = Field(18, ge=1, le=28)
    deadline_time: time = time(6)
    approval: bool = False
    approval_hours: int = Field(72, ge=1)

    @field_validator("deadline_time", mode="before")
    @classmethod
    def _clock(cls, value: object) -> object:
        """Only quoted text: YAML reads 06:00 as a number of minutes or seconds."""
        if not isinstance(value, str | time):
            raise ValueError('a time of day in quotes, like "06:00"')
        return value

    @property
    def cron(self) -> str:
        """The deadline as a cron expression, in London."""
        return f"{self.deadline_time.minute} {self.deadline_time.hour} {self.deadline_day} * *"

    def deadline(self, period_end: date) -> datetime:
        """The moment by which the month that ends on ``period_end`` is published; UTC without an offset."""
        month = period_end + timedelta(days=1)
        local = datetime.combine(month.replace(day=self.deadline_day), self.deadline_time, LONDON)
        return local.astimezone(UTC).replace(tzinfo=None)


class Pause(Terms):
    """A partner that sends nothing for a while, by agreement: not expected, so neither late nor missing.

    It covers the periods that end from ``first`` to ``last`` (no last day: until further notice), of ``feeds`` or, with
    none named, of every feed.
    """

    partner: str
    type: PartnerType
    first: date
    last: date | None = None
    reason: str = Field(min_length=3)
    feeds: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _in_order(self) -> Pause:
        if self.last is not None and self.last < self.first:
            raise ValueError(f"a last day on or after {self.first}, not {self.last}")
        return self

    def covers(self, feed: str, partner: str, partner_type: str, period_end: date) -> bool:
        """True when the partner's submission of the feed for this period is not expected."""
        return (
            (self.partner, self.type) == (partner, partner_type)
            and (not self.feeds or feed in self.feeds)
            and self.first <= period_end
            and (self.last is None or period_end <= self.last)
        )


class _Agreed(Terms):
    publication: Publication = Publication()
    paused: tuple[Pause, ...] = ()


def read_terms(document: Mapping[str, Any]) -> tuple[Publication, tuple[Pause, ...]]:
    """The terms of a system file that has no problems."""
    agreed = _Agreed.model_validate(_own(document))
    return agreed.publication, agreed.paused


def terms_problems(file: str, document: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with the terms of a system file."""
    try:
        agreed = _Agreed.model_validate(_own(document))
    except ValidationError as error:
        return [
            Problem(file, ".".join(str(part) for part in item["loc"]), item["msg"], str(item.get("input")))
            for item in error.errors(include_url=False)
        ]
    known = {(str(item.get("type")), str(item.get("code"))) for item in document["partners"] if isinstance(item, dict)}
    problems = []
    for index, pause in enumerate(agreed.paused):
        unknown = sorted(set(pause.feeds) - set(document["feeds"]))
        if unknown:
            problems.append(Problem(file, f"paused.{index}.feeds", "feeds of the system", ", ".join(unknown)))
        # Practices are listed in the organisation reference data, not in the system file.
        if pause.type != "practice" and (pause.type, pause.partner) not in known:
            problems.append(Problem(file, f"paused.{index}.partner", "a partner of the system", pause.partner))
    return problems


def _own(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: document[name] for name in _Agreed.model_fields if document.get(name) is not None}
