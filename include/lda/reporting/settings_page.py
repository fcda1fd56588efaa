"""The page of settings, docs/settings.md, made from the typed settings: so it says what there is, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from lda.settings import Settings

INTRODUCTION = """# Settings

<!-- Made from include/lda/settings.py by `lda settings`: change that, not this page. -->

Each is an environment variable, or a line of `.env` in the checkout; the environment wins. One that is there but empty
is not set. `docker-compose.yml` hands every one on to the containers, but for `LDA_ENVIRONMENT`, `LDA_HOME`,
`LDA_PROJECT_DIR` and `LDA_PUBLISH_DSN`, which it sets itself. A value that cannot be used ends a command before it does
anything.

| variable | default | value | what it is |
|---|---|---|---|
"""


def settings_page() -> str:
    """The page as Markdown: one row per setting, in the order in which they are defined."""
    return INTRODUCTION + "".join(_row(name, field) for name, field in Settings.model_fields.items())


def write_settings_page(to: Path) -> None:
    """Write the page to a file."""
    to.write_text(settings_page(), encoding="utf-8")


def _row(name: str, field: FieldInfo) -> str:
    cells = (f"`LDA_{name.upper()}`", _default(field), _value(field), str(field.description))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _default(field: FieldInfo) -> str:
    """The default in words; one that is not the same on every machine has its own."""
    extra: Any = field.json_schema_extra or {}
    if "default_words" in extra:
        return str(extra["default_words"])
    if field.default is None or field.default_factory is not None:
        return ""
    return str(field.default).lower() if isinstance(field.default, bool) else str(field.default)


def _value(field: FieldInfo) -> str:
    """What may stand there, in words."""
    words = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "path"}
    found: list[str] = []
    for kind in _kinds(field.annotation):
        if isinstance(kind, str):
            found.append(f"`{kind}`")
        elif kind is SecretStr:
            found.append("secret")
        elif get_origin(kind) is list:
            found.append("JSON list")
        elif kind in words:
            found.append(words[kind])
    return " or ".join(found) + _bounds(field)


def _kinds(annotation: Any) -> list[Any]:
    """The types, and values of literals, of which a setting is one."""
    arguments = get_args(annotation)
    if annotation is type(None):
        return []
    if get_origin(annotation) is list or not arguments:
        return [annotation]
    if hasattr(annotation, "__metadata__"):
        return _kinds(arguments[0])
    return [kind for one in arguments for kind in ([one] if isinstance(one, str) else _kinds(one))]


def _bounds(field: FieldInfo) -> str:
    metadata = [*field.metadata, *(one for kind in get_args(field.annotation) for one in _inner(kind))]
    kinds = (("ge", "at least"), ("gt", "more than"), ("le", "at most"))
    words = [
        f"{name} {bound}" for one in metadata for kind, name in kinds if (bound := getattr(one, kind, None)) is not None
    ]
    return f", {', '.join(words)}" if words else ""


def _inner(kind: Any) -> list[Any]:
    """The bounds of one type among several."""
    found: list[Any] = []
    for one in getattr(kind, "__metadata__", ()):
        found += one.metadata if isinstance(one, FieldInfo) else [one]
    return found
