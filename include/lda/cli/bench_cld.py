"""A large Client Level Data file for measurement, made as a set in DuckDB. Nobody in it is real."""

from __future__ import annotations

from pathlib import Path

import duckdb

from lda.contracts import ColumnSpec, FeedContract, load_contracts, load_system
from lda.contracts.csvfile import csv_relation
from lda.settings import Settings
from lda.warehouse.candidate import quoted

FEED = "cld"
PERIOD_START, PERIOD_END = "2025-04-01", "2026-03-31"
# One row in this many ends before it starts, and is quarantined: 3 %.
BAD_EVERY = 33
# Events of one person. Their rows stand anywhere in the file, not together.
EVENTS_EACH = 6


def write_cld_file(settings: Settings, folder: Path, rows: int) -> Path:
    """Write one council's file of ``rows`` events with every column of the contract, 3 % of them bad.

    Each person has several events, and each event a reference of its own, as in a council's extract. Coded columns
    draw from the contract's code lists, so that no row is bad but those meant to be.
    """
    contract = load_contracts(settings)[FEED]
    council = next(one.code for one in load_system(settings).partners if one.type == contract.partner_type)
    path = folder / f"{FEED}_{council}_{PERIOD_END.replace('-', '')}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"CREATE TABLE codes AS FROM {csv_relation(settings.reference_dir / 'code_list.csv')}")
        columns = ", ".join(f'{_value(connection, one, council)} AS "{one.name}"' for one in contract.columns)
        events = f"SELECT i, hash(i) % {max(1, int(rows) // EVENTS_EACH)} AS person FROM range({int(rows)}) AS rows(i)"
        connection.execute(f"COPY (SELECT {columns} FROM ({events})) TO {quoted(str(path))} (FORMAT csv, HEADER)")
    return path


def _value(connection: duckdb.DuckDBPyConnection, column: ColumnSpec, council: str) -> str:
    """SQL that gives a sound value of a column for row number ``i``."""
    special = {
        "la_code": quoted(council),
        "reporting_period_start_date": quoted(PERIOD_START),
        "reporting_period_end_date": quoted(PERIOD_END),
        "client_type": "'Service User'",
        "event_type": "'Service'",
        "event_start_date": _day("hash(i, 's') % 300", PERIOD_START),
        "event_end_date": f"CASE WHEN i % {BAD_EVERY} = 0 THEN '2024-12-31' WHEN i % 3 = 0 THEN '2026-03-01' END",
        "date_of_birth": _day("hash(i, 'b') % 25000", "1935-01-01"),
        "date_of_death": "NULL",
        "la_person_unique_identifier": "'P' || (1000000 + person)",
        "event_reference": "'E' || (10000000 + i)",
    }
    if column.name in special:
        return special[column.name]
    if column.code_list:
        found = connection.execute("SELECT code FROM codes WHERE code_list = ?", [column.code_list]).fetchall()
        values = ", ".join(quoted(code) for (code,) in found)
        return f"([{values}])[1 + (hash(i, {quoted(column.name)}) % {len(found)})::INTEGER]"
    by_kind = {
        "nhs_number": _nhs_number("(400000000 + (person::BIGINT * 7919) % 99999999)"),
        "postcode": "'LE8' || (1 + hash(i, 'p') % 8) || ' ' || (1 + hash(i, 'q') % 9) || 'AA'",
        "integer": "hash(i, 'n') % 1000",
        "number": "round((hash(i, 'n') % 100000) / 100, 2)",
        "date": _day("hash(i, 'd') % 300", PERIOD_START),
        "string": f"'{column.name[:12]} ' || (hash(i, {quoted(column.name)}) % 5000)",
    }
    return by_kind[column.kind or column.logical_type]


def _day(offset: str, first: str) -> str:
    return f"strftime(DATE '{first}' + ({offset})::INTEGER, '%Y-%m-%d')"


def _nhs_number(nine: str) -> str:
    """The nine digits with their check digit; NULL where there is none, as councils often have no number."""
    total = " + ".join(f"{11 - place} * (({nine} // {10 ** (9 - place)}) % 10)" for place in range(1, 10))
    check = f"(11 - ({total}) % 11) % 11"
    return f"CASE WHEN {check} < 10 THEN ({nine} * 10 + {check})::VARCHAR END"


def columns_of_file(contract: FeedContract) -> int:
    """How many columns the file has."""
    return len(contract.columns)
