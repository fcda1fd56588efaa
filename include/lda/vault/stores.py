"""Folders of the vault and files in them: closed to everyone but the owner, and written whole or not at all.

Every file belongs to one feed and is named after a batch or a source file, so that what was held about a person can
be found and erased without touching anything else.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lda.settings import PRIVATE_FILE, PRIVATE_FOLDER, Settings


def private_folder(path: Path) -> Path:
    """Make a folder that only its owner can open, and any missing folder above it likewise."""
    if not path.exists():
        if not path.parent.exists():
            private_folder(path.parent)
        path.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    return path


def identifiers_path(settings: Settings, feed: str, batch: str) -> Path:
    """Where the identifiers of a batch's accepted rows are kept."""
    return settings.vault / "identifiers" / feed / f"{batch}.parquet"


def quarantine_path(settings: Settings, feed: str, file_id: str) -> Path:
    """Where the original text of a file's quarantined rows is kept."""
    return settings.vault / "quarantine" / feed / f"{file_id[:16]}.parquet"


def warned_path(settings: Settings, feed: str, file_id: str) -> Path:
    """Where it is kept which of a file's accepted rows only raised a warning: row numbers and rule codes, no more."""
    return settings.vault / "warned" / feed / f"{file_id[:16]}.parquet"


def finish_private(path: Path) -> None:
    """Close a file just written to everyone but the owner."""
    path.chmod(PRIVATE_FILE)


@contextmanager
def whole_file(path: Path, mode: int = PRIVATE_FILE) -> Iterator[Path]:
    """A temporary path to write to; it becomes ``path`` in one step when the block ends well, or is removed.

    The temporary file is in the folder of the final one, so the step is a rename. Its name starts with a dot.
    """
    temporary = path.parent / f".{path.name}.{uuid.uuid4().hex[:8]}"
    try:
        yield temporary
        temporary.chmod(mode)
        os.replace(temporary, path)  # noqa: PTH105 (the one atomic step)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def scratch_folder(settings: Settings) -> Iterator[Path]:
    """A private folder for work in progress, gone when the block ends. It may hold identifiers for that long."""
    folder = private_folder(settings.vault / "scratch" / uuid.uuid4().hex)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def clear_scratch(settings: Settings) -> None:
    """Remove what a run that was killed left behind. Call it only while holding the home's lock."""
    shutil.rmtree(settings.vault / "scratch", ignore_errors=True)
