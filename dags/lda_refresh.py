"""The system-wide refresh: build a candidate, gate it, publish it, tell people."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from airflow.sdk import (
    AssetAny,
    AssetOrTimeSchedule,
    CronTriggerTimetable,
    ExceptionRetryPolicy,
    Param,
    RetryAction,
    RetryRule,
    TriggerRule,
    dag,
    task,
)
from airflow.sdk.exceptions import AirflowSkipException

from common import DEFAULT_ARGS, LONDON, SETTINGS, START, TAGS, WRITER_POOL, feeds, lake_asset
from lda.contracts import load_systems
from lda.settings import SettingsError
from lda.stops import GatesStopped, RefreshError

log = logging.getLogger("lda.dags")

DOC = """
### The system-wide refresh

`settle → start → build → judge → release → tell → serve`

* **Starts** when an ingest accepted something new, and at the monthly deadline of the system file. `settle` waits until
  the ingests under way are done. `start` decides: a month is published when all that is due by its deadline is in; at
  the deadline with what there is, if that is at least half. Until then, and without the opt-out lists, the run is
  skipped, and the log of `start` says what is awaited. With nothing new since the publication in force it is skipped.
* **By hand** (or with `period_end` or `as_of`) it publishes what there is at once.
* **build** makes a whole candidate database with dbt beside the published one. **judge** holds it to the publication
  suites: a measure-level failure withholds that measure, a system-level failure stops here and leaves the publication
  in force byte for byte. **release** writes and checks the publication, then switches to it in one step.
* **serve** puts the publication in force into Postgres and tells Superset, where the settings name them. It also runs
  when nothing is new, so that what failed before is made good; its failure never touches the publication.
* **One writer at a time**, by the pool `lda_writer`; every step is safe to run again.
* **For an earlier month:** trigger with `period_end` (and `as_of` to see it as it was known then), or backfill: each
  logical date publishes the month before it. It is released beside the newest unless `make_current` is set.
* **When it fails:** `docs/runbooks/refresh-failed.md`.
"""
# What the schedule began, rather than a person: these runs wait until a month is ready.
SCHEDULED = {"scheduled", "asset_triggered"}
SETTLE_SECONDS = 60
# A month per logical date.
BACKFILL = "backfill"
# Systems share one publication, so the earliest deadline is everybody's (lda.warehouse.publish_by).
TERMS = min((one.publication for one in load_systems(SETTINGS)), key=lambda one: (one.deadline_day, one.deadline_time))
# A gate's verdict and a wrong request are the same however often they are asked for.
RETRY_POLICY = ExceptionRetryPolicy(
    rules=[
        RetryRule(
            exception=[GatesStopped, RefreshError, SettingsError],
            action=RetryAction.FAIL,
            reason="It would end the same way: something has to be put right first.",
        )
    ]
)


@dag(
    dag_id="lda_refresh",
    description="Build, gate and publish the system-wide LDA mart",
    doc_md=DOC,
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable(TERMS.cron, timezone="Europe/London"),
        assets=AssetAny(*(lake_asset(feed) for feed in feeds())),
    ),
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args={
        **DEFAULT_ARGS,
        "pool": WRITER_POOL,
        "execution_timeout": timedelta(hours=2),
        "retry_policy": RETRY_POLICY,
    },
    params={
        "period_end": Param(None, type=["null", "string"], format="date", description="Last day of the month"),
        "as_of": Param(None, type=["null", "string"], format="date-time", description="As known at this moment"),
        "make_current": Param(False, type="boolean", description="Put an earlier month in force too"),
    },
    tags=[*TAGS, "refresh"],
)
def lda_refresh() -> None:
    """The seven steps; each passes a small dictionary of paths and ids to the next."""

    @task.sensor(
        pool="default_pool",
        mode="reschedule",
        poke_interval=SETTLE_SECONDS,
        timeout=timedelta(hours=SETTINGS.ingest_hours + 1).total_seconds(),
    )
    def settle(dag_run: Any = None) -> bool:
        """Wait until the ingests under way have judged what landed, so that one publication holds it all."""
        if dag_run.run_type not in SCHEDULED:
            return True
        from lda.refresh import ingests_under_way
        from lda.settings import Settings

        waiting = ingests_under_way(Settings())
        if waiting:
            log.info("%s Looking again in %s seconds.", waiting, SETTLE_SECONDS)
        return not waiting

    @task
    def start(params: dict[str, Any] | None = None, dag_run: Any = None) -> dict[str, Any]:
        """Decide the month and the moment, and whether to publish now; skipped, with the reason, when not."""
        from lda.refresh import month_before, start_refresh, start_scheduled
        from lda.settings import Settings

        asked = dict(params or {})
        if dag_run.run_type == BACKFILL:
            asked["period_end"] = asked.get("period_end") or month_before(
                dag_run.logical_date.astimezone(LONDON).date()
            )
        if dag_run.run_type in SCHEDULED and not any(asked.values()):
            plan = start_scheduled(Settings())
        else:
            current = bool(asked.get("make_current"))
            plan = start_refresh(Settings(), asked.get("period_end"), asked.get("as_of"), make_current=current)
        if plan["nothing_new"]:
            raise AirflowSkipException(plan["message"])
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

    ready = settle()
    plan = start()
    ready >> plan
    tell(release(judge(build(plan)))) >> serve()


lda_refresh()
