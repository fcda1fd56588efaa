"""The commands of the runbooks, wherever they stand: in blocks, in running text, in tables."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import NamedTuple

DOCS = Path(__file__).resolve().parents[1] / "docs"
# Keeping is where the runbooks send whoever has to erase, hold or remove something.
PAGES = [*sorted((DOCS / "runbooks").glob("*.md")), DOCS / "keeping.md"]
# A block of commands, another block, or code in running text, which may go on in the next line.
CODE = re.compile(r"^ *```(?P<kind>\w*)\n(?P<block>.*?)^ *```$|`(?P<span>[^`]+)`", re.DOTALL | re.MULTILINE)
# Blocks of a file's text. Any other block is taken for commands.
NOT_TYPED = {"yaml"}
# Programs that need not be installed where the test runs.
PROGRAMS = {"lda", "make", "docker", "airflow", "git", "openssl"}


class Command(NamedTuple):
    """A command as it stands on a page, without the comment behind it."""

    page: str
    words: str


def commands() -> list[Command]:
    """Every command, in the order of the pages. Each line of a block is one, but in a block of a file's text; so is all
    code of more than one word, and a single word that is a program."""
    return [Command(page.name, words) for page in PAGES for words in commands_of(page.read_text(encoding="utf-8"))]


def commands_of(text: str) -> list[str]:
    """The commands of one page's text."""
    found: list[str] = []
    for code in CODE.finditer(text):
        if code["kind"] in NOT_TYPED:
            continue
        if code["span"] is None:
            found += [line.split(" #")[0].strip() for line in code["block"].splitlines()]
        else:
            words = " ".join(code["span"].split())
            found += [words] if is_command(words) else []
    return [words for words in found if words]


def is_command(words: str) -> bool:
    """True for code that somebody could type: not the name of a setting, file, column, step or status."""
    first, *rest = words.split(" ")
    return (
        bool(rest)
        or first in PROGRAMS
        or first.startswith("-")
        or shutil.which(first, path="/usr/bin:/bin") is not None
    )
