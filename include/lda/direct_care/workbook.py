"""A list as a workbook. Text is written as text, so nothing in it can run as a formula."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path

import xlsxwriter

from lda.direct_care.lists import CareList, CareRow

SAFE = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
PURPOSE = (
    "For the care of the people listed, by those who care for them. Not for any other use, and not to be passed on.",
    "The national data opt-out does not apply to a person's own care (NHS England, national data opt-out operational "
    "policy), so people who opted out are listed too.",
)
FIRST_LINE = 6


def write_list(path: Path, care_list: CareList, holder: str, rows: Sequence[CareRow]) -> None:
    """Write one holder's list: what it is and may be used for, then a line for each person and thing due."""
    period = max(row.period_end for row in rows)
    book = xlsxwriter.Workbook(str(path), SAFE)
    book.set_properties({"title": care_list.title, "created": date_time(period)})
    title, head = book.add_format({"bold": True, "font_size": 14}), book.add_format({"bold": True, "bottom": 1})
    day = book.add_format({"num_format": "dd mmm yyyy", "align": "left"})
    sheet = book.add_worksheet("List")
    sheet.write_string(0, 0, care_list.title, title)
    sheet.write_string(1, 0, f"{care_list.holder} {holder}. As told up to {period:%d %B %Y}. {len(rows)} lines.")
    for place, words in enumerate(PURPOSE, start=2):
        sheet.write_string(place, 0, words)
    headings = [*care_list.identifiers.values(), *care_list.columns.values()]
    for column, heading in enumerate(headings):
        sheet.set_column(column, column, 20)
        sheet.write_string(FIRST_LINE - 1, column, heading, head)
    for place, row in enumerate(rows, start=FIRST_LINE):
        for column, cell in enumerate([*row.identifiers.values(), *row.values.values()]):
            if isinstance(cell, date):
                sheet.write_datetime(place, column, date_time(cell), day)
            elif cell:
                sheet.write_string(place, column, cell)
    sheet.freeze_panes(FIRST_LINE, 0)
    book.close()


def date_time(day: date) -> datetime:
    """A day as the workbook library takes it."""
    return datetime.combine(day, time.min)
