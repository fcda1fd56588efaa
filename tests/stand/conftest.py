"""The production-like stand as plain processes: commands and settings of docker-compose.yml, a real Postgres, two
workers. In place of Redis the queue is in Postgres, which Celery takes too."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests
from cryptography.fernet import Fernet
from pydantic import SecretStr

import compose_file
from compose_file import filled_in
from lda.serving.local import local_server
from lda.settings import Settings

PROJECT = Path(__file__).resolve().parents[2]
PROCESSES = ("apiserver", "scheduler", "dag-processor", "triggerer", "worker-1", "worker-2")
PATIENCE_SECONDS = 600
SECRETS = {"AIRFLOW_FERNET_KEY": Fernet.generate_key().decode()}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def secret(name: str) -> str:
    """A secret of the stand, made up when it is first asked for."""
    return SECRETS.setdefault(name, secrets.token_hex(32))


@dataclass
class Stand:
    """The running stand: its settings, where its API is, its logs, and who has signed on."""

    settings: Settings
    api: str
    logs: Path
    environment: dict[str, str] = field(default_factory=dict)
    running: dict[str, subprocess.Popen] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def call(self, person: str, method: str, path: str, body: dict[str, Any] | None = None) -> requests.Response:
        """Ask Airflow's API as one of its people."""
        if person not in self.tokens:
            login = {"username": person, "password": SECRETS[f"AIRFLOW_{person.upper()}_PASSWORD"]}
            answer = requests.post(f"{self.api}/auth/token", json=login, timeout=60)
            answer.raise_for_status()
            self.tokens[person] = answer.json()["access_token"]
        header = {"Authorization": f"Bearer {self.tokens[person]}"}
        return requests.request(method, f"{self.api}/api/v2{path}", json=body, headers=header, timeout=60)

    def ask(self, method: str, path: str, header: dict[str, str]) -> requests.Response:
        """Ask the server for something outside Airflow's public API."""
        return requests.request(method, f"{self.api}{path}", headers=header, timeout=60)

    def airflow(self, *arguments: str) -> str:
        """What Airflow's own command says, run where the stand runs."""
        command = ["airflow", *arguments]
        done = subprocess.run(
            command, cwd=PROJECT, env=self.environment, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def wait(self, what: str, found: Callable[[], Any]) -> Any:
        """Wait until ``found`` gives something; fails when a process has ended or patience has."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            try:
                if result := found():
                    return result
            except (requests.ConnectionError, FileNotFoundError):
                pass
            for name, process in self.running.items():
                assert process.poll() is None, f"{name} ended:\n{self.tail(name)}"
            time.sleep(1)
        pytest.fail(f"{what} was not seen in {PATIENCE_SECONDS} s.\n" + "\n".join(map(self.tail, self.running)))

    def stop(self, name: str) -> None:
        """End a process and those it started, as a container is ended."""
        process = self.running.pop(name)
        for signal in (15, 9):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal)
            with suppress(subprocess.TimeoutExpired):
                process.wait(30)
                return
        pytest.fail(f"{name} did not end.")

    def stop_all(self) -> None:
        """End every process at once: nothing of them is looked at any more."""
        for process in self.running.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
        for process in self.running.values():
            process.wait(30)

    def log(self, name: str) -> str:
        """All that a process has written."""
        return (self.logs / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def tail(self, name: str) -> str:
        """The end of a process's log."""
        return f"── {name}\n{self.log(name)[-3000:]}"

    def runs(self, dag: str) -> dict[str, str]:
        """The state of every run of a DAG, by id."""
        found = self.call("admin", "GET", f"/dags/{dag}/dagRuns?limit=100").json()
        return {run["dag_run_id"]: run["state"] for run in found["dag_runs"]}


def environment_of(service: dict[str, Any], stand: Stand, postgres: str, ports: dict[str, int]) -> dict[str, str]:
    """What docker-compose.yml sets for a service, with the addresses and folders of this machine."""
    sqlalchemy = postgres.replace("postgresql://", "postgresql+psycopg://")
    own = {name: value for name, value in os.environ.items() if not name.startswith(("LDA_", "AIRFLOW"))}
    here = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "LDA_HOME": str(stand.settings.home),
        "LDA_PROJECT_DIR": str(stand.settings.project_dir),
        # In containers the ledger and Airflow have a database each; here each has a schema.
        "LDA_LEDGER_URL": str(stand.settings.ledger_url),
        "LDA_PUBLISH_DSN": postgres,
        "LDA_PSEUDONYM_KEY": stand.settings.pseudonym_key.get_secret_value(),
        # Any run is late at once, so that what is told of a late one can be seen.
        "LDA_DEADLINE_HOURS": "0.0001",
        "LDA_TASK_RETRY_DELAY_SECONDS": "5",
        "AIRFLOW_HOME": str(stand.logs.parent / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{stand.api}/execution/",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(ports["apiserver"]),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": sqlalchemy,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": sqlalchemy,
        "AIRFLOW__CELERY__BROKER_URL": f"sqla+{sqlalchemy}",
        "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{sqlalchemy}",
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(ports["triggerer"]),
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(ports.get(service["name"], 0)),
        "AIRFLOW__TRIGGERER__CAPACITY": "10",
    }
    return own | {name: filled_in(str(value), secret) for name, value in service["environment"].items()} | here


@pytest.fixture(scope="module")
def stand(tmp_path_factory) -> Iterator[Stand]:
    """All processes of the stand, started with the commands of docker-compose.yml; stopped at the end."""
    base = tmp_path_factory.mktemp("stand")
    ports = {name: free_port() for name in ("postgres", "apiserver", "triggerer", "worker-1", "worker-2")}
    services = compose_file.services()
    with ExitStack() as stack:
        # Not below pytest's own folder: as root, the server runs as another user, who may not enter it.
        database = Path(tempfile.mkdtemp(prefix="lda-stand-"))
        stack.callback(shutil.rmtree, database, ignore_errors=True)
        postgres = stack.enter_context(local_server(Settings(home=database), ports["postgres"])).owner
        with psycopg.connect(postgres) as connection:
            connection.execute("CREATE SCHEMA ledger")
        settings = Settings(
            home=base / "home",
            project_dir=project_with_approval(base / "project"),
            environment="production",
            pseudonym_key=SecretStr(secrets.token_hex(32)),
            ledger_url=f"{postgres.replace('postgresql:', 'postgresql+psycopg:')}?options=-csearch_path%3Dledger",
        )
        made = Stand(settings, f"http://127.0.0.1:{ports['apiserver']}", base / "logs")
        stack.callback(made.stop_all)
        made.logs.mkdir()

        def settings_of(name: str) -> dict[str, str]:
            return environment_of({**services[name], "name": name}, made, postgres, ports)

        made.environment = settings_of("scheduler")
        first = services["migrate"]["command"]
        done = subprocess.run(
            first, cwd=PROJECT, env=settings_of("migrate"), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        for name in PROCESSES:
            command = list(services[name]["command"])
            if name.startswith("worker"):
                command += ["--celery-hostname", f"{name}@%h"]
            log = stack.enter_context((made.logs / f"{name}.log").open("w", encoding="utf-8"))
            process = subprocess.Popen(
                command, cwd=PROJECT, env=settings_of(name), stdout=log, stderr=log, start_new_session=True
            )
            made.running[name] = process
            if name == "worker-1":
                # The first to come makes the queue's tables in Postgres; two at once would both try.
                made.wait("the first worker", lambda: "ready." in made.log("worker-1"))
        made.wait("the API", lambda: requests.get(f"{made.api}/api/v2/monitor/health", timeout=10).ok)
        yield made


def project_with_approval(folder: Path) -> Path:
    """What the tasks read of the checkout, with LLR's file asking for a person's approval."""
    for name in ("dbt_project", "expectations", "include"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "target", "logs"))
    system = folder / "include" / "systems" / "llr.yaml"
    system.write_text(f"{system.read_text(encoding='utf-8')}\npublication: {{approval: true}}\n", encoding="utf-8")
    return folder
