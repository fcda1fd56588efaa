"""Copies a whole ledger as it stood at one moment, from one database into another, of the same kind or not."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, Integer, insert, inspect, literal, select, text

from lda.ledger.migrate import bring_up_to_date
from lda.ledger.tables import metadata

ROWS_AT_ONCE = 1000


def copy_ledger(source: Engine, target: Engine) -> dict[str, int]:
    """Copy every row of a ledger into a database that has none; returns rows by table.

    From SQLite to SQLite it is SQLite's own online backup; otherwise rows are read in one transaction.

    :raises ValueError: when the target holds rows already.
    """
    if source.dialect.name == target.dialect.name == "sqlite":
        return _online_backup(source, target)
    bring_up_to_date(target)
    counts: dict[str, int] = {}
    level = "SERIALIZABLE" if source.dialect.name == "sqlite" else "REPEATABLE READ"
    with source.connect().execution_options(isolation_level=level) as reader, target.begin() as writer:
        for table in metadata.sorted_tables:
            if writer.execute(select(table).limit(1)).first() is not None:
                raise ValueError(f"The ledger to copy into holds rows already (table {table.name}).")
            rows = reader.execute(select(table)).mappings()
            counts[table.name] = 0
            for part in rows.partitions(ROWS_AT_ONCE):
                writer.execute(insert(table), [dict(row) for row in part])
                counts[table.name] += len(part)
            if target.dialect.name == "postgresql":
                _go_on_counting(writer, table)
    return counts


def holds_rows(engine: Engine) -> bool:
    """True when a database holds a ledger with anything in it. Tables without rows, as a copy that was stopped leaves
    them, are no ledger."""
    known = set(inspect(engine).get_table_names())
    with engine.connect() as connection:
        return any(
            connection.execute(select(literal(1)).select_from(table).limit(1)).first() is not None
            for table in metadata.sorted_tables
            if table.name in known
        )


def _online_backup(source: Engine, target: Engine) -> dict[str, int]:
    reader, writer = source.raw_connection(), target.raw_connection()
    try:
        connection: Any = reader.driver_connection
        connection.backup(writer.driver_connection)
    finally:
        reader.close()
        writer.close()
    with target.connect() as connection:
        return {table.name: _count(connection, table.name) for table in metadata.sorted_tables}


def _count(connection: Connection, table: str) -> int:
    return int(connection.scalar(text(f'SELECT count(*) FROM "{table}"')) or 0)


def _go_on_counting(connection: Connection, table: Any) -> None:
    """Numbers that Postgres gives out begin after those that were copied."""
    for column in table.primary_key.columns:
        if column.autoincrement is True and isinstance(column.type, Integer):
            connection.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', '{column.name}'), "
                    f'greatest((SELECT max("{column.name}") FROM "{table.name}"), 1))'
                )
            )
