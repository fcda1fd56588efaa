"""Write and read the tables of a publication: DuckDB files, CSV and Parquet."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from lda.contracts.csvfile import csv_relation
from lda.gates import Unit, is_one_of
from lda.warehouse.candidate import CATALOGUE, attach_candidate, columns_of, quoted, tables_of

# What BI tools cannot read, and what they are given instead; nested types have no substitute.
SUBSTITUTES = {
    "HUGEINT": "BIGINT",
    "UHUGEINT": "BIGINT",
    "UBIGINT": "BIGINT",
    "UINTEGER": "BIGINT",
    "USMALLINT": "INTEGER",
    "UTINYINT": "INTEGER",
    "UUID": "VARCHAR",
    "ENUM": "VARCHAR",
}
NESTED = ("STRUCT", "MAP", "UNION")
FIGURES = "measure_value"
PUBLICATION_ID = "publication_id"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# A cell that begins with one of these is run as a formula by spreadsheets (OWASP, CSV injection).
FORMULA_STARTS = r"^\s*[=+\-@\t\r＝＋－＠]"


class TableError(Exception):
    """A table of the candidate cannot be published as it is."""


@dataclass(frozen=True)
class SourceTable:
    """A table of the candidate, with the columns as they will be published and the rows that will be."""

    schema: str
    name: str
    columns: dict[str, str]
    condition: str
    publication_id: str | None = None

    @property
    def label(self) -> str:
        """schema.table"""
        return f"{self.schema}.{self.name}"

    def query(self, order: str = "") -> str:
        """SQL that reads the rows to publish from the attached candidate."""
        picked = ", ".join(f'{self._source(name)}::{kind} AS "{name}"' for name, kind in self.columns.items())
        return f'SELECT {picked} FROM {CATALOGUE}.{self.schema}."{self.name}" WHERE {self.condition} {order}'

    def _source(self, column: str) -> str:
        """The column of the candidate, or the publication's id where the candidate's table does not carry it."""
        added = column == PUBLICATION_ID and self.publication_id is not None
        return quoted(str(self.publication_id)) if added else f'"{column}"'


def source_tables(
    connection: duckdb.DuckDBPyConnection, schemas: Sequence[str], withheld: Collection[Unit]
) -> list[SourceTable]:
    """The tables of some schemas of the attached candidate, as they will be published.

    What is of a withheld unit is left out of every table of schema ``published``; schema ``mart`` keeps it for named
    analysts.
    Every row carries its publication's id, so that rows copied elsewhere still say which release they are of.

    :raises TableError: for a nested column type.
    """
    found = []
    row = connection.execute(f"SELECT publication_id FROM {CATALOGUE}.ledger.run").fetchone()
    publication_id = str(row[0]) if row else ""
    for schema, name in tables_of(connection, *schemas):
        columns = columns_of(connection, schema, name)
        kinds = {column: published_type(f"{schema}.{name}.{column}", kind) for column, kind in columns.items()}
        of_units = schema == "published" and set(Unit._fields) <= kinds.keys()
        condition = f"NOT {is_one_of(withheld)}" if of_units and withheld else "true"
        added = None if PUBLICATION_ID in kinds else publication_id
        found.append(SourceTable(schema, name, kinds | {PUBLICATION_ID: "VARCHAR"}, condition, added))
    return found


def published_type(place: str, kind: str) -> str:
    """The type a column is published with.

    :raises TableError: for a nested type, which BI tools cannot read.
    """
    if kind.endswith("]") or kind.startswith(NESTED):
        raise TableError(
            f"{place} is of type {kind}, which BI tools cannot read. Give the model plain columns instead."
        )
    return SUBSTITUTES.get(kind.split("(", maxsplit=1)[0], kind)


def write_database(
    path: Path,
    candidate: Path,
    schemas: Sequence[str],
    withheld: Collection[Unit],
    descriptions: Mapping[str, Mapping[str, str]],
) -> dict[str, int]:
    """Write a DuckDB file with some schemas of a candidate and a comment on every described table and column.

    :returns: rows by ``schema.table``.
    """
    counts = {}
    with duckdb.connect(str(path)) as connection:
        attach_candidate(connection, candidate)
        connection.execute("BEGIN")
        for schema in schemas:
            connection.execute(f"CREATE SCHEMA {schema}")
        for table in source_tables(connection, schemas, withheld):
            target = f'{table.schema}."{table.name}"'
            connection.execute(f"CREATE TABLE {target} AS {table.query()}")
            known = words_for(descriptions, table.label)
            if known.get(""):
                connection.execute(f"COMMENT ON TABLE {target} IS {quoted(known[''])}")
            for column in table.columns:
                if known.get(column):
                    connection.execute(f'COMMENT ON COLUMN {target}."{column}" IS {quoted(known[column])}')
            counts[table.label] = _count(connection, target)
        connection.execute("COMMIT")
        connection.execute(f"DETACH {CATALOGUE}")
        connection.execute("CHECKPOINT")
    return counts


def words_for(descriptions: Mapping[str, Mapping[str, str]], label: str) -> dict[str, str]:
    """Descriptions of a table (key ``""``) and its columns, with that of the id which publishing adds."""
    publication_id = descriptions.get(f"published.{FIGURES}", {}).get(PUBLICATION_ID, "")
    return {PUBLICATION_ID: publication_id, **descriptions.get(label, {})}


def write_figures(folder: Path, candidate: Path, withheld: Collection[Unit]) -> dict[str, int]:
    """Write ``measures.csv`` and ``measures.parquet``: the published figures, in key order.

    The CSV opens in Excel: UTF-8 with a byte order mark, ISO dates, and no cell that a spreadsheet would run.

    :returns: rows by file name.
    """
    with duckdb.connect(":memory:") as connection:
        attach_candidate(connection, candidate)
        tables = source_tables(connection_using(connection), ["published"], withheld)
        figures = next(table for table in tables if table.name == FIGURES)
        query = figures.query("ORDER BY ALL")
        parquet, plain = folder / "measures.parquet", folder / "measures.csv.part"
        connection.execute(f"COPY ({query}) TO {quoted(str(parquet))} (FORMAT parquet, COMPRESSION zstd)")
        safe = ", ".join(_harmless(name, kind) for name, kind in figures.columns.items())
        connection.execute(f"COPY (SELECT {safe} FROM ({query})) TO {quoted(str(plain))} (FORMAT csv, HEADER)")
        rows = _count(connection, f"({query})")
    with (folder / "measures.csv").open("wb") as target, plain.open("rb") as source:
        target.write(BYTE_ORDER_MARK)
        shutil.copyfileobj(source, target)
    plain.unlink()
    return {"measures.csv": rows, "measures.parquet": rows}


def connection_using(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """The same connection with the attached candidate as its default database."""
    connection.execute(f"USE {CATALOGUE}")
    return connection


def _harmless(name: str, kind: str) -> str:
    if not kind.startswith("VARCHAR"):
        return f'"{name}"'
    starts = quoted(FORMULA_STARTS)
    return f"""CASE WHEN regexp_matches("{name}", {starts}) THEN '''' || "{name}" ELSE "{name}" END AS "{name}\""""


def count_source(candidate: Path, schemas: Sequence[str], withheld: Collection[Unit]) -> dict[str, int]:
    """Rows the candidate has for each table that will be published, by ``schema.table``."""
    with duckdb.connect(":memory:") as connection:
        attach_candidate(connection, candidate)
        tables = source_tables(connection, schemas, withheld)
        return {table.label: _count(connection, f"({table.query()})") for table in tables}


def count_database(path: Path) -> dict[str, int]:
    """Rows of each table of a written DuckDB file, by ``schema.table``."""
    with duckdb.connect(str(path), read_only=True) as connection:
        names = connection.execute(
            "SELECT table_schema, table_name FROM information_schema.tables ORDER BY 1, 2"
        ).fetchall()
        return {f"{schema}.{name}": _count(connection, f'{schema}."{name}"') for schema, name in names}


def count_file(path: Path) -> int:
    """Rows of a CSV or Parquet file."""
    with duckdb.connect(":memory:") as connection:
        return _count(connection, file_relation(path))


def file_relation(path: Path) -> str:
    """SQL that reads a CSV file as text, or a Parquet file."""
    if path.suffix == ".csv":
        return csv_relation(path)
    return f"read_parquet({quoted(str(path))})"


def _count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {relation}").fetchone()
    return int(row[0]) if row else 0
