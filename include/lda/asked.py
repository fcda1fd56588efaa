"""What a refresh is asked for: a month and a moment, as people write them."""

from __future__ import annotations

import csv
from calendar import monthrange
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta

from lda.contracts import day_of
from lda.ledger import utc_now
from lda.settings import Settings
from lda.stops import RefreshError


def asked_measures(settings: Settings, accept: Collection[str]) -> None:
    """Nothing when every measure to be accepted by hand is one of the catalogue, and its system, where one is named
    (``system/measure``), one of those asked for.

    :raises RefreshError: for one that is not: accepting it would do nothing.
    """
    with (settings.reference_dir / "measure_catalogue.csv").open(encoding="utf-8", newline="") as file:
        known = {row["measure_id"] for row in csv.DictReader(file)}
    known |= {f"{system}/{measure}" for system in settings.systems for measure in known}
    if unknown := sorted(set(accept) - known):
        raise RefreshError(f"There is no measure {', '.join(unknown)}, so it cannot be accepted. See: lda publications")


def month_before(day: date) -> date:
    """Last day of the month before a day: the month that a run of that logical date reports."""
    return day.replace(day=1) - timedelta(days=1)


def asked_moment(as_of: datetime | str | None) -> datetime:
    """As-of in UTC without an offset, now without one. A moment without an offset is taken as UTC.

    :raises RefreshError: when it is no moment, or one still to come.
    """
    if as_of is None or as_of == "":
        return utc_now()
    try:
        moment = datetime.fromisoformat(as_of) if isinstance(as_of, str) else as_of
    except ValueError as error:
        raise RefreshError(f"As-of {as_of!r} is not a moment. Write it like 2026-04-20T09:00:00.") from error
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    if moment > utc_now():
        raise RefreshError(f"As-of {moment} is still to come. Leave it out for now, or name an earlier moment.")
    return moment


def asked_period(asked: date | str, moment: datetime) -> date:
    """The month end asked for, given as a date or as YYYY-MM.

    :raises RefreshError: when it is no month, or one that was not over at the moment.
    """
    try:
        day = asked if isinstance(asked, date) else date.fromisoformat(asked if len(asked) > 7 else f"{asked}-01")
    except ValueError as error:
        raise RefreshError(f"Period {asked!r} is not a month. Write it like 2026-03.") from error
    end = day.replace(day=monthrange(day.year, day.month)[1])
    if end >= day_of(moment):
        raise RefreshError(f"The month ending {end} was not over as of {moment}. Name an earlier month.")
    return end
