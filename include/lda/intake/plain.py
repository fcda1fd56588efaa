"""The fast way for one large, well-formed CSV: DuckDB reads, judges and writes it in one ordered, parallel pass.

Only a file whose every record is one line of the right width can go this way, for then the line number is the row
number. Whatever else there is (ragged rows, line breaks in cells, blank lines, another encoding) is found out here and
left to the careful reader in ``reading``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb

from lda.contracts import TableSpec
from lda.intake.database import LISTS_AS_JOINS, without_optimizers
from lda.intake.header import HeaderMatch
from lda.intake.judging import RowRules, judged_sql
from lda.intake.reading import Reading
from lda.intake.records import Delimited
from lda.intake.rows import LayoutRows, layout_sql, quoted
from lda.vault import literal

_CHUNK = 1 << 22
# Operators through which rows pass in the order they came. A join does not keep it.
_IN_ORDER = {"PROJECTION", "READ_CSV"}


def judge_plain(
    connection: duckdb.DuckDBPyConnection, table: TableSpec, rules: RowRules, reading: Reading, scratch: Path
) -> bool:
    """Make ``judged`` for one large file; False, leaving nothing behind, when the file is not plain enough."""
    header, source = reading.header, reading.source
    if header is None or not isinstance(source, Delimited) or source.encoding not in {"utf-8", "utf-8-sig"}:
        return False
    if source.stops_mid_row(header.width, LayoutRows(header, table.required_columns)):
        return False
    target = scratch / "judged.parquet"
    query = judged_sql(table, rules, f"({_source(table, reading, header, source)})", keep=["_layout"])
    try:
        with without_optimizers(connection, LISTS_AS_JOINS):
            if not keeps_order(connection, query):
                return False
            connection.execute(f"COPY ({query}) TO {literal(str(target))} (FORMAT parquet, COMPRESSION lz4_raw)")
    except (duckdb.InvalidInputException, duckdb.ConversionException):
        return False
    judged = f"read_parquet({literal(str(target))}, file_row_number = true)"
    total, layout = connection.execute(f"SELECT count(*), count(*) FILTER (_layout) FROM {judged}").fetchall()[0]
    if total != lines_of(source.path) - header.row_number:
        return False
    connection.execute(
        f"CREATE TEMP VIEW judged AS SELECT * REPLACE (file_row_number + {header.row_number + 1} AS _row) "
        f"FROM {judged} WHERE NOT _layout"
    )
    reading.layout_rows += layout
    reading.find("stops_mid_row", 0)
    return True


def _source(table: TableSpec, reading: Reading, header: HeaderMatch, source: Delimited) -> str:
    """The file's lines below its header, under the contract's column names."""
    width = header.width
    own = [f"c{index}" for index in range(width)]
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in own)
    options = (
        f"auto_detect = false, header = false, skip = {header.row_number}, delim = {literal(source.delimiter)}, "
        f"quote = '\"', escape = '\"', columns = {{{columns}}}"
    )
    cells = ", ".join(
        f"{own[position] if (position := header.positions.get(column.name)) is not None else 'NULL::VARCHAR'} "
        f"AS {quoted(column.name)}"
        for column in table.columns
    )
    record = reading.record
    context = (
        f"{literal(record.file_id)} AS _file_id, {literal(record.partner_code or '')} AS _partner_code, "
        f"DATE '{record.period_start}' AS _period_start, DATE '{record.period_end}' AS _period_end"
    )
    return (
        f"SELECT {reading.number}::INTEGER AS _file, NULL::BIGINT AS _row, FALSE AS _misshapen, "
        f"NULL::VARCHAR AS _line, {layout_sql(own, header, table.required_columns)} AS _layout, {context}, {cells} "
        f"FROM read_csv({literal(str(source.path))}, {options})"
    )


def keeps_order(connection: duckdb.DuckDBPyConnection, query: str) -> bool:
    """True when DuckDB's plan for a query hands every line on in its place; only then is a place a row number."""
    plan = json.loads(connection.execute(f"EXPLAIN (FORMAT json) {query}").fetchall()[0][1])
    return all(_operators(node) <= _IN_ORDER for node in plan)


def _operators(node: dict[str, Any]) -> set[str]:
    return {node["name"].strip()}.union(*(_operators(child) for child in node.get("children", [])))


def lines_of(path: Path) -> int:
    """Lines of a file; blank lines at its end do not count."""
    count = blank = 0
    with path.open("rb", buffering=0) as file:
        while block := file.read(_CHUNK):
            count += block.count(b"\n")
            if not block.endswith((b"\r", b"\n")):
                blank = 0
                continue
            body = len(block.rstrip(b"\r\n"))
            blank = block.count(b"\n", body) + (0 if body else blank)
    return count - blank + 1
