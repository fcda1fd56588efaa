"""What a task logs and prints, and the exception it ends with, is written without anybody's identifiers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

DAG = """
import logging
import sys
from datetime import datetime

import structlog
from airflow.sdk import dag, task

from common import DEFAULT_ARGS


@dag(schedule=None, start_date=datetime(2026, 1, 1), default_args={**DEFAULT_ARGS, "on_failure_callback": None})
def names_people():
    @task
    def name():
        logging.getLogger("lda.somewhere").warning("Row of %s, LE1 7RH.", "943 476 5919")
        structlog.get_logger("another").info("Read.", number=9434765919, rows=[{"of": "9434765919"}])
        print("Read", 943, 476, 5919, "of LE1 7RH")
        print("Asked 9434765919 ", file=sys.stderr, end="unended", flush=True)
        try:
            raise KeyError("cell 9434765919")
        except KeyError:
            logging.getLogger("lda.somewhere").exception("It failed.")
            raise ValueError("somebody: 9434765919")

    name()


names_people()
"""
# What a worker does with a task: a process of its own, and a supervisor that writes its log. Nobody is asked over HTTP.
WORKER = """
import uuid

import httpx
from airflow.sdk.api import client
from airflow.sdk.api.datamodels._generated import TaskInstance
from airflow.sdk.execution_time.comms import BundleInfo
from airflow.sdk.execution_time.supervisor import supervise_task

AT = "2026-01-01T00:00:00Z"
TIMES = ("logical_date", "data_interval_start", "data_interval_end", "run_after", "start_date")
OF = {"dag_id": "names_people", "run_id": "tried"}
RUN = {**OF, **dict.fromkeys(TIMES, AT), "run_type": "manual", "state": "running", "consumed_asset_events": [],
       "end_date": None, "partition_key": None}


def answer(request):
    begins = request.url.path.endswith("/run")
    return httpx.Response(200, json={"dag_run": RUN, "max_tries": 0, "should_retry": False} if begins else {"text": ""})


client.noop_handler = answer
task = TaskInstance(**OF, id=uuid.uuid4(), dag_version_id=uuid.uuid4(), task_id="name", try_number=1, pool_slots=1,
                    priority_weight=1)
bundle = BundleInfo(name="tried", version=None)
supervise_task(ti=task, bundle_info=bundle, dag_rel_path="names_people.py", token="", dry_run=True, log_path="task.log")
"""


@pytest.fixture(scope="module")
def written(project, tmp_path_factory) -> str:
    """The log of a task that names people in all it logs and raises, as a worker writes it."""
    folder: Path = tmp_path_factory.mktemp("worker")
    (folder / "dags").mkdir()
    (folder / "dags" / "names_people.py").write_text(DAG)
    local = "airflow.dag_processing.bundles.local.LocalDagBundle"
    bundles = [{"name": "tried", "classpath": local, "kwargs": {"path": str(folder / "dags")}}]
    own = {
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(folder / "logs"),
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(bundles),
        "LDA_HOME": str(folder / "home"),
        "PYTHONPATH": str(project / "dags"),
    }
    subprocess.run([sys.executable, "-c", WORKER], env={**os.environ, **own}, check=True, capture_output=True)
    return (folder / "logs" / "task.log").read_text()


def test_what_a_task_logs_is_masked_whoever_logs_it(written):
    events = {record["event"]: record for record in map(json.loads, written.splitlines())}
    assert events["Row of [hidden], [hidden]."]["logger"] == "lda.somewhere"
    assert (events["Read."]["number"], events["Read."]["rows"]) == ("[hidden]", [{"of": "[hidden]"}])
    assert not [one for one in ("9434765919", "943 476 5919", "LE1 7RH") if one in written]


def test_what_a_task_prints_is_masked(written):
    printed = {record["logger"]: record["event"] for record in map(json.loads, written.splitlines())}
    assert printed["task.stdout"] == "Read [hidden] of [hidden]"
    assert printed["task.stderr"] == "Asked [hidden] unended"


def test_the_exception_that_a_task_ends_with_is_masked(written):
    events = {record["event"]: record for record in map(json.loads, written.splitlines())}
    raised = [one["exc_value"] for one in events["Task failed with exception"]["error_detail"]]
    assert raised == ["somebody: [hidden]", "'cell [hidden]'"]
    assert "cell [hidden]" in json.dumps(events["It failed."])
