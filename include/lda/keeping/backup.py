"""Backup: everything that cannot be made again, as it stood at one moment, in a folder of its own each time.

A file that has not changed since the backup before is a hard link to it, so a backup costs what is new. The key is
never in it: without the key a backup's tokens say nothing of who somebody is, and whoever keeps the key keeps it apart.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from lda.intake import one_ingest
from lda.ledger import Ledger, copy_ledger, open_engine, utc_now
from lda.ledger.migrate import newest_revision
from lda.publishing import one_writer, readable_publication
from lda.settings import PRIVATE_FILE, PRIVATE_FOLDER, Settings
from lda.vault import check_key, fingerprint
from lda.warehouse.inputs import code_version

Progress = Callable[[str, int, int], None]
MANIFEST = "backup.json"
LEDGER = "ledger.db"
UNFINISHED = ".unfinished-"
# Every folder and file of LDA_HOME that is kept; the warehouse is built again by a refresh.
FOLDERS = ("landing", "archive", "vault", "lake", "published", "feedback")
FILES = ("channels.yaml",)
# Work in progress, which a run that starts again begins anew.
_LEFT_OUT = ("vault/scratch", "vault/direct_care/.building")


class BackupError(Exception):
    """A backup cannot be made or put back; the message says why and what to do."""


@dataclass
class BackupReport:
    """A backup: where it is, what is in it, and how much of it was new."""

    folder: str
    made_at: str
    files: int = 0
    size_bytes: int = 0
    new_files: int = 0
    new_bytes: int = 0
    removed: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The report for JSON."""
        return asdict(self)


def backup(settings: Settings, to: Path, keep: int | None = None, progress: Progress | None = None) -> BackupReport:
    """Copy the ledger and everything it tells of into a new folder of ``to``, while no run writes.

    The ledger comes first: all it tells of is there when the folders are copied. ``keep`` removes all but that many
    of the latest backups in ``to``.

    :raises BackupError: for a folder inside LDA_HOME, or one that holds it.
    """
    to, home = to.expanduser().resolve(), settings.home.resolve()
    if to == home or home in to.parents or to in home.parents:
        raise BackupError(f"{to} and LDA_HOME are one inside the other. Name a folder elsewhere, best on another disk.")
    with standing_still(settings) as ledger:
        check_key(settings, ledger)
        made_at = utc_now()
        folder = to / f"{made_at:%Y%m%dT%H%M%S}"
        if folder.exists():
            raise BackupError(f"{folder} is there already: a backup was made this second. Try again.")
        unfinished = to / f"{UNFINISHED}{folder.name}"
        for left in to.glob(f"{UNFINISHED}*"):
            shutil.rmtree(left)
        unfinished.mkdir(parents=True)
        unfinished.chmod(PRIVATE_FOLDER)
        report = BackupReport(str(folder), made_at.isoformat())
        manifest = _described(settings, made_at)
        _copy_ledger(ledger, unfinished / LEDGER, manifest)
        _copy_folders(settings, unfinished, _last(to), manifest, report, progress)
        _write_manifest(unfinished / MANIFEST, manifest)
        os.sync()
        unfinished.rename(folder)
        report.removed = _remove_old(to, keep)
        words = f"{report.files} files, {report.size_bytes} bytes, {report.new_files} files new"
        ledger.note("backed_up", folder.name, words)
    return report


@contextmanager
def standing_still(settings: Settings) -> Iterator[Ledger]:
    """The ledger while neither an ingest nor a refresh can write."""
    with one_ingest(settings), one_writer(settings):
        ledger = Ledger(settings.ledger_address)
        try:
            ledger.create()
            yield ledger
        finally:
            ledger.close()


def backups_in(folder: Path) -> list[Path]:
    """Whole backups in a folder, oldest first."""
    return sorted(path.parent for path in folder.glob(f"*/{MANIFEST}") if not path.parent.name.startswith("."))


