"""docker-compose.yml as tests read it: its services, and what its variables come to."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[1]
# The innermost variable of a value: ${NAME}, ${NAME:-default} or ${NAME:?what to do}; a default may hold another.
VARIABLE = re.compile(r"(?<!\$)\$\{(?P<name>\w+)(?P<rest>[^{}]*)\}")


def compose_text() -> str:
    """The file as it stands."""
    return (PROJECT / "docker-compose.yml").read_text(encoding="utf-8")


def services() -> dict[str, Any]:
    """Its services, anchors resolved and variables not."""
    found: dict[str, Any] = yaml.safe_load(compose_text())["services"]
    return found


def filled_in(text: str, secret: Callable[[str], str]) -> str:
    """A value with its variables, as where none is set: ``secret`` gives one that has no default."""

    def value(found: re.Match[str]) -> str:
        name, rest = found["name"], found["rest"]
        return rest[2:] if rest.startswith(":-") else secret(name)

    while VARIABLE.search(text):
        text = VARIABLE.sub(value, text)
    return text


def variables(text: str) -> list[tuple[str, str]]:
    """Every variable of a text with what follows its name (``:-default``, ``:?what to do`` or nothing), nested too."""
    found: list[tuple[str, str]] = []
    while match := VARIABLE.search(text):
        found.append((match["name"], match["rest"]))
        text = text[: match.start()] + text[match.end() :]
    return found
