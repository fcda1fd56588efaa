"""What stands in the lake for a person's identifiers, and what the vault keeps of them.

The tokens of people are worked out once for every distinct number of a batch and joined to its rows, because a person
has many rows. Numbers of events have a token each, worked out where they are written.
"""

from __future__ import annotations

import duckdb

from lda.contracts import TableSpec
from lda.contracts.model import SYSTEM_COLUMNS
from lda.intake.rows import quoted
from lda.vault import ROW_MESSAGE, local_message_sql, person_message_sql, person_source_sql, token_sql

# Name, in a query, of the join that brings the person's token; others are named after their column.
_PERSON = "person"


def create_tokens(connection: duckdb.DuckDBPyConnection, table: TableSpec) -> None:
    """Make ``token_of``: the ``_token`` of every distinct ``_message`` about people in ``judged``."""
    messages = " UNION ALL ".join(f"SELECT {text} AS _message FROM judged AS j" for text in _messages(table).values())
    source = messages or "SELECT NULL::VARCHAR AS _message"
    connection.execute(
        f"CREATE TEMP TABLE token_of AS SELECT _message, {token_sql('_message')} AS _token "
        f"FROM (SELECT DISTINCT _message FROM ({source})) WHERE _message IS NOT NULL"
    )


def _messages(table: TableSpec) -> dict[str, str]:
    """SQL of the messages behind the tokens that recur, over ``judged AS j``, by the name of the join."""
    key = table.person_key
    if key is None:
        return {}
    messages = {_PERSON: person_message_sql(table.feed, _own(key.nhs_number), [_own(name) for name in key.local])}
    for column in table.columns:
        if column.name in key.local and column.pseudonymise == "local_id":
            messages[column.name] = local_message_sql(table.feed, _own(column.name))
    return messages


def _own(name: str) -> str:
    return f"j.{quoted(name)}"


def _joined(name: str) -> str:
    return quoted(f"of_{name}")


def _token_join(name: str, message: str) -> str:
    return f"LEFT JOIN token_of AS {_joined(name)} ON {_joined(name)}._message = {message}"


def lake_joins(table: TableSpec) -> str:
    """The joins that bring tokens, and a postcode's small area, to ``judged AS j``."""
    joins = [_token_join(name, message) for name, message in _messages(table).items()]
    for column in table.columns:
        if column.pseudonymise == "postcode":
            joins.append(f"LEFT JOIN small_area ON small_area._postcode = {_own(column.name)}")
    return " ".join(joins)


def lake_select(table: TableSpec) -> str:
    """The lake's columns, in the contract's order, from ``judged AS j`` and ``lake_joins``."""
    stand_ins = _stand_ins(table)
    names = [name for name, _ in table.lake_columns()[: -len(SYSTEM_COLUMNS)]]
    values = [stand_ins.get(name, _own(name)) for name in names]
    content = ", ".join(
        f"{_joined(_PERSON)}._token" if name == "person_token" else value
        for name, value in zip(names, values, strict=True)
    )
    columns = ", ".join(f"{value} AS {quoted(name)}" for name, value in zip(names, values, strict=True))
    return f"{columns}, j._file_id, j._row AS _row_number, printf('%016x', hash({content})) AS _row_hash"


def _stand_ins(table: TableSpec) -> dict[str, str]:
    """SQL of the lake's columns that are not columns of the contract, by name."""
    found: dict[str, str] = {}
    recurring = _messages(table)
    for column in table.columns:
        own = _own(column.name)
        match column.pseudonymise:
            case "birth_date":
                found["birth_month"] = f"date_trunc('month', {own})::DATE"
            case "postcode":
                found["postcode_lsoa_code"] = "small_area.postcode_lsoa_code"
            case "local_id" if column.name in recurring:
                found[f"{column.name}_token"] = f"{_joined(column.name)}._token"
            case "local_id":
                found[f"{column.name}_token"] = token_sql(local_message_sql(table.feed, own))
    if table.person_key:
        key = table.person_key
        found["person_token"] = _person_token()
        found["person_token_source"] = person_source_sql(_own(key.nhs_number), [_own(name) for name in key.local])
    return found


def _person_token() -> str:
    """The token of a row's person; a row without any number is a person of its own."""
    return f"coalesce({_joined(_PERSON)}._token, {token_sql(ROW_MESSAGE)})"


def identifier_joins(table: TableSpec) -> str:
    """The join that brings the person's token to ``judged AS j``."""
    messages = _messages(table)
    return _token_join(_PERSON, messages[_PERSON]) if messages else ""


def identifier_select(table: TableSpec) -> str:
    """The identifiers of accepted rows from ``judged AS j``, with the person token and place of each."""
    names = ", ".join(_own(name) for name in table.identifier_columns)
    person = f"{_person_token()} AS person_token, " if table.person_key else ""
    return f"{names}, {person}j._file_id, j._row AS _row_number"
