"""The DAGs are all there, say whose they are and what to do, and start when they should."""

from __future__ import annotations

import ast
import itertools
import runpy
import sys
from datetime import UTC, date, datetime, timedelta
from importlib import import_module

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowSkipException

from lda.channels import Collected, CollectReport
from lda.direct_care import CareReport
from lda.intake import IngestReport
from lda.ledger import Ledger

FEEDS = {
    "gp_ld_register",
    "ldhc",
    "ldhc_national",
    "inpatient_census",
    "leder",
    "leder_action",
    "cld",
    "mhsds",
    "dsr",
    "opt_out",
    "training",
    "keyworker",
    "programme",
    "supported_accommodation",
    "ons_population",
    "ods_organisations",
    "autism_waiting_list",
}


def test_bag_is_complete_and_imports_without_error(bag):
    assert bag.import_errors == {}
    assert set(bag.dags) == {f"lda_ingest_{feed}" for feed in FEEDS} | {
        "lda_collect",
        "lda_refresh",
        "lda_housekeeping",
        "lda_direct_care",
    }


def test_there_is_an_ingest_dag_for_every_contract(bag, project):
    contracts = {path.name.removesuffix(".odcs.yaml") for path in (project / "include/contracts").glob("*.odcs.yaml")}
    assert {dag_id.removeprefix("lda_ingest_") for dag_id in bag.dags if dag_id.startswith("lda_ingest_")} == contracts


def test_every_dag_has_owner_tags_docs_and_one_run_at_a_time(bag):
    for dag in bag.dags.values():
        assert dag.owner == "lda-data-engineering", dag.dag_id
        assert {"lda", "llr"} <= set(dag.tags), dag.dag_id
        assert "safe to run again" in dag.doc_md.lower(), dag.dag_id
        assert "when it fails" in dag.doc_md.lower(), dag.dag_id
        assert dag.description, dag.dag_id
        assert dag.catchup is False, dag.dag_id
        assert dag.max_active_runs == 1, dag.dag_id


def test_every_task_retries_writes_one_at_a_time_ends_and_says_when_it_failed(bag):
    tasks = [task for dag in bag.dags.values() for task in dag.tasks]
    # two for each feed, lda_collect's two, those of lda_housekeeping and lda_direct_care, and the steps of lda_refresh
    assert len(tasks) == 2 * len(FEEDS) + 2 + 1 + 1 + 7
    for task in tasks:
        assert task.retries == 2, task.task_id
        assert task.retry_exponential_backoff, task.task_id
        # What only looks may look while another writes.
        assert task.pool == ("default_pool" if task.task_id == "settle" else "lda_writer"), task.task_id
        assert task.execution_timeout is not None, task.task_id
        assert task.on_failure_callback, task.task_id
        assert task.python_callable.__doc__, task.task_id


def test_each_ingest_tells_the_refresh_through_its_asset(bag):
    waited_for = {asset.uri for asset in bag.dags["lda_refresh"].timetable.asset_condition.objects}
    produced = {outlet.uri for dag in bag.dags.values() for task in dag.tasks for outlet in task.outlets}
    assert produced == {f"lda://lake/{feed}" for feed in FEEDS} | {"lda://landing/files"}
    assert waited_for == produced - {"lda://landing/files"}


@pytest.mark.parametrize(
    ("accepted", "problems", "outcome"),
    [
        (True, [], "asset"),
        (True, ["One batch could not be judged."], "asset, then failed"),
        (False, ["One batch could not be judged."], "failed"),
        (False, [], "skipped"),
    ],
)
def test_what_was_accepted_starts_a_refresh_whatever_else_went_wrong(bag, monkeypatch, accepted, problems, outcome):
    load, tell = (bag.dags["lda_ingest_leder"].get_task(name) for name in ("load_new_files", "tell_problems"))
    assert load.outlets and not tell.outlets and load.downstream_task_ids == {"tell_problems"}
    monkeypatch.setattr("lda.receive.receive", lambda *_, **__: IngestReport(problems=list(problems)))
    monkeypatch.setattr("lda.receive.awaits_refresh", lambda *_: accepted)
    assert _outcome(load, tell) == outcome


@pytest.mark.parametrize(
    ("came", "problems", "outcome"),
    [
        (True, ["share: gone"], "asset, then failed"),
        (False, ["share: gone"], "failed"),
        (True, [], "asset"),
        (False, [], "skipped"),
    ],
)
def test_what_came_starts_ingests_whatever_was_wrong_with_other_channels(bag, monkeypatch, came, problems, outcome):
    load, tell = (bag.dags["lda_collect"].get_task(name) for name in ("collect_new_files", "tell_problems"))
    files = [Collected("share", "Y90001", "a.csv", ("Y90001/a.csv",))] if came else []
    monkeypatch.setattr("lda.channels.collect", lambda *_: CollectReport(collected=files, problems=list(problems)))
    assert _outcome(load, tell) == outcome


@pytest.mark.parametrize(
    ("came", "problems", "outcome"),
    [(False, [], "skipped"), (False, ["share: gone"], "failed"), (True, [], "asset")],
)
def test_that_a_message_was_not_delivered_is_told_also_when_no_file_came(bag, monkeypatch, came, problems, outcome):
    load, tell = (bag.dags["lda_collect"].get_task(name) for name in ("collect_new_files", "tell_problems"))
    files = [Collected("mesh", "RT5", "a.csv", ("RT5/a.csv",))] if came else []
    report = CollectReport(1, files, notices=["mesh: A message we sent was not delivered"], problems=list(problems))
    monkeypatch.setattr("lda.channels.collect", lambda *_: report)
    sent = []
    monkeypatch.setattr("lda.reporting.alerts.send_digest", lambda settings: sent.append(settings.home))
    assert (_outcome(load, tell), len(sent)) == (outcome, 1)
    if outcome == "skipped":
        with pytest.raises(AirflowSkipException, match="was not delivered"):
            load.python_callable()
    report.notices.clear()
    sent.clear()
    assert (_outcome(load, tell), sent) == (outcome, [])


