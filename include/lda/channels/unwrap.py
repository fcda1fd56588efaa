"""Takes a delivered file out of its wrapping: OpenPGP encryption, and a ZIP that is only there for the transport."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from lda.channels.config import ChannelError, secret
from lda.channels.decrypt import SUFFIXES, decrypt
from lda.channels.source import safe_name
from lda.contracts import FeedContract
from lda.landing import claims
from lda.landing.unzip import UNREADABLE, danger, unpack
from lda.settings import Settings


def unwrap(
    settings: Settings,
    contracts: Mapping[str, FeedContract],
    key_name: str | None,
    name: str,
    path: Path,
    scratch: Path,
) -> list[tuple[str, Path]]:
    """The files within a delivered file, as name and path in ``scratch``; the file itself when it has no wrapping.

    A ZIP that a contract claims by its name is a submission of several tables and stays as it is.
    Raises ChannelError when it cannot be opened safely or nothing is in it; the message says why.
    """
    if name.lower().endswith(SUFFIXES):
        if key_name is None:
            raise ChannelError(f"{name} is encrypted, and the channel has no decrypt_with.")
        plain = scratch / "plain"
        try:
            decrypt(path, plain, secret(key_name), settings.archive_bytes)
        except ChannelError as error:
            raise ChannelError(f"{name}: {error}") from None
        name, path = safe_name(PurePosixPath(name).stem), plain
    if name.lower().endswith(".zip") and not claims(name, contracts):
        return _unzipped(settings, name, path, scratch)
    return [(name, path)]


def _unzipped(settings: Settings, name: str, path: Path, scratch: Path) -> list[tuple[str, Path]]:
    found: dict[str, Path] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if reason := danger(members, path.stat().st_size, settings):
                raise ChannelError(f"{name} is not safe to unpack. {reason}")
            for number, member in enumerate(members):
                inside = PurePosixPath(member.filename.replace("\\", "/"))
                if inside.name.startswith(".") or "__MACOSX" in inside.parts:
                    continue
                plain = safe_name(inside.name)
                if plain in found:
                    raise ChannelError(f"{name} holds two files called {plain}; expected each name once.")
                found[plain] = scratch / f"member-{number}"
                unpack(archive, member, found[plain])
    except UNREADABLE as error:
        raise ChannelError(f"{name} could not be opened as a ZIP ({type(error).__name__}).") from None
    if not found:
        raise ChannelError(f"{name} holds no file: expected one that is not hidden.")
    return sorted(found.items())
