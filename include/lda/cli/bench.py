"""Measure the warehouse against named baselines. Nothing is asserted: the numbers are printed as they are.

Everything happens in a folder of its own under ``LDA_HOME/bench``, which is removed at the end, with settings of its
own: no reading writes to the ledger, mart, alerts or key of the warehouse it is taken beside.
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
# What a reading takes over from the settings; services that are others' are named by variables that begin so.
OF_THE_MACHINE = ("duckdb_memory_limit", "duckdb_threads", "dbt_threads", "batch_files", "batch_bytes", "project_dir")
SERVICES = ("LDA_", "AIRFLOW", "OPENLINEAGE", "OTEL_")
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
    sample = apart(settings, folder / "sample")
    steps: dict[str, Callable[[], dict[str, Any]]] = {
        "intake": lambda: measure_intake(settings, folder, rows, repeats),
        "files": lambda: measure_files(apart(settings, folder / "files"), files),
        "dbt": lambda: measure_dbt(with_sample(sample)),
        "gates": lambda: {
            "import_seconds": probe("great_expectations", folder)["seconds"],
            **measure_gates(with_sample(sample)),
        },
        "bi": lambda: measure_bi(settings, folder / "bi"),
        "airflow": lambda: measure_airflow(settings, folder / "airflow"),
    }
    try:
        for done, part in enumerate(wanted):
            if progress:
                progress(part, done, len(wanted))
            measured[part] = steps[part]()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return measured


def apart(settings: Settings, home: Path) -> Settings:
    """Settings of a home of its own: those of this machine, and of nothing else that the environment names."""
    values = {name: field.get_default(call_default_factory=True) for name, field in Settings.model_fields.items()}
    return Settings(**{**values, **_of_the_machine(settings), "home": home})


def _of_the_machine(settings: Settings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in OF_THE_MACHINE}


def environment_apart(settings: Settings) -> dict[str, str]:
    """The same for a process of its own, which is to stand in a folder without a ``.env``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(SERVICES)}
    return kept | {f"LDA_{name.upper()}": str(value) for name, value in _of_the_machine(settings).items()}


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
        readings.append(_json_of([sys.executable, "-m", "lda.cli.bench_probe", name, str(path)], path.parent))
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
        landed = apart(settings, home).landing / council
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


def measure_files(settings: Settings, files: int) -> dict[str, Any]:
    """Files a second over many small GP files of the synthetic sample, with its mess."""
    practices = 130
    _synthesise(settings, months=max(1, round(files / practices)))
    for other in settings.landing.rglob("*"):
        if other.is_file() and not _is_gp(settings, other):
            other.unlink()
    found = sum(path.is_file() for path in settings.landing.rglob("*"))
    reading = probe("intake", settings.home)
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


def measure_airflow(own: Settings, home: Path) -> dict[str, Any]:
    """A whole run of the real DAGs, next to the seconds that the steps themselves took. Empty without Airflow."""
    from importlib.util import find_spec

    if find_spec("airflow") is None:
        return {"note": "Airflow is not installed."}
    settings = apart(own, home / "home")
    _synthesise(settings, months=24)
    environment = {
        **environment_apart(settings),
        "LDA_HOME": str(settings.home),
        "LDA_TASK_RETRIES": "0",
        "AIRFLOW_HOME": str(home / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(settings.project_dir / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
    }
    _run([sys.executable, "-m", "airflow", "db", "migrate"], environment, home)
    pool = ["pools", "set", "lda_writer", "1", "One writer at a time"]
    _run([sys.executable, "-m", "airflow", *pool], environment, home)
    started = time.monotonic()
    _run([sys.executable, str(settings.project_dir / "scripts" / "run_dags.py")], environment, home)
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


def _json_of(command: list[str], folder: Path) -> dict[str, Any]:
    told = _run(command, environment_apart(Settings()), folder)
    done: dict[str, Any] = json.loads(told.strip().splitlines()[-1])
    return done


def _run(command: list[str], environment: dict[str, str], folder: Path) -> str:
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise BenchError(f"{' '.join(command[1:4])} failed: {(done.stderr or done.stdout)[-600:]}")
    return done.stdout
