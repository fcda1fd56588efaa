"""The monthly deadline has passed and its refresh has not come to its end: the team is told, by the same digest.

The DAG's Deadline Alert calls ``tell_missed_deadline`` with what Airflow knows of the run. It is noted among the
ledger's runs, so that the digest tells it once, and tells too when it is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lda.ledger import Ledger, utc_now
from lda.reporting.alerts.send import AlertReport, send_digest
from lda.reporting.alerts.watch import DEADLINE
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
