"""Steps of the schedule that failed: whichever it is, the team is told by the digest, and told when it works again.

What an ingest, a refresh or a collection could not do is in its own run in the ledger. A step that failed and left no
such word (housekeeping, serving, the lists for direct care; or one that was killed or broke off before its run began)
is noted here, as a run of its own: one for each step, which ends well the next time it works. Nothing here raises, and
nothing of an error's own words is noted.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from datetime import UTC, datetime

from lda.ledger import Ledger, utc_now
from lda.ledger.publications import FAILED
from lda.reporting.alerts.send import AlertReport, send_digest
from lda.reporting.alerts.watch import STEP
from lda.settings import Settings

log = logging.getLogger(__name__)


def tell_failed_step(settings: Settings, dag: str, step: str, started_at: datetime | None = None) -> AlertReport:
    """Note that a step failed, unless a run that ended since it began says so itself, and send the digest.

    :param started_at: when the step's last try began, with an offset; None when that is not known.
    """

    def note(ledger: Ledger) -> bool:
        if started_at and _says_so_itself(settings, ledger, started_at):
            return False
        noted, now = _noted(settings, dag, step), utc_now()
        ledger.book.start_run(noted, STEP, settings.system_label, now)
        ledger.book.end_run(noted, FAILED, {"dag": dag, "step": step}, now)
        return True

    _in_ledger(settings, note)
    return send_digest(settings)


def tell_working_step(settings: Settings, dag: str, step: str) -> AlertReport | None:
    """Note that a step whose failure is noted works again, and send the digest; None when none is noted."""

    def note(ledger: Ledger) -> bool:
        failed = ledger.book.ended_runs(settings.system_label, kind=STEP, status=FAILED)
        noted = _noted(settings, dag, step)
        if noted not in {run["run_id"] for run in failed}:
            return False
        ledger.book.end_run(noted, "succeeded", {"dag": dag, "step": step}, utc_now())
        return True

    return send_digest(settings) if _in_ledger(settings, note) else None


def _says_so_itself(settings: Settings, ledger: Ledger, started_at: datetime) -> bool:
    """True when a run of another kind failed, or ended with problems, since a moment; one step at a time writes."""
    since = started_at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    ended = ledger.book.ended_runs(settings.system_label, since=since)
    return any(
        run["kind"] != STEP and (run["status"] == FAILED or (run["summary"] or {}).get("problems")) for run in ended
    )


def _noted(settings: Settings, dag: str, step: str) -> str:
    """The id of a step's run: always the same, and no longer than the ledger takes."""
    return f"{STEP}-{hashlib.sha256(f'{settings.system_label} {dag} {step}'.encode()).hexdigest()[:16]}"


def _in_ledger(settings: Settings, note: Callable[[Ledger], bool]) -> bool:
    """What ``note`` found to note; False when it could not, which must never fail the step it is about."""
    try:
        ledger = Ledger(settings.ledger_address)
        try:
            ledger.create()
            return note(ledger)
        finally:
            ledger.close()
    except Exception as error:
        log.error("How a step ended could not be noted in the ledger (%s). Airflow's log has it.", type(error).__name__)
        return False
