"""The refresh DAG: its steps, the person it asks, the deadline it keeps, and what each way of starting it means."""

from __future__ import annotations

import itertools
import sys
from datetime import UTC, date, datetime, timedelta
from importlib import import_module

import pytest
from airflow.sdk.exceptions import AirflowSkipException
from told_run import Run


def test_refresh_steps_follow_one_another(bag):
    refresh = bag.dags["lda_refresh"]
    steps = ["settle", "start", "build", "judge", "release", "tell", "serve"]
    assert [task.task_id for task in refresh.topological_sort()] == steps
    for earlier, later in itertools.pairwise(steps):
        assert refresh.get_task(earlier).downstream_task_ids == {later}


@pytest.fixture
def with_approval(bag, monkeypatch):
    """The refresh of a system whose file asks for approval."""
    module = sys.modules[bag.dags["lda_refresh"].get_task("start").python_callable.__module__]
    monkeypatch.setattr(module, "APPROVAL", True)
    return module.lda_refresh()


def test_where_a_system_wants_it_a_person_is_asked_before_the_release_and_else_nobody(bag, with_approval):
    steps = ["settle", "start", "build", "judge", "propose", "approve", "decide", "release", "tell", "serve"]
    assert [task.task_id for task in with_approval.topological_sort()] == steps
    assert with_approval.get_task("release").upstream_task_ids == {"decide"}
    assert not {"propose", "approve", "decide"} & set(bag.dags["lda_refresh"].task_ids)
    asked = with_approval.get_task("approve")
    assert (asked.options, asked.response_timeout, asked.retries) == (["Approve", "Reject"], timedelta(hours=72), 0)
    assert asked.pool == "default_pool", "a question that waits for days keeps nobody from writing"
    assert "xcom_pull(task_ids='propose')['message']" in asked.body


def test_a_run_that_may_not_wait_ends_with_how_to_answer(with_approval, monkeypatch):
    from lda import refresh

    monkeypatch.setattr(refresh, "propose", lambda _, plan: {**plan, "message": "lda publications approve x"})
    propose = with_approval.get_task("propose").python_callable
    assert propose({"run_id": "r"}, params={"wait_for_approval": True})["run_id"] == "r"
    with pytest.raises(AirflowSkipException, match="lda publications approve x"):
        propose({"run_id": "r"}, params={"wait_for_approval": False})


def test_the_answer_on_the_page_is_recorded_with_who_gave_it_and_a_refusal_ends_the_run(with_approval, monkeypatch):
    from lda import approve

    heard = []

    def answer(_, plan, *given):
        heard.append(given)
        return {**plan, "message": "It was refused."}

    monkeypatch.setattr(approve, "answer", answer)
    decide = with_approval.get_task("decide").python_callable
    told = {"responded_by_user": {"id": "7", "name": "operator"}, "params_input": {"reason": "as agreed"}}
    assert decide({"run_id": "r"}, {**told, "chosen_options": ["Approve"]})["run_id"] == "r"
    with pytest.raises(AirflowSkipException, match="It was refused"):
        decide({"run_id": "r"}, {**told, "chosen_options": ["Reject"]})
    assert heard == [(True, "as agreed", "operator"), (False, "as agreed", "operator")]


def test_airflow_watches_the_monthly_deadline_and_tells_by_our_own_alerts(bag, monkeypatch):
    (alert,) = bag.dags["lda_refresh"].deadline
    assert alert.reference.reference_name == "DagRunLogicalDateDeadline", "only the run of the deadline itself has one"
    assert alert.interval == timedelta(hours=4)
    told = []
    monkeypatch.setattr("lda.reporting.alerts.tell_missed_deadline", lambda _, context: told.append(context))
    module, name = alert.callback.path.rsplit(".", 1)
    getattr(import_module(module), name)(context={"dag_run": "late"})
    assert told == [{"dag_run": "late"}]


