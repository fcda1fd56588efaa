"""`make up`: where it listens is where its tasks report, or they could not say how they ended."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[3]
REACH = "AIRFLOW__CORE__EXECUTION_API_SERVER_URL"


@pytest.mark.parametrize(
    ("chosen", "reached"),
    [
        ({}, "http://127.0.0.1:8080/execution/"),
        ({"AIRFLOW__API__PORT": "8099"}, "http://127.0.0.1:8099/execution/"),
        ({"AIRFLOW__API__HOST": "0.0.0.0", "AIRFLOW__API__PORT": "81"}, "http://127.0.0.1:81/execution/"),
        ({"AIRFLOW__API__HOST": "192.0.2.7"}, "http://192.0.2.7:8080/execution/"),
        ({REACH: "https://airflow.example.org/execution/"}, "https://airflow.example.org/execution/"),
    ],
)
def test_tasks_report_to_the_server_that_make_up_starts(chosen, reached):
    own = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "MAKE", "MFLAGS"))}
    told = ["make", "-s", "--eval", "told:;@echo $$" + REACH, "told"]
    done = subprocess.run(told, cwd=PROJECT, env={**own, **chosen}, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == reached
