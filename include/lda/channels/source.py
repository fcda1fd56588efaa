"""What a channel's other end looks like to us: a list of files, each of which can be had and then be done with."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from lda.landing.discovery import UNFINISHED

NAME_LENGTH = 200
NANOSECONDS = 1_000_000_000
# Told by sources that can see that a file changed after it was fetched.
LEFT = "%s: a file changed after it was fetched. It is left where it is; the next run takes it."


@dataclass(frozen=True)
class Item:
    """A file at the other end.

    ``key`` names it there and for ever (a path, a message id); ``state`` changes when its content does (size and time
    of change). ``name`` and ``partner`` become paths here, so that whatever a source says is made safe. ``size`` is -1
    where only reading tells, ``modified_ns`` 0 where nobody says when it was sent. ``notice`` is set for what is not a
    file but has to be told, such as a report that a message of ours was not delivered; ``problem`` says why a file is
    there but cannot be looked at.
    """

    key: str
    name: str
    partner: str
    state: str
    size: int = -1
    notice: str = ""
    modified_ns: int = 0
    problem: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", safe_name(self.name))
        object.__setattr__(self, "partner", safe_name(self.partner))


class Source(Protocol):
    """The other end of a channel, open."""

    may_grow: bool  # files may still be written while we look

    def listing(self) -> Sequence[Item]:
        """What is there now."""

    def fetch(self, item: Item, target: Path) -> None:
        """Write the bytes of a file to ``target``. What ``target`` holds already is its beginning: go on from there
        where the other end allows it, or begin again."""

    def done(self, item: Item) -> None:
        """Say that the file is safe with us: acknowledge, move or delete it, or do nothing.

        What stands in its place in another state was never fetched and is left alone: the next run takes it.
        """


def safe_name(name: str) -> str:
    """A file name that stays in its folder, can be shown, and is found in landing.

    It has no path and no control characters, is not hidden or long, and does not look like a file still being written.
    """
    last = PurePosixPath(name.replace("\\", "/")).name
    plain = "".join(letter for letter in last if letter.isprintable()).lstrip(".").strip()
    if len(plain) > NAME_LENGTH:
        suffix = PurePosixPath(plain).suffix[:20]
        plain = plain[: NAME_LENGTH - len(suffix)] + suffix
    if plain.lower().endswith(UNFINISHED):
        plain += ".file"
    return plain or "unnamed"


def is_wanted(name: str, pattern: str) -> bool:
    """True for a finished, visible file whose name fits the channel's pattern."""
    return not name.startswith(".") and not name.lower().endswith(UNFINISHED) and fnmatch.fnmatch(name, pattern)
