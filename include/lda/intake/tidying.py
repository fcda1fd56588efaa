"""Keeps in the vault the identifiers of each file's latest judgement alone.

A file judged again has its identifiers in the batch of the redrive, beside those of the batch it was first judged in.
The earlier ones go: rows that are not accepted any more are in quarantine with their original text, so nothing about
a row of the lake is lost, and what is held about a person is held in one place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from pathlib import Path

import duckdb

from lda.contracts import FeedContract
from lda.settings import Settings
from lda.vault import identifiers_path, literal, whole_file


def drop_superseded_identifiers(settings: Settings, contract: FeedContract, rejected: Collection[str]) -> int:
    """Leave each file's identifiers in the newest batch that has them, and none of ``rejected`` files.

    Returns how many batches were written anew or removed. Safe to run again, also after a run that was killed.
    """
    return sum(_drop(identifiers_path(settings, table.place, "any").parent, rejected) for table in contract.tables)


def _drop(folder: Path, rejected: Collection[str]) -> int:
    batches = sorted(folder.glob("*.parquet"), key=lambda path: (-path.stat().st_mtime_ns, path.name))
    if not batches:
        return 0
    with duckdb.connect() as connection:
        gone: dict[Path, list[str]] = defaultdict(list)
        held = set(rejected)
        for path in batches:
            found = connection.execute(f"SELECT DISTINCT _file_id FROM read_parquet({literal(str(path))})").fetchall()
            for (file_id,) in found:
                if file_id in held:
                    gone[path].append(file_id)
                held.add(file_id)
        for path, file_ids in gone.items():
            _without(connection, path, file_ids)
    return len(gone)


def _without(connection: duckdb.DuckDBPyConnection, path: Path, file_ids: list[str]) -> None:
    """Write a batch anew without some files; remove it when nothing is left."""
    listed = ", ".join(literal(file_id) for file_id in file_ids)
    kept = f"FROM read_parquet({literal(str(path))}) WHERE _file_id NOT IN ({listed})"
    if not connection.execute(f"SELECT 1 {kept} LIMIT 1").fetchall():
        path.unlink()
        return
    with whole_file(path) as temporary:
        connection.execute(f"COPY ({kept}) TO {literal(str(temporary))} (FORMAT parquet)")
