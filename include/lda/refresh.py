"""The refresh: from what partners sent to the publication in force, in steps that Airflow tasks call one by one.

``start → build → judge → release → tell → serve``. Each takes the plan, a small dictionary for JSON, and gives it back
with what it adds; each is safe to repeat. ``refresh`` ingests what is new and takes all the steps.

Keys of the plan: run_id, system_code, period_end, as_of, started_at, nothing_new, message, accepted, seconds (by step),
and from ``build`` on publication_id and beside (the publication in force then), from ``judge`` on gates, from
``release`` on published, from ``tell`` on summary.
"""

from __future__ import annotations

import json
import secrets
import time
from calendar import monthrange
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from lda.gates import GateReport, judge_candidate, rows_for_ledger
from lda.ledger import Ledger
from lda.ledger.publications import PUBLISHED as MADE_CURRENT
from lda.ledger.publications import utc_now
from lda.publishing import current_publication, last_published, one_writer, publish, settle, stands_behind
from lda.reporting import last_run_summary, refresh_summary
from lda.reporting.alerts import send_digest
from lda.reporting.freshness import tell_freshness
from lda.serving import ServingError, serve, serving_is_on
from lda.settings import Settings
from lda.stops import GatesStopped, RefreshError
from lda.telemetry import Dataset, Step, step
from lda.vault import check_access, check_key
from lda.warehouse import (
    Candidate,
    being_judged,
    build_candidate,
    in_force,
    inputs_hash,
    latest_period,
    readiness,
    rules_fingerprint,
)
from lda.warehouse.candidate import candidate_path

Plan = dict[str, Any]
PUBLISHED, NOTHING_NEW, STOPPED, WAITING = "published", "nothing_new", "stopped", "waiting"
INGEST_COUNTS = ("files", "by_status", "received", "accepted", "quarantined", "repeated", "problems", "feedback")


