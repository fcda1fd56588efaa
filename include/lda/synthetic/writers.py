"""Files as partners send them, with an account of every row, written so that the same rows make the same bytes."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from operator import itemgetter
from pathlib import Path
from types import TracebackType

import xlsxwriter

from lda.synthetic.calendar import NO_DAY, written
from lda.synthetic.layouts import FeedShape, Layout
from lda.synthetic.reference import write_csv

Cell = str | int | float | date
FILES_HEADER = (
    "landing_path", "feed", "partner_code", "period_end", "tags", "expected_status",
    "received", "accepted", "quarantined", "repeated",
)  # fmt: skip
ROWS_HEADER = ("landing_path", "row_number", "tag", "expected_rule_code")
WRITTEN_ON = datetime(2020, 1, 1)  # noqa: DTZ001 - XLSX has no time zone


@dataclass
class Extract:
    """One file: where it lands, when, what is in it and what should become of it.

    ``lines`` counts rows of the file so far, headings and layout rows included; the four counts are the row account.
    """

    path: Path
    landing_path: str
    feed: str
    partner: str
    period_end: date | None
    delivered: datetime
    status: str = "accepted"
    tags: set[str] = field(default_factory=set)
    lines: int = 0
    accepted: int = 0
    quarantined: int = 0
    repeated: int = 0

    @property
    def received(self) -> int:
        """Data rows of the file."""
        return self.accepted + self.quarantined + self.repeated

    def stamp(self) -> None:
        """Set the file's time to its delivery."""
        seconds = self.delivered.timestamp()
        os.utime(self.path, (seconds, seconds))

    def truth(self) -> tuple[str | int, ...]:
        """The file's row of ``files.csv``."""
        period = self.period_end.isoformat() if self.period_end else ""
        counts = (self.received, self.accepted, self.quarantined, self.repeated)
        if self.status in {"rejected", "unrecognised", "same_bytes", "missing"}:
            counts = (0, 0, 0, 0)
        return (self.landing_path, self.feed, self.partner, period, ";".join(sorted(self.tags)), self.status, *counts)


def delivery(period_end: date, days: int) -> datetime:
    """Nine in the morning ``days`` after the period ends."""
    return datetime.combine(period_end + timedelta(days=days), time(9), tzinfo=UTC)


class CsvFile:
    """A CSV extract that grows block by block; nothing of it is kept in memory."""

    def __init__(self, extract: Extract, shape: FeedShape, layout: Layout, *, headed: bool = True) -> None:
        self.extract, self.shape, self.layout = extract, shape, layout
        self.dates = written(layout.date_style)
        self._pick = itemgetter(*layout.columns)
        extract.tags.update(layout.tags)
        extract.path.parent.mkdir(parents=True, exist_ok=True)
        extract.path.write_bytes(b"\xef\xbb\xbf" if layout.encoding == "utf-8-sig" else b"")
        if headed:
            self.write_lines([layout.headings])

    def day(self, day: int) -> Cell:
        """A day as this file writes it."""
        return self.dates[day]

    def write_rows(self, rows: Sequence[Sequence[Cell]]) -> None:
        """Write rows given in the contract's column order; an empty row stands for a repeat of the headings."""
        pick, headings = self._pick, self.layout.headings
        self.write_lines([pick(row) if row else headings for row in rows])

    def write_lines(self, lines: Sequence[Sequence[Cell]]) -> None:
        """Write lines as they are."""
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=self.layout.delimiter, lineterminator=self.layout.newline).writerows(lines)
        encoding = "utf-8" if self.layout.encoding == "utf-8-sig" else self.layout.encoding
        with self.extract.path.open("ab") as file:
            file.write(text.getvalue().encode(encoding))
        self.extract.lines += len(lines)

    def close(self, totals: bool = False, blank_tail: bool = False) -> None:
        """Write the foot of the file, if it has one."""
        width = len(self.layout.columns)
        foot: list[list[Cell]] = []
        if totals:
            foot.append(["Total", self.extract.received, *[""] * (width - 2)])
            self.extract.tags.add("totals_row")
        if blank_tail:
            foot += [[""] * width] * 3
            self.extract.tags.add("blank_tail")
        if foot:
            self.write_lines(foot)
        self.extract.stamp()


