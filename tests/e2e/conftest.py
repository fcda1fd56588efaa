"""One whole journey for the end-to-end tests: sample extracts, the real DAGs, a publication."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from lda.settings import Settings

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Journey:
    """A home that has been through `make refresh`, and the environment its commands ran in."""

    settings: Settings
    environment: dict[str, str]
    output: str

    def truth(self, name: str) -> list[dict[str, str]]:
        """One table of the generator's own answers: measures, files or rows."""
        with (self.settings.home / "truth" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command as a user would."""
        return subprocess.run(command, cwd=PROJECT, env=self.environment, capture_output=True, text=True, check=False)

    def run_dags(self) -> subprocess.CompletedProcess[str]:
        """What `make refresh` runs."""
        return self.run(sys.executable, "scripts/run_dags.py")

    def lda(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The `lda` command."""
        return self.run(sys.executable, "-m", "lda.cli", *arguments)

    def copied(self, folder: Path) -> Journey:
        """The same home in another folder, for what changes it: the journey itself is only read."""
        home = shutil.copytree(self.settings.home, folder, symlinks=True)
        here = str(self.settings.home)
        environment = {name: value.replace(here, str(home)) for name, value in self.environment.items()}
        return replace(self, settings=self.settings.model_copy(update={"home": home}), environment=environment)


@pytest.fixture(scope="session")
def journey(tmp_path_factory) -> Journey:
    """Fourteen months at a tenth of LLR's size: two financial years, every kind of mess, about 1,800 files."""
    from lda.synthetic import synthesise

    base = tmp_path_factory.mktemp("journey")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("LDA_", "AIRFLOW"))},
        "LDA_HOME": str(base / "home"),
        "LDA_TASK_RETRIES": "0",
        "AIRFLOW_HOME": str(base / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "GX_ANALYTICS_ENABLED": "False",
        "LDA_LINEAGE": "true",
        "OPENLINEAGE__TRANSPORT__TYPE": "file",
        "OPENLINEAGE__TRANSPORT__LOG_FILE_PATH": str(base / "home" / "lineage.jsonl"),
        "OPENLINEAGE__TRANSPORT__APPEND": "true",
    }
    settings = Settings(home=base / "home")
    synthesise(settings, system="llr", months=14, seed=11, scale=0.1, dirt=0.03)
    made = Journey(settings, environment, "")
    assert made.run(sys.executable, "-m", "airflow", "db", "migrate").returncode == 0
    done = made.run_dags()
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return Journey(settings, environment, done.stdout)