def _outcome(load, tell) -> str:
    """What becomes of a task with an asset and of the one after it. An asset is updated when its task succeeds."""
    try:
        report = load.python_callable()
    except AirflowSkipException:
        return "skipped"
    except AirflowException:
        return "failed"
    try:
        tell.python_callable(report)
    except AirflowException:
        return "asset, then failed"
    return "asset"


def test_each_ingest_starts_when_a_channel_brought_files(bag):
    for feed in FEEDS:
        assets = bag.dags[f"lda_ingest_{feed}"].timetable.asset_condition.objects
        assert {asset.uri for asset in assets} == {"lda://landing/files"}


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


def test_dag_files_import_nothing_heavy_when_they_are_read(project):
    """Great Expectations takes ten seconds to import and dbt four: they may be imported inside tasks only."""
    light = {"__future__", "airflow", "common", "datetime", "logging", "typing", "zoneinfo"}
    light |= {"lda.settings", "lda.contracts", "lda.stops", "lda.telemetry"}
    for path in (project / "dags").glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ImportFrom):
                assert node.module in light or node.module.split(".")[0] == "airflow", f"{path.name}: {node.module}"
            elif isinstance(node, ast.Import):
                assert {alias.name for alias in node.names} <= light, path.name


def test_a_failed_step_says_what_to_do_next_and_is_noted_until_it_works(bag, caplog, monkeypatch, tmp_path):
    common = import_module("common")
    settings = common.SETTINGS.model_copy(update={"home": tmp_path})
    monkeypatch.setattr(common, "SETTINGS", settings)
    task = bag.dags["lda_refresh"].get_task("build")
    at = datetime.now(UTC)
    instance = type(
        "Instance", (), {"task_id": "build", "dag_id": "lda_refresh", "run_id": "run-1", "start_date": at}
    )()

    def noted() -> list[str]:
        ledger = Ledger(settings.ledger_address)
        try:
            return [run["status"] for run in ledger.book.runs(settings.system_label)]
        finally:
            ledger.close()

    with caplog.at_level("ERROR"):
        for callback in task.on_failure_callback:
            callback({"task_instance": instance})
    assert "build of lda_refresh failed in run run-1" in caplog.text
    assert "publication in force was not touched" in caplog.text
    assert "refresh-failed.md" in caplog.text
    assert noted() == ["failed"]
    for callback in task.on_success_callback:
        callback({"task_instance": instance})
    assert noted() == ["succeeded"]


def test_every_step_tells_that_it_failed_and_that_it_works_again(bag):
    """But for the messenger of what the run before it says itself: that one only sends the digest."""
    for dag in bag.dags.values():
        for task in dag.tasks:
            ends = (task.on_failure_callback, task.on_success_callback, task.on_skipped_callback)
            named = [[callback.__name__ for callback in callbacks] for callbacks in ends]
            failed = "tell_problems_only" if task.task_id == "tell_problems" else "say_what_failed"
            assert named == [[failed], ["say_what_works"], ["say_what_works"]], (dag.dag_id, task.task_id)


class Run:
    """What a task is told of its run."""

    def __init__(
        self, run_type: str, logical_date: datetime | None = None, triggering_user_name: str | None = None
    ) -> None:
        self.run_type, self.logical_date = run_type, logical_date
        self.triggering_user_name = triggering_user_name


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


def test_lists_for_direct_care_are_not_scheduled_nor_made_by_hand_unless_switched_on(bag, monkeypatch):
    made = []
    monkeypatch.setattr("lda.direct_care.make_lists", lambda settings, reason: made.append(reason))
    dag = bag.dags["lda_direct_care"]
    assert not dag.timetable.can_be_scheduled
    with pytest.raises(AirflowSkipException, match="LDA_DIRECT_CARE"):
        dag.get_task("make_care_lists").python_callable(params={"reason": "recall"}, dag_run=Run("manual"))
    assert made == []


def test_airflow_can_store_every_dag_also_the_one_that_a_switch_puts_on_a_schedule(bag, project, monkeypatch):
    from airflow.serialization.serialized_objects import DagSerialization

    common = import_module("common")
    monkeypatch.setattr(common, "SETTINGS", common.SETTINGS.model_copy(update={"direct_care": True}))
    switched_on = runpy.run_path(str(project / "dags" / "lda_direct_care.py"))["lda_direct_care"]()
    for dag in [*bag.dags.values(), switched_on]:
        stored = DagSerialization.from_dict(DagSerialization.to_dict(dag))
        assert stored.dag_id == dag.dag_id
    assert stored.timetable.summary == "0 5 * * 1"


@pytest.mark.parametrize(
    ("asked_by", "noted"), [(None, "April recall"), ("nurse.one", "April recall, asked for by nurse.one")]
)
def test_a_run_of_the_lists_for_direct_care_notes_what_for_and_who_asked(bag, monkeypatch, asked_by, noted):
    made = []

    def make(settings, reason):
        made.append(reason)
        return CareReport("2026-03-31", "vault", {"reviews": 2})

    monkeypatch.setenv("LDA_DIRECT_CARE", "true")
    monkeypatch.setattr("lda.direct_care.make_lists", make)
    run = Run("manual", triggering_user_name=asked_by)
    task = bag.dags["lda_direct_care"].get_task("make_care_lists")
    assert task.python_callable(params={"reason": "April recall"}, dag_run=run)["people"] == {"reviews": 2}
    assert made == [noted]
