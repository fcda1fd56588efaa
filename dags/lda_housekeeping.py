"""Keep house week by week: finish what was stopped, remove what is past its time, check what is kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowException

from common import DEFAULT_ARGS, START, TAGS, WRITER_POOL

DOC = """
### Housekeeping

Finishes an erasure that was stopped, removes what is past its time by the settings `LDA_KEEP_*` (by default only old
candidates and publications), hashes the archive and the publication in force again, vacuums the ledger, and asks for a
backup when none is new.

* **Out:** nothing that a refresh waits for. What is on legal hold stays, and so does what is in force or needed by a
  kept publication, but for rows past their feed's retention (`docs/keeping.md`).
* **Safe to run again:** a second run finds nothing to remove.
* **When it fails:** its log names what is damaged or missing, or that there is no new backup: see
  `docs/runbooks/restore-from-backup.md`. `lda prune` says what would go and why.
"""


@dag(
    dag_id="lda_housekeeping",
    description="Remove what is past its time and check what is kept",
    doc_md=DOC,
    schedule="30 3 * * 0",
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=[*TAGS, "housekeeping"],
)
def lda_housekeeping() -> None:
    """One task: each part is safe to repeat, and the log tells them apart."""

    @task(pool=WRITER_POOL, execution_timeout=timedelta(hours=6))
    def keep_house() -> dict[str, Any]:
        """Keep house; failed when something is damaged, missing, or not backed up."""
        from lda.keeping import keep_house as run
        from lda.settings import Settings

        report = run(Settings())
        if report.problems:
            raise AirflowException(" ".join(report.problems))
        return report.as_dict()

    keep_house()


lda_housekeeping()
