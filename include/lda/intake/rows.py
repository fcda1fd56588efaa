"""Collects the data rows of many files in one DuckDB table, as text, under the contract's column names.

Table ``raw``: ``_file`` (number of the file in the batch), ``_row`` (row number as the partner sees it), ``_misshapen``
(more or fewer cells than the header), ``_line`` (the cells of a misshapen row), then one VARCHAR per contract column.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import duckdb
import pyarrow as pa

from lda.contracts import TableSpec, normalise
from lda.intake.header import HeaderMatch
from lda.vault import literal

ROWS_AT_ONCE = 50_000
# A cell that says that the row sums the others up, in lower case, and how such a cell begins.
TOTALS = r"(grand )?totals?( for [^\n]*)?[ ]*:?"
_TOTALS_BEGIN = ("total", "grand total")
# What counts as blank around a cell's text, here and as an SQL expression.
_BLANK = " \t\n\r\xa0"
SPACES = " || ".join(f"chr({ord(mark)})" for mark in _BLANK)
# What programs of DOS put behind the last line of a text.
_END_OF_TEXT = "\x1a"
FIXED = ("_file", "_row", "_misshapen", "_line")


def quoted(name: str) -> str:
    """A column name in double quotes."""
    return f'"{name}"'


def create_raw(connection: duckdb.DuckDBPyConnection, table: TableSpec) -> None:
    """Make the empty table ``raw``."""
    columns = ", ".join(f"{quoted(column.name)} VARCHAR" for column in table.columns)
    connection.execute(
        f"CREATE TEMP TABLE raw (_file INTEGER, _row BIGINT, _misshapen BOOLEAN, _line VARCHAR, {columns})"
    )


class RowCollector:
    """Adds rows to ``raw`` in large pieces."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, table: TableSpec) -> None:
        self._connection = connection
        self._names = [column.name for column in table.columns]
        fixed = zip(FIXED, (pa.int32(), pa.int64(), pa.bool_(), pa.string()), strict=True)
        own = [(name, pa.string()) for name in self._names]
        self._schema = pa.schema([pa.field(name, kind) for name, kind in (*fixed, *own)])
        self._clear()

    def _clear(self) -> None:
        self._cells: list[list[str | None]] = [[] for _ in self._names]
        self._fixed: tuple[list[int], list[int], list[bool], list[str | None]] = ([], [], [], [])

    def add(
        self, file: int, header: HeaderMatch, numbers: Sequence[int], rows: Sequence[Sequence[str]], bad: dict[int, str]
    ) -> None:
        """Add well-shaped ``rows`` with their row ``numbers``, and misshapen rows as number → text of the row."""
        by_position = list(zip(*rows, strict=False)) if rows else []
        missing: list[str | None] = [None] * (len(rows) + len(bad))
        for index, name in enumerate(self._names):
            position = header.positions.get(name)
            if position is None or not rows:
                self._cells[index].extend(missing)
            else:
                self._cells[index].extend(by_position[position])
                self._cells[index].extend(missing[: len(bad)])
        self._fixed[0].extend([file] * len(missing))
        self._fixed[1].extend([*numbers, *bad])
        self._fixed[2].extend([False] * len(rows) + [True] * len(bad))
        self._fixed[3].extend([*missing[: len(rows)], *bad.values()])
        if len(self._fixed[0]) >= ROWS_AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Write what has been collected."""
        if self._fixed[0]:
            lists: list[Any] = [*self._fixed, *self._cells]
            arrays = [pa.array(values, kind.type) for values, kind in zip(lists, self._schema, strict=True)]
            self._connection.register("incoming", pa.Table.from_arrays(arrays, schema=self._schema))
            self._connection.execute("INSERT INTO raw SELECT * FROM incoming")
            self._connection.unregister("incoming")
        self._clear()


class LayoutRows:
    """Tells data rows from what is there for the reader: blank rows, repeated headers and totals.

    A row of totals says so in its first cell that is not blank, and lacks something that every data row must have:
    somebody's text that begins with the word is none.
    """

    def __init__(self, header: HeaderMatch, required: Sequence[str]) -> None:
        self._required = [header.positions[name] for name in required if name in header.positions]
        self._header = [normalise(cell) for cell in header.cells[: header.width]]
        self._first = next((label for label in self._header if label), "")

    def holds(self, cells: Sequence[str]) -> bool:
        """True for a row that is not data."""
        place, first = next(((at, text) for at, cell in enumerate(cells) if (text := cell.strip(_BLANK))), (0, ""))
        if not first or first == _END_OF_TEXT:
            return True
        if first.lower().startswith(_TOTALS_BEGIN) and re.fullmatch(TOTALS, first.lower()):
            others = [at for at in self._required if at != place]
            return not others or any(at >= len(cells) or not cells[at].strip(_BLANK) for at in others)
        if normalise(first) != self._first:
            return False
        return [normalise(cell) for cell in cells[: len(self._header)]] == self._header


def layout_sql(columns: Sequence[str], header: HeaderMatch, required: Sequence[str]) -> str:
    """The same test as ``LayoutRows`` in SQL, over the file's own columns in order.

    Nearly every row begins with a cell that is neither blank nor padded. Such a row is told by that cell alone; the
    first cell that is not blank is looked for in the others only. Nested CASE, because DuckDB works out every part of
    an AND or OR for every row, but each branch of a CASE only for the rows that reach it.
    """
    stripped = [f"nullif(trim({quoted(name)}, {SPACES}), '')" for name in columns]
    pairs = zip(columns, header.cells, strict=False)
    same = [
        f"lower(trim(coalesce({quoted(name)}, ''), {SPACES})) = {literal(cell.strip().lower())}" for name, cell in pairs
    ]
    labelled = next(index for index, cell in enumerate(header.cells) if cell.strip())
    again = f"CASE WHEN {same[labelled]} THEN {' AND '.join(same)} ELSE FALSE END"
    plain, own = f"{quoted(columns[0])} BETWEEN '!' AND '~'", quoted(columns[0])
    first = f"coalesce({', '.join(stripped)})"
    places = [header.positions[name] for name in required if name in header.positions]
    totals = _totals(stripped, places)
    begins = [f"CASE WHEN {_begins(text)} THEN {totals} OR {again} ELSE {again} END" for text in (own, first)]
    return f"CASE WHEN {plain} THEN {begins[0]} ELSE {first} IS NULL OR {begins[1]} END"


def _begins(first: str) -> str:
    return "(" + " OR ".join(f"starts_with(lower({first}), {literal(text)})" for text in _TOTALS_BEGIN) + ")"


def _totals(stripped: Sequence[str], required: Sequence[int]) -> str:
    """SQL that is true for a row of totals: what its first cell says, and something required that is not there."""
    first = f"coalesce({', '.join(stripped)})"
    place = "CASE " + " ".join(f"WHEN {text} IS NOT NULL THEN {at}" for at, text in enumerate(stripped)) + " END"
    lacking = " OR ".join(f"({place} <> {at} AND {stripped[at]} IS NULL)" for at in required)
    alone = " AND ".join(f"{place} = {at}" for at in required) if len(required) < 2 else "FALSE"
    return f"(regexp_full_match(lower({first}), {literal(TOTALS)}) AND ({lacking or 'FALSE'} OR {alone or 'TRUE'}))"
