"""The lists: the model of each, whose identifiers it needs, its rows with them. Identifiable: for the vault alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from lda.settings import Settings
from lda.vault import literal
from lda.warehouse.candidate import open_candidate

HOLDER = re.compile(r"[A-Za-z0-9]{2,12}")
UNKNOWN_HOLDER = "unknown"


@dataclass(frozen=True)
class CareList:
    """One kind of list. ``columns`` are of its model, with the heading that readers see.

    ``identifiers`` are columns of the feed's identifiers in the vault, with theirs.
    """

    name: str
    title: str
    model: str
    feed: str
    holder: str
    identifiers: dict[str, str]
    columns: dict[str, str]


LISTS = (
    CareList(
        name="health_checks",
        title="People overdue an annual health check",
        model="care_health_check",
        feed="gp_ld_register",
        holder="Practice",
        identifiers={"nhs_number": "NHS number", "local_patient_id": "Patient ID"},
        columns={"state": "State", "last_check_date": "Last check", "declined_date": "Chose not to have one on"},
    ),
    CareList(
        name="reviews",
        title="C(E)TRs and oversight visits overdue or falling due",
        model="care_review",
        feed="inpatient_census",
        holder="Commissioner",
        identifiers={"nhs_number": "NHS number", "local_patient_id": "Local ID"},
        columns={
            "review_type": "Review",
            "state": "State",
            "next_due_date": "Due by",
            "last_review_date": "Last review",
            "planned_review_date": "Planned for",
            "provider_site_code": "Hospital site",
        },
    ),
)
WORDS = {"cetr": "C(E)TR", "oversight": "Oversight visit"}


@dataclass(frozen=True)
class CareRow:
    """One line of a list: whose list it is for, its system's reporting month (told up to then), the person's
    identifiers, and what is due."""

    holder: str
    person_key: str
    period_end: date
    identifiers: dict[str, str]
    values: dict[str, str | date | None]


def rows_of(settings: Settings, database: Path, care_list: CareList) -> list[CareRow]:
    """The rows of a list, those overdue longest first, with the identifiers that came with each row.

    The submission's file and row number find a row's identifiers, so each holder sees the numbers it sent itself. A row
    whose identifiers were erased from the vault stays in the list without them and is counted.
    """
    with open_candidate(database) as connection:
        files = _identifier_files(settings, care_list.feed)
        _install_identifiers(connection, files, tuple(care_list.identifiers))
        columns = ", ".join(f"due.{name}" for name in care_list.columns)
        held = ", ".join(f"held.{name}" for name in care_list.identifiers)
        found = connection.execute(
            f"""
            SELECT due.holder_code, due.person_key, due.period_end, {held}, {columns}
            FROM direct_care.{care_list.model} AS due
            LEFT JOIN temp.held AS held
                ON held._file_id = due.file_id AND held._row_number = due.source_row_number
            ORDER BY due.holder_code, due.state DESC, {_oldest_first(care_list)}, due.source_row_number
            """
        ).fetchall()
    return [_row(care_list, row) for row in found]


def _oldest_first(care_list: CareList) -> str:
    day = next(name for name in care_list.columns if name in {"next_due_date", "last_check_date"})
    return f"due.{day} NULLS FIRST"


def _identifier_files(settings: Settings, feed: str) -> list[Path]:
    return sorted((settings.vault / "identifiers" / feed).glob("*.parquet"))


def _install_identifiers(
    connection: duckdb.DuckDBPyConnection, files: Sequence[Path], identifiers: Sequence[str]
) -> None:
    """Make ``held``: one row per submitted row, however often its file was judged."""
    wanted = ", ".join(f"max({name}) AS {name}" for name in identifiers)
    if files:
        listed = ", ".join(literal(str(path)) for path in files)
        source = f"read_parquet([{listed}], union_by_name = true)"
    else:
        empty = ", ".join(f"NULL::VARCHAR AS {name}" for name in identifiers)
        source = f"(SELECT NULL::VARCHAR AS _file_id, NULL::BIGINT AS _row_number, {empty} LIMIT 0)"
    connection.execute(
        f"CREATE TEMP TABLE held AS SELECT _file_id, _row_number, {wanted} FROM {source} GROUP BY _file_id, _row_number"
    )


def _row(care_list: CareList, row: tuple[Any, ...]) -> CareRow:
    holder, person, period_end, *cells = row
    count = len(care_list.identifiers)
    numbers = {name: str(cell or "") for name, cell in zip(care_list.identifiers, cells[:count], strict=True)}
    values = {
        name: WORDS.get(cell, cell) if isinstance(cell, str) else cell
        for name, cell in zip(care_list.columns, cells[count:], strict=True)
    }
    # A holder's code comes from partners' data and becomes the name of a file.
    safe = str(holder) if HOLDER.fullmatch(str(holder)) else UNKNOWN_HOLDER
    return CareRow(safe, str(person), period_end, numbers, values)
