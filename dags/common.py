"""What every DAG shares: owner, retries, tags, the writer's pool, and who hears of a failure."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk import Asset, task
from airflow.sdk.exceptions import AirflowFailException

from lda.settings import Settings
from lda.telemetry import mask_every_record, mask_what_is_printed

# A task's process sets up its logging, then reads its DAG's file and so comes here before any of our steps runs.
mask_every_record()
mask_what_is_printed()
log = logging.getLogger("lda.dags")

SETTINGS = Settings()
LONDON = ZoneInfo("Europe/London")
START = datetime(2024, 4, 1, tzinfo=LONDON)
WRITER_POOL = "lda_writer"
TAGS = ["lda", *SETTINGS.systems]


# Updated when a channel brought files; ingests start on it.
LANDING = Asset(name="landing", uri="lda://landing/files", group="lda")


def feeds() -> list[str]:
    """Feeds that have a data contract; adding a contract adds a DAG."""
    return sorted(path.name.removesuffix(".odcs.yaml") for path in SETTINGS.contracts_dir.glob("*.odcs.yaml"))


def lake_asset(feed: str) -> Asset:
    """The asset an ingest updates when it accepted a submission, and that the refresh waits for."""
    return Asset(name=f"lake_{feed}", uri=f"lda://lake/{feed}", group="lda")


def say_what_failed(context: dict[str, Any]) -> None:
    """Log which step failed and what to do next, note it in the ledger, and send the digest, which never raises.

    An exception's own text is already free of personal data. Called once the last retry has failed.
    """
    task = context["task_instance"]
    log.error(
        "Step %s of %s failed in run %s. The publication in force was not touched. "
        "Run `lda status` to see what was received, and follow docs/runbooks/refresh-failed.md.",
        task.task_id,
        task.dag_id,
        task.run_id,
    )
    from lda.reporting.alerts import tell_failed_step

    tell_failed_step(SETTINGS, task.dag_id, task.task_id, task.start_date)


def say_what_works(context: dict[str, Any]) -> None:
    """Tell that a step whose failure was told works again; also when it was skipped, as having nothing to do."""
    from lda.reporting.alerts import tell_working_step

    task = context["task_instance"]
    tell_working_step(SETTINGS, task.dag_id, task.task_id)


def tell_problems_only(_context: dict[str, Any]) -> None:
    """Send the digest: what ``tell_problems`` fails for is already in the run of the step before it."""
    from lda.reporting.alerts import send_digest

    send_digest(SETTINGS)


def tell_missed_deadline(context: dict[str, Any]) -> None:
    """Tell the team, by the channels of every other alert, that a run was not done by its deadline."""
    from lda.reporting.alerts import tell_missed_deadline as tell

    tell(Settings(), context)


@task(pool=WRITER_POOL, execution_timeout=timedelta(minutes=5), on_failure_callback=tell_problems_only)
def tell_problems(report: dict[str, Any]) -> None:
    """Fail when the step before had problems. It comes after that step, whose asset tells of what went well."""
    if report["problems"]:
        raise AirflowFailException(" ".join(report["problems"]))


DEFAULT_ARGS: dict[str, Any] = {
    "owner": "lda-data-engineering",
    "retries": SETTINGS.task_retries,
    "retry_delay": timedelta(seconds=SETTINGS.task_retry_delay_seconds),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=30),
    "on_failure_callback": say_what_failed,
    "on_success_callback": say_what_works,
    "on_skipped_callback": say_what_works,
}
