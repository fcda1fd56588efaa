"""The list of people whose data was erased, so that no file read again or sent anew brings them back.

It names nobody: an entry is the keyed hash of what says who a row is about (see ``person_message_sql``). Its key is its
own, kept with it in the vault, because the pseudonym key is changed from time to time and nobody could make these
entries again once the identifiers are gone.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lda.settings import Settings
from lda.vault.stores import private_folder, whole_file
from lda.vault.tokens import token


@dataclass(frozen=True)
class ErasedList:
    """The list's own key and the tokens under it."""

    key: bytes
    tokens: frozenset[str]


def erased_folder(settings: Settings) -> Path:
    """Where the list is, and the work of an erasure under way."""
    return settings.vault / "erased"


def erased_list(settings: Settings) -> ErasedList | None:
    """The list, or None while nobody was erased."""
    path = erased_folder(settings) / "list.json"
    if not path.exists():
        return None
    held = json.loads(path.read_text(encoding="ascii"))
    return ErasedList(held["key"].encode(), frozenset(held["tokens"]))


def add_to_erased(settings: Settings, messages: Iterable[str]) -> None:
    """Enter people by what says who their rows are about. Entering them again changes nothing."""
    known = erased_list(settings) or ErasedList(secrets.token_hex(32).encode(), frozenset())
    tokens = known.tokens | {token(known.key, message) for message in messages}
    with whole_file(private_folder(erased_folder(settings)) / "list.json") as temporary:
        temporary.write_text(json.dumps({"key": known.key.decode(), "tokens": sorted(tokens)}), encoding="ascii")


def erased_rows(settings: Settings) -> dict[str, int]:
    """How many rows were erased from archived files, by the hash the files came with."""
    path = erased_folder(settings) / "rows.json"
    return dict(json.loads(path.read_text(encoding="ascii"))) if path.exists() else {}


def record_erased_rows(settings: Settings, rows: Mapping[str, int]) -> None:
    """Record how many rows are erased from archived files by now. Recording them again changes nothing."""
    with whole_file(private_folder(erased_folder(settings)) / "rows.json") as temporary:
        temporary.write_text(json.dumps(erased_rows(settings) | dict(rows)), encoding="ascii")
