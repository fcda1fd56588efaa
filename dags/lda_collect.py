"""Bring partners' files into landing from every channel: shared folders, SFTP servers, NHS MESH mailboxes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowException, AirflowSkipException

from common import DEFAULT_ARGS, LANDING, START, TAGS, WRITER_POOL

DOC = """
### Collect partners' files

Takes what is new from the channels of `channels.yaml`. A file is acknowledged, moved or deleted at the other end only
after its bytes are archived and in the ledger; a file still being written is left for the next run.

* **Out:** the asset `lda://landing/files`, only when a file came. Without channels or new files the task is skipped.
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
    """One task: channels are few, and each is told apart in the report."""

    @task(outlets=[LANDING], pool=WRITER_POOL, execution_timeout=timedelta(hours=2))
    def collect_new_files() -> dict[str, Any]:
        """Collect from every channel; skipped when nothing came, failed when a channel could not be used."""
        from lda.channels import collect
        from lda.settings import Settings

        report = collect(Settings())
        if report.problems:
            raise AirflowException(" ".join(report.problems))
        if not report.collected:
            raise AirflowSkipException(f"Nothing new from {report.channels} channels ({report.waiting} files waiting).")
        return {"channels": report.channels, "collected": len(report.collected), "notices": report.notices}

    collect_new_files()


lda_collect()
