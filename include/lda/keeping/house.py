"""Housekeeping: what has to be done week by week, and what has to be said when it was not."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from lda.contracts import load_contracts
from lda.keeping.backup import Progress, standing_still
from lda.keeping.erase import finish_pending
from lda.keeping.retention import prune
from lda.landing import check_archive
from lda.ledger import Ledger, utc_now
from lda.publishing import PublicationError, current_publication, verify_folder
from lda.settings import Settings
from lda.vault import check_access


@dataclass
class HouseReport:
    """What housekeeping did and found. ``problems`` are for people to act on."""

    archived_files: int = 0
    removed: dict[str, int] = field(default_factory=dict)
    freed_bytes: int = 0
    finished_erasure: bool = False
    last_backup: str | None = None
    problems: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The report for JSON."""
        return asdict(self)


def keep_house(settings: Settings, at: datetime | None = None, progress: Progress | None = None) -> HouseReport:
    """Finish what was stopped, remove what may go, check the archive and what readers have, tidy the ledger, ask for a
    backup if none is new.

    Safe to run again. ``at`` is the moment retention and the age of backups are counted from, by default now.
    """
    check_access(settings)
    moment, report = at or utc_now(), HouseReport()
    with standing_still(settings) as ledger:
        report.finished_erasure = finish_pending(settings, ledger, load_contracts(settings))
    retention = prune(settings, apply=True, at=moment)
    report.removed = {name: len(place.going) for name, place in retention.places.items() if place.going}
    if retention.publications.removed:
        report.removed["publications"] = len(retention.publications.removed)
    report.freed_bytes = retention.size_bytes
    ledger = Ledger(settings.ledger_address)
    try:
        archive = check_archive(settings, ledger, progress)
        report.archived_files = archive.files
        if not archive.sound:
            report.problems.append(
                f"The archive is not sound: {len(archive.damaged)} files damaged, {len(archive.missing)} missing. "
                "See: lda check-archive and docs/runbooks/restore-from-backup.md"
            )
        report.problems += _damage(settings)
        ledger.tidy()
        made = [line["at"] for line in ledger.trail("backed_up")]
    finally:
        ledger.close()
    report.last_backup = made[-1].isoformat() if made else None
    if not made or made[-1] < moment - timedelta(days=settings.backup_reminder_days):
        words = f"The last backup was made on {made[-1]:%Y-%m-%d}" if made else "No backup was ever made"
        report.problems.append(
            f"{words}; expected one every {settings.backup_reminder_days} days. Make one: lda backup"
        )
    return report


def _damage(settings: Settings) -> list[str]:
    """What is wrong with the publication in force, in words: its files are looked at again as at its release."""
    try:
        current = current_publication(settings)
        if current is not None:
            verify_folder(current.path)
    except PublicationError as error:
        return [
            f"The publication in force is damaged. {error} Put another in force (lda rollback), or this back from a "
            "backup: docs/runbooks/restore-from-backup.md"
        ]
    return []
