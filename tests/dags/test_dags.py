"""The DAGs are all there, say whose they are and what to do, and start when they should."""

from __future__ import annotations

import ast
import runpy
from datetime import UTC, datetime
from importlib import import_module

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowSkipException
from told_run import Run

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
