"""Find text that could identify a person: every distinct text of tables or files.

What counts as identifier-like is in ``expectations/publication/identifiers.json``; here is only how text is gathered.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from lda.telemetry import holds_nhs_number

if TYPE_CHECKING:
    import pandas as pd

TEXT_TYPES = ("VARCHAR", "CHAR", "TEXT")
DATE_TYPES = ("DATE", "TIMESTAMP")


def text_frame(rows: list[tuple[str, str, str]]) -> pd.DataFrame:
    """The frame ``published_text``: table_name, column_name, value, holds_nhs_number; one row per distinct value."""
    import pandas as pd

    frame = pd.DataFrame(rows, columns=["table_name", "column_name", "value"])
    frame["holds_nhs_number"] = pd.Series([holds_nhs_number(value) for value in frame["value"]], dtype=bool)
    return frame


def table_text(
    connection: duckdb.DuckDBPyConnection, relation: str, label: str, columns: dict[str, str]
) -> list[tuple[str, str, str]]:
    """The distinct texts of a relation's columns as (label, column, text).

    Text columns give all their values. Number columns give only whole numbers of ten digits, which is what an NHS
    number stored as a number looks like. Date columns are judged by their names (suite ``dates``).
    """
    found: list[tuple[str, str, str]] = []
    for name, kind in columns.items():
        if kind.startswith(DATE_TYPES) or kind == "BOOLEAN":
            continue
        if kind.startswith(TEXT_TYPES):
            query = f'SELECT DISTINCT "{name}" FROM {relation} WHERE "{name}" IS NOT NULL'
        else:
            whole = f'"{name}"::DOUBLE BETWEEN 1e9 AND 9999999999 AND "{name}"::DOUBLE = floor("{name}"::DOUBLE)'
            query = f'SELECT DISTINCT "{name}"::BIGINT::VARCHAR FROM {relation} WHERE {whole}'
        found += [(label, name, str(value)) for (value,) in connection.execute(f"{query} ORDER BY 1").fetchall()]
        if not found or found[-1][1] != name:
            found.append((label, name, ""))
    return found


def json_text(path: Path) -> list[tuple[str, str, str]]:
    """Every text in a JSON file as (file name, dotted place, text)."""
    return [(path.name, place, text) for place, text in _walk(json.loads(path.read_text()), "")]


def _walk(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _walk(part, f"{place}.{name}" if place else str(name))
    elif isinstance(value, list):
        for part in value:
            yield from _walk(part, place)
    elif isinstance(value, str):
        yield place, value
