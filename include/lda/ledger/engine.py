"""Opens the ledger's database: SQLite by default, any other (Postgres) by URL."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url

from lda.settings import create_private

BUSY_TIMEOUT_MS = 30_000
# What SQLite keeps beside its file, with the permissions of that file.
_BESIDE = ("", "-wal", "-shm", "-journal")


def open_engine(url: str) -> Engine:
    """Engine of the ledger. SQLite readers never wait for a writer, foreign keys are enforced, and what was committed
    is on the disk: senders are told on the strength of it that a file is safe. A new file is closed to all but its
    owner."""
    address = make_url(url)
    if address.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    if files := ledger_files(url):
        files[0].parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.close(create_private(files[0]))
    engine = create_engine(url)
    event.listen(engine, "connect", _set_up_sqlite)
    return engine


def ledger_files(url: str) -> list[Path]:
    """The files of a ledger in SQLite, those that are there or may come; none of a ledger in another database."""
    address = make_url(url)
    if address.get_backend_name() != "sqlite" or not address.database or address.database == ":memory:":
        return []
    path = Path(address.database)
    return [path.with_name(path.name + ending) for ending in _BESIDE]


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.close()
