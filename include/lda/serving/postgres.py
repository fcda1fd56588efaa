"""Serve a publication from Postgres: load it beside the one in force, then switch to it. Safe to run again."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from lda.serving.errors import ServingError
from lda.serving.load import described_tables, load_publication
from lda.serving.roles import ensure_roles
from lda.serving.switch import drop_retired, served_publication, switch

# One publisher at a time writes to a database; the number only has to be the same for all of them.
PUBLISHER_LOCK = 5_304_1948
LOCK_TIMEOUT = "10min"


@dataclass(frozen=True)
class PostgresReport:
    """What became of the Postgres mart. ``exclusive`` says that no statement can have seen two publications."""

    publication_id: str
    changed: bool
    rows: dict[str, int] = field(default_factory=dict)
    exclusive: bool = True
    seconds: float = 0.0
    left_behind: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The report for JSON."""
        return asdict(self)


def serve_postgres(
    dsn: str, folder: Path, publication_id: str, scratch: Path, lock_seconds: float, *, again: bool = False
) -> PostgresReport:
    """Make the database serve a publication. Nothing is done when it does already, unless ``again``.

    :param scratch: a folder in which to put rows on their way, closed to others.
    :raises ServingError: when it cannot; the database then serves what it served before.
    """
    started = time.monotonic()
    try:
        with _publisher(dsn) as connection:
            ensure_roles(connection)
            if served_publication(connection) == publication_id and not again:
                return PostgresReport(publication_id, changed=False, left_behind=drop_retired(connection))
            with tempfile.TemporaryDirectory(dir=scratch, prefix="serving-") as folder_for_rows:
                rows = load_publication(connection, folder, publication_id, Path(folder_for_rows))
            exclusive = switch(connection, reading_order(folder), lock_seconds)
            left = drop_retired(connection)
    except psycopg.Error as error:
        raise ServingError(
            f"Postgres could not take publication {publication_id}: {_plain(error)}. It serves what it served before, "
            "and the publication in files is not touched. Put that right, then run: lda serve"
        ) from error
    seconds = round(time.monotonic() - started, 2)
    return PostgresReport(publication_id, True, rows, exclusive, seconds, left)


def reading_order(folder: Path) -> list[str]:
    """Tables in the order in which statements mostly name them: facts, then the dimensions they are joined to."""
    tables = described_tables(folder)
    targets = {relation["table"] for table in tables.values() for relation in table["relations"]}
    return sorted(tables, key=lambda label: (label in targets, label))


@contextmanager
def _publisher(dsn: str) -> Iterator[psycopg.Connection]:
    """A connection that holds the publisher's lock."""
    with psycopg.connect(dsn, autocommit=True, application_name="lda publisher") as connection:
        connection.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
        connection.execute("SELECT pg_advisory_lock(%s)", [PUBLISHER_LOCK])
        yield connection


def _plain(error: psycopg.Error) -> str:
    """What went wrong in one line, without the row or value that the database may quote."""
    return (error.diag.message_primary or type(error).__name__) if error.sqlstate else str(error).splitlines()[0]
