"""The monthly deadline has passed without its publication: the team is told, by the same digest.

Its refresh has not come to its end: the DAG's Deadline Alert calls ``tell_missed_deadline`` with what Airflow knows of
the run. Or it has, and could publish nothing of the month: the refresh calls ``tell_unpublished``. Either is noted
among the ledger's runs, so that the digest tells it once, and tells too when it is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from lda.ledger import Ledger, utc_now
from lda.reporting.alerts.send import AlertReport, send_digest
from lda.reporting.alerts.watch import DEADLINE, UNPUBLISHED
from lda.settings import Settings

MISSED = "missed"
# Runs for past months: their logical dates, and so their deadlines, are long over.
BACKFILL = "backfill"


def tell_missed_deadline(settings: Settings, context: Mapping[str, Any]) -> AlertReport | None:
    """Note that a run is late and send the digest; None for a run that has no deadline to keep.

    :param context: ``dag_run`` (dag_run_id, run_type) and ``deadline`` (deadline_time), as Airflow gives them.
    """
    run, missed_at = context["dag_run"], str(context["deadline"]["deadline_time"])[:16].replace("T", " ")
    if run["run_type"] == BACKFILL:
        return None
    words = (
        f"The refresh of the monthly deadline ({run['dag_run_id']}) had not come to its end by {missed_at} UTC. It is "
        "still at work, waits for a person's approval, or is stuck: see its page in Airflow and lda status --last-run. "
        "What readers have stays as it is."
    )
    now = utc_now()
    ledger = Ledger(settings.ledger_address)
    try:
        ledger.create()
        noted = f"{DEADLINE}-{missed_at.replace(' ', 'T')}"
        ledger.book.start_run(noted, DEADLINE, settings.system_label, now)
        ledger.book.end_run(noted, MISSED, {"message": words}, now)
    finally:
        ledger.close()
    return send_digest(settings)


def tell_unpublished(settings: Settings, ledger: Ledger, period_end: date, reason: str) -> AlertReport | None:
    """Note that a month could not be published by its deadline and why, and send the digest; None when it is there.

    Called again for the same month, it changes nothing of what was told.
    """
    if any(row["period_end"] >= period_end for row in ledger.book.publications(settings.system_label)):
        return None
    words = (
        f"{period_end:%B %Y} was not published by its deadline; it is as soon as what it lacks has come. What readers "
        f"have stays as it is. {reason}"
    )
    noted, now = f"{UNPUBLISHED}-{period_end}", utc_now()
    ledger.book.start_run(noted, UNPUBLISHED, settings.system_label, now)
    ledger.book.end_run(noted, MISSED, {"period_end": period_end.isoformat(), "message": words}, now)
    return send_digest(settings)
