"""Writes what comes of a batch: accepted rows to the lake, identifiers and quarantined rows to the vault.

Every file is written beside its final place and renamed when it is whole, so a run that is killed leaves nothing half
done, and running again gives the same files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from lda.contracts import FeedContract, TableSpec
from lda.intake.judgement import KEY, REPEATED
from lda.intake.judging import BITS, RowRules
from lda.intake.reading import Reading
from lda.intake.rows import quoted
from lda.intake.standins import identifier_joins, identifier_select, lake_joins, lake_select
from lda.settings import Settings
from lda.vault import identifiers_path, literal, private_folder, quarantine_path, warned_path, whole_file

ROWS_AT_ONCE = 200_000
LAKE_FILE = 0o644


class RowsLost(Exception):  # noqa: N818 (names what happened)
    """What was written does not hold the rows it should: nothing of the batch is recorded."""


def lake_path(contract: FeedContract, reading: Reading, earlier: int) -> str:
    """Where a submission goes, relative to the lake: a file, or a folder with a file for each table of an archive.

    Each submission has a name of its own by the number of ``earlier`` ones of the same file, so that what a past
    moment reads is never written over, whatever a file is judged by the next time.
    """
    record = reading.record
    suffix = f"-{earlier + 1}" if earlier else ""
    ending = "" if contract.is_archive else ".parquet"
    name = f"{record.file_id[:16]}{suffix}{ending}"
    return f"{contract.feed}/{record.partner_code}/{record.period_end}/{name}"


def create_accepted_file(connection: duckdb.DuckDBPyConnection, readings: Sequence[Reading]) -> None:
    """Make ``accepted_file``, the numbers of the files whose rows go to the lake."""
    connection.execute("CREATE TEMP TABLE accepted_file (_file INTEGER)")
    if readings:
        connection.executemany("INSERT INTO accepted_file VALUES (?)", [[item.number] for item in readings])


def _accepted(joins: str) -> str:
    """FROM clause of the rows that go to the lake."""
    return f"""
        FROM judged AS j ANTI JOIN dropped AS d ON d._file = j._file AND d._row = j._row
        SEMI JOIN accepted_file AS a ON a._file = j._file {joins}
    """


def write_lake_files(connection: duckdb.DuckDBPyConnection, table: TableSpec, paths: dict[int, Path]) -> None:
    """Write one Parquet file per accepted file of a batch of small files, in order of row number."""
    query = f"SELECT j._file AS _number, {lake_select(table)} {_accepted(lake_joins(table))} ORDER BY j._file, j._row"
    written = split_into_files(connection.execute(query).to_arrow_reader(ROWS_AT_ONCE), paths)
    for number in paths.keys() - written:
        empty = connection.execute(
            f"SELECT {lake_select(table)} {_accepted(lake_joins(table))} LIMIT 0"
        ).to_arrow_table()
        _write_one(paths[number], [empty])


def split_into_files(reader: pa.RecordBatchReader, paths: dict[int, Path]) -> set[int]:
    """Cut a stream of rows, ordered by ``_number`` in its first column, into files. Returns the numbers written."""
    current: int | None = None
    parts: list[pa.Table] = []
    written: set[int] = set()
    for number, part in _runs(reader):
        if number != current and current is not None:
            _write_one(paths[current], parts)
            parts = []
        current = number
        parts.append(part)
        written.add(number)
    if current is not None:
        _write_one(paths[current], parts)
    return written


def _runs(reader: pa.RecordBatchReader) -> Iterator[tuple[int, pa.Table]]:
    for batch in reader:
        table = pa.Table.from_batches([batch])
        numbers = table.column(0).to_numpy()
        content = table.drop_columns(["_number"])
        starts = [0, *((numbers[1:] != numbers[:-1]).nonzero()[0] + 1).tolist(), len(numbers)]
        for start, end in pairwise(starts):
            if end > start:
                yield int(numbers[start]), content.slice(start, end - start)


def _write_one(path: Path, parts: Sequence[pa.Table]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path, LAKE_FILE) as temporary:
        pq.write_table(pa.concat_tables(parts), temporary, compression="snappy")


def copy_lake_file(connection: duckdb.DuckDBPyConnection, table: TableSpec, path: Path) -> None:
    """Write the one accepted file of a batch straight from DuckDB. Only ``_row_number`` says how its rows stood."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path, LAKE_FILE) as temporary:
        query = f"SELECT {lake_select(table)} {_accepted(lake_joins(table))}"
        connection.execute(f"COPY ({query}) TO {literal(str(temporary))} (FORMAT parquet)")


