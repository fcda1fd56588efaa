"""The archive: every file ever received, once, under the hash of its bytes, never changed."""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
import zipfile
from io import FileIO
from pathlib import Path

from lda.settings import Settings, create_private
from lda.vault import private_folder

READ_ONLY = 0o400
_CHUNK = 1 << 20


def archive_path(settings: Settings, file_id: str) -> Path:
    """Where the bytes of a file are kept."""
    return settings.archive / file_id[:2] / file_id


def archive_file(settings: Settings, source: Path) -> tuple[str, int]:
    """Copy a landed file into the archive unless its bytes are there already; returns its SHA-256 and size.

    What is written is what is hashed, so what is kept is what its name says even if the landed file changes meanwhile.
    It is on the disk, name and all, when this returns: a sender who is told so may remove the file.
    Raises OSError when the file cannot be read.
    """
    incoming = private_folder(settings.archive) / f".incoming-{uuid.uuid4().hex}"
    try:
        with source.open("rb", buffering=0) as landed, os.fdopen(create_private(incoming), "wb", buffering=0) as copy:
            file_id, size = _copy(landed, copy)
            os.fsync(copy.fileno())
        target = archive_path(settings, file_id)
        if not target.exists():
            private_folder(target.parent)
            incoming.chmod(READ_ONLY)
            os.replace(incoming, target)  # noqa: PTH105 (the one atomic step)
            _write_out(target.parent)
            _write_out(settings.archive)
    finally:
        incoming.unlink(missing_ok=True)
    return file_id, size


def _copy(source: FileIO, target: FileIO) -> tuple[str, int]:
    """Copy and hash in one reading; returns SHA-256 and size."""
    digest, size = hashlib.sha256(), 0
    block = memoryview(bytearray(min(_CHUNK, os.fstat(source.fileno()).st_size + 1)))
    while read := source.readinto(block):
        digest.update(block[:read])
        written = 0
        while written < read:
            written += target.write(block[written:read]) or 0
        size += read
    return digest.hexdigest(), size


def archive_landed(settings: Settings, source: Path) -> tuple[str, int]:
    """Archive a landed file, or a landed folder as one ZIP; returns its SHA-256 and the size of what was landed.

    A folder's files are packed in order of path and without times, so the same files always make the same bytes.
    Raises OSError when something cannot be read.
    """
    if not source.is_dir():
        return archive_file(settings, source)
    packed = private_folder(settings.archive) / f".packing-{uuid.uuid4().hex}"
    try:
        size = 0
        with (
            os.fdopen(create_private(packed), "wb") as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            for path in files_of(source):
                name = path.relative_to(source).as_posix().encode(errors="backslashreplace").decode()
                entry = zipfile.ZipInfo(name)
                entry.compress_type = zipfile.ZIP_DEFLATED
                with path.open("rb") as landed, archive.open(entry, "w", force_zip64=True) as member:
                    shutil.copyfileobj(landed, member)
                size += entry.file_size
        return archive_file(settings, packed)[0], size
    finally:
        packed.unlink(missing_ok=True)


def files_of(folder: Path) -> list[Path]:
    """Files of a landed folder, hidden ones and links left out, in order of path."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not path.is_symlink()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def _write_out(folder: Path) -> None:
    """Have the disk hold the names in a folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
