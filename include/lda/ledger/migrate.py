"""Brings a ledger to the tables this version of the code expects, whichever version made it.

A new ledger gets today's tables at once. An older one is brought forward step by step by Alembic, in one transaction
where the database allows it. The steps are in ``migrations/versions``, numbered; the highest number is today's.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, inspect, text
from sqlalchemy.schema import CreateColumn

from lda.ledger.tables import metadata

MIGRATIONS = Path(__file__).with_name("migrations")
FIRST = "0001"
VERSION_TABLE = "alembic_version"


class LedgerVersionError(Exception):
    """The ledger was made by a newer version of the code than this one; the message says what to do."""


def newest_revision() -> str:
    """The revision of today's tables: the number the last step's file name begins with."""
    return max(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def bring_up_to_date(engine: Engine) -> None:
    """Make the ledger's tables, or bring those that are there forward. Does nothing to a ledger of today.

    Raises LedgerVersionError for a ledger that is newer than the code.
    """
    newest = newest_revision()
    with engine.connect() as connection:
        found = _revision(connection)
    if found == newest:
        return
    if found is not None and found > newest:
        raise LedgerVersionError(
            f"The ledger is at version {found}, this code knows {newest}. Use the newer version of the code again, or "
            "restore the ledger from before its upgrade."
        )
    with engine.begin() as connection:
        if found is None and not inspect(connection).has_table("file"):
            metadata.create_all(connection)
            _stamp(connection, newest)
            return
        if found is None:  # made before there were versions: given the tables of the first one
            first = _first_columns()
            metadata.create_all(connection, tables=[metadata.tables[name] for name in first])
            _add_missing_columns(connection, first)
            _stamp(connection, FIRST)
        _upgrade(connection)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))
    return None if found is None else str(found)


def _stamp(connection: Connection, revision: str) -> None:
    connection.execute(
        text(f"CREATE TABLE IF NOT EXISTS {VERSION_TABLE} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    )
    connection.execute(text(f"DELETE FROM {VERSION_TABLE}"))
    connection.execute(text(f"INSERT INTO {VERSION_TABLE} VALUES (:revision)"), {"revision": revision})


def _first_columns() -> dict[str, set[str]]:
    """Columns of the first version's tables, by table: what that step makes of an empty database."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        _upgrade(connection, FIRST)
        tables = [name for name in inspect(connection).get_table_names() if name != VERSION_TABLE]
        return {name: {column["name"] for column in inspect(connection).get_columns(name)} for name in tables}


def _upgrade(connection: Connection, to: str = "head") -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def _add_missing_columns(connection: Connection, wanted: dict[str, set[str]]) -> None:
    """Give the tables of a ledger without a version the columns of the first one. Each of them may be NULL."""
    for table in (metadata.tables[name] for name in wanted):
        known = {column["name"] for column in inspect(connection).get_columns(table.name)}
        for column in table.columns:
            if column.name in wanted[table.name] - known:
                definition = CreateColumn(column).compile(dialect=connection.dialect)
                connection.execute(text(f"ALTER TABLE {table.name} ADD COLUMN {definition}"))