def rows_in(path: Path) -> int:
    """Rows of a Parquet file."""
    return int(pq.read_metadata(path).num_rows)


def write_identifiers(connection: duckdb.DuckDBPyConnection, settings: Settings, table: TableSpec, batch: str) -> None:
    """Keep the identifiers of the batch's accepted rows in the vault."""
    if not table.identifier_columns:
        return
    path = identifiers_path(settings, table.place, batch)
    private_folder(path.parent)
    with whole_file(path) as temporary:
        query = f"SELECT {identifier_select(table)} {_accepted(identifier_joins(table))}"
        connection.execute(f"COPY ({query}) TO {literal(str(temporary))} (FORMAT parquet)")


def write_quarantine(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    table: TableSpec,
    rules: RowRules,
    readings: dict[int, Reading],
) -> None:
    """Keep the original text of rows that failed in the vault, one file per source file, with their rule codes."""
    cells = ", ".join(f"j._raw[{i}] AS {quoted(c.name)}" for i, c in enumerate(table.columns, start=1))
    codes = [*_failed(rules, "row"), f"CASE WHEN d._why = '{KEY}' THEN {literal(table.rule_prefix + '-KEY')} END"]
    query = f"""
        SELECT j._file AS _number, j._file_id, j._row AS _row_number, {_listed(codes)} AS rule_codes,
            {cells}, j._line
        FROM judged AS j JOIN dropped AS d ON d._file = j._file AND d._row = j._row
        WHERE d._why <> '{REPEATED}' ORDER BY j._file, j._row
    """
    paths = {n: quarantine_path(settings, table.place, one.record.file_id) for n, one in readings.items()}
    written = _write_by_file(connection, query, paths)
    for number, reading in readings.items():
        if number not in written and not reading.account.quarantined:
            paths[number].unlink(missing_ok=True)


def write_warned(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    table: TableSpec,
    rules: RowRules,
    readings: dict[int, Reading],
) -> None:
    """Keep which accepted rows raised a warning, one file per source file: their numbers and rule codes alone.

    What a sender needs to find such a row, its local number, is among the identifiers of the accepted rows already.
    """
    masks = rules.bits("warn")
    paths = {n: warned_path(settings, table.place, one.record.file_id) for n, one in readings.items()}
    written: set[int] = set()
    if any(masks):
        some = " OR ".join(f"j._failed{index} & {mask} <> 0" for index, mask in enumerate(masks))
        columns = f"j._file AS _number, j._file_id, j._row AS _row_number, {_listed(_failed(rules, 'warn'))}"
        query = f"SELECT {columns} AS rule_codes {_accepted('')} WHERE {some} ORDER BY j._file, j._row"
        written = _write_by_file(connection, query, paths)
    for number in paths.keys() - written:
        paths[number].unlink(missing_ok=True)


def _write_by_file(connection: duckdb.DuckDBPyConnection, query: str, paths: dict[int, Path]) -> set[int]:
    """Write rows, ordered by ``_number`` in their first column, to a file of the vault each; the numbers written."""
    current: int | None = None
    parts: list[pa.Table] = []
    written: set[int] = set()
    for number, part in _runs(connection.execute(query).to_arrow_reader(ROWS_AT_ONCE)):
        if number not in paths:
            continue
        if number != current and current is not None:
            _write_private(paths[current], parts)
            parts = []
        current = number
        parts.append(part)
        written.add(number)
    if current is not None:
        _write_private(paths[current], parts)
    return written


def _write_private(path: Path, parts: list[pa.Table]) -> None:
    private_folder(path.parent)
    with whole_file(path) as temporary:
        pq.write_table(pa.concat_tables(parts), temporary, compression="snappy")


def _failed(rules: RowRules, scope: str) -> list[str]:
    """SQL for the code of each rule of a scope that a row fails, NULL for each that it passes."""
    return [
        f"CASE WHEN j._failed{index // BITS} & {1 << (index % BITS)} <> 0 THEN {literal(rule.code)} END"
        for index, rule in enumerate(rules.rules)
        if rule.scope == scope
    ]


def _listed(codes: list[str]) -> str:
    return f"list_filter([{', '.join(codes)}], lambda code: code IS NOT NULL)"
