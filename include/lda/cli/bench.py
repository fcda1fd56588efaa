"""Measure the warehouse against named baselines. Nothing is asserted: the numbers are printed as they are.

Everything happens in a folder of its own under ``LDA_HOME/bench``, which is removed at the end.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from lda.cli.bench_bi import measure_bi
from lda.cli.bench_cld import columns_of_file, write_cld_file
from lda.cli.bench_models import measure_dbt, measure_gates
from lda.cli.output import Progress
from lda.contracts import load_contracts
from lda.settings import Settings

SAMPLE_FEED = "gp_ld_register"
PARTS = ("intake", "files", "dbt", "gates", "bi", "airflow")


class BenchError(Exception):
    """A reading could not be taken; the message says which and shows the end of its output."""


def run_bench(
    rows: int, files: int, repeats: int, only: Sequence[str] = (), progress: Progress | None = None
) -> dict[str, Any]:
    """Take the readings of some parts, by default all, and return them by part.

    :raises BenchError: for an unknown part, or when a reading fails.
    """
    wanted = [part for part in PARTS if not only or part in only]
    if not wanted or set(only) - set(PARTS):
        raise BenchError(f"There is no such part. Parts are: {', '.join(PARTS)}")
    settings = Settings()
    folder = settings.home / "bench"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    measured: dict[str, Any] = {"machine": machine(settings), "rows": rows, "repeats": repeats}
    sample = Settings(home=folder / "sample")
    steps: dict[str, Callable[[], dict[str, Any]]] = {
        "intake": lambda: measure_intake(settings, folder, rows, repeats),
        "files": lambda: measure_files(folder / "files", files),
        "dbt": lambda: measure_dbt(with_sample(sample)),
        "gates": lambda: {
            "import_seconds": probe("great_expectations", folder)["seconds"],
            **measure_gates(with_sample(sample)),
        },
        "bi": lambda: measure_bi(settings, folder / "bi"),
        "airflow": lambda: measure_airflow(folder / "airflow"),
    }
    try:
        for done, part in enumerate(wanted):
            if progress:
                progress(part, done, len(wanted))
            measured[part] = steps[part]()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return measured


def machine(settings: Settings) -> dict[str, Any]:
    """What the readings were taken on."""
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "duckdb_memory_limit": settings.duckdb_memory_limit,
        "duckdb_threads": settings.duckdb_threads,
    }


def probe(name: str, path: Path, repeats: int = 1, before: Callable[[], None] | None = None) -> dict[str, Any]:
    """The median of some readings, each in its own process. ``before`` prepares each of them."""
    readings = []
    for _ in range(repeats):
        if before:
            before()
        readings.append(_json_of([sys.executable, "-m", "lda.cli.bench_probe", name, str(path)]))
    middle = {
        key: statistics.median(reading[key] for reading in readings)
        for key, value in readings[0].items()
        if isinstance(value, int | float)
    }
    return {**middle, "all_seconds": [round(reading["seconds"], 2) for reading in readings]}


def measure_intake(settings: Settings, folder: Path, rows: int, repeats: int) -> dict[str, Any]:
    """Intake of one large CLD file next to DuckDB's plain copy and pandas' copy of the same file."""
    path = write_cld_file(settings, folder / "cld", rows)
    council = path.name.split("_")[1]
    home = folder / "intake"

    def prepare() -> None:
        shutil.rmtree(home, ignore_errors=True)
        landed = Settings(home=home).landing / council
        landed.mkdir(parents=True)
        os.link(path, landed / path.name)

    plain = probe("duckdb_copy", path, repeats)
    ours = probe("intake", home, repeats, prepare)
    with_pandas = probe("pandas_copy", path, 1 if rows > 500_000 else repeats)
    for reading in (plain, ours, with_pandas):
        reading["rows_per_second"] = round(rows / reading["seconds"])
        reading["times_plain_copy"] = round(reading["seconds"] / plain["seconds"], 2)
        reading["times_plain_copy_cpu"] = round(reading["cpu_seconds"] / plain["cpu_seconds"], 2)
    return {
        "columns": columns_of_file(load_contracts(settings)["cld"]),
        "rules": len(load_contracts(settings)["cld"].rules),
        "size_mb": round(path.stat().st_size / 1e6),
        "lda intake": ours,
        "duckdb copy": plain,
        "pandas": with_pandas,
    }


def measure_files(home: Path, files: int) -> dict[str, Any]:
    """Files a second over many small GP files of the synthetic sample, with its mess."""
    settings = Settings(home=home)
    practices = 130
    _synthesise(settings, months=max(1, round(files / practices)))
    for other in settings.landing.rglob("*"):
        if other.is_file() and not _is_gp(settings, other):
            other.unlink()
    found = sum(path.is_file() for path in settings.landing.rglob("*"))
    reading = probe("intake", home)
    return {**reading, "landed": found, "files_per_second": round(found / reading["seconds"], 1)}


def _is_gp(settings: Settings, path: Path) -> bool:
    import re

    return any(re.match(pattern, path.name) for pattern in load_contracts(settings)[SAMPLE_FEED].file_patterns)


def with_sample(settings: Settings) -> Settings:
    """The settings of a home that holds the ingested 24-month sample; made the first time it is asked for."""
    from lda.intake import ingest

    if not settings.landing.exists():
        _synthesise(settings, months=24)
        ingest(settings)
    return settings


def _synthesise(settings: Settings, months: int) -> None:
    from lda.synthetic import synthesise

    synthesise(settings, months=months)


def measure_airflow(home: Path) -> dict[str, Any]:
    """A whole run of the real DAGs, next to the seconds that the steps themselves took. Empty without Airflow."""
    from importlib.util import find_spec

    if find_spec("airflow") is None:
        return {"note": "Airflow is not installed."}
    settings = Settings(home=home / "home")
    _synthesise(settings, months=24)
    environment = {
        **os.environ,
        "LDA_HOME": str(settings.home),
        "LDA_TASK_RETRIES": "0",
        "AIRFLOW_HOME": str(home / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(settings.project_dir / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
    }
    _run([sys.executable, "-m", "airflow", "db", "migrate"], environment)
    pool = ["pools", "set", "lda_writer", "1", "One writer at a time"]
    _run([sys.executable, "-m", "airflow", *pool], environment)
    started = time.monotonic()
    _run([sys.executable, str(settings.project_dir / "scripts" / "run_dags.py")], environment)
    whole = time.monotonic() - started
    steps = step_seconds(settings)
    return {
        "seconds": round(whole, 1),
        "step_seconds": {name: round(seconds, 1) for name, seconds in steps.items()},
        "airflow_seconds": round(whole - sum(steps.values()), 1),
        "airflow_share": round(1 - sum(steps.values()) / whole, 3),
    }


def step_seconds(settings: Settings) -> dict[str, float]:
    """Seconds by step that the ledger has of a home's runs: the ingests together, and the refresh's own steps."""
    from lda.ledger import Ledger

    ledger = Ledger(settings.ledger_address)
    try:
        seconds: dict[str, float] = {}
        for run in ledger.book.runs(settings.system_label):
            summary = run["summary"] or {}
            if run["kind"] == "ingest":
                seconds["ingest"] = seconds.get("ingest", 0.0) + float(summary.get("seconds") or 0)
            elif run["kind"] == "refresh":
                for name, value in (summary.get("seconds") or {}).items():
                    seconds[name] = seconds.get(name, 0.0) + float(value)
        return seconds
    finally:
        ledger.close()


def _json_of(command: list[str]) -> dict[str, Any]:
    done: dict[str, Any] = json.loads(_run(command, dict(os.environ)).strip().splitlines()[-1])
    return done


def _run(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise BenchError(f"{' '.join(command[1:4])} failed: {(done.stderr or done.stdout)[-600:]}")
    return done.stdout
