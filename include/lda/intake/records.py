"""Turns a file's bytes into records (lists of cell texts), whatever it was saved as.

A record's place in the sequence, counted from 1, is the row number a person sees when they open the file in a
spreadsheet: title rows, blank rows and cells with line breaks included.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from itertools import chain, islice
from pathlib import Path
from typing import Any

import python_calamine

from lda.intake.header import SEARCH_ROWS, HeaderMatch, Labels
from lda.intake.rows import LayoutRows
from lda.intake.text import NotText, encoding_of

# Module of the exception a library written in Rust raises when it gives up; it is no subclass of Exception.
_PANICS = "pyo3_runtime"
DELIMITERS = (",", ";", "\t", "|")
# Files up to this size are decoded at once; larger ones in pieces.
WHOLE_BYTES = 8_000_000
# A line no file has, put behind a file's end to see whether its last quotation was closed.
_AFTER_THE_END = "\x03"
_HEAD_CHARACTERS = 200_000
csv.field_size_limit(10_000_000)
# How an XLSX workbook, which is a ZIP, begins.
ZIP = b"PK\x03\x04"
# How the compound documents of Office before 2007 begin, and workbooks with a password. The library that reads
# workbooks can end the whole process on a damaged one, and no contract asks for them.
_OLE = b"\xd0\xcf\x11\xe0"


def is_large(size_bytes: int) -> bool:
    """True for a file that is read in pieces and judged on its own."""
    return size_bytes > WHOLE_BYTES


class Unreadable(Exception):  # noqa: N818 (a finding about a file, not a fault of the program)
    """The bytes cannot be opened as CSV or XLSX."""


@dataclass(frozen=True)
class Delimited:
    """A text file with separators."""

    path: Path
    encoding: str
    delimiter: str
    size_bytes: int

    def records(self) -> Iterator[list[str]]:
        """Every record. Raises Unreadable when a cell is larger than any partner sends, and at the end when a quotation
        is never closed: all rows from its mark on would be one cell.
        """
        count, held = 0, None
        for record in self._and_after():
            if held is not None:
                yield held
            count, held = count + 1, record
        if held != [_AFTER_THE_END]:
            raise Unreadable(f"a quotation mark that is opened in row {count} is never closed")

    def _and_after(self) -> Iterator[list[str]]:
        """Every record, then ``_AFTER_THE_END`` as one of its own, unless it is within a quotation never closed."""
        with self.path.open("r", encoding=self.encoding, errors="replace", newline="") as file:
            lines = file if is_large(self.size_bytes) else io.StringIO(file.read(), newline="")
            try:
                yield from csv.reader(chain(lines, [_AFTER_THE_END]), delimiter=self.delimiter)
            except csv.Error as error:
                raise Unreadable(f"a cell could not be read ({type(error).__name__})") from None

    def stops_mid_row(self, width: int, layout: LayoutRows) -> bool:
        """True when the file does not end with a line end and its last record lacks cells, or an end of quotation.

        A row of totals has as many cells as it needs. Raises Unreadable as ``records`` does.
        """
        if self._ends_with_a_line_end():
            return False
        last: list[str] = []
        for record in self._and_after():
            if record == [_AFTER_THE_END]:
                return 0 < len(last) < width and not layout.holds(last)
            last = record
        return True  # what was put behind the end is within a quotation that was never closed

    def _ends_with_a_line_end(self) -> bool:
        with self.path.open("rb") as file:
            wide = self.encoding.startswith("utf-16")
            little = self.encoding != "utf-16-be" and file.read(2) != codecs.BOM_UTF16_BE
            file.seek(max(0, self.size_bytes - (2 if wide else 1)))
            last = file.read()
        if wide:
            last = last[:1] if little and last[1:] == b"\0" else last[1:] if not little and last[:1] == b"\0" else b""
        return last in {b"\n", b"\r"}


@dataclass(frozen=True)
class Workbook:
    """The sheet of a workbook that has the feed's header, and how many sheets have it with rows below."""

    rows: Sequence[Sequence[str]]
    sheets_with_rows: int = 1

    def records(self) -> Iterator[Sequence[str]]:
        """Every row of the sheet, from its first."""
        return iter(self.rows)

    def stops_mid_row(self, width: int, layout: LayoutRows) -> bool:
        """Never: a workbook that was cut short cannot be opened at all."""
        del width, layout
        return False


Source = Delimited | Workbook


def open_source(path: Path, labels: Labels) -> tuple[Source, HeaderMatch | None]:
    """The file as records, and the header found in it (None when no row looks like one).

    A workbook is known by its bytes, not by its name. Raises Unreadable.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        magic = file.read(8)
    if magic.startswith(_OLE):
        raise Unreadable("it is a workbook of an old or locked kind (XLS, or with a password); save it as XLSX")
    if magic.startswith(ZIP):
        return _open_workbook(path, labels)
    try:
        encoding = encoding_of(path)
    except NotText:
        raise Unreadable("the bytes are neither text nor a workbook") from None
    with path.open("r", encoding=encoding, errors="replace", newline="") as file:
        head = file.read(_HEAD_CHARACTERS)
    delimiter, match = _best_delimiter(head, labels)
    return Delimited(path, encoding, delimiter, size), match


def _best_delimiter(head: str, labels: Labels) -> tuple[str, HeaderMatch | None]:
    """The separator under which the most columns of the contract are found; a comma when none are."""
    best: tuple[str, HeaderMatch | None] = (DELIMITERS[0], None)
    for delimiter in DELIMITERS:
        try:
            records = list(islice(csv.reader(io.StringIO(head, newline=""), delimiter=delimiter), SEARCH_ROWS))
        except csv.Error:
            continue
        match = labels.find(records)
        if match and (best[1] is None or len(match.positions) > len(best[1].positions)):
            best = (delimiter, match)
        if match and not labels.missing(match):
            break
    return best


def _open_workbook(path: Path, labels: Labels) -> tuple[Workbook, HeaderMatch | None]:
    """What a person sees on opening it: hidden sheets are somebody's earlier copy, a list of values, or forgotten."""
    best: tuple[list[list[str]], HeaderMatch | None] = ([], None)
    whole = 0
    try:
        workbook = python_calamine.load_workbook(str(path))
        for sheet in workbook.sheets_metadata:
            if not is_visible(sheet):
                continue
            rows = workbook.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False)
            texts = [[cell_text(cell) for cell in row] for row in rows]
            match = labels.find(texts)
            whole += _has_rows(texts, match, labels)
            if not best[0] or (match and (best[1] is None or len(match.positions) > len(best[1].positions))):
                best = (texts, match)
    except BaseException as error:  # calamine has no common base for what damaged workbooks raise
        if not isinstance(error, Exception) and type(error).__module__ != _PANICS:
            raise
        raise Unreadable(f"the workbook could not be opened ({type(error).__name__})") from None
    return Workbook(best[0], whole), best[1]


def is_visible(sheet: python_calamine.SheetMetadata) -> bool:
    """True for a sheet that its sender sees."""
    return bool(sheet.visible == python_calamine.SheetVisibleEnum.Visible)


def _has_rows(texts: Sequence[Sequence[str]], match: HeaderMatch | None, labels: Labels) -> bool:
    """True for a sheet with every required column and something below its header."""
    return (
        match is not None
        and not labels.missing(match)
        and any(cell.strip() for row in texts[match.row_number :] for cell in row)
    )


def cell_text(cell: Any) -> str:
    """A workbook cell as the text it would have in a CSV: dates as ISO, whole numbers without a decimal point."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ", timespec="seconds")
    return "" if cell is None else str(cell)
