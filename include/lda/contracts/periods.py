"""Months and quarters as partners report them."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from datetime import date, timedelta

from lda.contracts.model import PeriodRule

MONTHS_IN: dict[PeriodRule, int] = {"month": 1, "quarter": 3}


def month_end(year: int, month: int) -> date:
    """Last day of a month."""
    return date(year, month, calendar.monthrange(year, month)[1])


def period_of(day: date, rule: PeriodRule) -> tuple[date, date]:
    """First and last day of the calendar month or quarter that holds ``day``."""
    length = MONTHS_IN[rule]
    first_month = day.month - (day.month - 1) % length
    return date(day.year, first_month, 1), month_end(day.year, first_month + length - 1)


def add_periods(period_end: date, rule: PeriodRule, count: int) -> date:
    """End of the period ``count`` periods after (or, if negative, before) the one that ends on ``period_end``."""
    months = period_end.year * 12 + period_end.month - 1 + count * MONTHS_IN[rule]
    return month_end(months // 12, months % 12 + 1)


def period_ends(first: date, last: date, rule: PeriodRule) -> Iterator[date]:
    """Ends of the periods from the one that holds ``first`` to the last one over by ``last``."""
    end = period_of(first, rule)[1]
    while end <= last:
        yield end
        end = add_periods(end, rule, 1)


def parse_period(text: str, rule: PeriodRule) -> tuple[date, date] | None:
    """Period named by ``YYYY-MM``, ``YYYYMM`` or ``YYYYMMDD`` (a day in it); None when there is no such day."""
    found = re.fullmatch(r"(\d{4})-?(\d{2})(\d{2})?", text)
    if not found:
        return None
    year, month, day = int(found[1]), int(found[2]), int(found[3] or 1)
    try:
        return period_of(date(year, month, day), rule)
    except ValueError:
        return None


def due_date(period_end: date, latency_days: int) -> date:
    """Last day a submission for the period is on time."""
    return period_end + timedelta(days=latency_days)
