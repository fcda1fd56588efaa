"""Opens a submission: a file that is a table, or an archive that holds a file for each of several tables.

An archive is unpacked into the run's private scratch folder after its list of contents has been found harmless: not
too many files, not too large, not packed too tightly, no path that leads elsewhere, no link, no password. So is a
workbook, before it is opened.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from lda.contracts import FeedContract, TableSpec, normalise
from lda.intake.reading import Reading
from lda.intake.records import ZIP
from lda.landing.unzip import UNREADABLE, danger, unpack
from lda.settings import Settings

TEXT_FILES = (".csv", ".txt")


def open_parts(reading: Reading, contract: FeedContract, settings: Settings, scratch: Path) -> None:
    """Give a reading its parts by table. A file of a feed with one table is its own only part.

    Finds out, for an archive: ``opened``, ``archive_unsafe``, ``tables_missing`` and ``tables_repeated``; for a
    workbook, which is a ZIP too: ``archive_unsafe``, and ``opened`` when its list of contents cannot be read.
    """
    if not contract.is_archive:
        reading.parts = {contract.table.name: reading}
        _check_workbook(reading, reading.path, settings)
        return
    try:
        with zipfile.ZipFile(reading.path) as archive:
            members = [item for item in archive.infolist() if not item.is_dir()]
            reason = danger(members, reading.path.stat().st_size, settings)
            reading.find("archive_unsafe", int(bool(reason)), reason)
            if reason:
                return
            chosen = _choose(reading, contract, members)
            folder = scratch / str(reading.number)
            folder.mkdir(parents=True)
            for table, member in chosen.items():
                path = folder / f"{table}.csv"
                unpack(archive, member, path)
                _check_workbook(reading, path, settings)
                reading.parts[table] = Reading(reading.number, reading.record, path)
    except (*UNREADABLE, OSError) as error:
        reading.parts = {}
        reading.find("opened", 0, f"The archive could not be opened ({type(error).__name__}).")
        return
    reading.find("opened", 1)


def _check_workbook(reading: Reading, path: Path, settings: Settings) -> None:
    """Find out whether a workbook would unpack to more than the settings allow. Other files are left alone."""
    with path.open("rb") as file:
        if file.read(len(ZIP)) != ZIP:
            return
    try:
        with zipfile.ZipFile(path) as workbook:
            reason = danger(workbook.infolist(), path.stat().st_size, settings)
    except UNREADABLE as error:
        reading.find("opened", 0, f"The workbook could not be opened ({type(error).__name__}).")
        return
    if reason:
        reading.find("archive_unsafe", 1, reason)


def _choose(reading: Reading, contract: FeedContract, members: Sequence[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """The member of each table; notes which tables are missing or there twice and which files are left out."""
    chosen: dict[str, zipfile.ZipInfo] = {}
    repeated: list[str] = []
    left_out: list[str] = []
    for member in sorted(members, key=lambda item: item.filename):
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if path.name.startswith(".") or "__MACOSX" in path.parts:
            continue
        table = table_of(path.name, contract.tables)
        if table is None or path.suffix.lower() not in TEXT_FILES:
            left_out.append(path.name)
        elif table.name in chosen:
            repeated.append(table.name)
        else:
            chosen[table.name] = member
    missing = [table.name for table in contract.tables if table.required and table.name not in chosen]
    reading.find("tables_missing", len(missing), f"Missing: {', '.join(missing)}.")
    reading.find("tables_repeated", len(repeated), f"There more than once: {', '.join(sorted(set(repeated)))}.")
    if left_out:
        reading.notes.append(f"Files left out: {', '.join(left_out)[:500]}.")
    return chosen


def table_of(name: str, tables: Sequence[TableSpec]) -> TableSpec | None:
    """The table whose name is in the name of a file; the longest where several are."""
    stem = normalise(PurePosixPath(name).stem)
    found = [(len(label), table) for table in tables for label in map(normalise, table.members) if label in stem]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def join_parts(reading: Reading) -> None:
    """Put what was found out about an archive's tables together as facts, account and results of the submission."""
    if reading.parts.get(reading.record.feed or "") is reading:
        return
    parts = reading.parts
    received = sum(part.account.received for part in parts.values())
    bad = sum(part.account.quarantined for part in parts.values())
    reading.account = type(reading.account)(
        received,
        sum(part.account.accepted for part in parts.values()),
        bad,
        sum(part.account.repeated for part in parts.values()),
        sum(part.account.layout for part in parts.values()),
    )
    for fact, together in _TOGETHER.items():
        found = {name: part for name, part in parts.items() if fact in part.facts}
        if not found:
            continue
        value = together(part.facts[fact] for part in found.values())
        worst = [name for name, part in found.items() if part.facts[fact] == value and part.details.get(fact)]
        said = f"{worst[0]}: {parts[worst[0]].details[fact]}" if worst else ""
        reading.find(fact, value, said)
    reading.find("data_rows", received, "No table has a data row.")
    if received:
        erased = reading.erased + sum(part.erased for part in parts.values())
        reading.find("quarantined_share", bad / (received + erased), f"{bad:,} of {received:,} rows failed.")
    for name, part in parts.items():
        reading.notes += [f"{name}: {note}" for note in part.notes]
        reading.rule_results += [
            replace(item, column_name=f"{name}.{item.column_name}" if item.column_name else name)
            for item in part.rule_results
        ]


_TOGETHER: dict[str, Callable[[Iterable[float]], float]] = {
    "opened": min,
    "required_columns_missing": max,
    "columns_repeated": max,
    "stops_mid_row": max,
}
