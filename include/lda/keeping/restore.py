"""Restore: a backup put back whole, or not at all, with the permissions everything had."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import SecretStr
from sqlalchemy import make_url

from lda.keeping.backup import (
    LEDGER,
    MANIFEST,
    BackupError,
    BackupReport,
    Progress,
    backups_in,
    read_backup,
    sha256_of,
)
from lda.ledger import Ledger, copy_ledger, holds_rows, open_engine
from lda.ledger.migrate import bring_up_to_date, newest_revision
from lda.settings import PRIVATE_FILE, PRIVATE_FOLDER, Settings
from lda.vault import fingerprint

# There while a restore is under way: one that was stopped is done again from the start. Once the ledger is in the
# database of LDA_LEDGER_URL, it says of which backup and where, for that cannot be done twice.
UNFINISHED = ".restoring"
_NOT_IN_THE_WAY = {UNFINISHED, "demo_pseudonym_key", ".locks", ".publication.lock"}


def restore(settings: Settings, folder: Path, progress: Progress | None = None) -> BackupReport:
    """Put a backup into ``settings.home``, which must hold nothing yet, after every one of its files was checked.

    ``folder`` is a backup, or a folder of backups for the latest of them.
    The ledger is put back last, into ``settings.ledger_address`` whatever database that is.

    :raises BackupError: for a damaged backup, another key than the backup's, an older version of the code, or a home or
        ledger that is in use.
    """
    folder = ([folder] if (folder / MANIFEST).exists() else backups_in(folder) or [folder])[-1]
    manifest = read_backup(folder)
    has_ledger = _check_place(settings, folder)
    _check_versions(settings, manifest)
    _check_files(folder, manifest, progress)
    home = settings.home
    home.mkdir(parents=True, exist_ok=True)
    (home / UNFINISHED).touch()
    for name in manifest["folders"]:
        (home / name).mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    report = BackupReport(str(folder), manifest["made_at"])
    for number, (name, told) in enumerate(manifest["files"].items()):
        if progress and number % 100 == 0:
            progress("restore", number, len(manifest["files"]))
        report.files, report.size_bytes = report.files + 1, report.size_bytes + told["size"]
        if name != LEDGER:
            _put(folder / name, home / name, told)
    for name, target in manifest["links"].items():
        (home / name).unlink(missing_ok=True)
        (home / name).symlink_to(target)
    if not has_ledger:
        _put_ledger(settings, folder / LEDGER)
        (home / UNFINISHED).write_text(_ledger_put(settings, folder), encoding="utf-8")
    for name, mode in sorted(manifest["folders"].items(), reverse=True):
        (home / name).chmod(mode)
    os.sync()
    (home / UNFINISHED).unlink()
    ledger = Ledger(settings.ledger_address)
    ledger.create()
    ledger.note("restored", folder.name, f"{report.files} files, made {manifest['made_at']}")
    ledger.close()
    return report


def elsewhere(settings: Settings, home: Path) -> Settings:
    """The same settings for a home of its own, with a ledger in it and the same key: to try a backup."""
    return Settings(
        **{
            **settings.model_dump(),
            "home": home,
            "ledger_url": None,
            "pseudonym_key": SecretStr(settings.token_key.decode()),
        }
    )


def _ledger_put(settings: Settings, folder: Path) -> str:
    """What the mark of an unfinished restore says once the ledger is put back: the backup, and into which database."""
    return f"{folder.resolve().name} {make_url(settings.ledger_address).render_as_string(hide_password=True)}"


def _check_place(settings: Settings, folder: Path) -> bool:
    """Refuse a home or database in use; True when a restore of this backup that was stopped put the ledger there."""
    mark = settings.home / UNFINISHED
    if settings.home.is_dir() and not mark.exists():
        found = sorted({path.name for path in settings.home.iterdir()} - _NOT_IN_THE_WAY)
        if found:
            raise BackupError(
                f"{settings.home} is not empty ({', '.join(found[:5])}). A backup is put back into an empty LDA_HOME: "
                "move what is there aside, or name another folder with --to."
            )
    if settings.ledger_url is None:
        return False
    engine = open_engine(settings.ledger_address)
    try:
        if not holds_rows(engine):
            return False
        if not mark.exists() or mark.read_text(encoding="utf-8") != _ledger_put(settings, folder):
            raise BackupError(
                "The database of LDA_LEDGER_URL holds a ledger already. Make an empty one and name that, so that "
                "nothing is mixed."
            )
        return True
    finally:
        engine.dispose()


def _check_versions(settings: Settings, manifest: dict[str, Any]) -> None:
    if manifest["ledger_revision"] > newest_revision():
        raise BackupError(
            f"The backup's ledger is at version {manifest['ledger_revision']}, this code knows {newest_revision()}. "
            f"Use the version of the code that made it: {manifest['code_version']}."
        )
    if settings.pseudonym_key is None and not settings.demo_key_path.exists():
        raise BackupError(
            "The key is kept apart from backups. Set LDA_PSEUDONYM_KEY to the one in force when the backup was "
            f"made ({manifest['made_at']} UTC); in the demo put the file {settings.demo_key_path.name} into LDA_HOME."
        )
    if fingerprint(settings.token_key) != manifest["key_fingerprint"]:
        raise BackupError(
            f"The pseudonym key is not the one in force when the backup was made ({manifest['made_at']} UTC). With "
            "another key everybody becomes another person. Set LDA_PSEUDONYM_KEY to that key."
        )


def _check_files(folder: Path, manifest: dict[str, Any], progress: Progress | None) -> None:
    """Read every file before one is put back, so that a damaged backup is told of and nothing half restored."""
    bad: list[str] = []
    for number, (name, told) in enumerate(manifest["files"].items()):
        if progress and number % 100 == 0:
            progress("checking the backup", number, len(manifest["files"]))
        path = folder / name
        if not path.is_file() or sha256_of(path) != told["sha256"]:
            bad.append(name)
    if bad:
        raise BackupError(
            f"{len(bad)} of {len(manifest['files'])} files of the backup are missing or damaged, the first {bad[0]}. "
            "Nothing was put back. Use the backup before."
        )


def _put(source: Path, target: Path, told: dict[str, Any]) -> None:
    target.unlink(missing_ok=True)
    shutil.copyfile(source, target)
    target.chmod(told["mode"])
    if "modified_ns" in told:
        os.utime(target, ns=(told["modified_ns"], told["modified_ns"]))


def _put_ledger(settings: Settings, source: Path) -> None:
    if settings.ledger_url is None:
        target = settings.home / LEDGER
        for path in settings.home.glob(f"{LEDGER}*"):
            path.unlink()
        shutil.copyfile(source, target)
        target.chmod(PRIVATE_FILE)
        return
    # A copy: SQLite writes into a database that it only reads, an older one is brought up to today's tables first, and
    # a backup must stay as it is.
    with TemporaryDirectory(dir=settings.home, prefix=f"{UNFINISHED}-") as folder:
        shutil.copyfile(source, Path(folder) / LEDGER)
        old, new = open_engine(f"sqlite:///{folder}/{LEDGER}"), open_engine(settings.ledger_address)
        try:
            bring_up_to_date(old)
            copy_ledger(old, new)
        finally:
            old.dispose()
            new.dispose()
