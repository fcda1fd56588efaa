"""Switch readers of the Postgres mart to a loaded publication: both schemas are renamed in one transaction.

Renaming schemas needs no lock on their tables, so no reader waits or fails. For a few seconds the tables in force are
locked first, so that no single statement is half way through them while the names change; a reader who keeps a
transaction open longer than that does not hold up the publication.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence

import psycopg
from psycopg import sql

from lda.serving.errors import ServingError
from lda.serving.load import MARK, NEXT, SCHEMAS

OLD = "_old_"
# Both shorter than Postgres's deadlock_timeout (1 s), after which it would end a reader's statement: when a reader and
# the switch wait for each other, the switch yields, and no reader waits for it longer than the whole attempt.
LOCK_WAIT_MS = 100
ATTEMPT_MS = 500
PAUSE_SECONDS = 0.05
DROP_SECONDS = 2.0
BUSY = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected, psycopg.errors.QueryCanceled)


def served_publication(connection: psycopg.Connection) -> str | None:
    """The publication that the database serves, or None when it serves none yet.

    :raises ServingError: when a schema ``mart`` or ``published`` is there that was not made by a publication.
    """
    rows = connection.execute(
        "SELECT nspname, coalesce(obj_description(oid, 'pg_namespace'), '') FROM pg_namespace WHERE nspname = ANY(%s)",
        [list(SCHEMAS)],
    ).fetchall()
    for schema, words in rows:
        if not words.startswith(MARK):
            raise ServingError(
                f"Schema {schema} of the database was not made by a publication; expected none, or one with the "
                f"comment '{MARK}…'. Rename it, or give the mart a database of its own in LDA_PUBLISH_DSN."
            )
    served = {words.removeprefix(MARK) for _, words in rows}
    return served.pop() if len(served) == 1 and len(rows) == len(SCHEMAS) else None


def switch(connection: psycopg.Connection, tables: Sequence[str], lock_seconds: float) -> bool:
    """Rename the schemas in force out of the way and the loaded ones into their place.

    :param tables: tables to lock, as ``schema.table``, in the order in which readers' statements name them.
    :param lock_seconds: how long to try to catch a moment in which no statement is reading.
    :returns: True when the tables were locked, so that certainly no statement saw both publications.
    """
    retired = f"{OLD}{secrets.token_hex(4)}"

    def attempt() -> None:
        there = tables_in(connection, SCHEMAS)
        lock_tables(connection, [one for one in tables if one in there] + sorted(there - set(tables)))
        _rename(connection, retired)

    if _until_free(connection, lock_seconds, attempt):
        return True
    with connection.transaction():
        _rename(connection, retired)
    return False


def _until_free(connection: psycopg.Connection, seconds: float, attempt: Callable[[], None]) -> bool:
    """Try something that needs locks, each time in a transaction of its own, until it gets them or time is up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with connection.transaction():
                attempt()
            return True
        except BUSY:
            time.sleep(PAUSE_SECONDS)
    return False


def tables_in(connection: psycopg.Connection, schemas: Sequence[str]) -> set[str]:
    """``schema.table`` of the tables in some schemas."""
    query = "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname = ANY(%s)"
    return {row[0] for row in connection.execute(query, [list(schemas)])}


def lock_tables(connection: psycopg.Connection, tables: Sequence[str]) -> None:
    """Lock tables against everybody for the rest of the transaction, or give up soon."""
    if not tables:
        return
    for name, milliseconds in (("lock_timeout", LOCK_WAIT_MS), ("statement_timeout", ATTEMPT_MS)):
        connection.execute(sql.SQL("SET LOCAL {} = {}").format(sql.Identifier(name), sql.Literal(milliseconds)))
    names = sql.SQL(", ").join(sql.Identifier(*table.split(".", maxsplit=1)) for table in tables)
    connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(names))
    connection.execute("SET LOCAL statement_timeout = 0")


def _rename(connection: psycopg.Connection, retired: str) -> None:
    for schema in SCHEMAS:
        rename = sql.SQL("ALTER SCHEMA {} RENAME TO {}")
        there = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [schema]).fetchone()
        if there:
            connection.execute(rename.format(sql.Identifier(schema), sql.Identifier(schema + retired)))
        connection.execute(rename.format(sql.Identifier(schema + NEXT), sql.Identifier(schema)))


def drop_retired(connection: psycopg.Connection) -> list[str]:
    """Drop schemas that switches left behind: those of one publication together, in a transaction of their own.

    Prepared statements may still take a short lock on the old tables, so they too are locked before they are dropped.
    What a reader holds for longer is left for the next time.

    :returns: the schemas that are still there.
    """
    patterns = [f"^{schema}{OLD}[0-9a-f]{{8}}$" for schema in SCHEMAS]
    rows = connection.execute(
        "SELECT right(nspname, 8), array_agg(nspname::text ORDER BY nspname) FROM pg_namespace WHERE nspname ~ ANY(%s) "
        "AND obj_description(oid, 'pg_namespace') LIKE %s AND pg_has_role(nspowner, 'USAGE') GROUP BY 1 ORDER BY 1",
        [patterns, f"{MARK}%"],
    ).fetchall()
    left: list[str] = []
    for _, schemas in rows:

        def attempt(schemas: list[str] = schemas) -> None:
            lock_tables(connection, sorted(tables_in(connection, schemas)))
            names = sql.SQL(", ").join(map(sql.Identifier, schemas))
            connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(names))

        left += [] if _until_free(connection, DROP_SECONDS, attempt) else schemas
    return left
