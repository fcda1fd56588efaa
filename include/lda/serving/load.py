"""Load a publication's DuckDB mart into new schemas of a Postgres database, ready to be switched to.

Everything happens in one transaction, on schemas that nobody reads yet: a failure leaves nothing behind. Rows are
copied frozen, so that a reader whose transaction began before the switch does not find the new tables empty.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import psycopg
from psycopg import sql

from lda.publishing.folder import DICTIONARY, RESTRICTED
from lda.serving.errors import ServingError
from lda.serving.roles import check_readers, grant_readers
from lda.warehouse.candidate import quoted

SCHEMAS = ("mart", "published")
NEXT = "_next"
MARK = "LDA publication "
DATABASE = "lda_mart.duckdb"
BLOCK = 1 << 20
# DuckDB's types as Postgres calls them. A DECIMAL keeps its digits.
TYPES = {
    "VARCHAR": "text",
    "DATE": "date",
    "BIGINT": "bigint",
    "INTEGER": "integer",
    "SMALLINT": "smallint",
    "TINYINT": "smallint",
    "DOUBLE": "double precision",
    "FLOAT": "real",
    "BOOLEAN": "boolean",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
}
PERIOD = "period_end"

Tables = Mapping[str, Mapping[str, Any]]


def described_tables(folder: Path) -> dict[str, dict[str, Any]]:
    """``schema.table`` → what the publication's restricted dictionary says of it.

    :raises ServingError: for a publication made before there was such a dictionary.
    """
    path = folder / RESTRICTED / DICTIONARY
    try:
        tables: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["tables"]
    except (OSError, ValueError, KeyError) as error:
        raise ServingError(
            f"{path} cannot be read, so the keys of the publication's tables are not known; expected a publication "
            "made by this version. Publish again with: lda refresh"
        ) from error
    return tables


def load_publication(
    connection: psycopg.Connection, folder: Path, publication_id: str, scratch: Path
) -> dict[str, int]:
    """Make schemas ``mart_next`` and ``published_next`` from a publication: tables, keys, indexes, words, rights.

    :param scratch: an empty folder of the publisher's own, for the rows on their way.
    :returns: rows by ``schema.table``.
    """
    tables = described_tables(folder)
    with connection.transaction():
        for schema in SCHEMAS:
            name = sql.Identifier(schema + NEXT)
            connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(name))
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(name))
            comment = sql.SQL("COMMENT ON SCHEMA {} IS {}").format(name, sql.Literal(MARK + publication_id))
            connection.execute(comment)
        rows = copy_tables(connection, folder / RESTRICTED / DATABASE, tables, scratch)
        with connection.pipeline():
            for statement in finish(tables):
                connection.execute(statement)
        for schema in SCHEMAS:
            grant_readers(connection, schema + NEXT, schema)
            check_readers(connection, schema + NEXT, schema)
        for label in tables:
            connection.execute(sql.SQL("ANALYZE {}").format(next_name(label)))
    return rows


def next_name(label: str) -> sql.Identifier:
    """``schema.table`` in the schema that is being loaded."""
    schema, table = label.split(".", maxsplit=1)
    return sql.Identifier(schema + NEXT, table)


def copy_tables(connection: psycopg.Connection, database: Path, tables: Tables, scratch: Path) -> dict[str, int]:
    """Create the tables and copy their rows; every row is counted on both sides.

    :raises ServingError: when a table has a type Postgres lacks, or rows were lost on the way.
    """
    rows = {}
    with duckdb.connect(str(database), read_only=True) as source:
        for label, table in tables.items():
            columns = {column["name"]: postgres_type(label, column) for column in table["columns"]}
            defined = sql.SQL(", ").join(
                sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in columns.items()
            )
            connection.execute(sql.SQL("CREATE TABLE {} ({})").format(next_name(label), defined))
            path = scratch / f"{label}.csv"
            schema, name = label.split(".", maxsplit=1)
            picked = ", ".join(f'"{column}"' for column in columns)
            source.execute(
                f'COPY (SELECT {picked} FROM {schema}."{name}") TO {quoted(str(path))} (FORMAT csv, HEADER false)'
            )
            sent = source.execute(f'SELECT count(*) FROM {schema}."{name}"').fetchone()
            statement = sql.SQL("COPY {} FROM STDIN (FORMAT csv, FREEZE)").format(next_name(label))
            with connection.cursor() as cursor:
                with cursor.copy(statement) as copy, path.open("rb") as file:
                    while block := file.read(BLOCK):
                        copy.write(block)
                rows[label] = cursor.rowcount
            path.unlink()
            if sent != (rows[label],):
                raise ServingError(f"Table {label} has {sent} rows; Postgres took {rows[label]}. Nothing was switched.")
    return rows


def postgres_type(label: str, column: Mapping[str, str]) -> str:
    """The Postgres type of a column.

    :raises ServingError: when there is none that BI tools read.
    """
    kind = column["type"]
    if kind.startswith("DECIMAL"):
        return kind.replace("DECIMAL", "numeric")
    if kind not in TYPES:
        raise ServingError(f"{label}.{column['name']} is of type {kind}; expected one of {', '.join(TYPES)}.")
    return TYPES[kind]


def finish(tables: Tables) -> Iterator[sql.Composed]:
    """Keys first, then indexes, relations (their targets have keys by then) and comments."""
    for label, table in tables.items():
        yield from keys(label, table)
    for label, table in tables.items():
        for columns in indexes(table):
            yield sql.SQL("CREATE INDEX ON {} ({})").format(next_name(label), _names(columns))
        yield from relations(label, table, tables)
        yield from comments(label, table)


def keys(label: str, table: Mapping[str, Any]) -> Iterator[sql.Composed]:
    """A primary key, or a unique one where a part may be blank; and other columns that no two rows share."""
    if table["key"]:
        kind = "PRIMARY KEY" if table["key_required"] else "UNIQUE NULLS NOT DISTINCT"
        yield sql.SQL("ALTER TABLE {} ADD {} ({})").format(next_name(label), sql.SQL(kind), _names(table["key"]))
    for column in table["unique"]:
        if [column] != table["key"]:
            yield sql.SQL("ALTER TABLE {} ADD UNIQUE ({})").format(next_name(label), _names([column]))


def indexes(table: Mapping[str, Any]) -> list[list[str]]:
    """Indexes besides the key: those its model asks for, its relations but for dates, and its period.

    One that begins another, or the key, is left out: the longer one serves both.
    """
    names = [column["name"] for column in table["columns"]]
    related = [[one["column"]] for one in table["relations"] if not one["table"].endswith("dim_date")]
    wanted = [*table["indexes"], *related, *([[PERIOD]] if PERIOD in names else [])]
    kept: list[list[str]] = [list(table["key"])] if table["key"] else []
    before = len(kept)
    for columns in sorted(wanted, key=len, reverse=True):
        if not any(longer[: len(columns)] == columns for longer in kept):
            kept.append(columns)
    return kept[before:]


def relations(label: str, table: Mapping[str, Any], tables: Tables) -> Iterator[sql.Composed]:
    """Foreign keys, from which BI tools draw the model. dbt's tests proved them, so they are not checked again."""
    for relation in table["relations"]:
        target = tables.get(relation["table"])
        if target and (target["key"] == [relation["to"]] or relation["to"] in target["unique"]):
            yield sql.SQL("ALTER TABLE {} ADD FOREIGN KEY ({}) REFERENCES {} ({}) NOT VALID").format(
                next_name(label), _names([relation["column"]]), next_name(relation["table"]), _names([relation["to"]])
            )


def comments(label: str, table: Mapping[str, Any]) -> Iterator[sql.Composed]:
    """What the dictionary says of the table and its columns."""
    yield sql.SQL("COMMENT ON TABLE {} IS {}").format(next_name(label), sql.Literal(table["description"]))
    schema, name = label.split(".", maxsplit=1)
    for column in table["columns"]:
        target = sql.Identifier(schema + NEXT, name, column["name"])
        yield sql.SQL("COMMENT ON COLUMN {} IS {}").format(target, sql.Literal(column["description"]))


def _names(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(column) for column in columns)
