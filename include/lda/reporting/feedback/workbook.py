"""A submission's workbook: summary, what to put right first, rules, rows, trend.

Text is written as text, whatever it begins with, so nothing in a partner's cells can run as a formula or link when the
workbook is opened. The same submission gives the same workbook.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import xlsxwriter

from lda.reporting.feedback.findings import Finding, SubmissionFeedback
from lda.reporting.feedback.rows import FailedRow

SAFE = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
RULE_HEADINGS = ("Rule", "What it did", "Column", "How many", "First row", "What is wrong", "What to do", "Found")
ROW_HEADING = "Row in your file"
RULE_OF_ROW_HEADINGS = ("Rule", "What is wrong", "What to do", "Table")
SENT = "What you sent"
TREND_HEADINGS = ("Period", "File", "Received", "State", "Rows", "Accepted", "Kept out", "Share kept out")
WIDE = 60


def write_workbook(
    path: Path,
    about: SubmissionFeedback,
    partner: str,
    rows: Iterable[FailedRow],
    warned: Iterable[FailedRow],
    trend: Sequence[SubmissionFeedback],
    most_rows: int,
) -> int:
    """Write the workbook; returns how many lines its list of rows kept out has.

    :param warned: rows that were loaded with a warning.
    :param most_rows: each list of rows stops after this many lines and says so.
    """
    book = xlsxwriter.Workbook(str(path), {**SAFE, "in_memory": True})
    book.set_properties({"title": f"Feedback on {about.name}", "created": about.told.file.received_at})
    styles = {
        "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
        "title": book.add_format({"bold": True, "font_size": 16}),
        "name": book.add_format({"bold": True, "valign": "top"}),
        "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
        "share": book.add_format({"num_format": "0.0%"}),
    }
    _summary(book.add_worksheet("Summary"), styles, about, partner)
    _rules(book.add_worksheet("Errors by rule"), styles, about.findings)
    listed = _rows(book.add_worksheet("Rows"), styles, about, rows, most_rows)
    _warned(book.add_worksheet("Warned rows"), styles, about, warned, most_rows)
    _trend(book, book.add_worksheet("Trend"), styles, trend)
    book.close()
    return listed


def summary_lines(about: SubmissionFeedback, partner: str) -> list[tuple[str, str | int]]:
    """What happened to the file, in names and values."""
    account = about.account
    return [
        ("From", partner),
        ("Data set", about.feed_name),
        ("File", about.name),
        ("For the period to", about.period or "not known from the name of the file"),
        ("Received", f"{about.told.file.delivered_at:%-d %B %Y}"),
        ("State", about.status),
        ("Rows received", account.received),
        ("Rows accepted", account.accepted),
        ("Rows kept out", account.quarantined),
        ("Rows repeated", account.repeated),
        ("Next", about.next_step),
    ]


def _summary(sheet: Any, styles: dict[str, Any], about: SubmissionFeedback, partner: str) -> None:
    sheet.set_column(0, 0, 20)
    sheet.set_column(1, 1, 90)
    sheet.write_string(0, 0, f"Feedback on {about.name}", styles["title"])
    place = 2
    for name, value in summary_lines(about, partner):
        sheet.write_string(place, 0, name, styles["name"])
        _write(sheet, place, 1, value, styles["wrap"])
        place += 1
    sheet.write_string(place + 1, 0, "Put right first", styles["title"])
    for number, finding in enumerate(about.fix_first, start=1):
        line = place + 2 + number
        sheet.write_string(line, 0, f"{number}. {finding.code}", styles["name"])
        sheet.write_string(line, 1, f"{how_often(finding)} {finding.message} {finding.remedy}", styles["wrap"])
    if not about.fix_first:
        sheet.write_string(place + 2, 0, "Nothing needs to be put right.")
    last = place + 5 + len(about.fix_first)
    sheet.write_string(last, 0, "This workbook names people. Keep it where patients' or clients' records are kept.")


def how_often(finding: Finding) -> str:
    """How often a rule failed, in words."""
    return "The file:" if finding.scope == "file" else f"{finding.failures:,} row{'s' * (finding.failures != 1)}:"


def _rules(sheet: Any, styles: dict[str, Any], findings: Sequence[Finding]) -> None:
    _head(sheet, styles, RULE_HEADINGS, (30, 16, 22, 10, 10, WIDE, WIDE, 40))
    for place, one in enumerate(findings, start=1):
        cells = (one.code, one.kind, one.column, one.failures, one.first_row, one.message, one.remedy, one.detail)
        for column, cell in enumerate(cells):
            _write(sheet, place, column, cell, styles["wrap"])


def _rows(
    sheet: Any, styles: dict[str, Any], about: SubmissionFeedback, rows: Iterable[FailedRow], most_rows: int
) -> int:
    """The rows kept out, with what was sent."""
    kept = list(islice(rows, most_rows + 1))
    _list(sheet, styles, about, kept[:most_rows], with_sent=True)
    if len(kept) > most_rows:
        sheet.write_string(most_rows + 1, 0, f"There are more: the list stops after {most_rows:,} lines.")
    if not kept:
        sheet.write_string(1, 0, about.no_rows)
    return min(len(kept), most_rows)


def _warned(
    sheet: Any, styles: dict[str, Any], about: SubmissionFeedback, rows: Iterable[FailedRow], most_rows: int
) -> None:
    """The rows that were loaded with a warning. Rows kept out for another reason as well are in the other list."""
    kept = list(islice(rows, most_rows + 1))
    _list(sheet, styles, about, kept[:most_rows], with_sent=False)
    if len(kept) > most_rows:
        words = f"There are more: the list stops after {most_rows:,} of {about.warned:,} warnings."
        sheet.write_string(most_rows + 1, 0, words)
    if not kept:
        words = "The file was rejected, so none was loaded." if about.told.file.status == "rejected" else ""
        sheet.write_string(1, 0, words or "No row was loaded with a warning.")


def _list(
    sheet: Any, styles: dict[str, Any], about: SubmissionFeedback, rows: Sequence[FailedRow], *, with_sent: bool
) -> None:
    """A list of rows: where to find each (its row and local identifiers), what was sent, and what is wrong with it.

    Local identifiers have columns of their own, in the order they are first met.
    """
    words = {one.code: one for one in about.findings}
    names = list(dict.fromkeys(name for row in rows for name in row.identifiers))
    sent = [SENT] if with_sent else []
    widths = (10, *(22 for _ in names), *(40 for _ in sent), 30, WIDE, WIDE, 18)
    _head(sheet, styles, (ROW_HEADING, *names, *sent, *RULE_OF_ROW_HEADINGS), widths)
    for place, row in enumerate(rows, start=1):
        told = words.get(row.code)
        where = [row.row_number, *(row.identifiers.get(name) for name in names), *(row.sent for _ in sent)]
        wrong = [row.code, told.message if told else "", told.remedy if told else "", row.table]
        for column, cell in enumerate([*where, *wrong]):
            _write(sheet, place, column, cell)
    if rows:
        sheet.autofilter(0, 0, len(rows), len(widths) - 1)
        sheet.freeze_panes(1, 1 + len(names))


def _trend(book: Any, sheet: Any, styles: dict[str, Any], trend: Sequence[SubmissionFeedback]) -> None:
    _head(sheet, styles, TREND_HEADINGS, (14, 44, 14, 24, 10, 10, 10, 14))
    for place, one in enumerate(trend, start=1):
        account = one.account
        cells = (one.period, one.name, f"{one.told.file.delivered_at:%Y-%m-%d}", one.status)
        for column, cell in enumerate((*cells, account.received, account.accepted, account.quarantined)):
            _write(sheet, place, column, cell)
        if one.failed_share is not None:
            sheet.write_number(place, 7, one.failed_share, styles["share"])
    if len(trend) > 1:
        chart = book.add_chart({"type": "line"})
        places = (1, len(trend))
        chart.add_series(
            {
                "name": "Share of rows kept out",
                "categories": ["Trend", places[0], 0, places[1], 0],
                "values": ["Trend", places[0], 7, places[1], 7],
                "marker": {"type": "circle"},
            }
        )
        chart.set_y_axis({"min": 0, "num_format": "0%"})
        chart.set_legend({"none": True})
        sheet.insert_chart(len(trend) + 2, 0, chart, {"description": "Share of rows kept out, by submission"})


def _head(sheet: Any, styles: dict[str, Any], headings: Sequence[str], widths: Sequence[int]) -> None:
    for column, (heading, width) in enumerate(zip(headings, widths, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, heading, styles["head"])
    sheet.freeze_panes(1, 0)


def _write(sheet: Any, row: int, column: int, cell: object, style: Any = None) -> None:
    """A number as a number, anything else as text: never a formula, whatever it begins with."""
    if isinstance(cell, int):
        sheet.write_number(row, column, cell, style)
    elif cell:
        sheet.write_string(row, column, str(cell), style)
