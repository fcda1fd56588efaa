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
    XComArg,
    dag,
    task,
)
from airflow.sdk.definitions.callback import SyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference
from airflow.sdk.exceptions import AirflowSkipException

from common import DEFAULT_ARGS, LONDON, SETTINGS, START, TAGS, WRITER_POOL, feeds, lake_asset, tell_missed_deadline
from lda.contracts import load_systems
from lda.settings import SettingsError
from lda.stops import ApprovalAwaited, GatesStopped, RefreshError

log = logging.getLogger("lda.dags")

DOC = """
### The system-wide refresh

`settle → start → build → judge → (propose → approve → decide →) release → tell → serve`

* **Starts** when an ingest accepted something new, and at the monthly deadline of the system file. `settle` waits until
  the ingests under way are done. `start` decides: a month is published when all that is due by its deadline is in; at
  the deadline with what there is, if that is at least half. Until then, and without the opt-out lists, the run is
  skipped, and the log of `start` says what is awaited. With nothing new since the publication in force it is skipped.
* **Deadline:** when the run of the monthly deadline has not ended `LDA_DEADLINE_HOURS` after it, the team is told
  by the same alerts as of everything else (an Airflow Deadline Alert).
* **By hand** (or with `period_end` or `as_of`) it publishes what there is at once. The audit trail says who started it.
* **build** makes a whole candidate database with dbt beside the published one. **judge** holds it to the publication
  suites: a measure-level failure withholds that measure, a system-level failure stops here and leaves the publication
  in force byte for byte. **release** writes and checks the publication, then switches to it in one step.
* **approve**, where the system file asks for it (`publication: {approval: true}`), waits on this page for a person:
  under *Required Actions* approve or reject, with a reason. Who answered goes to the audit trail. Rejected or
  unanswered, nothing is published; `lda publications approve` answers too.
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
# What a person, or a backfill, may ask of a run: it then waits for nothing.
ASKED = ("period_end", "as_of", "make_current")
# A month per logical date.
BACKFILL = "backfill"
# Systems share one publication, so the earliest deadline is everybody's (lda.warehouse.publish_by).
TERMS = min((one.publication for one in load_systems(SETTINGS)), key=lambda one: (one.deadline_day, one.deadline_time))
# Nothing of it is published without a person's word when one of its systems wants that.
APPROVAL = any(one.publication.approval for one in load_systems(SETTINGS))
APPROVE, REJECT = "Approve", "Reject"
# A gate's verdict and a wrong request are the same however often they are asked for.
RETRY_POLICY = ExceptionRetryPolicy(
    rules=[
        RetryRule(
            exception=[ApprovalAwaited, GatesStopped, RefreshError, SettingsError],
            action=RetryAction.FAIL,
            reason="It would end the same way: something has to be put right first.",
        )
    ]
)


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
    from lda.asked import month_before
    from lda.refresh import start_refresh, start_scheduled
    from lda.settings import Settings

    asked = {name: (params or {}).get(name) for name in ASKED}
    if dag_run.run_type == BACKFILL:
        asked["period_end"] = asked.get("period_end") or month_before(dag_run.logical_date.astimezone(LONDON).date())
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
def propose(plan: dict[str, Any], params: dict[str, Any] | None = None) -> dict[str, Any]:
    """Put the candidate before a person and tell the team; skipped, with how to answer, when the run may not wait."""
    from lda import refresh
    from lda.settings import Settings

    plan = refresh.propose(Settings(), plan)
    if not (params or {}).get("wait_for_approval", True):
        raise AirflowSkipException(plan["message"])
    return plan


@task
def decide(plan: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """Record who answered what; skipped when the publication was refused."""
    from lda import approve
    from lda.settings import Settings

    approved = answer["chosen_options"] == [APPROVE]
    reason = (answer.get("params_input") or {}).get("reason") or ""
    person = (answer.get("responded_by_user") or {}).get("name")
    plan = approve.answer(Settings(), plan, approved, reason, person)
    if not approved:
        raise AirflowSkipException(plan["message"])
    return plan


@task
def release(plan: dict[str, Any], dag_run: Any = None) -> dict[str, Any]:
    """Write, check and switch to the publication; the audit trail names who started a run by hand."""
    from lda import refresh
    from lda.settings import Settings

    return refresh.release(Settings(), {**plan, "asked_by": dag_run.triggering_user_name})


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


def approved_by_a_person(judged: XComArg) -> XComArg:
    """The steps between ``judge`` and ``release`` where a system wants a person's approval.

    ``approve`` waits on Airflow's page, holding no slot and no worker. It is asked once: unanswered in time it fails,
    which the team is told, and the next refresh asks again.
    """
    from airflow.providers.standard.operators.hitl import HITLOperator

    proposed = propose(judged)
    asked = HITLOperator(
        task_id="approve",
        subject="Shall these figures be published?",
        body="{{ ti.xcom_pull(task_ids='propose')['message'] }}",
        options=[APPROVE, REJECT],
        params={"reason": Param("", type="string", description="For the audit trail")},
        response_timeout=timedelta(hours=min(one.publication.approval_hours for one in load_systems(SETTINGS))),
        pool="default_pool",
        retries=0,
        doc_md="Who answered, when and why goes to the audit trail: `lda audit-trail`.",
    )
    proposed >> asked
    return decide(proposed, asked.output)


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
    # The run that begins at the monthly deadline; those that an asset began have no logical date and no deadline.
    deadline=DeadlineAlert(
        reference=DeadlineReference.DAGRUN_LOGICAL_DATE,
        interval=timedelta(hours=SETTINGS.deadline_hours),
        callback=SyncCallback(tell_missed_deadline),
        name="published after the monthly deadline",
    ),
    params={
        "period_end": Param(None, type=["null", "string"], format="date", description="Last day of the month"),
        "as_of": Param(None, type=["null", "string"], format="date-time", description="As known at this moment"),
        "make_current": Param(False, type="boolean", description="Put an earlier month in force too"),
        "wait_for_approval": Param(
            True, type="boolean", description="Wait here for a person, where the system asks for approval"
        ),
    },
    tags=[*TAGS, "refresh"],
)
def lda_refresh() -> None:
    """The steps; each passes a small dictionary of paths and ids to the next."""
    ready = settle()
    plan = start()
    ready >> plan
    judged = judge(build(plan))
    if APPROVAL:
        judged = approved_by_a_person(judged)
    tell(release(judged)) >> serve()


lda_refresh()
