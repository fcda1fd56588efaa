"""Receive: ingest what landed, then tell its senders what became of it, and the team what changed.

``lda ingest``, ``lda redrive``, ``lda refresh`` and the ingest DAGs all call these.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from lda.channels import reopen
from lda.intake import IngestReport, Progress, ingest
from lda.intake import redrive as judge_again
from lda.ledger import Ledger
from lda.reporting.alerts import send_digest
from lda.reporting.feedback import write_feedback
from lda.reporting.freshness import tell_freshness
from lda.settings import Settings

log = logging.getLogger(__name__)


def receive(
    settings: Settings,
    feeds: Sequence[str] | None = None,
    progress: Progress | None = None,
    *,
    digest: bool = True,
) -> IngestReport:
    """Ingest every new file of all feeds, or of some, and write feedback on it. Raises what ``ingest`` raises.

    :param digest: whether to send the team its digest of what changed; a refresh sends one at its own end.
    """
    report = _told(settings, ingest(settings, feeds, progress))
    if digest:
        report.alerts = send_digest(settings).as_dict()
    return report


def awaits_refresh(settings: Settings, feed: str) -> bool:
    """True when what is in force of a feed changed since the last refresh started, which is all that one can know of.

    Asked of the ledger, not of a run's own report: what a run accepted before it was killed is news all the same.
    """
    ledger = Ledger(settings.ledger_address)
    try:
        ledger.create()
        last = ledger.book.last_run("refresh", settings.system_label)
        return ledger.changed_since(feed, last["started_at"] if last else None)
    finally:
        ledger.close()


def redrive(
    settings: Settings,
    feed: str | None = None,
    file_id: str | None = None,
    progress: Progress | None = None,
    as_sent: str | None = None,
) -> IngestReport:
    """Open and judge again what could not be opened, was rejected or is in quarantine; write feedback on what changed.

    A file that came encrypted and could not be decrypted is tried with the channel's key of today. ``as_sent`` is why
    a file is taken as it was sent although it has no row or lost many people.
    """
    opened = reopen(settings) if file_id is None else []
    first = ingest(settings, [feed] if feed else None, progress) if opened else None
    report = judge_again(settings, feed, file_id, progress, as_sent)
    if first is not None:
        report.join(first)
    return _told(settings, report)


def _told(settings: Settings, report: IngestReport) -> IngestReport:
    """Write feedback. What was ingested stands whether or not that works; the next run tells what this one could not.

    An error's own text could quote a cell, so only its kind is told.
    """
    started = time.monotonic()
    try:
        written = write_feedback(settings)
    except Exception as error:
        problem = (
            f"Feedback to partners could not be written ({type(error).__name__}). What was ingested stands. "
            "The next ingest will write it; to write it now run: lda feedback"
        )
        log.error("%s", problem)
        report.feedback = {"problem": problem}
    else:
        report.feedback = {name: getattr(written, name) for name in ("partners", "documents", "files")}
    report.time("feedback", time.monotonic() - started)
    tell_freshness(settings)
    return report
