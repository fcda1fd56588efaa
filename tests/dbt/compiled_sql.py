"""SQL that dbt made of a model or macro, run on small tables in memory: fast enough for thousands of cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
from scratch_candidate import Candidate

Table = tuple[str, Sequence[Sequence[Any]]]


def model_sql(candidate: Candidate, model: str) -> str:
    """What dbt compiled a model to when it built the scratch candidate.

    What a unit test gives in a model's place has the model's name too, in a folder named as the file of the test.
    """
    found = (candidate.target / "compiled").rglob(f"{model}.sql")
    (path,) = (path for path in found if path.parent.suffix != ".yml")
    return path.read_text(encoding="utf-8")


def macro_sql(candidate: Candidate, call: str) -> str:
    """What dbt compiles a macro call to."""
    result = candidate.dbt("compile", "--inline", "{{ " + call + " }}")
    assert result.success, result.exception
    (sql,) = (outcome.node.compiled_code for outcome in result.result.results)
    return sql


class Desk:
    """A database in memory with the name of the scratch candidate's, holding only the tables it is given."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self.connection = duckdb.connect()
        self.connection.execute("ATTACH ':memory:' AS candidate; USE candidate")
        for name, (columns, rows) in tables.items():
            self.connection.execute(f"CREATE SCHEMA IF NOT EXISTS {name.split('.')[0]}")
            self.connection.execute(f"CREATE TABLE {name} ({columns})")
            self.fill(name, rows)

    def fill(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        """Give a table these rows and no others."""
        self.connection.execute(f"DELETE FROM {table}")
        if rows:
            marks = ", ".join("(" + ", ".join("?" for _ in row) + ")" for row in rows)
            self.connection.execute(f"INSERT INTO {table} VALUES {marks}", [cell for row in rows for cell in row])

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Run a query."""
        found = self.connection.execute(sql)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
