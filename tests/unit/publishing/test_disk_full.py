"""A full disk is known by what each of the programs that write says of it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import create_engine, text

from lda.stops import disk_is_full
from lda.warehouse import TransformError


def python(full):
    Path(full).write_text("x")


def duck(full):
    duckdb.sql(f"COPY (FROM range(100000)) TO '{full}' (FORMAT parquet)")


def spilling(_):
    words = (
        "failed to offload data block of size 256.0 KiB. This limit was set by the 'max_temp_directory_size' setting."
    )
    raise duckdb.OutOfMemoryException(words)


def sqlite(_):
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        connection.execute(text("PRAGMA max_page_count=2"))
        connection.execute(text("CREATE TABLE t (a)"))
        connection.execute(text(f"INSERT INTO t VALUES ('{'x' * 20000}')"))


def dbt(_):
    raise TransformError("dbt failed: model a (a.sql): IO Error: Could not write file '…': No space left on device")


def words_left_out(full):
    try:
        duck(full)
    except duckdb.Error:
        raise TransformError("DuckDB could not write (IOException).") from None


@pytest.mark.parametrize("write", [python, duck, spilling, sqlite, dbt, words_left_out])
def test_a_full_disk_is_known(write, no_room):
    with pytest.raises(Exception) as raised:
        write(no_room())
    assert disk_is_full(raised.value)


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), sqlite3.OperationalError("locked")])
def test_nothing_else_is_taken_for_a_full_disk(error):
    assert not disk_is_full(error)
