"""Make the lists for direct care week by week: who is overdue a health check, whose review is due."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import CronTriggerTimetable, Param, dag, task
from airflow.sdk.exceptions import AirflowSkipException

from common import DEFAULT_ARGS, SETTINGS, START, TAGS, WRITER_POOL

DOC = """
### Lists for direct care

Makes the lists that name people for their own care, in place of those before, in the vault: see `docs/direct-care.md`.
No other DAG makes them or waits for them, and nothing of them leaves the vault.

* **The switch:** scheduled only where `LDA_DIRECT_CARE` is set; elsewhere a run by hand is skipped and says so.
* **Out:** counts of people and holders. Who asked, for what and how many people is a line of the audit trail.
* **Safe to run again:** each making replaces all lists in one step.
* **When it fails:** the lists before stay. Run `lda direct-care --reason …` to see why.
"""


@dag(
    dag_id="lda_direct_care",
    description="Make the lists that name people, for their own care",
    doc_md=DOC,
    schedule=CronTriggerTimetable("0 5 * * 1", timezone="Europe/London") if SETTINGS.direct_care else None,
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    params={
        "reason": Param("Weekly recall and reviews", type="string", minLength=3, description="What the lists are for"),
    },
    tags=[*TAGS, "direct-care"],
)
def lda_direct_care() -> None:
    """One task: the lists are built together, from one moment."""

    @task(pool=WRITER_POOL, execution_timeout=timedelta(hours=2))
    def make_care_lists(params: dict[str, Any] | None = None, dag_run: Any = None) -> dict[str, Any]:
        """Make the lists; skipped when the switch is off."""
        from lda.direct_care import make_lists
        from lda.settings import Settings

        settings = Settings()
        if not settings.direct_care:
            raise AirflowSkipException("Lists for direct care are switched off (LDA_DIRECT_CARE).")
        reason, asked_by = (params or {})["reason"], dag_run.triggering_user_name
        return make_lists(settings, f"{reason}, asked for by {asked_by}" if asked_by else reason).as_dict()

    make_care_lists()


lda_direct_care()
