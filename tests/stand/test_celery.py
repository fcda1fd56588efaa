"""The LLR refresh on the production-like stand: CeleryExecutor, two workers, Postgres, people in roles."""

from __future__ import annotations

import csv
import os
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from lda.approve import approve
from lda.ledger import Ledger
from lda.ledger.copying import copy_ledger
from lda.receive import receive
from lda.settings import Settings
from lda.synthetic import synthesise

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).resolve().parents[2]
DONE = {"success", "failed"}
# Ingested by the stand; the sample's other feeds are ingested before, for one process does that in a tenth of the time.
LEFT = ("gp_ld_register",)
REFRESH = "lda_refresh"
# The refresh as `make refresh` runs it, but each task by the executor that the environment names.
BY_EXECUTOR = """
import sys
sys.path.insert(0, "scripts")
import run_dags
run_dags.quieten()
refresh = run_dags.load_dags()[-1]
refresh.deadline = None
sys.exit(refresh.test(use_executor=True, run_conf=run_dags.NOBODY_WAITS).state != "success")
"""
REASON = "figures agreed by the board"
# One logical date, 18 April: the month before it, which is the sample's last.
BACKFILL = ("--from-date", "2026-04-01", "--to-date", "2026-04-30", "--max-active-runs", "1")


def figures(settings: Settings) -> list[dict[str, str]]:
    """The published figures, but for the id of the publication they are in."""
    with (settings.published / "current" / "public" / "measures.csv").open(encoding="utf-8-sig", newline="") as file:
        return [
            {name: value for name, value in row.items() if name != "publication_id"} for row in csv.DictReader(file)
        ]


@pytest.fixture(scope="module")
def alone(stand, tmp_path_factory) -> Settings:
    """A home of the same sample and key, for one process with its ledger in SQLite; some feeds not ingested yet."""
    home = tmp_path_factory.mktemp("alone") / "home"
    settings = stand.settings.model_copy(update={"home": home, "ledger_url": None})
    # Nobody invented is ever made in production.
    synthesise(settings.model_copy(update={"environment": "demo"}), system="llr", months=2, seed=3, scale=0.02)
    feeds = {path.name.removesuffix(".odcs.yaml") for path in settings.contracts_dir.glob("*.odcs.yaml")}
    assert receive(settings, feeds=sorted(feeds - set(LEFT))).problems == []
    return settings


@pytest.fixture(scope="module")
def asked(stand, alone) -> str:
    """The scheduled run of the last deadline, at the step where a person is asked.

    Before it an ingest, whose worker is then stopped: the other goes on alone.
    """
    shutil.copytree(alone.home, stand.settings.home, symlinks=True, ignore=shutil.ignore_patterns("ledger.db*"))
    source, target = (Ledger(one.ledger_address) for one in (alone, stand.settings))
    copy_ledger(source.engine, target.engine)
    source.close(), target.close()
    ingests = [f"lda_ingest_{feed}" for feed in LEFT]
    stand.wait("every DAG", lambda: {*ingests, REFRESH} <= _dags(stand))
    for dag in ingests:
        assert stand.call("operator", "POST", f"/dags/{dag}/dagRuns", {"logical_date": None}).ok
        assert stand.call("operator", "PATCH", f"/dags/{dag}", {"is_paused": False}).ok
    stand.wait("the end of every ingest", lambda: all(set(stand.runs(dag).values()) == {"success"} for dag in ingests))
    stand.stop(_workers(stand)[0])
    assert stand.call("operator", "PATCH", f"/dags/{REFRESH}", {"is_paused": False}).ok
    return stand.wait("the question to a person", lambda: _asked(stand))


@pytest.fixture(scope="module")
def published(stand, asked) -> Settings:
    """The stand after the operator approved."""
    answer = {"chosen_options": ["Approve"], "params_input": {"reason": REASON}}
    assert stand.call("viewer", "PATCH", _question(asked), answer).status_code == 403
    assert not (stand.settings.published / "current").exists(), "nothing is published before somebody approved"
    done = stand.call("operator", "PATCH", _question(asked), answer)
    assert done.ok, done.text
    stand.wait("the end of the refresh", lambda: stand.runs(REFRESH)[asked] in DONE)
    assert stand.runs(REFRESH)[asked] == "success", stand.tail("worker-1") + stand.tail("worker-2")
    return stand.settings


def _workers(stand) -> list[str]:
    """The workers that have done some task."""
    return [name for name in ("worker-1", "worker-2") if "succeeded in" in stand.log(name)]


def _dags(stand) -> set[str]:
    return {one["dag_id"] for one in stand.call("admin", "GET", "/dags?limit=100").json().get("dags", [])}


def _question(run: str) -> str:
    return f"/dags/{REFRESH}/dagRuns/{run}/taskInstances/approve/-1/hitlDetails"


def _asked(stand) -> str | None:
    """The run of the refresh that waits for a person."""
    for run, state in stand.runs(REFRESH).items():
        assert state != "failed", stand.tail("worker-1") + stand.tail("worker-2")
        if stand.call("admin", "GET", _question(run)).ok:
            return run
    return None


