"""Whether the archive still holds what it took in: every file of the ledger there, and its bytes those of its name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from lda.landing.archive import archive_path
from lda.ledger import Ledger
from lda.settings import Settings


@dataclass
class ArchiveReport:
    """What a check of the archive found, as hashes of bytes. ``unknown`` are those that no ledger line is about.

    ``removed`` counts those whose time was over and that did not come again since. Bytes from which a person's rows
    were erased are held to the hash that the ledger has of them since.
    """

    files: int = 0
    removed: int = 0
    size_bytes: int = 0
    damaged: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """True when every file of the ledger is there with its own bytes."""
        return not (self.damaged or self.missing)

    def as_dict(self) -> dict[str, Any]:
        """The report for JSON."""
        return {**asdict(self), "sound": self.sound}


def removed_bytes(settings: Settings, ledger: Ledger) -> set[str]:
    """Hashes of the bytes that retention removed from the archive, but for those that came again since."""
    return {
        name
        for name, change in ledger.archive_changes().items()
        if change.sha256 is None and not archive_path(settings, name).exists()
    }


def check_archive(
    settings: Settings, ledger: Ledger, progress: Callable[[str, int, int], None] | None = None
) -> ArchiveReport:
    """Hash every archived file again and compare with its name, and the names with the ledger."""
    report = ArchiveReport()
    changes = ledger.archive_changes()
    known = {record.archived_as for record in ledger.files()}
    removed = removed_bytes(settings, ledger)
    report.missing = sorted(name for name in known - removed if not archive_path(settings, name).exists())
    report.removed = len(removed)
    paths = sorted(path for path in settings.archive.glob("*/*") if path.is_file() and not path.name.startswith("."))
    for number, path in enumerate(paths):
        if progress:
            progress("archive", number, len(paths))
        change = changes.get(path.name)
        with path.open("rb") as file:
            # Bytes that were removed and came again are those of their name.
            if hashlib.file_digest(file, "sha256").hexdigest() != ((change.sha256 if change else None) or path.name):
                report.damaged.append(path.name)
        report.files += 1
        report.size_bytes += path.stat().st_size
        if path.name not in known:
            report.unknown.append(path.name)
    return report
