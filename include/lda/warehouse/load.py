"""Fill the candidate's sources: the lake's rows that count, and what the ledger says about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from lda.disclosure import MASK_DEFINITION
from lda.ledger.records import Submission
from lda.warehouse.candidate import CandidateError, quoted

# Parquet files read by one statement: bounds the length of the statement and the open files.
FILES_AT_ONCE = 1000

LEDGER_TABLES = {
    "run": "run_id VARCHAR, publication_id VARCHAR, period_end DATE, as_of TIMESTAMP, code_version VARCHAR",
    "system": "system_code VARCHAR, system_name VARCHAR, icb_code VARCHAR, area_code VARCHAR, period_end DATE",
    "partner": "partner_code VARCHAR, partner_name VARCHAR, partner_type VARCHAR, system_code VARCHAR, valid_to DATE",
    "feed": (
        "feed VARCHAR, feed_name VARCHAR, cadence_months INTEGER, stale_after_periods INTEGER, partner_type VARCHAR, "
        "role VARCHAR"
    ),
    "feed_table": "feed VARCHAR, table_name VARCHAR",
    "submission": (
        "file_id VARCHAR, feed VARCHAR, partner_code VARCHAR, system_code VARCHAR, period_start DATE, "
        "period_end DATE, accepted_at TIMESTAMP, rows_accepted BIGINT"
    ),
    "expected_submission": (
        "feed VARCHAR, partner_code VARCHAR, system_code VARCHAR, period_end DATE, due_date DATE, is_paused BOOLEAN"
    ),
    "file_account": (
        "file_id VARCHAR, feed VARCHAR, status VARCHAR, received BIGINT, accepted BIGINT, quarantined BIGINT, "
        "repeated BIGINT"
    ),
    "opt_out": "people_listed BIGINT, people_removed BIGINT, rows_removed BIGINT",
    "opt_out_list": "feed VARCHAR, partner_code VARCHAR, last_period DATE, stands BOOLEAN",
    "opt_out_removal": "feed VARCHAR, table_name VARCHAR, people_removed BIGINT, rows_removed BIGINT",
    # Filled by lda.disclosure once the exact figures are there.
    "disclosure_mask": MASK_DEFINITION,
}


def load_lake(
    connection: duckdb.DuckDBPyConnection,
    lake: Path,
    feeds: Mapping[str, Mapping[str, Sequence[tuple[str, str]]]],
    inputs: Iterable[Submission],
) -> None:
    """Make schema ``lake``: every table of every feed with the columns of its contract and the rows of its inputs.

    ``feeds`` maps a feed to its tables and these to (column, DuckDB type) pairs. A submission of a feed with several
    tables is a folder with a file for each table it brought. A table nobody sent is empty. A column that older files
    do not have yet is NULL in their rows; a column the contract no longer has is left out.

    :raises CandidateError: when an accepted submission's Parquet file is not in the lake: by its age, or by loss.
    """
    connection.execute("CREATE SCHEMA lake")
    paths: dict[str, list[Path]] = {feed: [] for feed in feeds}
    for source in inputs:
        if source.feed in paths and source.rows_accepted:
            path = lake / source.lake_path
            if source.superseded_at is not None and not path.exists():
                raise CandidateError(_past(source))
            paths[source.feed].append(path)
    for feed, tables in feeds.items():
        for table, columns in tables.items():
            definition = ", ".join(f'"{name}" {kind}' for name, kind in columns)
            connection.execute(f'CREATE TABLE lake."{table}" ({definition})')
            files = paths[feed] if len(tables) == 1 else _files_of(table, paths[feed])
            for start in range(0, len(files), FILES_AT_ONCE):
                _insert(connection, feed, table, dict(columns), files[start : start + FILES_AT_ONCE])


def _past(source: Submission) -> str:
    """Why the rows of something that is not in force any more are not there, and what to do."""
    words = "ended for its age" if source.superseded_by is None else "was replaced"
    return (
        f"The {source.feed} submission of {source.partner_code} for {source.period_end} {words} on "
        f"{source.superseded_at:%Y-%m-%d}; its rows are past their retention and no longer in the lake "
        "(docs/keeping.md). A refresh as of a moment before that cannot be made again. Run it as of now: lda refresh. "
        f"If retention did not remove them, restore the lake from its backup: {Path(source.lake_path).name}."
    )


def _files_of(table: str, folders: Iterable[Path]) -> list[Path]:
    """A table's file in each submission that brought it. A folder that is gone is kept, to be missed when read."""
    files = ((folder, folder / f"{table}.parquet") for folder in folders)
    return [file for folder, file in files if file.exists() or not folder.exists()]


def _insert(
    connection: duckdb.DuckDBPyConnection, feed: str, table: str, columns: Mapping[str, str], paths: Sequence[Path]
) -> None:
    source = f"read_parquet([{', '.join(quoted(str(path)) for path in paths)}], union_by_name = true)"
    try:
        present = {str(row[0]) for row in connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
        picked = ", ".join(f'"{name}"::{kind} AS "{name}"' for name, kind in columns.items() if name in present)
        connection.execute(f'INSERT INTO lake."{table}" BY NAME SELECT {picked} FROM {source}')
    except duckdb.IOException as error:
        missing = [path.name for path in paths if not path.exists()]
        raise CandidateError(
            f"{len(missing)} accepted {feed} submission(s) are in the ledger but not in the lake, the first "
            f"{missing[0] if missing else 'unreadable'}. Restore the lake from its backup, or load them again with: "
            f"lda redrive --feed {feed}"
        ) from error


def load_ledger(connection: duckdb.DuckDBPyConnection, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Make schema ``ledger`` with the tables of ``LEDGER_TABLES`` from rows given by column name."""
    connection.execute("CREATE SCHEMA ledger")
    for table, definition in LEDGER_TABLES.items():
        connection.execute(f"CREATE TABLE ledger.{table} ({definition})")
        names = [part.split()[0] for part in definition.split(", ")]
        values = [[row[name] for name in names] for row in rows.get(table, ())]
        _insert_rows(connection, f"ledger.{table}", names, values)


def _insert_rows(
    connection: duckdb.DuckDBPyConnection, table: str, names: Sequence[str], values: Sequence[Sequence[Any]]
) -> None:
    """Insert rows as one set: a column of text for each name, which the table's own types then read."""
    if not values:
        return
    import pyarrow as pa

    columns = [pa.array([_text(row[index]) for row in values], type=pa.string()) for index in range(len(names))]
    connection.register("incoming", pa.table(columns, names=list(names)))
    connection.execute(f"INSERT INTO {table} BY NAME SELECT {', '.join(names)} FROM incoming")
    connection.unregister("incoming")


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return value.isoformat(" ") if isinstance(value, datetime) else str(value)
