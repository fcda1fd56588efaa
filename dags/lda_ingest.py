"""One DAG per feed: read what has landed, judge it, pseudonymise it and load it into the lake."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, AssetOrTimeSchedule, CronTriggerTimetable, dag, task
from airflow.sdk.exceptions import AirflowException, AirflowSkipException

from common import DEFAULT_ARGS, LANDING, SETTINGS, START, TAGS, WRITER_POOL, feeds, lake_asset, tell_problems

DOC = """
### Ingest `{feed}`

Takes every new file in `landing/` that the contract `include/contracts/{feed}.odcs.yaml` claims, in batches:
check, account for every row, pseudonymise, load. A bad file is rejected with its reasons and the others go on.
Each sender is told of its files in its outbox in the vault.

* **Out:** the asset `lda://lake/{feed}`, when submissions changed since the last refresh started, whatever else went
  wrong; `tell_problems` fails after it when some files could not be judged. With nothing new the task is skipped.
* **Safe to run again:** files are known by their content; a second run finds nothing to do.
* **When it fails:** `lda files --feed {feed}` says what happened to each file; see `docs/runbooks/refresh-failed.md`.
"""


def ingest_dag(feed: str) -> DAG:
    """The ingest DAG of one feed."""

    @dag(
        dag_id=f"lda_ingest_{feed}",
        description=f"Read, judge and load the {feed} feed",
        doc_md=DOC.format(feed=feed),
        schedule=AssetOrTimeSchedule(
            timetable=CronTriggerTimetable("15 * * * *", timezone="Europe/London"), assets=[LANDING]
        ),
        start_date=START,
        catchup=False,
        max_active_runs=1,
        default_args=DEFAULT_ARGS,
        tags=[*TAGS, "ingest", feed],
    )
    def ingest() -> None:
        @task(
            outlets=[lake_asset(feed)],
            pool=WRITER_POOL,
            execution_timeout=timedelta(hours=SETTINGS.ingest_hours),
        )
        def load_new_files() -> dict[str, Any]:
            """Ingest the feed's new files; skipped when a refresh has nothing to wait for."""
            from lda.receive import awaits_refresh, receive
            from lda.settings import Settings

            settings = Settings()
            report = receive(settings, feeds=[feed])
            if awaits_refresh(settings, feed):
                return report.as_dict()
            if report.problems:
                raise AirflowException(" ".join(report.problems))
            raise AirflowSkipException(f"No new {feed} submission was accepted ({report.files} new files seen).")

        tell_problems(load_new_files())

    return ingest()


for _feed in feeds():
    globals()[f"lda_ingest_{_feed}"] = ingest_dag(_feed)
