"""The refresh: from what partners sent to the publication in force, in steps that Airflow tasks call one by one.

``start → build → judge → (propose →) release → tell → serve``. Each takes the plan, a small dictionary for JSON, and
gives it back with what it adds; each is safe to repeat. ``refresh`` ingests what is new and takes all the steps.

Keys of the plan: run_id, system_code, period_end (the latest of periods, which are by system), as_of, started_at,
nothing_new, message, accepted, seconds (by step), and from ``build`` on publication_id and beside (the publication in
force then), from ``judge`` on gates, from ``release`` on published, from ``tell`` on summary. Where a system wants a
person's approval, ``propose`` puts the candidate before one and the refresh ends there; ``lda.approve`` goes on with
the answer.
"""

from __future__ import annotations

import json
import secrets
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.exc import OperationalError

from lda.asked import asked_moment, asked_period
from lda.gates import GateReport, judge_candidate, rows_for_ledger
from lda.ledger import Ledger
from lda.ledger.publications import AWAITING_APPROVAL, utc_now
from lda.publishing import (
    current_publication,
    how_to_answer,
    last_published,
    one_writer,
    publish,
    readable_publication,
    same_publication,
    settle,
    waiting_candidate,
)
from lda.reporting import last_run_summary, refresh_summary
from lda.reporting.alerts import send_digest, tell_unpublished
from lda.reporting.freshness import tell_published
from lda.serving import ServingError, serve, serving_is_on
from lda.settings import Settings
from lda.stops import DiskFull, GatesStopped, RefreshError, disk_is_full
from lda.telemetry import Dataset, Step, step
from lda.vault import check_access, check_key
from lda.warehouse import (
    Candidate,
    being_judged,
    build_candidate,
    in_force,
    inputs_hash,
    known_periods,
    latest_periods,
    readiness,
    rules_fingerprint,
)
from lda.warehouse.candidate import candidate_path

Plan = dict[str, Any]
_DOING = {
    "build": "build the candidate",
    "judge": "judge the candidate",
    "propose": "put the candidate before a person",
    "release": "write the publication",
}
PUBLISHED, NOTHING_NEW, STOPPED, WAITING = "published", "nothing_new", "stopped", "waiting"
INGEST_COUNTS = ("files", "by_status", "received", "accepted", "quarantined", "repeated", "problems", "feedback")


@dataclass(frozen=True)
class RefreshReport:
    """How a refresh ended: published, nothing_new, stopped or awaiting_approval, with the summary that people read.

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

    :param period_end: the month to report, of all systems; by default each system's latest that most of its partners
        have sent.
    :param as_of: the moment whose knowledge counts; by default now. An earlier one rebuilds what was known then.
    :param accept: measures to publish although they moved far or few partners are in them; ``system/measure`` of one
        system.
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
    if plan.get("awaits_approval"):
        return RefreshReport(
            AWAITING_APPROVAL, plan["run_id"], plan["message"], plan["publication_id"], plan["summary"]
        )
    return finish(settings, plan, say)


def finish(settings: Settings, plan: Plan, say: Callable[[str], None] = lambda _: None) -> RefreshReport:
    """Tell people of a run that has come to its end and bring BI tools up to date; the run's report."""
    plan = tell(settings, plan)
    problem = _serving_problem(settings, say)
    status = NOTHING_NEW if plan["nothing_new"] else PUBLISHED
    return RefreshReport(status, plan["run_id"], plan["message"], plan["publication_id"], plan["summary"], problem)


