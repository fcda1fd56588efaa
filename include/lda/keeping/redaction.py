"""Blanks a person's rows in one archived file. Every other row keeps its place, so it is judged as it was before.

A blank row is no data to intake, whatever kind of file it is in. Text keeps its encoding, separators and line ends; a
workbook is written anew with the same texts in the same cells; a ZIP with the same members.
"""

from __future__ import annotations

import csv
import re
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import python_calamine
import xlsxwriter

from lda.contracts import RULE_CONTEXT, FeedContract, TableSpec
from lda.intake.archive import table_of
from lda.intake.header import HeaderMatch, Labels
from lda.intake.records import cell_text, is_visible, open_source
from lda.intake.text import encoding_of
from lda.landing.unzip import danger, unpack
from lda.settings import Settings

Key = tuple[str, ...]


class NotSearchable(Exception):  # noqa: N818 (a finding about a file, not a fault of the program)
    """The bytes are of no kind that can be searched: encrypted, damaged or not safe to unpack."""


@dataclass(frozen=True)
class Needles:
    """What says that a row of one file is about the person: the NHS number, or the sender's own numbers by table."""

    nhs_number: str | None
    local: Mapping[str, frozenset[Key]]

    @property
    def pattern(self) -> re.Pattern[str] | None:
        """Finds the NHS number in text, however it is grouped."""
        if self.nhs_number is None:
            return None
        return re.compile(r"(?<!\d)" + r"[\s-]?".join(self.nhs_number) + r"(?!\d)")


@dataclass
class Redaction:
    """Rows to blank in one file, as numbers by table (of a feed), and how many rows of other sheets or members."""

    rows: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    elsewhere: int = 0

    @property
    def found(self) -> bool:
        """True when there is anything to blank."""
        return any(self.rows.values()) or self.elsewhere > 0


class _Rows:
    """Tells the person's rows from others, table by table; remembers what rows of child tables refer to."""

    def __init__(self, needles: Needles, contract: FeedContract | None) -> None:
        self._needles, self._pattern = needles, needles.pattern
        wanted = {column.parent for table in contract.tables for column in table.columns} if contract else set()
        self._parents = {parent for parent in wanted if parent}
        self._gone: dict[tuple[str, str], set[str]] = defaultdict(set)

    def holds(self, cells: Sequence[str], table: TableSpec | None, header: HeaderMatch | None) -> bool:
        """True for a row about the person, or one that belongs to such a row."""
        found = bool(self._pattern and any(self._pattern.search(cell) for cell in cells))
        if table is None or header is None:
            return found

        def cell(name: str) -> str:
            position = header.positions.get(name)
            return cells[position].strip() if position is not None and position < len(cells) else ""

        found = found or self._is_local(table, cell) or self._is_child(table, cell)
        if found:
            for parent in self._parents:
                if parent.table == table.name and cell(parent.column):
                    self._gone[parent.table, parent.column].add(cell(parent.column))
        return found

    def _is_local(self, table: TableSpec, cell: Callable[[str], str]) -> bool:
        wanted = self._needles.local.get(table.name)
        if not wanted or table.person_key is None:
            return False
        own = tuple(cell(name) for name in table.person_key.local if name not in RULE_CONTEXT)
        another = re.fullmatch(r"\d{10}", re.sub(r"[\s-]", "", cell(table.person_key.nhs_number)))
        return own in wanted and not another

    def _is_child(self, table: TableSpec, cell: Callable[[str], str]) -> bool:
        parents = ((column.name, column.parent) for column in table.columns)
        return any(cell(name) in self._gone[one.table, one.column] for name, one in parents if one and cell(name))


def redact(
    settings: Settings, source: Path, target: Path, contract: FeedContract | None, needles: Needles, scratch: Path
) -> Redaction:
    """Write ``source`` to ``target`` with the person's rows blank; ``target`` is not written when there are none.

    :raises NotSearchable: when the file cannot be searched.
    """
    with source.open("rb") as file:
        magic = file.read(8)
    found, rows = Redaction(), _Rows(needles, contract)
    try:
        if magic.startswith(b"PK\x03\x04") and (contract is None or contract.is_archive) and _is_plain_zip(source):
            _zip(settings, source, target, contract, rows, found, scratch)
        elif magic.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
            _workbook(source, target, _only_table(contract), rows, found)
        else:
            _text(source, target, _only_table(contract), rows, found)
    except NotSearchable:
        raise
    except Exception as error:  # libraries have no common base for what damaged files raise; a cell may be quoted
        raise NotSearchable(type(error).__name__) from None
    if not found.found:
        target.unlink(missing_ok=True)
    return found


