"""Write one publication's folder, close it, and check it as a reader would."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from lda.gates import GateOutcome, GateReport, json_text, judge_text, table_text, text_frame
from lda.publishing.dictionary import dictionary, unit_formats
from lda.publishing.dictionary_page import PAGE, dictionary_page
from lda.publishing.manifest import publication_manifest, sha256, withheld_units
from lda.publishing.report_text import page_text, report_text
from lda.publishing.tables import (
    FIGURES,
    count_database,
    count_file,
    count_source,
    file_relation,
    write_database,
    write_figures,
)
from lda.reporting.report import write_report
from lda.settings import ANALYSTS_FOLDER, Settings
from lda.warehouse.candidate import Candidate, columns_of, open_candidate, quoted

MANIFEST = "publication.json"
PUBLIC = "public"
RESTRICTED = "restricted"
PUBLIC_DATABASE = "lda_public.duckdb"
RESTRICTED_DATABASE = "lda_mart.duckdb"
REPORT = "report"
DICTIONARY = "dictionary.json"
# (folder, file) modes: public for everyone, restricted for the owner and the analysts' group.
MODES = {PUBLIC: (0o755, 0o444), RESTRICTED: (ANALYSTS_FOLDER, 0o440)}
OPEN_FOLDER, OPEN_FILE = MODES[PUBLIC]


class PublicationError(Exception):
    """A publication cannot be made or put in force; the message says why. The one in force stays."""


def write_publication(
    settings: Settings,
    candidate: Candidate,
    report: GateReport,
    folder: Path,
    published_at: datetime,
    previous: Path | None = None,
) -> dict[str, Any]:
    """Write every file of a publication into a new folder, scan the public ones, and close the folder.

    :param previous: the public database of the publication in force, which the report compares with.
    :returns: the contents of ``publication.json``.
    :raises PublicationError: when something in the public files looks like a person's details.
    """
    folder.mkdir(mode=0o700, parents=True)
    public, restricted = folder / PUBLIC, folder / RESTRICTED
    public.mkdir()
    restricted.mkdir(mode=0o700)
    rows: dict[str, Any] = {PUBLIC_DATABASE: _write_database(candidate, report, folder, PUBLIC_DATABASE)}
    told = publication_manifest(candidate, report, {}, published_at)
    with ThreadPoolExecutor(1) as beside:
        # The report is drawn on one core while the other writes what the report does not read.
        rest = beside.submit(_write_rest, settings, candidate, report, folder)
        write_report(public / PUBLIC_DATABASE, told, previous, public / REPORT)
        rows |= rest.result()
    failures = identifiers_in(settings, public, candidate)
    if failures:
        raise PublicationError("Nothing was published. " + " ".join(failure.detail for failure in failures))
    files_out = {
        str(path.relative_to(folder)): {
            "sha256": sha256(path),
            "size_bytes": path.stat().st_size,
            "rows": rows.get(path.name),
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    manifest = publication_manifest(candidate, report, files_out, published_at)
    _write_json(folder / MANIFEST, manifest)
    close_folder(folder)
    return manifest


def _write_rest(settings: Settings, candidate: Candidate, report: GateReport, folder: Path) -> dict[str, Any]:
    """Write what a publication holds beside the public database and the report; returns rows by file name."""
    public, restricted = folder / PUBLIC, folder / RESTRICTED
    rows: dict[str, Any] = {RESTRICTED_DATABASE: _write_database(candidate, report, folder, RESTRICTED_DATABASE)}
    rows |= write_figures(public, candidate.path, report.withheld)
    formats = unit_formats(settings)
    meaning = dictionary(candidate, report, formats)
    _write_json(public / DICTIONARY, meaning)
    (public / PAGE).write_text(dictionary_page(meaning), encoding="utf-8")
    _write_json(restricted / DICTIONARY, dictionary(candidate, report, formats, ("mart", "published")))
    return rows


def _write_database(candidate: Candidate, report: GateReport, folder: Path, name: str) -> dict[str, int]:
    """Write one of the publication's databases; returns rows by ``schema.table``."""
    path, schemas = next((path, schemas) for path, schemas in databases(folder).items() if path.name == name)
    return write_database(path, candidate.path, schemas, report.withheld, candidate.descriptions)


def databases(folder: Path) -> dict[Path, list[str]]:
    """The DuckDB files of a publication and the schemas each holds."""
    return {
        folder / PUBLIC / PUBLIC_DATABASE: ["published"],
        folder / RESTRICTED / RESTRICTED_DATABASE: ["mart", "published"],
    }


