"""Bring partners' files into landing from every channel: shared folders, SFTP servers, NHS MESH mailboxes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowException, AirflowSkipException

from common import DEFAULT_ARGS, LANDING, START, TAGS, WRITER_POOL, tell_problems

DOC = """
### Collect partners' files

Takes what is new from the channels of `channels.yaml`. A file is acknowledged, moved or deleted at the other end only
after its bytes are archived and in the ledger; a file still being written is left for the next run.

* **Out:** the asset `lda://landing/files`, only when a file came, whatever was wrong with other channels: that is told
  by `tell_problems` after it. Without channels or new files the task is skipped; that a message of ours was not
  delivered is told the team by its digest all the same.
* **Safe to run again:** what was collected is known by channel, name and state; a second run finds nothing to do.
* **When it fails:** one channel does not stop the others. `lda collect` says what was wrong with which channel; see
  `docs/channels.md`.
"""


@dag(
    dag_id="lda_collect",
    description="Bring partners' files into landing",
    doc_md=DOC,
    schedule="*/15 * * * *",
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=[*TAGS, "collect"],
)
def lda_collect() -> None:
    """One task takes from all channels, which are few; the next says what was wrong with which of them."""

    @task(outlets=[LANDING], pool=WRITER_POOL, execution_timeout=timedelta(hours=2))
    def collect_new_files() -> dict[str, Any]:
        """Collect from every channel; skipped when nothing came."""
        from lda.channels import collect
        from lda.settings import Settings

        report = collect(Settings())
        if report.notices:
            from lda.reporting.alerts import send_digest

            send_digest(Settings())
        if report.collected:
            told = {"notices": report.notices, "problems": report.problems}
            return {"channels": report.channels, "collected": len(report.collected), **told}
        if report.problems:
            raise AirflowException(" ".join(report.problems))
        nothing = f"No file from {report.channels} channels ({report.waiting} files waiting)."
        raise AirflowSkipException(" ".join([nothing, *report.notices]))

    tell_problems(collect_new_files())


lda_collect()