@dataclass(frozen=True)
class RefreshReport:
    """How a refresh ended: published, nothing_new or stopped, with the summary that people read.

    ``serving_problem`` says why BI tools do not see the publication yet; the publication itself is in force.
    """

    status: str
    run_id: str
    message: str
    publication_id: str | None = None
    summary: dict[str, Any] = field(default_factory=dict)
    serving_problem: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The report for JSON."""
        return asdict(self)


def refresh(
    settings: Settings,
    period_end: date | str | None = None,
    as_of: datetime | str | None = None,
    *,
    accept: Collection[str] = (),
    make_current: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> RefreshReport:
    """Ingest what is new, then build, judge, publish, tell and serve.

    :param period_end: the month to report; by default the latest that most partners have sent.
    :param as_of: the moment whose knowledge counts; by default now. An earlier one rebuilds what was known then.
    :param accept: measures to publish although they moved far or few partners are in them.
    :param make_current: put an earlier month, or moment, in force too; without this it is released beside the
        publication in force, unless that is older.
    :param progress: told of each step of the ingest (words, done, total); ``say``: of each step of the refresh.
    """
    from lda.receive import receive

    say("Reading what is new")
    started = time.monotonic()
    ingested = receive(settings, progress=progress, digest=False)
    with one_writer(settings):  # from the decision to the switch nobody else builds, publishes or rolls back
        plan = start_refresh(settings, period_end, as_of, accept, make_current=make_current)
        plan["seconds"]["ingest"] = round(time.monotonic() - started, 2)
        plan["ingest"] = {name: getattr(ingested, name) for name in INGEST_COUNTS}
        try:
            plan = plan if plan["nothing_new"] else _take_steps(settings, plan, say)
        except GatesStopped as stopped:
            send_digest(settings)
            summary = last_run_summary(settings)
            return RefreshReport(STOPPED, plan["run_id"], str(stopped), None, summary)
        except Exception:
            send_digest(settings)
            raise
    plan = tell(settings, plan)
    problem = _serving_problem(settings, say)
    status = NOTHING_NEW if plan["nothing_new"] else PUBLISHED
    return RefreshReport(status, plan["run_id"], plan["message"], plan["publication_id"], plan["summary"], problem)


def _take_steps(settings: Settings, plan: Plan, say: Callable[[str], None]) -> Plan:
    say("Building the candidate")
    plan = build(settings, plan)
    say("Judging the candidate")
    plan = judge(settings, plan)
    say("Publishing")
    return release(settings, plan)


def _serving_problem(settings: Settings, say: Callable[[str], None]) -> str | None:
    """Serve the publication in force to BI tools; why it failed, if it did. A later refresh tries again."""
    if serving_is_on(settings):
        say("Serving BI tools")
    try:
        serve(settings)
    except ServingError as error:
        return str(error)
    return None


def start_refresh(
    settings: Settings,
    period_end: date | str | None = None,
    as_of: datetime | str | None = None,
    accept: Collection[str] = (),
    *,
    make_current: bool = False,
) -> Plan:
    """Decide the period and the moment, and whether there is anything new since the last publication.

    Inputs that were rolled back from count as known: a roll back stands until something changes. What a crash of the
    last release or roll back left out of the ledger is recorded first.

    :raises RefreshError: for a period that is not over or a moment still to come.
    :raises AccessError: in production, when others can open what holds people's details.
    :raises CandidateError: when nothing has been accepted yet.
    """
    check_access(settings)
    started = utc_now()
    moment = _moment(as_of)
    with _ledger(settings) as ledger:
        check_key(settings, ledger)
        with one_writer(settings):
            settle(settings, ledger)
        period = _period(period_end, moment) if period_end else latest_period(settings, ledger, moment)
        inputs = in_force(settings, ledger, moment, period)
        hashed = inputs_hash(inputs, period, rules_fingerprint(settings))
        same = _same_publication(settings, ledger, hashed, accept, (period, moment), make_current)
        plan: Plan = {
            "run_id": _run_id("refresh"),
            "system_code": settings.system_label,
            "period_end": period.isoformat(),
            "as_of": moment.isoformat(),
            "started_at": started.isoformat(),
            "nothing_new": same is not None,
            "publication_id": same,
            "message": f"Nothing new since publication {same}; it stays as it is." if same else "",
            "accepted": sorted(accept),
            "make_current": make_current,
            "seconds": {},
        }
        ledger.book.start_run(plan["run_id"], "refresh", settings.system_label, started)
        if same:
            ledger.book.end_run(plan["run_id"], NOTHING_NEW, refresh_summary(settings, ledger, plan), utc_now())
    return plan


def ingests_under_way(settings: Settings) -> str:
    """Which landed files an ingest has still to judge; empty when none: a scheduled refresh waits for that."""
    with _ledger(settings) as ledger:
        return being_judged(settings, ledger, utc_now())


def start_scheduled(settings: Settings) -> Plan:
    """Start what the schedule began: like ``start_refresh`` for the month that is ready, or a plan that says ``waits``.

    A wait is in the ledger's runs with its reason; it says nothing of how the last refresh ended.
    """
    now = utc_now()
    with _ledger(settings) as ledger:
        state = readiness(settings, ledger, now)
        if state.period_end is None:
            run_id = _run_id("schedule")
            ledger.book.start_run(run_id, "schedule", settings.system_label, now)
            ledger.book.end_run(run_id, WAITING, {"message": state.reason}, utc_now())
            return {"run_id": run_id, "waits": True, "nothing_new": True, "message": state.reason}
    plan = start_refresh(settings, state.period_end)
    if plan["nothing_new"]:
        plan["message"] = f"{plan['message']} {state.reason}"
    return plan


def build(settings: Settings, plan: Plan) -> Plan:
    """Build the candidate database with dbt, beside the publication in force."""
    with _step(settings, plan, "build") as (ledger, watched), one_writer(settings):
        period, moment = date.fromisoformat(plan["period_end"]), datetime.fromisoformat(plan["as_of"])
        earlier = last_published(settings, ledger)
        paths = [publication.path for publication in earlier]
        made = build_candidate(settings, ledger, plan["run_id"], period, moment, paths)
        candidate = replace(made, compared_with={one.publication_id: sorted(one.measures) for one in earlier})
        candidate.save()
        watched.reads += [Dataset(f"lake/{feed}") for feed in sorted({one.feed for one in candidate.inputs})]
        watched.writes += _candidate_as_data(candidate)
        seconds = {**plan["seconds"], **candidate.seconds}
        beside = _in_force(settings)
    return {**plan, "publication_id": candidate.publication_id, "beside": beside, "seconds": seconds}


def judge(settings: Settings, plan: Plan) -> Plan:
    """Hold the candidate to the publication suites and record every verdict.

    :raises GatesStopped: when it may not be published at all.
    """
    plan = {**plan, "seconds": dict(plan["seconds"])}
    with _step(settings, plan, "judge") as (ledger, watched):
        candidate = Candidate.load(settings, plan["run_id"])
        report = judge_candidate(settings, candidate, last_published(settings, ledger), plan["accepted"])
        watched.reads += _candidate_as_data(candidate, report)
        ledger.book.record_gates(plan["run_id"], rows_for_ledger(report.outcomes))
        _report_path(settings, plan).write_text(json.dumps(report.as_dict()))
        plan["gates"] = report.counts()
        plan["seconds"]["gates"] = report.seconds
        if report.stops:
            raise GatesStopped(_why_stopped(report))
    return plan


def _candidate_as_data(candidate: Candidate, report: GateReport | None = None) -> list[Dataset]:
    """The candidate as lineage names it: as a whole, with how often each gate failed, and its tables."""
    failures: Counter[str] = Counter()
    for outcome in report.outcomes if report else ():
        failures[outcome.code] += not outcome.success
    whole = Dataset("warehouse/candidate", version=candidate.publication_id, failures=dict(failures))
    return [whole, *(Dataset(f"warehouse/{table}") for table in candidate.structure.get("tables", ()))]


def release(settings: Settings, plan: Plan) -> Plan:
    """Write and check the publication, then switch to it in one step.

    :raises RefreshError: when another publication was put in force since the candidate was built.
    """
    started = time.monotonic()
    with _step(settings, plan, "release") as (ledger, watched):
        candidate = Candidate.load(settings, plan["run_id"])
        report = GateReport.from_dict(json.loads(_report_path(settings, plan).read_text()))
        asked = bool(plan.get("make_current"))
        with one_writer(settings):
            if _in_force(settings) not in {plan["beside"], candidate.publication_id}:
                raise RefreshError(
                    f"Publication {plan['beside'] or 'none'} was in force when this candidate was built and judged "
                    f"beside it; now it is {_in_force(settings)}: another refresh or a roll back came between. "
                    "Nothing was published. Start again with: lda refresh"
                )
            publication = publish(settings, ledger, candidate, report, make_current=asked)
        current = current_publication(settings)
        watched.reads += _candidate_as_data(candidate, report)
        watched.writes.append(Dataset("published", version=publication.publication_id))
    withheld = report.withheld
    message = f"Published {publication.publication_id}: {len(report.published)} measures, {len(withheld)} withheld."
    if current is not None and current.publication_id != publication.publication_id:
        message += f" In force stays the newer {current.publication_id}."
    seconds = {**plan["seconds"], "publish": round(time.monotonic() - started, 2)}
    return {**plan, "published": True, "message": message, "seconds": seconds}


def tell(settings: Settings, plan: Plan) -> Plan:
    """Record the summary of the run, which ``lda status`` and ``make refresh`` show, and send the digest of changes."""
    with _ledger(settings) as ledger:
        summary = refresh_summary(settings, ledger, plan)
        ended = "succeeded" if plan.get("published") else NOTHING_NEW
        ledger.book.end_run(plan["run_id"], ended, summary, utc_now())
        summary["alerts"] = send_digest(settings).as_dict()
        ledger.book.end_run(plan["run_id"], ended, summary, utc_now())
    tell_freshness(settings, summary)
    return {**plan, "summary": summary}


@contextmanager
def _ledger(settings: Settings) -> Iterator[Ledger]:
    ledger = Ledger(settings.ledger_address)
    try:
        ledger.create()
        yield ledger
    finally:
        ledger.close()


@contextmanager
def _step(settings: Settings, plan: Plan, name: str) -> Iterator[tuple[Ledger, Step]]:
    """The ledger for one step, and what watchers are told of it. A failure is recorded with its reason; the step can
    then be repeated."""
    with _ledger(settings) as ledger, step(settings, plan["run_id"], name) as watched:
        ledger.book.start_run(plan["run_id"], "refresh", settings.system_label, utc_now())
        try:
            yield ledger, watched
        except Exception as error:
            failed = {**plan, "failed_step": name, "message": str(error)[:2000]}
            ledger.book.end_run(plan["run_id"], "failed", refresh_summary(settings, ledger, failed), utc_now())
            raise


def month_before(day: date) -> date:
    """Last day of the month before a day: the month that a run of that logical date reports."""
    return day.replace(day=1) - timedelta(days=1)


def _run_id(kind: str) -> str:
    return f"{kind}-{utc_now():%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def _moment(as_of: datetime | str | None) -> datetime:
    """As-of in UTC without an offset. A moment without an offset is taken as UTC."""
    if as_of is None or as_of == "":
        return utc_now()
    try:
        moment = datetime.fromisoformat(as_of) if isinstance(as_of, str) else as_of
    except ValueError as error:
        raise RefreshError(f"As-of {as_of!r} is not a moment. Write it like 2026-04-20T09:00:00.") from error
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    if moment > utc_now():
        raise RefreshError(f"As-of {moment} is still to come. Leave it out for now, or name an earlier moment.")
    return moment


def _period(asked: date | str, moment: datetime) -> date:
    """The month end asked for, given as a date or as YYYY-MM."""
    try:
        day = asked if isinstance(asked, date) else date.fromisoformat(asked if len(asked) > 7 else f"{asked}-01")
    except ValueError as error:
        raise RefreshError(f"Period {asked!r} is not a month. Write it like 2026-03.") from error
    end = day.replace(day=monthrange(day.year, day.month)[1])
    if end >= moment.date():
        raise RefreshError(f"The month ending {end} was not over as of {moment}. Name an earlier month.")
    return end


def _same_publication(
    settings: Settings,
    ledger: Ledger,
    hashed: str,
    accept: Collection[str],
    of: tuple[date, datetime],
    make_current: bool,
) -> str | None:
    """The publication that holds the figures already: the one in force, when a new one would be the same as it or as
    the latest that was put in force; for an earlier month or moment, any that is still there."""
    current = current_publication(settings)
    if current is None:
        return None
    made = ledger.book.publications(settings.system_label)
    if stands_behind(current, *of) and not make_current:
        there = [row for row in reversed(made) if (settings.published / row["publication_id"]).is_dir()]
        same = next((row["manifest"] for row in there if row["inputs_hash"] == hashed), None)
        return None if same is None or _withheld(same) & set(accept) else str(same["publication_id"])
    if _withheld(current.manifest) & set(accept):
        return None
    stood = {event["publication_id"] for event in ledger.book.events() if event["event"] == MADE_CURRENT}
    latest = [row["inputs_hash"] for row in made if row["publication_id"] in stood]
    return current.publication_id if hashed in {current.manifest["inputs_hash"], *latest[-1:]} else None


def _withheld(manifest: dict[str, Any]) -> set[str]:
    return {measure["measure_id"] for measure in manifest["withheld_measures"]}


def _in_force(settings: Settings) -> str | None:
    current = current_publication(settings)
    return current.publication_id if current else None


def _report_path(settings: Settings, plan: Plan) -> Path:
    return candidate_path(settings, plan["run_id"]).with_suffix(".gates.json")


def _why_stopped(report: GateReport) -> str:
    failures = report.system_failures
    reasons = [f"{outcome.code}: {outcome.detail}" for outcome in failures]
    if not failures:
        reasons = ["Every measure would be withheld:"]
        reasons += [f"{measure}: {' '.join(why)}" for measure, why in report.withheld.items()]
    return "The gates stopped the publication; the one in force stays as it is. " + " ".join(reasons)
