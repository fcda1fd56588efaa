"""Days as whole numbers (``date.toordinal``), month ends, financial years and the ways partners write a date.

``NO_DAY`` (0) stands for "no date" so that days can live in numpy arrays.
"""

from __future__ import annotations

from datetime import date
from functools import cache

from lda.contracts.periods import add_periods, month_end

NO_DAY = 0
EXCEL_EPOCH = date(1899, 12, 30).toordinal()
FIRST_SERIAL = 10_000
WRITTEN_FROM, WRITTEN_TO = date(1890, 1, 1), date(2041, 1, 1)
STYLES = {
    "iso": "{year}-{month:02d}-{day:02d}",
    "uk": "{day:02d}/{month:02d}/{year}",
    "mon": "{day:02d}-{name}-{year}",
    "compact": "{year}{month:02d}{day:02d}",
    "uk_time": "{day:02d}/{month:02d}/{year} 00:00",
}
MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def last_day(period: str | date) -> date:
    """The month end that ``YYYY-MM`` or a day in the month names. Raises ValueError for anything else."""
    if isinstance(period, date):
        return month_end(period.year, period.month)
    first = date.fromisoformat(f"{period[:7]}-01")
    return month_end(first.year, first.month)


def month_ends(end: date, months: int) -> list[date]:
    """The ``months`` month ends up to and with ``end``, oldest first."""
    return [add_periods(end, "month", offset) for offset in range(1 - months, 1)]


def quarter_ends(ends: list[date]) -> list[date]:
    """Those of the month ends that end a calendar quarter."""
    return [end for end in ends if end.month % 3 == 0]


def add_months(day: int, months: int) -> int:
    """The day ``months`` later (or earlier); the last day of the month where there is no such day."""
    start = date.fromordinal(day)
    index = start.year * 12 + start.month - 1 + months
    last = month_end(index // 12, index % 12 + 1)
    return last.replace(day=min(start.day, last.day)).toordinal()


def financial_year_start(day: date) -> date:
    """The 1 April on or before ``day``."""
    return date(day.year if day.month >= 4 else day.year - 1, 4, 1)


def month_index(day: int) -> int:
    """Months since year 0, for ages from a birth month."""
    found = date.fromordinal(day)
    return found.year * 12 + found.month - 1


def first_of_month(day: int) -> int:
    """First day of the month that holds ``day``."""
    return date.fromordinal(day).replace(day=1).toordinal()


def completed_years(birth: int, day: int) -> int:
    """Age in completed years on ``day`` of somebody born on ``birth``."""
    born, now = date.fromordinal(birth), date.fromordinal(day)
    return now.year - born.year - ((now.month, now.day) < (born.month, born.day))


def _write(day: date, style: str) -> str:
    if style == "serial":
        serial = day.toordinal() - EXCEL_EPOCH
        return str(serial) if serial >= FIRST_SERIAL else _write(day, "uk")
    month = MONTH_NAMES[day.month - 1]
    return STYLES[style].format(year=day.year, month=day.month, day=day.day, name=month)


@cache
def written(style: str) -> list[str]:
    """Every day as text in one style (``STYLES`` or serial), by ordinal; blank for none."""
    first, last = WRITTEN_FROM.toordinal(), WRITTEN_TO.toordinal()
    return [""] * first + [_write(date.fromordinal(day), style) for day in range(first, last)]