@pytest.fixture
def begun(bag, monkeypatch):
    """Starts a run of the refresh; says how it was started and with what, or why it was skipped."""
    from lda import refresh

    calls = []

    def note(name, answer):
        monkeypatch.setattr(refresh, name, lambda _, *asked, **named: calls.append((name, *asked, named)) or answer)

    def begin(run, waits="", **params):
        calls.clear()
        note("start_scheduled", {"nothing_new": bool(waits), "message": waits})
        note("start_refresh", {"nothing_new": False, "message": ""})
        asked = {"period_end": None, "as_of": None, "make_current": False, **params}
        bag.dags["lda_refresh"].get_task("start").python_callable(params=asked, dag_run=run)
        return calls[0]

    return begin


@pytest.mark.parametrize("person", ["analyst.one", None])
def test_a_release_is_by_the_person_who_started_the_run(bag, monkeypatch, person):
    from lda import refresh

    monkeypatch.setattr(refresh, "release", lambda _, plan: plan)
    release = bag.dags["lda_refresh"].get_task("release").python_callable
    run = Run("manual", triggering_user_name=person)
    assert release({"run_id": "refresh-1"}, dag_run=run) == {"run_id": "refresh-1", "asked_by": person}


@pytest.mark.parametrize("kind", ["scheduled", "asset_triggered"])
def test_what_the_schedule_began_publishes_when_a_month_is_ready_and_else_is_skipped_with_the_reason(begun, kind):
    assert begun(Run(kind)) == ("start_scheduled", {})
    with pytest.raises(AirflowSkipException, match="3 of the 5 submissions"):
        begun(Run(kind), waits="March 2026: 3 of the 5 submissions are in.")


def test_a_run_by_hand_publishes_at_once_the_latest_month_or_the_one_asked_for(begun):
    assert begun(Run("manual")) == ("start_refresh", None, None, {"make_current": False})
    asked = {"period_end": "2025-06-30", "as_of": "2025-08-01T09:00:00", "make_current": True}
    expected = ("start_refresh", "2025-06-30", "2025-08-01T09:00:00", {"make_current": True})
    assert begun(Run("manual"), **asked) == begun(Run("asset_triggered"), **asked) == expected


@pytest.mark.parametrize(
    ("moment", "month"), [("2026-04-18T05:00", (2026, 3, 31)), ("2026-01-18T06:00", (2025, 12, 31))]
)
def test_a_backfill_publishes_the_month_before_each_logical_date(begun, moment, month):
    logical = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert begun(Run("backfill", logical)) == ("start_refresh", date(*month), None, {"make_current": False})


def test_only_what_the_schedule_began_waits_for_ingests_under_way(bag, monkeypatch):
    from lda import refresh

    answers = iter(["2 files have landed and are not judged yet: 2 cld.", ""])
    monkeypatch.setattr(refresh, "ingests_under_way", lambda _: next(answers))
    settle = bag.dags["lda_refresh"].get_task("settle").python_callable
    assert [settle(dag_run=Run(kind)) for kind in ("manual", "backfill", "asset_triggered", "asset_triggered")] == [
        True,
        True,
        False,
        True,
    ]


def test_the_monthly_run_is_at_the_deadline_of_the_system_and_backfill_makes_one_run_a_month(bag):
    dag = bag.dags["lda_refresh"]
    assert dag.timetable.timetable.expression == "0 6 18 * *"
    from airflow.serialization.serialized_objects import DagSerialization

    stored = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    first, last = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in ("2025-12-01", "2026-03-31"))
    infos = list(stored.iter_dagrun_infos_between(first, last))
    assert [f"{info.logical_date:%Y-%m-%d %H}" for info in infos] == [
        "2025-12-18 06",
        "2026-01-18 06",
        "2026-02-18 06",
        "2026-03-18 06",
    ]


def test_a_verdict_is_not_asked_for_again_but_a_broken_disk_is(bag):
    from airflow.sdk import RetryAction

    from lda.stops import GatesStopped

    policy = bag.dags["lda_refresh"].get_task("judge").retry_policy
    assert policy.evaluate(GatesStopped("a gate failed"), 1, 3).action is RetryAction.FAIL
    assert policy.evaluate(OSError("disk full"), 1, 3).action is RetryAction.DEFAULT
