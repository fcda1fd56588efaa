"""The archive: every file ever received, once, under the hash of its bytes, never changed."""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from pathlib import Path

from lda.settings import Settings
from lda.vault import private_folder

READ_ONLY = 0o400


def archive_path(settings: Settings, file_id: str) -> Path:
    """Where the bytes of a file are kept."""
    return settings.archive / file_id[:2] / file_id


def archive_file(settings: Settings, source: Path) -> tuple[str, int]:
    """Copy a landed file into the archive unless its bytes are there already; returns its SHA-256 and size.

    The copy is what is hashed, so what is kept is what its name says even if the landed file changes meanwhile.
    Raises OSError when the file cannot be read.
    """
    incoming = private_folder(settings.archive) / f".incoming-{uuid.uuid4().hex}"
    try:
        os.close(_create(incoming))
        shutil.copyfile(source, incoming)
        size = incoming.stat().st_size
        with incoming.open("rb") as copy:
            file_id = hashlib.file_digest(copy, "sha256").hexdigest()
        target = archive_path(settings, file_id)
        if not target.exists():
            private_folder(target.parent)
            incoming.chmod(READ_ONLY)
            os.replace(incoming, target)  # noqa: PTH105 (the one atomic step)
    finally:
        incoming.unlink(missing_ok=True)
    return file_id, size


def _create(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