def _take_steps(settings: Settings, plan: Plan, say: Callable[[str], None]) -> Plan:
    say("Building the candidate")
    plan = build(settings, plan)
    say("Judging the candidate")
    plan = judge(settings, plan)
    if plan["approval"]:
        return propose(settings, plan)
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
    periods: Mapping[str, date] | None = None,
) -> Plan:
    """Decide the periods and the moment, and whether there is anything new since the last publication.

    :param period_end: the month to report, of all systems; else ``periods`` is each system's, by default its latest.

    Inputs that were rolled back from count as known: a roll back stands until something changes. What a crash of the
    last release or roll back left out of the ledger is recorded first.

    :raises RefreshError: for a period that is not over or a moment still to come.
    :raises AccessError: in production, when others can open what holds people's details.
    :raises CandidateError: when nothing has been accepted yet.
    """
    check_access(settings)
    started = utc_now()
    moment = asked_moment(as_of)
    with _ledger(settings) as ledger:
        check_key(settings, ledger)
        with one_writer(settings):
            settle(settings, ledger)
        if period_end:
            periods = dict.fromkeys(settings.systems, asked_period(period_end, moment))
        months = dict(periods or latest_periods(settings, ledger, moment))
        period = max(months.values())
        inputs = in_force(settings, ledger, moment, months)
        hashed = inputs_hash(inputs, months, rules_fingerprint(settings))
        same = same_publication(settings, ledger, hashed, accept, (period, moment), make_current)
        words = f"Nothing new since publication {same}; it stays as it is." if same else ""
        if not same and not accept and (waiting := waiting_candidate(settings, ledger, hashed)):
            same, words = waiting["publication_id"], f"Nothing new since then: {waiting['message']}"
        plan: Plan = {
            "run_id": _run_id("refresh"),
            "system_code": settings.system_label,
            "period_end": period.isoformat(),
            "periods": {system: end.isoformat() for system, end in months.items()},
            "as_of": moment.isoformat(),
            "started_at": started.isoformat(),
            "nothing_new": same is not None,
            "publication_id": same,
            "message": words,
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

    The reason is in the ledger's runs. The team is told of a month that cannot be published and is past its deadline.
    """
    with _ledger(settings) as ledger:
        state = readiness(settings, ledger, now := utc_now())
        if state.missed:
            tell_unpublished(settings, ledger, state.missed, state.reason)
        if state.period_end is None:
            ledger.book.start_run(run_id := _run_id("schedule"), "schedule", settings.system_label, now)
            ledger.book.end_run(run_id, WAITING, {"message": state.reason}, utc_now())
            return {"run_id": run_id, "waits": True, "nothing_new": True, "message": state.reason}
    plan = start_refresh(settings, periods=state.periods)
    return {**plan, "message": f"{plan['message']} {state.reason}"} if plan["nothing_new"] else plan


def build(settings: Settings, plan: Plan) -> Plan:
    """Build the candidate database with dbt, beside the publication in force."""
    with _step(settings, plan, "build") as (ledger, watched), one_writer(settings):
        periods, moment = known_periods(plan), datetime.fromisoformat(plan["as_of"])
        earlier = last_published(settings, ledger)
        paths = [publication.path for publication in earlier]
        made = build_candidate(settings, ledger, plan["run_id"], periods, moment, paths)
        candidate = replace(made, compared_with={one.publication_id: sorted(map(str, one.units)) for one in earlier})
        candidate.save()
        watched.reads += [Dataset(f"lake/{feed}") for feed in sorted({one.feed for one in candidate.inputs})]
        watched.writes += _candidate_as_data(candidate)
        seconds = {**plan["seconds"], **candidate.seconds}
        beside = _in_force(settings)
    plan = {**plan, "publication_id": candidate.publication_id, "beside": beside, "seconds": seconds}
    return {**plan, "approval": candidate.approval}


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
        _beside(settings, plan, "gates").write_text(json.dumps(report.as_dict()))
        plan["gates"] = report.counts()
        plan["seconds"]["gates"] = report.seconds
        if report.stops:
            raise GatesStopped(report.why_stopped)
    return plan


def propose(settings: Settings, plan: Plan) -> Plan:
    """Put the judged candidate before a person, and tell the team that it waits. The plan is kept beside it."""
    with _step(settings, plan, "propose") as (ledger, _):
        report = GateReport.from_dict(json.loads(_beside(settings, plan, "gates").read_text()))
        period = date.fromisoformat(plan["period_end"])
        words = (
            f"Publication {plan['publication_id']} of {period:%B %Y} is made and judged and waits for a person's "
            f"approval: {len(report.measures)} measures, {len(report.withheld)} withheld. What readers have stays as "
            f"it is. {how_to_answer(plan['publication_id'])}"
        )
        plan = {**plan, "awaits_approval": True, "message": words}
        _beside(settings, plan, "plan").write_text(json.dumps(plan))
        return {**plan, "summary": _end(settings, ledger, plan, AWAITING_APPROVAL)}


def waiting_plan(settings: Settings, run_id: str) -> Plan:
    """The plan of a run whose candidate waits for a person's answer."""
    plan: Plan = json.loads(_beside(settings, {"run_id": run_id}, "plan").read_text())
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

    ``asked_by`` in the plan is the person who started the run, where that is not whoever runs this process.

    :raises RefreshError: when another publication was put in force since the candidate was built.
    """
    started = time.monotonic()
    with _step(settings, plan, "release") as (ledger, watched):
        candidate = Candidate.load(settings, plan["run_id"])
        report = GateReport.from_dict(json.loads(_beside(settings, plan, "gates").read_text()))
        asked = bool(plan.get("make_current"))
        with one_writer(settings):
            if _in_force(settings) not in {plan["beside"], candidate.publication_id}:
                raise RefreshError(
                    f"Publication {plan['beside'] or 'none'} was in force when this candidate was built and judged "
                    f"beside it; now it is {_in_force(settings)}: another refresh or a roll back came between. "
                    "Nothing was published. Start again with: lda refresh"
                )
            actor = plan.get("asked_by")
            publication = publish(settings, ledger, candidate, report, make_current=asked, actor=actor)
        current = current_publication(settings)
        watched.reads += _candidate_as_data(candidate, report)
        watched.writes.append(Dataset("published", version=publication.publication_id))
    withheld = report.withheld
    message = f"Published {publication.publication_id}: {len(report.measures)} measures, {len(withheld)} withheld."
    if current is not None and current.publication_id != publication.publication_id:
        message += f" In force stays the newer {current.publication_id}."
    seconds = {**plan["seconds"], "publish": round(time.monotonic() - started, 2)}
    return {**plan, "published": True, "message": message, "seconds": seconds}


def tell(settings: Settings, plan: Plan) -> Plan:
    """Record the summary of the run, which ``lda status`` and ``make refresh`` show, and send the digest of changes."""
    with _ledger(settings) as ledger:
        summary = _end(settings, ledger, plan, "succeeded" if plan.get("published") else NOTHING_NEW)
    tell_published(settings, summary)
    return {**plan, "summary": summary}


def _end(settings: Settings, ledger: Ledger, plan: Plan, state: str) -> dict[str, Any]:
    """End a run in the ledger and send the digest, which reads there how it ended; the summary of the run."""
    summary = refresh_summary(settings, ledger, plan)
    ledger.book.end_run(plan["run_id"], state, summary, utc_now())
    summary["alerts"] = send_digest(settings).as_dict()
    ledger.book.end_run(plan["run_id"], state, summary, utc_now())
    return summary


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
    """The ledger for one step, and what watchers are told. A failure is recorded; the step can then be repeated."""
    with _ledger(settings) as ledger, step(settings, plan["run_id"], name) as watched:
        ledger.book.start_run(plan["run_id"], "refresh", settings.system_label, utc_now())
        try:
            yield ledger, watched
        except Exception as error:
            told = DiskFull(_DOING[name]) if disk_is_full(error) else error
            failed = {**plan, "failed_step": name, "message": str(told)[:2000]}
            with suppress(OperationalError):  # a full disk takes the ledger too; what is told is the first error
                ledger.book.end_run(plan["run_id"], "failed", refresh_summary(settings, ledger, failed), utc_now())
            raise told from (error if told is not error else error.__cause__)


def _run_id(kind: str) -> str:
    return f"{kind}-{utc_now():%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def _in_force(settings: Settings) -> str | None:
    current = readable_publication(settings)
    return current.publication_id if current else None


def _beside(settings: Settings, plan: Plan, what: str) -> Path:
    """What is kept beside a run's candidate: ``gates``, their report, and ``plan``, while it waits for approval."""
    return candidate_path(settings, plan["run_id"]).with_suffix(f".{what}.json")
