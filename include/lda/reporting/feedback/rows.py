"""Rows of a submission that failed, as the partner sent them: read from the vault for the partner's outbox alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import pyarrow.parquet as pq
import sqlglot
from sqlglot import exp

from lda.contracts import FeedContract, RuleSpec, TableSpec
from lda.settings import Settings
from lda.vault import quarantine_path

ROWS_AT_ONCE = 5_000


@dataclass(frozen=True)
class FailedRow:
    """One row and one rule it failed. Identifiable: it must not leave the vault.

    ``identifiers`` are the partner's own numbers for the record by column, or the NHS number where the feed has no
    local number. ``sent`` is what the rule read, as it was sent.
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
    identifiers = {name: str(row[name]) for name in shown if row.get(name)}
    for code in codes:
        read = columns_read(rules[code], table) if code in rules else ()
        sent = "; ".join(f"{name}: {row[name]}" for name in read if row.get(name))
        yield FailedRow(number, code, table.name, identifiers, sent)


def identifier_columns(table: TableSpec) -> tuple[str, ...]:
    """The columns by which a partner finds a record: its own numbers, or the NHS number where it sends none."""
    local = tuple(column.name for column in table.columns if column.pseudonymise == "local_id")
    return local or tuple(column.name for column in table.columns if column.pseudonymise == "nhs_number")


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
