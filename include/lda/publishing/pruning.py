"""Removes old publications, and never one that is needed: in force, next in line, compared with, or held.

What a kept publication was compared with is kept beside it, as it cannot be made again without that. What that one was
compared with in its turn is not needed for it: making a publication again reads its inputs and those figures alone.
"""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass, field
from typing import Any

from lda.ledger import Ledger
from lda.publishing.release import UNFINISHED, last_published
from lda.publishing.switch import one_writer, readable_publication, settle
from lda.settings import Settings


@dataclass
class PruneReport:
    """Which publications were removed (or would be) and why the others were kept, by publication id."""

    applied: bool
    removed: list[str] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)
    freed_bytes: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The report for JSON."""
        return asdict(self)


def prune_publications(settings: Settings, *, apply: bool = False) -> PruneReport:
    """Remove all but the latest ``settings.keep_publications`` publications; without ``apply`` only say which.

    Kept besides: the one in force, the one a roll back would go to, those that a measure's last published figures are
    in (the gates and the disclosure control compare with them), those on legal hold, by the settings or the ledger, and
    those that one of all these was compared with.
    ``lda prune`` does this and everything else that retention asks for (``lda.keeping.prune``).
    """
    ledger = Ledger(settings.ledger_address)
    ledger.create()
    try:
        with one_writer(settings):
            return remove_publications(settings, ledger, apply=apply)
    finally:
        ledger.close()


def remove_publications(settings: Settings, ledger: Ledger, *, apply: bool) -> PruneReport:
    """What ``prune_publications`` does, while the caller holds the lock of publications."""
    settle(settings, ledger)
    report = PruneReport(apply, kept=_needed(settings, ledger))
    for row in ledger.book.publications(settings.system_label):
        folder = settings.published / row["publication_id"]
        if row["publication_id"] in report.kept or not folder.is_dir():
            continue
        report.removed.append(row["publication_id"])
        report.freed_bytes += sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        if apply:
            # Its name goes first, in one step: a folder with a publication's name is always whole.
            doomed = folder.rename(settings.published / f"{UNFINISHED}{row['publication_id']}")
            shutil.rmtree(doomed)
            ledger.note("pruned", row["publication_id"])
    return report


def _needed(settings: Settings, ledger: Ledger) -> dict[str, str]:
    """Publications that stay, and why."""
    manifests = {row["publication_id"]: row["manifest"] for row in ledger.book.publications(settings.system_label)}
    there = [name for name in manifests if (settings.published / name).is_dir()]
    kept = dict.fromkeys(there[-settings.keep_publications :], "one of the latest")
    standing = [name for name in ledger.book.standing() if name in there]
    kept |= dict.fromkeys(standing[-2:-1], "a roll back would go to it")
    for previous in last_published(settings, ledger):
        kept[previous.path.parents[1].name] = "new figures are compared with it"
    kept |= {name: "on legal hold" for name in settings.legal_hold if name in there}
    for one in ledger.holds():
        if one.publication_id in there:
            kept[one.publication_id] = f"on legal hold {one.hold_id}"
    current = readable_publication(settings)
    if current is not None:
        kept[current.publication_id] = "in force"
    for name in list(kept):
        compared = [one for one in manifests.get(name, {}).get("compared_with", {}) if one in there]
        kept = dict.fromkeys(compared, f"{name} was compared with it, and is kept") | kept
    return kept