def _only_table(contract: FeedContract | None) -> TableSpec | None:
    return None if contract is None or contract.is_archive else contract.table


def _is_plain_zip(source: Path) -> bool:
    with zipfile.ZipFile(source) as archive:
        return "[Content_Types].xml" not in archive.namelist()


def _text(source: Path, target: Path, table: TableSpec | None, rows: _Rows, found: Redaction) -> None:
    encoding, delimiter, header = encoding_of(source), ",", None
    if table is not None:
        opened, header = open_source(source, Labels(table))
        delimiter = getattr(opened, "delimiter", delimiter)
    held: list[str] = []

    def lines() -> Iterator[str]:
        for line in file:
            held.append(line)
            yield line

    with (
        source.open("r", encoding=encoding, errors="surrogateescape", newline="") as file,
        target.open("w", encoding=encoding, errors="surrogateescape", newline="") as copy,
    ):
        for number, cells in enumerate(csv.reader(lines(), delimiter=delimiter), start=1):
            after_header = header is None or number > header.row_number
            if after_header and rows.holds(cells, table, header):
                end = held[-1][len(held[-1].rstrip("\r\n")) :] if held else ""
                copy.write(delimiter * max(0, len(cells) - 1) + end)
                found.rows[table.name if table else ""].append(number)
            else:
                copy.writelines(held)
            held.clear()


def _workbook(source: Path, target: Path, table: TableSpec | None, rows: _Rows, found: Redaction) -> None:
    """Every sheet as texts, hidden ones hidden again. Intake reads the visible one with the most columns."""
    workbook = python_calamine.load_workbook(str(source))
    sheets: list[tuple[str, list[list[str]], HeaderMatch | None, bool]] = []
    for known in workbook.sheets_metadata:
        cells = workbook.get_sheet_by_name(known.name).to_python(skip_empty_area=False)
        texts = [[cell_text(cell) for cell in row] for row in cells]
        sheets.append((known.name, texts, Labels(table).find(texts) if table else None, is_visible(known)))
    visible = [sheet for sheet in sheets if sheet[3]]
    read = max(visible, key=lambda sheet: len(sheet[2].positions) if sheet[2] else -1, default=None)
    with xlsxwriter.Workbook(str(target), {"constant_memory": True, "strings_to_numbers": False}) as copy:
        for sheet in sheets:
            name, texts, header, shown = sheet
            page = copy.add_worksheet(name)
            if not shown:
                page.hide()
            elif sheet is visible[0]:
                page.set_first_sheet()
                page.activate()
            for number, row in enumerate(texts, start=1):
                below = header is None or number > header.row_number
                if below and rows.holds(row, table, header):
                    if sheet is read and header is not None and table is not None:
                        found.rows[table.name].append(number)
                    else:
                        found.elsewhere += 1
                    continue
                for column, text in enumerate(row):
                    if text:
                        page.write_string(number - 1, column, text)


def _zip(
    settings: Settings,
    source: Path,
    target: Path,
    contract: FeedContract | None,
    rows: _Rows,
    found: Redaction,
    scratch: Path,
) -> None:
    """Members of a submission of several tables, parents first; other members by the NHS number alone."""
    with zipfile.ZipFile(source) as archive:
        members = [item for item in archive.infolist() if not item.is_dir()]
        if danger(members, source.stat().st_size, settings):
            raise NotSearchable("unsafe")
        changed: dict[str, Path] = {}
        for number, (member, table) in enumerate(_in_order(members, contract)):
            plain, blanked = scratch / f"member-{number}", scratch / f"blanked-{number}"
            unpack(archive, member, plain)
            part = Redaction()
            _text(plain, blanked, table, rows, part)
            for name, numbers in part.rows.items():
                found.rows[name] += numbers
            changed[member.filename] = blanked if part.found else plain
        if found.found:
            with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
                for member in members:
                    entry = zipfile.ZipInfo(member.filename, member.date_time)
                    entry.compress_type = zipfile.ZIP_DEFLATED
                    with (
                        changed[member.filename].open("rb") as part_file,
                        copy.open(entry, "w", force_zip64=True) as to,
                    ):
                        while block := part_file.read(1 << 20):
                            to.write(block)
    for path in scratch.iterdir():
        path.unlink()


def _in_order(
    members: Iterable[zipfile.ZipInfo], contract: FeedContract | None
) -> list[tuple[zipfile.ZipInfo, TableSpec | None]]:
    tables = contract.tables if contract else ()
    pairs = [(member, table_of(Path(member.filename).name, tables)) for member in members]
    order = {table.name: number for number, table in enumerate(tables)}
    return sorted(pairs, key=lambda pair: order[pair[1].name] if pair[1] else len(order))
