"""What there is already of the figures a refresh would make: a publication, or a candidate that waits for approval."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from lda.ledger import Ledger
from lda.ledger.publications import PUBLISHED
from lda.publishing.manifest import withheld_units
from lda.publishing.switch import readable_publication, stands_behind
from lda.settings import Settings
from lda.warehouse.candidate import Candidate, CandidateError


def same_publication(
    settings: Settings,
    ledger: Ledger,
    hashed: str,
    accept: Collection[str],
    of: tuple[date, datetime],
    make_current: bool,
) -> str | None:
    """The publication that holds the figures already: the one in force, when a new one would be the same as it or as
    the latest that was put in force; for an earlier month or moment, any that is still there."""
    current = readable_publication(settings)
    if current is None:
        return None
    made = ledger.book.publications(settings.system_label)
    if stands_behind(current, *of) and not make_current:
        there = [row for row in reversed(made) if (settings.published / row["publication_id"]).is_dir()]
        same = next((row["manifest"] for row in there if row["inputs_hash"] == hashed), None)
        return None if same is None or _newly_accepted(same, accept) else str(same["publication_id"])
    if _newly_accepted(current.manifest, accept):
        return None
    stood = {event["publication_id"] for event in ledger.book.events() if event["event"] == PUBLISHED}
    latest = [row["inputs_hash"] for row in made if row["publication_id"] in stood]
    return current.publication_id if hashed in {current.manifest["inputs_hash"], *latest[-1:]} else None


def _newly_accepted(manifest: dict[str, Any], accept: Collection[str]) -> bool:
    """Whether a publication withholds what a person now decided to publish."""
    return any(unit.is_among(accept) for unit in withheld_units(manifest))


def waiting_candidate(settings: Settings, ledger: Ledger, hashed: str) -> dict[str, Any] | None:
    """The summary of the run whose candidate waits for a person's approval, when a new one would be the same as it."""
    run = ledger.book.awaiting_approval(settings.system_label)
    if run is None:
        return None
    try:
        candidate = Candidate.load(settings, run["run_id"])
    except CandidateError:
        return None
    return dict(run["summary"]) if candidate.inputs_hash == hashed else None
