"""Proofs that are kept: groups of counts in which nothing could be worked out need not be attacked again.

Whether something can be worked out follows from the relations of a group, the interval of each of its counts, which of
them are hidden and how much must stay unknown, and from nothing else. A hash of these names a proof. A month that has
not changed since the last refresh is so recognised at once; its figures are not in the hash in a readable form.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from lda.disclosure.equations import Relations
from lda.disclosure.rules import Bools, Ints

# Part of every proof's name: to be raised when the attack is changed so that earlier proofs no longer count.
VERSION = 2


class Proofs:
    """Names of proofs, read from a file that need not exist."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._known = set(path.read_text().split()) if path is not None and path.exists() else set()
        self._used: set[str] = set()

    def holds(self, name: str) -> bool:
        """Whether there is a proof; it is kept for the next time."""
        if name in self._known:
            self._used.add(name)
            return True
        return False

    def add(self, name: str) -> None:
        """Keep a new proof."""
        self._known.add(name)
        self._used.add(name)

    def save(self) -> None:
        """Write the proofs that were used or made, in one step."""
        if self._path is not None:
            part = self._path.with_suffix(".part")
            part.write_text("\n".join(sorted(self._used)) + "\n")
            part.replace(self._path)


def name_of(
    relations: Relations, variables: Ints, rows: Ints, low: Ints, high: Ints, hidden: Bools, width: Ints
) -> str:
    """The name of the proof that nothing hidden in a group can be worked out.

    :param variables, rows: of the group; ``low``, ``high``, ``hidden`` and ``width`` are of all variables.
    """
    entry_row, entry = relations.only_rows(rows)
    parts = (
        np.array([VERSION, len(variables), len(rows)]),
        np.searchsorted(rows, entry_row),
        np.searchsorted(variables, entry),
        low[variables],
        high[variables],
        hidden[variables],
        width[variables],
    )
    found = hashlib.sha256()
    for part in parts:
        found.update(part.astype(np.int64).tobytes())
    return found.hexdigest()
