"""Make a judged candidate the publication in force."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lda.gates import GateReport, Previous, Unit
from lda.ledger import Ledger
from lda.ledger.publications import RELEASED_BESIDE, utc_now
from lda.ledger.trail import audit_line
from lda.publishing.approval import require_approval
from lda.publishing.folder import (
    MANIFEST,
    RESTRICTED,
    PublicationError,
    read_manifest,
    verify_folder,
    write_publication,
)
from lda.publishing.manifest import published_units
from lda.publishing.switch import (
    Publication,
    one_writer,
    public_database,
    readable_publication,
    settle,
    stands_behind,
    switch_to,
)
from lda.settings import Settings
from lda.warehouse.candidate import Candidate

UNFINISHED = ".unfinished-"


def publish(
    settings: Settings,
    ledger: Ledger,
    candidate: Candidate,
    report: GateReport,
    *,
    make_current: bool = False,
    actor: str | None = None,
) -> Publication:
    """Write a candidate as a publication, check it, and switch to it. Safe to repeat after a crash at any point.

    The folder is written under another name and renamed when it is complete, so a folder with a publication's name
    is whole. Readers see nothing until the switch, and the ledger lists nothing before it: what it lists, readers had.

    :param make_current: put it in force also when it is of an earlier month, or moment, than the one in force; without
        this it is then released beside that one.
    :param actor: who releases it, for the audit trail; by default whoever runs this process.
    :raises PublicationError: when the gates stop it or what was written is not what was meant. Nothing changes then.
    :raises ApprovalAwaited: when a person has to approve it and has not.
    """
    if report.stops:
        raise PublicationError("The gates stopped this candidate, so it cannot be published.")
    require_approval(ledger, candidate)
    with one_writer(settings):
        settings.published.mkdir(parents=True, exist_ok=True)
        stands = readable_publication(settings)
        own = stands is not None and stands.publication_id == candidate.publication_id  # stopped after its switch
        settle(settings, ledger, actor if own else None)
        remove_unfinished(settings)
        _remove_never_released(settings, ledger, candidate.publication_id)
        folder = settings.published / candidate.publication_id
        manifest = verify_folder(folder) if folder.exists() else _write(settings, candidate, report, folder)
        current = readable_publication(settings)
        if not make_current and stands_behind(current, candidate.period_end, candidate.as_of):
            _record_beside(ledger, manifest, actor)
            return Publication(candidate.publication_id, folder, manifest)
        if current is None or current.publication_id != candidate.publication_id:
            switch_to(settings, candidate.publication_id)
        settle(settings, ledger, actor)
        return Publication(candidate.publication_id, folder, manifest)


def _write(settings: Settings, candidate: Candidate, report: GateReport, folder: Path) -> dict[str, Any]:
    unfinished = settings.published / f"{UNFINISHED}{candidate.publication_id}"
    current = readable_publication(settings)
    previous = public_database(current) if current is not None else None
    try:
        write_publication(settings, candidate, report, unfinished, utc_now(), previous)
        manifest = verify_folder(unfinished, candidate)
    except Exception:
        remove_unfinished(settings)
        raise
    unfinished.rename(folder)
    return manifest


def _record_beside(ledger: Ledger, manifest: Mapping[str, Any], actor: str | None) -> None:
    name = str(manifest["publication_id"])
    if all(event["publication_id"] != name for event in ledger.book.events()):
        accepted = ", ".join(manifest["accepted_measures"])
        words = f"accepted by hand: {accepted}" if accepted else ""
        audit = audit_line("released_beside", name, words, actor=actor)
        ledger.book.record_release(manifest, RELEASED_BESIDE, utc_now(), audit)


def remove_unfinished(settings: Settings) -> None:
    """Remove what an interrupted run left behind; it was never visible to readers."""
    for folder in settings.published.glob(f"{UNFINISHED}*"):
        shutil.rmtree(folder)
    for link in settings.published.glob(".current-*"):
        link.unlink()


def _remove_never_released(settings: Settings, ledger: Ledger, wanted: str) -> None:
    """Remove whole folders whose run broke off before its switch: no reader had them, and the run is made again.

    A folder of a run that this ledger knows nothing of is left alone: the ledger may be one put back from a backup.
    """
    label = settings.system_label
    released = {row["publication_id"] for row in ledger.book.publications(label)}
    runs = {row["run_id"] for row in ledger.book.runs(label)}
    for path in settings.published.glob(f"*/{MANIFEST}"):
        folder = path.parent
        if folder.is_symlink() or folder.name.startswith(".") or folder.name in {wanted, *released}:
            continue
        if read_manifest(folder)["run_id"] in runs:
            # Its name goes first, in one step: a folder with a publication's name is always whole.
            shutil.rmtree(folder.rename(settings.published / f"{UNFINISHED}{folder.name}"))


def last_published(settings: Settings, ledger: Ledger) -> list[Previous]:
    """For each measure of a system the last publication, up to the one in force, that published it.

    What is withheld from the latest publication is compared with an older one, so that a figure which was withheld
    for moving too far does not pass unseen the next time. The last publication released beside the one in force comes
    after them, for none of the measures: nothing moved from it, but readers have it to compare with.
    """
    found: list[Previous] = []
    seen: set[Unit] = set()
    known = {row["publication_id"]: row["manifest"] for row in ledger.book.publications(settings.system_label)}
    for publication_id in reversed(ledger.book.standing()):
        path = settings.published / publication_id / RESTRICTED / "lda_mart.duckdb"
        units = frozenset(published_units(known[publication_id]) if publication_id in known else ()) - seen
        if units and path.exists():
            found.append(Previous(path, units))
            seen |= units
    beside = [event["publication_id"] for event in ledger.book.events() if event["event"] == RELEASED_BESIDE]
    paths = (settings.published / one / RESTRICTED / "lda_mart.duckdb" for one in reversed(beside) if one in known)
    found += [Previous(path, frozenset()) for path in paths if path.exists()][:1]
    return found
