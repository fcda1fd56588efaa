"""Which publication is in force: the link ``published/current``, switched in one step, and its history."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from lda.ledger import Ledger
from lda.ledger.publications import PUBLISHED, ROLLED_BACK_TO, utc_now
from lda.ledger.trail import audit_line
from lda.publishing.folder import PUBLIC, PUBLIC_DATABASE, PublicationError, read_manifest, verify_folder
from lda.publishing.manifest import withheld_units
from lda.settings import PRIVATE_FILE, Settings

CURRENT = "current"


@dataclass(frozen=True)
class Publication:
    """A publication: its id, its folder and the contents of its ``publication.json``."""

    publication_id: str
    path: Path
    manifest: dict[str, Any]


def public_database(publication: Publication) -> Path | None:
    """The suppressed database of a publication, or None when it is not there any more."""
    path = publication.path / PUBLIC / PUBLIC_DATABASE
    return path if path.is_file() else None


@contextmanager
def one_writer(settings: Settings) -> Iterator[None]:
    """Hold the lock of everything that writes candidates and publications; whoever holds it may take it again.

    :raises PublicationError: when another run holds it for longer than the settings allow.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    try:
        lock = FileLock(settings.home / ".publication.lock", mode=PRIVATE_FILE, is_singleton=True)
        lock.acquire(timeout=settings.lock_timeout_seconds)
    except Timeout as error:
        raise PublicationError(
            f"Another refresh has been writing for over {settings.lock_timeout_seconds} s. Wait for it to end, "
            "then try again."
        ) from error
    try:
        yield
    finally:
        lock.release()


def current_publication(settings: Settings) -> Publication | None:
    """The publication in force, or None before the first."""
    link = settings.published / CURRENT
    if not link.is_symlink():
        return None
    folder = link.resolve()
    return Publication(folder.name, folder, read_manifest(folder))


def readable_publication(settings: Settings) -> Publication | None:
    """The publication in force; None also when it is damaged, so that a roll back or a refresh can replace it."""
    try:
        return current_publication(settings)
    except PublicationError:
        return None


def stands_behind(current: Publication | None, period_end: date, as_of: datetime) -> bool:
    """True when a publication of this month and moment would be older than the one in force.

    It is then released beside the one in force: an earlier month made again takes the newest from nobody.
    """
    if current is None:
        return False
    known = current.manifest
    return (period_end, as_of) < (date.fromisoformat(known["period_end"]), datetime.fromisoformat(known["as_of"]))


def switch_to(settings: Settings, publication_id: str) -> None:
    """Make a publication the one in force, in one atomic step: a reader has the old or the new one."""
    link = settings.published / f".{CURRENT}-{secrets.token_hex(4)}"
    link.symlink_to(publication_id, target_is_directory=True)
    link.replace(settings.published / CURRENT)


def settle(settings: Settings, ledger: Ledger, actor: str | None = None) -> None:
    """Bring the ledger in step with the link, which says what readers have. To be called under the lock.

    Whatever moves the link calls this next; whatever builds on what stands calls it first, so that a crash between the
    two is made good by the next run: a publication that stood before was rolled back to, another was published.
    Nothing is recorded of one that cannot be read.

    :param actor: who put it in force, where that is not whoever runs this process.
    """
    current = readable_publication(settings)
    standing = ledger.book.standing()
    if current is None or standing[-1:] == [current.publication_id]:
        return
    stood = any(event["publication_id"] == current.publication_id for event in ledger.book.events())
    if stood:
        from_which = f"from {standing[-1]}" if standing else ""
        audit = audit_line("rolled_back", current.publication_id, from_which, actor=actor)
    else:
        accepted = ", ".join(current.manifest["accepted_measures"])
        words = f"accepted by hand: {accepted}" if accepted else ""
        audit = audit_line("released", current.publication_id, words, actor=actor)
    ledger.book.record_release(current.manifest, ROLLED_BACK_TO if stood else PUBLISHED, utc_now(), audit)


def rollback(settings: Settings, to: str | None = None) -> Publication:
    """Put an earlier publication in force again: ``to``, or the one that stood before the present one.

    It is checked first. The roll back is recorded and stands until partners, rules or code bring something new.

    :raises PublicationError: when there is none to go back to, or it is not complete any more.
    """
    ledger = Ledger(settings.ledger_address)
    ledger.create()
    try:
        with one_writer(settings):
            settle(settings, ledger)
            wanted = to or _previous(settings, ledger)
            current = readable_publication(settings)
            if current is not None and current.publication_id == wanted:
                raise PublicationError(f"{wanted} is in force already. See: lda publications")
            folder = settings.published / wanted
            made = {row["publication_id"] for row in ledger.book.publications(settings.system_label)}
            if wanted not in made or folder.is_symlink() or not folder.is_dir():
                raise PublicationError(f"There is no publication {wanted}. See: lda publications")
            manifest = verify_folder(folder)
            switch_to(settings, wanted)
            settle(settings, ledger)
            return Publication(wanted, folder, manifest)
    finally:
        ledger.close()


def _previous(settings: Settings, ledger: Ledger) -> str:
    standing = ledger.book.standing()
    if len(standing) < 2:
        raise PublicationError(f"There is no earlier publication in {settings.published} to go back to.")
    return standing[-2]


def list_publications(settings: Settings) -> list[dict[str, Any]]:
    """Every publication of the system, newest first.

    Keys: publication_id, period_end, periods (by system), as_of, published_at, measures (ids), withheld
    (system/measure), in_force, complete (its folder is there), events (what happened to it, oldest first).
    """
    ledger = Ledger(settings.ledger_address)
    ledger.create()
    try:
        known, events = ledger.book.publications(settings.system_label), ledger.book.events()
    finally:
        ledger.close()
    current = current_publication(settings)
    return [
        {
            "publication_id": row["publication_id"],
            "period_end": row["period_end"].isoformat(),
            "periods": row["manifest"].get("periods", {}),
            "as_of": row["as_of"].isoformat(),
            "published_at": row["published_at"].isoformat(),
            "measures": row["manifest"]["measures"],
            "withheld": [str(unit) for unit in withheld_units(row["manifest"])],
            "in_force": current is not None and current.publication_id == row["publication_id"],
            "complete": (settings.published / row["publication_id"]).is_dir(),
            "events": [
                {"event": event["event"], "at": event["at"].isoformat()}
                for event in events
                if event["publication_id"] == row["publication_id"]
            ],
        }
        for row in reversed(known)
    ]
