"""Who may open what holds people's details: the folders' and the key's permissions, checked before any file is read.

What is made here is made closed. Another program (a backup put back, a share, a careless chmod) may have opened it
since, so every run looks first. In production it refuses; in the demo it warns.
"""

from __future__ import annotations

import logging
import shlex
import stat
from dataclasses import dataclass
from pathlib import Path

from lda.ledger import ledger_files
from lda.settings import ANALYSTS_FOLDER, ENV_FILE, PRIVATE_FILE, PRIVATE_FOLDER, Settings

log = logging.getLogger(__name__)
KEY_NAME = "LDA_PSEUDONYM_KEY"


class AccessError(Exception):
    """Others can open what holds people's details; the message says what, and the command that closes it."""


@dataclass(frozen=True)
class TooOpen:
    """A folder or file that others than its owner can open: its path, relative to LDA_HOME where it is in there, and
    permissions."""

    path: str
    found: int
    expected: int

    def __str__(self) -> str:
        where = f'"$LDA_HOME"/{shlex.quote(self.path)}'
        if self.path == ".env" or Path(self.path).is_absolute():
            where = shlex.quote(str(ENV_FILE) if self.path == ".env" else self.path)
        mend = f"chmod {self.expected:o} {where}"
        return f"{self.path}: permissions are {self.found:04o}, expected {self.expected:04o}. Mend it with: {mend}"


def too_open(settings: Settings) -> list[TooOpen]:
    """What others can open of landing, archive, vault, lake, warehouse, a ledger in SQLite (it knows the names of
    files), the demo's key and a ``.env`` with the key; and what others than named analysts can open of a publication's
    restricted part.

    What is not there is not told of, nor what is closed further than it must be.
    """
    home = settings.home
    folders = (settings.landing, settings.archive, settings.vault, settings.lake, settings.warehouse)
    places = [(path, PRIVATE_FOLDER) for path in folders]
    places += [(path, PRIVATE_FILE) for path in (settings.demo_key_path, *ledger_files(settings.ledger_address))]
    # Not the link to the one in force, nor what is still being written.
    publications = [one for one in sorted(settings.published.glob("[!.]*")) if not one.is_symlink()]
    places += [(one / "restricted", ANALYSTS_FOLDER) for one in publications]
    found = [
        TooOpen((path.relative_to(home) if path.is_relative_to(home) else path).as_posix(), mode, expected)
        for path, expected in places
        if (mode := _mode(path)) is not None and mode & ~expected
    ]
    mode = _mode(ENV_FILE)
    if mode is not None and mode & ~PRIVATE_FILE and _holds_key(ENV_FILE):
        found.append(TooOpen(".env", mode, PRIVATE_FILE))
    return found


def check_access(settings: Settings) -> None:
    """Refuse to go on, in production, when others can open what holds people's details; in the demo warn.

    :raises AccessError: in production, naming each folder or file and the command that closes it.
    """
    found = too_open(settings)
    if not found:
        return
    if settings.environment == "production":
        told = "\n".join(str(one) for one in found)
        raise AccessError(f"Others can open what holds people's details, so no file was read.\n{told}")
    for one in found:
        log.warning("Others can open what holds people's details. %s", one)


def _mode(path: Path) -> int | None:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return None


def _holds_key(env_file: Path) -> bool:
    try:
        lines = env_file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    return any(name.strip() == KEY_NAME and value.strip() for name, _, value in (line.partition("=") for line in lines))