def read_backup(folder: Path) -> dict[str, Any]:
    """``backup.json`` of a backup.

    :raises BackupError: when the folder is not a whole backup.
    """
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        found = ", ".join(path.name for path in backups_in(folder)) or "none"
        raise BackupError(f"{folder} is not a whole backup: no {MANIFEST}. Backups in it: {found}.") from error
    return manifest


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _described(settings: Settings, made_at: datetime) -> dict[str, Any]:
    current = readable_publication(settings)
    return {
        "made_at": made_at.isoformat(),
        "system_code": settings.system_label,
        "code_version": code_version(settings),
        "ledger_revision": newest_revision(),
        "key_fingerprint": fingerprint(settings.token_key),
        "publication_in_force": current.publication_id if current else None,
        "files": {},
        "folders": {},
        "links": {},
    }


def _copy_ledger(ledger: Ledger, target: Path, manifest: dict[str, Any]) -> None:
    copy = open_engine(f"sqlite:///{target}")
    try:
        copy_ledger(ledger.engine, copy)
        with copy.connect() as connection:  # one file, whatever journal SQLite kept
            connection.exec_driver_sql("PRAGMA journal_mode=DELETE")
    finally:
        copy.dispose()
    target.chmod(PRIVATE_FILE)
    manifest["files"][LEDGER] = {"sha256": sha256_of(target), "size": target.stat().st_size, "mode": PRIVATE_FILE}


def _copy_folders(
    settings: Settings,
    target: Path,
    last: Path | None,
    manifest: dict[str, Any],
    report: BackupReport,
    progress: Progress | None,
) -> None:
    known: dict[str, Any] = read_backup(last)["files"] if last else {}
    paths = [settings.home / name for name in FILES if (settings.home / name).is_file()]
    for name in FOLDERS:
        paths += sorted((settings.home / name).rglob("*")) if (settings.home / name).is_dir() else []
        if (settings.home / name).is_dir():
            manifest["folders"][name] = _folder(settings.home / name, target / name)
    for number, path in enumerate(paths):
        name = path.relative_to(settings.home).as_posix()
        if _is_left_out(name):
            continue
        if progress and number % 100 == 0:
            progress("backup", number, len(paths))
        if path.is_symlink():
            manifest["links"][name] = str(path.readlink())
            (target / name).symlink_to(manifest["links"][name])
        elif path.is_dir():
            manifest["folders"][name] = _folder(path, target / name)
        else:
            before = (last / name, known[name]) if last and name in known else None
            manifest["files"][name] = _file(path, target / name, before, report)
    report.files, report.size_bytes = len(manifest["files"]), sum(one["size"] for one in manifest["files"].values())


def _is_left_out(name: str) -> bool:
    return name.startswith(_LEFT_OUT) or any(part.startswith(".") for part in name.split("/"))


def _folder(source: Path, target: Path) -> int:
    target.mkdir()
    return source.stat().st_mode & 0o777


def _file(source: Path, target: Path, before: tuple[Path, dict[str, Any]] | None, report: BackupReport) -> Any:
    stat = source.stat()
    if before and before[0].is_file():
        path, told = before
        if (told["size"], told.get("modified_ns")) == (stat.st_size, stat.st_mtime_ns):
            try:
                target.hardlink_to(path)
            except OSError:  # a disk without links, or of too many
                shutil.copyfile(path, target)
            return {**told, "mode": stat.st_mode & 0o777}
    digest = hashlib.sha256()
    with source.open("rb") as file, target.open("xb") as copy:
        while block := file.read(1 << 20):
            digest.update(block)
            copy.write(block)
        size = copy.tell()
    target.chmod(PRIVATE_FILE)
    report.new_files, report.new_bytes = report.new_files + 1, report.new_bytes + size
    mode = stat.st_mode & 0o777
    return {"sha256": digest.hexdigest(), "size": size, "mode": mode, "modified_ns": stat.st_mtime_ns}


def _write_manifest(path: Path, manifest: dict[str, Any]) -> None:
    path.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    path.chmod(PRIVATE_FILE)


def _last(to: Path) -> Path | None:
    made = backups_in(to)
    return made[-1] if made else None


def _remove_old(to: Path, keep: int | None) -> list[str]:
    old = backups_in(to)[:-keep] if keep else []
    for folder in old:
        shutil.rmtree(folder)
    return [folder.name for folder in old]