@dataclass(frozen=True)
class SheetStyle:
    """What surrounds a sheet's rows and how its dates are held: ``real`` dates, ``text`` or bare ``serial`` numbers."""

    title: bool = False
    totals: bool = False
    blank_tail: bool = False
    repeated_header: bool = False
    dates: str = "real"


class XlsxFile:
    """An XLSX extract, written whole."""

    def __init__(self, extract: Extract, shape: FeedShape, style: SheetStyle, title: str) -> None:
        self.extract, self.shape, self.style, self.title = extract, shape, style, title
        extract.tags.add({"real": "dates_xlsx", "text": "dates_uk", "serial": "excel_serial"}[style.dates])
        extract.lines = 4 if style.title else 1

    def day(self, day: int) -> Cell:
        """A day as this sheet holds it."""
        if day == NO_DAY:
            return ""
        if self.style.dates == "text":
            return written("uk")[day]
        if self.style.dates == "serial":
            text = written("serial")[day]
            return int(text) if text.isdigit() else text
        return date.fromordinal(day)

    def save(self, rows: Sequence[Sequence[Cell]]) -> None:
        """Write the sheet: title, headings, rows (an empty one repeats the headings), totals and blank tail."""
        self.extract.path.parent.mkdir(parents=True, exist_ok=True)
        options = {"in_memory": True, "strings_to_numbers": False, "strings_to_formulas": False}
        with xlsxwriter.Workbook(str(self.extract.path), options) as book:
            book.set_properties({"created": WRITTEN_ON, "author": "Synthetic sample"})
            sheet = book.add_worksheet("Extract")
            day_format = book.add_format({"num_format": "dd/mm/yyyy"})
            bold = book.add_format({"bold": True})
            top = 0
            if self.style.title:
                sheet.merge_range(0, 0, 0, 7, self.title, bold)
                sheet.merge_range(1, 0, 1, 7, "Official sensitive: personal data (synthetic)")
                self.extract.tags.update({"title_rows", "merged_cells"})
                top = 3
            sheet.write_row(top, 0, self.shape.headers, bold)
            for offset, row in enumerate(rows, start=top + 1):
                cells = row or self.shape.headers
                for column, cell in enumerate(cells):
                    if isinstance(cell, date):
                        sheet.write_datetime(offset, column, cell, day_format)
                    elif cell != "":
                        sheet.write(offset, column, cell)
            foot = top + 1 + len(rows)
            if self.style.totals:
                sheet.write_row(foot, 0, ["Total", self.extract.received])
                self.extract.tags.add("totals_row")
            if self.style.blank_tail:
                sheet.write_blank(foot + 3, 0, None, day_format)
                sheet.write(foot + 4, 0, " ")
                self.extract.tags.add("blank_tail")
        self.extract.stamp()


class TruthFiles:
    """Collects ``files.csv`` in memory and streams ``rows.csv``, both under the truth folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.extracts: list[Extract] = []
        self._rows = (folder / "rows.csv").open("w", encoding="utf-8", newline="", buffering=1 << 20)
        self._writer = csv.writer(self._rows, lineterminator="\n")
        self._writer.writerow(ROWS_HEADER)
        self.tagged_rows = 0

    def tag_row(self, extract: Extract, row_number: int, tag: str, rule: str = "") -> None:
        """Note a messy row, with the rule that should quarantine it if any."""
        self._writer.writerow((extract.landing_path, row_number, tag, rule))
        extract.tags.add(tag)
        self.tagged_rows += 1

    def __enter__(self) -> TruthFiles:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rows.close()

    def write_files(self) -> None:
        """Write ``files.csv``, sorted by path."""
        write_csv(self.folder / "files.csv", FILES_HEADER, sorted(extract.truth() for extract in self.extracts))
