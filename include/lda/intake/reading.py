"""Reads one file: opens it, finds its header, hands its data rows on, and finds out the facts file rules ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from lda.contracts import FeedContract, FileRule, Systems, day_of
from lda.intake.header import HeaderMatch, Labels
from lda.intake.records import Delimited, Source, Unreadable, Workbook, open_source
from lda.intake.rows import ROWS_AT_ONCE, LayoutRows, RowCollector
from lda.ledger import FileRecord, RowAccount, RuleResult


@dataclass
class Reading:
    """One file of a batch and what has been found out about it.

    ``facts`` holds what file rules ask for (see file_rules.yaml); a fact not found out is not there. ``details`` says
    in plain words what was found, by fact. ``number`` is the file's number in the batch. ``parts`` holds a
    reading for each table found in the file, by table: the file itself when it is a table. ``erased`` counts rows of
    people whose data was erased: they are not data of it, but they were there when its quality is asked about.
    ``as_sent`` says that a person took the file as it was sent: what may be true of it then fails no rule.
    """

    number: int
    record: FileRecord
    path: Path
    facts: dict[str, float] = field(default_factory=dict)
    details: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    header: HeaderMatch | None = None
    source: Source | None = None
    layout_rows: int = 0
    account: RowAccount = field(default_factory=RowAccount)
    rule_results: list[RuleResult] = field(default_factory=list)
    rejected_for: list[str] = field(default_factory=list)
    parts: dict[str, Reading] = field(default_factory=dict)
    erased: int = 0
    as_sent: bool = False

    def find(self, fact: str, value: float, detail: str = "") -> None:
        """Note a fact."""
        self.facts[fact] = value
        if detail:
            self.details[fact] = detail

    def is_taken(self, rule: FileRule) -> bool:
        """Whether a person said that what the rule asks about is true. A file without a header says nothing at all."""
        return rule.may_be_true and self.as_sent and self.header is not None

    def judged_fact(self, rule: FileRule) -> float | None:
        """What a rule judges the file by; None where nothing was found out, or a person has judged."""
        return None if self.is_taken(rule) else self.facts.get(rule.fact)

    def failed(self, rules: Sequence[FileRule], contract: FeedContract) -> list[FileRule]:
        """The file rules that the facts found so far fail."""
        return [rule for rule in rules if rule.fails(self.judged_fact(rule), contract)]


def check_name(reading: Reading, contract: FeedContract, systems: Systems) -> None:
    """Find out whether the partner and the period that the file's name states can be."""
    record = reading.record
    end = record.period_end
    # Nothing is received before it is delivered, but a channel's clock may be wrong.
    over = end is not None and end < day_of(max(record.delivered_at, record.received_at))
    reading.find("period_over", int(over), f"The name gives {end.isoformat() if end else 'no real period'}.")
    partner = systems.partner(record.partner_code or "", contract.partner_type)
    known = partner is not None and (end is None or partner.is_valid_on(end))
    reading.find("partner_known", int(known), f"The name gives {record.partner_code}.")


def open_file(reading: Reading, labels: Labels, others: Mapping[str, Labels]) -> None:
    """Open a file and find its header, or find out why it cannot be used."""
    try:
        _find_header(reading, labels, others)
    except Unreadable as error:
        reading.find("opened", 0, f"{error}.")


def _find_header(reading: Reading, labels: Labels, others: Mapping[str, Labels]) -> None:
    reading.source, reading.header = open_source(reading.path, labels)
    reading.find("opened", 1)
    missing = labels.missing(reading.header)
    if reading.header and not missing:
        reading.layout_rows = max(0, reading.header.row_number - 1)
        repeated = reading.header.repeated
        reading.find("columns_repeated", len(repeated), f"There more than once: {', '.join(repeated)}.")
        if isinstance(reading.source, Workbook):
            count = reading.source.sheets_with_rows
            reading.find("sheets_with_rows", count, f"{count} sheets have the columns and rows below them.")
        if reading.header.unknown:
            reading.notes.append(f"Columns left out: {', '.join(reading.header.unknown)[:500]}.")
    elif _is_blank(reading.source):
        reading.find("data_rows", 0, "The file has nothing in it.")
        return
    else:
        for feed, other in others.items():
            if other is not labels and not other.table.headerless and _is_header_of(reading.path, other):
                reading.find("has_columns_of_other_feed", 1, f"The columns are those of {feed}.")
                return
    reading.find("required_columns_missing", len(missing), f"Missing: {', '.join(missing)}.")


def _is_blank(source: Source) -> bool:
    return not any(cell.strip() for cells in islice(source.records(), 1000) for cell in cells)


def _is_header_of(path: Path, labels: Labels) -> bool:
    header = open_source(path, labels)[1]
    return header is not None and not labels.missing(header)


def read_rows(reading: Reading, rows: RowCollector, required: Sequence[str]) -> None:
    """Hand a file's data rows to the collector, set layout rows apart, and find out if it is empty or cut short."""
    header, source = reading.header, reading.source
    if header is None or source is None:
        raise ValueError("open_file comes first")
    layout = LayoutRows(header, required)
    try:
        if source.stops_mid_row(header.width, layout):
            reading.find("stops_mid_row", 1, "The last row is incomplete and has no line end.")
            return
        reading.find("stops_mid_row", 0)
        data_rows = _collect(reading, header, layout, source, rows)
    except Unreadable as error:
        reading.find("opened", 0, f"{error}.")
        return
    reading.find("data_rows", data_rows, "There is a header but no data row.")


def _collect(reading: Reading, header: HeaderMatch, layout: LayoutRows, source: Source, rows: RowCollector) -> int:
    width = header.width
    numbers: list[int] = []
    good: list[Sequence[str]] = []
    bad: dict[int, str] = {}
    data_rows = 0
    separator = source.delimiter if isinstance(source, Delimited) else ","
    for number, cells in enumerate(source.records(), start=1):
        if number <= header.row_number:
            continue
        if layout.holds(cells):
            reading.layout_rows += 1
            continue
        data_rows += 1
        if isinstance(source, Delimited) and _swallows_rows(cells, width, separator):
            bad[number] = separator.join(cells)
        elif len(cells) == width:
            numbers.append(number)
            good.append(cells)
        elif len(cells) > width and not any(cell.strip() for cell in cells[width:]):
            numbers.append(number)
            good.append(cells[:width])
        else:
            bad[number] = separator.join(cells)
        if len(good) >= ROWS_AT_ONCE:
            rows.add(reading.number, header, numbers, good, bad)
            numbers, good, bad = [], [], {}
    rows.add(reading.number, header, numbers, good, bad)
    return data_rows


def _swallows_rows(cells: Sequence[str], width: int, separator: str) -> bool:
    """True when stray quotation marks made one cell of rows: it has a line break and as many separators as a row."""
    return "\n" in "".join(cells) and any("\n" in cell and cell.count(separator) >= max(2, width - 1) for cell in cells)
