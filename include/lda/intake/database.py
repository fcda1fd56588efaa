"""The DuckDB connection a batch is judged in, and errors that say what went wrong without any cell's value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from lda.intake.erased import install_erased
from lda.settings import Settings
from lda.vault import erased_list, install_key


class IntakeError(Exception):
    """A batch could not be judged. The message never holds a cell's value."""


class FileFault(IntakeError):  # noqa: N818 (whose fault it is)
    """A batch could not be judged because of what one of its files holds."""


@contextmanager
def connect(settings: Settings, scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory database that spills to ``scratch``, with the token key installed."""
    connection = duckdb.connect()
    try:
        connection.execute("SET memory_limit = ?", [settings.duckdb_memory_limit])
        connection.execute("SET threads = ?", [settings.duckdb_threads])
        connection.execute("SET temp_directory = ?", [str(scratch)])
        connection.execute("SET preserve_insertion_order = true")
        connection.execute("SET enable_progress_bar = false")
        install_key(connection, settings.token_key)
        install_erased(connection, erased_list(settings))
        yield connection
    finally:
        connection.close()


# DuckDB makes a join of a long IN list, and rows do not pass through a join in the order they came.
LISTS_AS_JOINS = ("in_clause",)
# DuckDB may keep the many, wide rows of a file in memory and read the few, narrow ones past them.
JOIN_ORDER = ("join_order", "build_side_probe_side")


@contextmanager
def without_optimizers(connection: duckdb.DuckDBPyConnection, names: Sequence[str]) -> Iterator[None]:
    """Have DuckDB plan queries without some of its optimizers until the block ends."""
    connection.execute("SET disabled_optimizers = ?", [",".join(names)])
    try:
        yield
    finally:
        connection.execute("RESET disabled_optimizers")


@contextmanager
def without_values(doing: str) -> Iterator[None]:
    """Turn DuckDB's errors, which may quote cells, into errors that name the step and the kind of error alone.

    A query that could not even be planned has read no cell: what is said of it is said of the contract's SQL.
    """
    try:
        yield
    except (duckdb.BinderException, duckdb.ParserException, duckdb.CatalogException) as error:
        raise IntakeError(f"DuckDB could not {doing}: {str(error).splitlines()[0]}") from None
    except duckdb.Error as error:
        line = re.search(r"\bline: (\d+)", str(error), re.IGNORECASE)
        place = f" at line {line[1]} of its source" if line else ""
        kind = IntakeError if isinstance(error, _OF_THE_MACHINE) else FileFault
        raise kind(f"DuckDB could not {doing}{place} ({type(error).__name__}).") from None


_OF_THE_MACHINE = (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.InternalException, duckdb.FatalException)
