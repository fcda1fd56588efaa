"""Rows of a submission that failed a rule, by the partner's own numbers: read from the vault for its outbox alone.

Rows kept out are told with what was sent. Rows that only raised a warning were loaded: their local numbers are among
the identifiers of accepted rows, and what was sent is in the partner's own file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import sqlglot
from sqlglot import exp

from lda.contracts import FeedContract, RuleSpec, TableSpec
from lda.settings import Settings
from lda.vault import identifiers_path, literal, quarantine_path, warned_path

ROWS_AT_ONCE = 5_000


@dataclass(frozen=True)
class FailedRow:
    """One row and one rule it failed. Identifiable: it must not leave the vault.

    ``identifiers`` are the partner's own numbers for the record by heading, or the NHS number where the feed has no
    local number. ``sent`` is what the rule read, as it was sent; empty for a row that was loaded.
    """

    row_number: int
    code: str
    table: str
    identifiers: dict[str, str]
    sent: str


def failed_rows(settings: Settings, contract: FeedContract, file_id: str) -> Iterator[FailedRow]:
    """Rows of a file that a rule kept out, table by table, in the partner's order."""
    for table in contract.tables:
        path = quarantine_path(settings, table.place, file_id)
        if not path.exists():
            continue
        rules = {rule.code: rule for rule in table.rules}
        shown = identifier_columns(table)
        with pq.ParquetFile(path) as parquet:
            for batch in parquet.iter_batches(ROWS_AT_ONCE):
                for row in batch.to_pylist():
                    if row["_file_id"] == file_id:
                        yield from _of_row(row, table, rules, shown)


def _of_row(
    row: dict[str, object], table: TableSpec, rules: dict[str, RuleSpec], shown: Sequence[str]
) -> Iterator[FailedRow]:
    number, codes = row["_row_number"], row["rule_codes"]
    if not isinstance(number, int) or not isinstance(codes, list):
        raise TypeError(f"A quarantine file of {table.place} lacks its row numbers or rule codes.")
    called = headings(table)
    identifiers = {called[name]: str(row[name]) for name in shown if row.get(name)}
    for code in codes:
        read = columns_read(rules[code], table) if code in rules else ()
        sent = "; ".join(f"{called[name]}: {row[name]}" for name in read if row.get(name))
        yield FailedRow(number, code, table.name, identifiers, sent)


def warned_rows(settings: Settings, contract: FeedContract, file_id: str) -> Iterator[FailedRow]:
    """Rows of a file that were loaded and raised a warning, table by table, in the partner's order."""
    for table in contract.tables:
        path = warned_path(settings, table.place, file_id)
        if not path.exists():
            continue
        shown = identifier_columns(table)
        called = [headings(table)[name] for name in shown]
        for number, codes, *held in _with_identifiers(settings, table, path, file_id, shown):
            identifiers = {name: str(cell) for name, cell in zip(called, held, strict=True) if cell}
            yield from (FailedRow(number, code, table.name, identifiers, "") for code in codes)


def _with_identifiers(
    settings: Settings, table: TableSpec, path: Path, file_id: str, shown: Sequence[str]
) -> list[tuple[Any, ...]]:
    """Row number, rule codes and identifiers of each row of a file of warnings; erased identifiers are blank."""
    batches = sorted(identifiers_path(settings, table.place, "any").parent.glob("*.parquet"))
    names = shown if batches else ()
    listed = ", ".join(literal(str(batch)) for batch in batches)
    held = "".join(f", max({name}) AS {name}" for name in names)
    source = (
        f"read_parquet([{listed}], union_by_name = true)" if batches else "(SELECT '' AS _file_id, 0 AS _row_number)"
    )
    cells = "".join(f", held.{name}" if name in names else f", NULL AS {name}" for name in shown)
    with duckdb.connect() as connection:
        return connection.execute(
            f"""
            SELECT w._row_number, w.rule_codes{cells}
            FROM read_parquet({literal(str(path))}) AS w
            LEFT JOIN (
                SELECT _row_number{held} FROM {source} WHERE _file_id = $1 GROUP BY _row_number
            ) AS held ON held._row_number = w._row_number
            WHERE w._file_id = $1 ORDER BY w._row_number
            """,
            [file_id],
        ).fetchall()


def identifier_columns(table: TableSpec) -> tuple[str, ...]:
    """The columns by which a partner finds a record: its own numbers, or the NHS number where it sends none."""
    local = tuple(column.name for column in table.columns if column.pseudonymise == "local_id")
    return local or tuple(column.name for column in table.columns if column.pseudonymise == "nhs_number")


@cache
def headings(table: TableSpec) -> dict[str, str]:
    """What partners call each of a table's columns."""
    return {column.name: column.heading for column in table.columns}


@cache
def columns_read(rule: RuleSpec, table: TableSpec) -> tuple[str, ...]:
    """The table's columns that a rule looks at, in the table's order."""
    if rule.kind == "key":
        return table.key_columns
    if rule.predicate is None:
        return (rule.column,) if rule.column else ()
    parsed = sqlglot.parse_one(f"SELECT {rule.predicate}", dialect="duckdb")
    named = {column.name for column in parsed.find_all(exp.Column)}
    return tuple(column.name for column in table.columns if column.name in named)
