"""Leaves out the rows of people whose data was erased before they are judged, counted or written anywhere.

Such a row is not data of the file any more: it is in no account but that of rows that are not data. In a submission of
several tables the rows that belong to it go with it, by the contract's foreign keys.
"""

from __future__ import annotations

import duckdb

from lda.contracts import ColumnSpec, FeedContract, Parent, TableSpec
from lda.intake.rows import quoted
from lda.vault import ErasedList, install_key, person_message_sql, token_sql

LIST, LIST_KEY = "erased_person", "lda_erased"


def install_erased(connection: duckdb.DuckDBPyConnection, people: ErasedList | None) -> None:
    """Make the list known to a connection; without one nothing is ever left out."""
    if people is None or not people.tokens:
        return
    install_key(connection, people.key, LIST_KEY)
    connection.execute(f"CREATE TEMP TABLE {LIST} AS SELECT unnest(?) AS _token", [sorted(people.tokens)])


def leave_out_erased(
    connection: duckdb.DuckDBPyConnection, contract: FeedContract, table: TableSpec, *, is_view: bool
) -> dict[int, int]:
    """Take erased people's rows out of ``judged``; returns how many, by number of the file.

    Lists of opt-outs stay whole: what a person asked for is honoured as long as the list stands.
    """
    if contract.role == "opt_outs" or not _has(connection, LIST):
        return {}
    conditions = _conditions(connection, table)
    if not conditions:
        return {}
    gone = quoted(f"erased_{table.name}")
    connection.execute(f"CREATE TEMP TABLE {gone} AS SELECT j._file, j._row FROM judged AS j WHERE {conditions}")
    counts = dict(connection.execute(f"SELECT _file, count(*) FROM {gone} GROUP BY _file").fetchall())
    for parent in sorted(_referred_to(contract, table), key=lambda one: one.column):
        name = quoted(parent.column)
        connection.execute(
            f"CREATE TEMP TABLE {_keys(parent)} AS SELECT DISTINCT j._file, j.{name} AS _value "
            f"FROM judged AS j SEMI JOIN {gone} AS g ON g._file = j._file AND g._row = j._row"
        )
    if counts and is_view:
        whole = quoted(f"whole_{table.name}")
        connection.execute(f"ALTER VIEW judged RENAME TO {whole}")
        connection.execute(
            f"CREATE TEMP VIEW judged AS SELECT w.* FROM {whole} AS w "
            f"ANTI JOIN {gone} AS g ON g._file = w._file AND g._row = w._row"
        )
    elif counts:
        connection.execute(f"DELETE FROM judged AS j USING {gone} AS g WHERE g._file = j._file AND g._row = j._row")
    return {int(number): int(count) for number, count in counts.items()}


def _conditions(connection: duckdb.DuckDBPyConnection, table: TableSpec) -> str:
    found: list[str] = []
    if table.person_key:
        own = [f"j.{quoted(name)}" for name in table.person_key.local]
        message = person_message_sql(table.feed, f"j.{quoted(table.person_key.nhs_number)}", own)
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE erased_message AS "
            f"SELECT _message FROM (SELECT DISTINCT {message} AS _message FROM judged AS j) "
            f"SEMI JOIN {LIST} ON {LIST}._token = {token_sql('_message', LIST_KEY)}"
        )
        found.append(f"{message} IN (FROM erased_message)")
    found += [
        f"EXISTS (FROM {_keys(column.parent)} AS k WHERE k._file = j._file AND k._value = j.{quoted(column.name)})"
        for column in _children(table)
        if column.parent and _has(connection, f"erased_keys_{column.parent.table}_{column.parent.column}")
    ]
    return " OR ".join(found)


def _children(table: TableSpec) -> list[ColumnSpec]:
    return [column for column in table.columns if column.parent]


def _referred_to(contract: FeedContract, table: TableSpec) -> set[Parent]:
    named = {column.parent for other in contract.tables for column in other.columns if column.parent}
    return {parent for parent in named if parent.table == table.name}


def _keys(parent: Parent) -> str:
    return quoted(f"erased_keys_{parent.table}_{parent.column}")


def _has(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    query = "SELECT count(*) FROM duckdb_tables() WHERE table_name = ?"
    return bool(connection.execute(query, [name]).fetchall()[0][0])
