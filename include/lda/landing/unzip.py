"""Whether a ZIP is safe to unpack, and unpacking no more of it than it said it holds."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from lda.settings import Settings

# What a ZIP that is damaged, cut short, locked or packed in a way nobody reads makes Python raise.
UNREADABLE = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError)
_CHUNK = 1 << 20
_ENCRYPTED = 0x1
# Small archives of many alike rows pack tightly without meaning harm.
_ALWAYS_ALLOWED = 10_000_000


def danger(members: Sequence[zipfile.ZipInfo], packed: int, settings: Settings) -> str:
    """Why an archive of ``packed`` bytes is not unpacked, in plain words; empty when it may be.

    Not too many files, not too large, not packed too tightly, no path that leads elsewhere, no link, no password:
    the limits are ``archive_members``, ``archive_bytes`` and ``archive_ratio`` of the settings.
    """
    if len(members) > settings.archive_members:
        return f"It holds {len(members):,} files; {settings.archive_members:,} are allowed."
    size = sum(member.file_size for member in members)
    if size > settings.archive_bytes:
        return f"Unpacked it is {size:,} bytes; {settings.archive_bytes:,} are allowed."
    if size > _ALWAYS_ALLOWED and size > packed * settings.archive_ratio:
        return f"Unpacked it is {size // max(packed, 1):,} times its size; {settings.archive_ratio} times are allowed."
    return next((words for member in members if (words := _member_danger(member))), "")


def unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> None:
    """Write a member to a file. Raises BadZipFile when it is longer than its entry in the list of contents says."""
    left = member.file_size
    with archive.open(member) as packed, path.open("wb") as file:
        while left > 0 and (block := packed.read(min(_CHUNK, left))):
            file.write(block)
            left -= len(block)
        if packed.read(1):
            raise zipfile.BadZipFile("longer than its entry")


def _member_danger(member: zipfile.ZipInfo) -> str:
    path = PurePosixPath(member.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in "".join(path.parts[:1]):
        return "A path in it leads out of the archive."
    if stat.S_ISLNK(member.external_attr >> 16):
        return "It holds a link to another file."
    return "It is locked with a password." if member.flag_bits & _ENCRYPTED else ""
