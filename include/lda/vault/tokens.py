"""Person and record tokens: keyed hashes worked out by DuckDB, so that no identifier passes through Python.

A token is the first 32 hexadecimal characters of HMAC-SHA256 over a labelled value, for example ``nhs:9434765919``.
DuckDB has no HMAC, so it is written out: sha256(outer key + sha256(inner key + message)). The two keys are handed to
the connection as values of a prepared statement and read as variables, so they never stand in any SQL text.
"""

from __future__ import annotations

import hashlib
import hmac

import duckdb

TOKEN_LENGTH = 32
_BLOCK = 64
# The name a connection knows the pseudonym key by; others may be installed beside it.
KEY_VARIABLE = "lda_token"


def install_key(connection: duckdb.DuckDBPyConnection, key: bytes, name: str = KEY_VARIABLE) -> None:
    """Make a key known to a connection, by a name, for as long as it is open."""
    block = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    connection.execute(f"SET VARIABLE {name}_inner = ?", [bytes(byte ^ 0x36 for byte in block)])
    connection.execute(f"SET VARIABLE {name}_outer = ?", [bytes(byte ^ 0x5C for byte in block)])


def token_sql(message: str, name: str = KEY_VARIABLE) -> str:
    """SQL for the token of a VARCHAR expression; NULL for NULL. Needs ``install_key`` on the connection."""
    inner = f"unhex(sha256(getvariable('{name}_inner') || encode({message})))"
    return f"left(sha256(getvariable('{name}_outer') || {inner}), {TOKEN_LENGTH})"


def token(key: bytes, message: str) -> str:
    """The token of one message, as ``token_sql`` works it out."""
    return hmac.new(key, message.encode(), hashlib.sha256).hexdigest()[:TOKEN_LENGTH]


def literal(text: str) -> str:
    """An SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def person_message_sql(feed: str, nhs_number: str, local: list[str]) -> str:
    """SQL for the message behind a person token: the NHS number or, failing that, the partner's own number.

    The partner's number counts when it has parts and all are there. NULL when there is neither: then ``ROW_MESSAGE``
    makes the record a person of its own.
    """
    if not local:
        return f"('nhs:' || {nhs_number})"
    parts = " || '|' || ".join(local)
    return f"coalesce('nhs:' || {nhs_number}, {literal(f'local:{feed}:')} || {parts})"


# SQL for the message behind the token of a record that says nothing of who it is about.
ROW_MESSAGE = "'row:' || _file_id || ':' || _row"


def person_source_sql(nhs_number: str, local: list[str]) -> str:
    """SQL for where the person token came from: nhs_number, local_id or row."""
    complete = " AND ".join(f"{column} IS NOT NULL" for column in local) or "FALSE"
    return f"CASE WHEN {nhs_number} IS NOT NULL THEN 'nhs_number' WHEN {complete} THEN 'local_id' ELSE 'row' END"


def local_message_sql(feed: str, column: str) -> str:
    """SQL for the message behind the token of a partner's own number (person, event, review …)."""
    return f"{literal(f'id:{feed}:')} || {column}"