def identifiers_in(settings: Settings, public: Path, candidate: Candidate) -> list[GateOutcome]:
    """What the identifier suite finds in the written public files; empty when nothing."""
    rows = json_text(public / DICTIONARY) + page_text(public / PAGE) + report_text(public / REPORT)
    with open_candidate(candidate.path) as connection:
        types = columns_of(connection, "published", "measure_value")
    with duckdb.connect(":memory:") as connection:
        for name in ("measures.csv", "measures.parquet"):
            connection.execute(f"CREATE OR REPLACE TEMP TABLE written_file AS FROM {file_relation(public / name)}")
            rows += table_text(connection, "written_file", name, types)
        path = public / PUBLIC_DATABASE
        connection.execute(f"ATTACH {quoted(str(path))} AS written (READ_ONLY)")
        for table, columns in _written_columns(connection).items():
            rows += table_text(connection, f'written.published."{table}"', f"{path.name}.{table}", columns)
    return [outcome for outcome in judge_text(settings, text_frame(rows)) if not outcome.success]


def _written_columns(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    query = (
        "SELECT table_name, column_name, data_type FROM information_schema.columns "
        "WHERE table_catalog = 'written' ORDER BY table_name, ordinal_position"
    )
    for table, column, kind in connection.execute(query).fetchall():
        found.setdefault(table, {})[column] = kind
    return found


def close_folder(folder: Path) -> None:
    """Give each part its permissions and make sure that it is on the disk."""
    for name, (folder_mode, file_mode) in MODES.items():
        for path in (folder / name).rglob("*"):
            path.chmod(folder_mode if path.is_dir() else file_mode)
            _sync(path)
        (folder / name).chmod(folder_mode)
        _sync(folder / name)
    (folder / MANIFEST).chmod(OPEN_FILE)
    _sync(folder / MANIFEST)
    folder.chmod(OPEN_FOLDER)
    _sync(folder)


def read_manifest(folder: Path) -> dict[str, Any]:
    """``publication.json`` of a publication's folder.

    :raises PublicationError: when it is missing or damaged.
    """
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PublicationError(
            f"{folder} is not a complete publication: {MANIFEST} cannot be read. If it is in force, put another in its "
            "place (lda publications, then lda rollback <publication id>, or lda refresh), or restore it from a backup."
        ) from error
    return manifest


def verify_folder(folder: Path, candidate: Candidate | None = None) -> dict[str, Any]:
    """Open every file of a publication and compare it with ``publication.json`` and, if given, with its candidate.

    :returns: the contents of ``publication.json``.
    :raises PublicationError: at the first difference.
    """
    manifest = read_manifest(folder)
    for name, described in manifest["files_out"].items():
        path = folder / name
        if not path.is_file() or sha256(path) != described["sha256"]:
            raise PublicationError(
                f"{path} is not the file that was written: its checksum differs. It was not released."
            )
        _verify_mode(path, MODES[Path(name).parts[0]][1])
        if path.suffix == ".duckdb":
            _same(name, described["rows"], count_database(path))
        elif described["rows"] is not None:
            _same(name, described["rows"], count_file(path))
    for path in databases(folder):
        _verify_publication_id(path, manifest["publication_id"])
    if candidate is not None:
        withheld = withheld_units(manifest)
        for path, schemas in databases(folder).items():
            _same(path.name, count_source(candidate.path, schemas, withheld), count_database(path))
    return manifest


def _verify_mode(path: Path, mode: int) -> None:
    found = path.stat().st_mode & 0o777
    if found != mode:
        raise PublicationError(f"{path} has permissions {found:o}; expected {mode:o}. It was not released.")


def _verify_publication_id(path: Path, publication_id: str) -> None:
    """Every row of every table says which publication it is of; a publication has figures."""
    with duckdb.connect(str(path), read_only=True) as connection:
        for table in count_database(path):
            schema, name = table.split(".", maxsplit=1)
            found = connection.execute(f'SELECT DISTINCT publication_id FROM {schema}."{name}"').fetchall()
            empty_allowed = table != f"published.{FIGURES}"
            if found != [(publication_id,)] and not (empty_allowed and not found):
                raise PublicationError(
                    f"Rows of {table} in {path} name another publication than {publication_id}. It was not released."
                )


def _same(name: str, expected: Mapping[str, int] | int, found: Mapping[str, int] | int) -> None:
    if expected != found:
        raise PublicationError(f"{name} holds {found} rows; expected {expected}. It was not released.")


def _write_json(path: Path, data: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False, default=str) + "\n", encoding="utf-8")


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
