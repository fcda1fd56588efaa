"""The system-wide refresh: build a candidate, gate it, publish it, tell people."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import AssetAny, AssetOrTimeSchedule, CronTriggerTimetable, Param, TriggerRule, dag, task
from airflow.sdk.exceptions import AirflowSkipException

from common import DEFAULT_ARGS, START, TAGS, WRITER_POOL, feeds, lake_asset

DOC = """
### The system-wide refresh

`start → build → judge → release → tell → serve`

* **Starts** when an ingest accepted something new, and on the 18th of each month. With nothing new since the
  publication in force it is skipped and nothing changes.
* **build** makes a whole candidate database with dbt beside the published one. **judge** holds it to the publication
  suites: a measure-level failure withholds that measure, a system-level failure stops here and leaves the publication
  in force byte for byte. **release** writes and checks the publication, then switches to it in one step.
* **serve** puts the publication in force into Postgres and tells Superset, where the settings name them. It also runs
  when nothing is new, so that what failed before is made good; its failure never touches the publication.
* **One writer at a time**, by the pool `lda_writer`; every step is safe to run again.
* **For an earlier month:** trigger with `period_end` (and `as_of` to see it as it was known then).
* **When it fails:** `docs/runbooks/refresh-failed.md`.
"""


@dag(
    dag_id="lda_refresh",
    description="Build, gate and publish the system-wide LDA mart",
    doc_md=DOC,
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("0 6 18 * *", timezone="Europe/London"),
        assets=AssetAny(*(lake_asset(feed) for feed in feeds())),
    ),
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args={**DEFAULT_ARGS, "pool": WRITER_POOL, "execution_timeout": timedelta(hours=2)},
    params={
        "period_end": Param(None, type=["null", "string"], format="date", description="Last day of the month"),
        "as_of": Param(None, type=["null", "string"], format="date-time", description="As known at this moment"),
    },
    tags=[*TAGS, "refresh"],
)
def lda_refresh() -> None:
    """The six steps; each passes a small dictionary of paths and ids to the next."""

    @task
    def start(params: dict[str, Any] | None = None) -> dict[str, Any]:
        """Decide the period and the moment, and whether there is anything new."""
        from lda.refresh import start_refresh
        from lda.settings import Settings

        asked = params or {}
        plan = start_refresh(Settings(), period_end=asked.get("period_end"), as_of=asked.get("as_of"))
        if plan["nothing_new"]:
            raise AirflowSkipException("Nothing new since the publication in force; it stays as it is.")
        return plan

    @task
    def build(plan: dict[str, Any]) -> dict[str, Any]:
        """Build the candidate database with dbt."""
        from lda import refresh
        from lda.settings import Settings

        return refresh.build(Settings(), plan)

    @task
    def judge(plan: dict[str, Any]) -> dict[str, Any]:
        """Hold the candidate to the publication suites."""
        from lda import refresh
        from lda.settings import Settings

        return refresh.judge(Settings(), plan)

    @task
    def release(plan: dict[str, Any]) -> dict[str, Any]:
        """Write, check and switch to the publication."""
        from lda import refresh
        from lda.settings import Settings

        return refresh.release(Settings(), plan)

    @task
    def tell(plan: dict[str, Any]) -> dict[str, Any]:
        """Record and log the summary of the run, and send the digest of what changed."""
        from lda import refresh
        from lda.settings import Settings

        return refresh.tell(Settings(), plan)

    @task(trigger_rule=TriggerRule.NONE_FAILED)
    def serve() -> dict[str, Any]:
        """Bring BI tools up to date with the publication in force."""
        from lda import serving
        from lda.settings import Settings

        settings = Settings()
        if not serving.serving_is_on(settings):
            raise AirflowSkipException("No Postgres and no Superset is named in the settings.")
        return serving.serve(settings).as_dict()

    tell(release(judge(build(start())))) >> serve()


lda_refresh()
