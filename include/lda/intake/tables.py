"""Judges the rows of one table in every file of a batch, and sets what came of it aside until the files' verdicts.

The tables of an archive are judged one after another in one DuckDB connection, parents first. While a table is being
judged or written its work is in ``judged`` and ``dropped``; between the two it rests under the table's own name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from lda.contracts import RULE_CONTEXT, FeedContract, FileRule, Parent, TableSpec
from lda.intake.erased import leave_out_erased
from lda.intake.header import Labels
from lda.intake.judgement import account_for_rows, create_batch_file, create_dropped, results, tally_rules
from lda.intake.judging import RowRules, judged_sql, keys_of
from lda.intake.plain import judge_plain
from lda.intake.reading import Reading, open_file, read_rows
from lda.intake.records import is_large
from lda.intake.rows import RowCollector, create_raw, quoted


@dataclass
class JudgedTable:
    """A table's work at rest: its rules, the numbers of the files judged, and whether ``judged`` is a view."""

    table: TableSpec
    rules: RowRules
    numbers: set[int] = field(default_factory=set)
    is_view: bool = False


def judge_table(
    connection: duckdb.DuckDBPyConnection,
    contract: FeedContract,
    table: TableSpec,
    readings: Sequence[Reading],
    labels: Mapping[str, Labels],
    file_rules: tuple[FileRule, ...],
    scratch: Path,
) -> JudgedTable:
    """Judge a table's rows in every file that has it; leaves ``judged`` and ``dropped`` and fills in the readings."""
    work = JudgedTable(table, RowRules.of(table))
    for reading in readings:
        open_file(reading, labels[table.name], labels)
    usable = [item for item in readings if item.header and not item.failed(file_rules, contract)]
    alone = len(usable) == 1 and is_large(usable[0].path.stat().st_size) and not table.parents
    work.is_view = alone and judge_plain(connection, table, work.rules, usable[0], scratch)
    if not work.is_view:
        usable = _collect(connection, contract, table, file_rules, usable)
    create_batch_file(connection, usable)
    if not work.is_view:
        context = ", ".join(f"f.{name}" for name in RULE_CONTEXT)
        source = f"(SELECT r.*, f._file_id, {context} FROM raw AS r JOIN batch_file AS f ON f._file = r._file)"
        connection.execute(f"CREATE TEMP TABLE judged AS {judged_sql(table, work.rules, source)}")
        connection.execute("DROP TABLE raw")
    by_number = {item.number: item for item in usable}
    left_out = leave_out_erased(connection, contract, table, is_view=work.is_view)
    for number, rows in left_out.items():
        by_number[number].layout_rows += rows
        by_number[number].erased += rows
    create_dropped(connection, table, work.rules)
    account_for_rows(connection, by_number)
    tallies = tally_rules(connection, table, work.rules)
    for reading in usable:
        reading.rule_results = results(table, tallies, reading.number)
    work.numbers = set(by_number)
    return work


def _collect(
    connection: duckdb.DuckDBPyConnection,
    contract: FeedContract,
    table: TableSpec,
    file_rules: tuple[FileRule, ...],
    readings: Sequence[Reading],
) -> list[Reading]:
    """Read files record by record into ``raw``; returns those that turned out whole."""
    create_raw(connection, table)
    rows = RowCollector(connection, table)
    for reading in readings:
        read_rows(reading, rows, table.required_columns)
    rows.flush()
    return [item for item in readings if not item.failed(file_rules, contract)]


def keep_keys(connection: duckdb.DuckDBPyConnection, contract: FeedContract, table: TableSpec) -> None:
    """Keep the values of accepted rows that other tables of the submission refer to."""
    wanted = {column.parent for other in contract.tables for column in other.columns if column.parent}
    for parent in sorted((one for one in wanted if one.table == table.name), key=lambda one: one.column):
        _keep(connection, parent)


def _keep(connection: duckdb.DuckDBPyConnection, parent: Parent) -> None:
    name = quoted(parent.column)
    connection.execute(
        f"""
        CREATE TEMP TABLE {keys_of(parent)} AS SELECT DISTINCT j._file, j.{name} AS _value
        FROM judged AS j ANTI JOIN dropped AS d ON d._file = j._file AND d._row = j._row WHERE j.{name} IS NOT NULL
        """
    )


def set_aside(connection: duckdb.DuckDBPyConnection, work: JudgedTable) -> None:
    """Put ``judged`` and ``dropped`` away under the table's name, to make room for the next table."""
    kind = "VIEW" if work.is_view else "TABLE"
    connection.execute(f"ALTER {kind} judged RENAME TO {quoted(f'judged_{work.table.name}')}")
    connection.execute(f"ALTER TABLE dropped RENAME TO {quoted(f'dropped_{work.table.name}')}")
    connection.execute("DROP TABLE batch_file")


def take_up(connection: duckdb.DuckDBPyConnection, work: JudgedTable) -> None:
    """Bring a table's ``judged`` and ``dropped`` back."""
    kind = "VIEW" if work.is_view else "TABLE"
    connection.execute(f"ALTER {kind} {quoted(f'judged_{work.table.name}')} RENAME TO judged")
    connection.execute(f"ALTER TABLE {quoted(f'dropped_{work.table.name}')} RENAME TO dropped")


def finish(connection: duckdb.DuckDBPyConnection, work: JudgedTable) -> None:
    """Remove what a table needed."""
    connection.execute(f"DROP {'VIEW' if work.is_view else 'TABLE'} judged")
    connection.execute("DROP TABLE dropped")
    connection.execute("DROP TABLE accepted_file")
    connection.execute("DROP TABLE IF EXISTS token_of")