def test_both_workers_took_part_and_one_went_on_when_the_other_was_stopped(stand, published):
    assert _workers(stand) == ["worker-1", "worker-2"]
    assert len({"worker-1", "worker-2"} & set(stand.running)) == 1


def test_the_deadline_begins_the_refresh_which_publishes_the_last_month_there_is(asked, published):
    assert asked.startswith("scheduled__")
    assert (published.published / "current").resolve().name.startswith("2026-03_")


def test_a_backfill_asks_for_the_month_before_its_logical_date_and_makes_no_publication_twice(stand, published):
    stand.airflow("backfill", "create", "--dag-id", REFRESH, *BACKFILL)
    run = "backfill__2026-04-18T05:00:00+00:00"
    stand.wait("the end of the backfill", lambda: stand.runs(REFRESH).get(run) in DONE)
    assert stand.runs(REFRESH)[run] == "success"
    ledger = Ledger(published.ledger_address)
    last = ledger.book.last_run("refresh", "llr")
    ledger.close()
    assert (last["status"], last["summary"]["period_end"]) == ("nothing_new", "2026-03-31")
    assert last["summary"]["publication_id"] == (published.published / "current").resolve().name


def test_who_approved_is_in_the_audit_trail(published):
    ledger = Ledger(published.ledger_address)
    trail = [(line["action"], line["actor"], line["detail"]) for line in ledger.trail("approved")]
    ledger.close()
    assert len(trail) == 1 and trail[0][0] == "approved" and trail[0][2] == REASON
    assert "operator" in trail[0][1]


@contextmanager
def local_executor(settings: Settings, folder: Path) -> Iterator[dict[str, str]]:
    """The environment of Airflow as `make up` has it, LocalExecutor on SQLite, with the API server that tasks ask."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("LDA_", "AIRFLOW"))},
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "LDA_HOME": str(settings.home),
        "LDA_PROJECT_DIR": str(settings.project_dir),
        "LDA_ENVIRONMENT": "production",
        "LDA_PSEUDONYM_KEY": settings.pseudonym_key.get_secret_value(),
        "LDA_TASK_RETRIES": "0",
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        # As the Makefile has it. Of Airflow's own 32 workers one, now and then, does not hear that it is over.
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "AIRFLOW__WORKERS__EXECUTION_API_RETRIES": "8",
        "GX_ANALYTICS_ENABLED": "False",
    }
    run(environment, "-m", "airflow", "db", "migrate")
    with (folder / "apiserver.log").open("w") as log:
        server = subprocess.Popen(
            ["airflow", "api-server"], cwd=PROJECT, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield environment
        finally:
            os.killpg(server.pid, 9)
            server.wait(30)


def run(environment: dict[str, str], *command: str) -> None:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def test_the_publication_is_the_one_that_the_local_executor_makes(stand, published, alone, tmp_path):
    assert receive(alone, feeds=list(LEFT)).problems == []
    with local_executor(alone, tmp_path) as environment:
        run(environment, "-c", BY_EXECUTOR)
    assert not (alone.published / "current").exists()
    assert approve(alone, reason=REASON).status == "published"
    on_celery = figures(published)
    assert len(on_celery) > 1000
    assert on_celery == figures(alone)


def test_the_served_mart_has_the_publication(stand, published):
    current = (published.published / "current").resolve().name
    with psycopg.connect(stand.environment["LDA_PUBLISH_DSN"]) as connection:
        rows = connection.execute("SELECT DISTINCT publication_id FROM published.measure_value").fetchall()
    assert rows == [(current,)]


def test_people_may_do_what_their_role_says(stand, published):
    def allowed(person: str, method: str, path: str, body: dict | None = None) -> bool:
        answer = stand.call(person, method, path, body)
        assert answer.ok or answer.status_code == 403, answer.text
        return answer.ok

    start = ("POST", f"/dags/{REFRESH}/dagRuns", {"logical_date": None})
    pause = ("PATCH", "/dags/lda_collect", {"is_paused": True})
    people = {"viewer": (True, False, False), "operator": (True, True, False), "admin": (True, True, True)}
    for person, (looks, pauses, manages) in people.items():
        assert allowed(person, "GET", f"/dags/{REFRESH}") is looks
        assert allowed(person, *pause) is pauses, person
        token = {"Authorization": f"Bearer {stand.tokens[person]}"}
        listed = stand.ask("GET", "/auth/fab/v1/users", token)
        assert listed.ok is manages, (person, listed.text)
    assert not allowed("viewer", *start)


def test_a_run_that_is_not_done_by_its_deadline_is_told(stand, published):
    """Here a run has hardly any time. The executor calls our alerts with what Airflow knows of the scheduled run."""

    def noted():
        ledger = Ledger(published.ledger_address)
        try:
            return ledger.book.last_run("deadline", "llr")
        finally:
            ledger.close()

    told = stand.wait("the deadline's alert", noted)
    assert "scheduled__" in told["summary"]["message"] and "had not come to its end" in told["summary"]["message"]
