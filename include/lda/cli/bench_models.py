"""Measure dbt and the gates on an ingested sample."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import duckdb

from lda.ledger import Ledger
from lda.ledger.publications import utc_now
from lda.settings import Settings
from lda.warehouse import build_candidate, latest_periods
from lda.warehouse.build import ledger_rows, load_sources
from lda.warehouse.candidate import CATALOGUE, Candidate
from lda.warehouse.inputs import in_force
from lda.warehouse.transform import TransformError, dbt_target, invoke

RUN_ID = "bench"


def measure_dbt(settings: Settings) -> dict[str, Any]:
    """dbt's models next to the same compiled SQL executed straight in DuckDB, from the same loaded sources.

    ``dbt_models_seconds`` is the time inside models as dbt reports it; ``dbt_run_seconds`` is the whole ``dbt run``
    with what it parsed before at hand; ``build_seconds`` is all that a refresh does: seeds, models and data tests.
    """
    database = settings.warehouse / f"{CATALOGUE}.duckdb"
    target = dbt_target(settings)
    # One model at a time, as the SQL beside it runs: models that overlap would count the same second twice.
    alone = settings.model_copy(update={"dbt_threads": 1})
    _load(settings, database)
    _checked(invoke(alone, database, ["seed"], target))
    seeded = database.with_suffix(".seeded")
    shutil.copy(database, seeded)
    _checked(invoke(alone, database, ["run"], target))
    shutil.copy(seeded, database)
    started = time.monotonic()
    result = _checked(invoke(alone, database, ["run"], target))
    whole = time.monotonic() - started
    models = sum(outcome.execution_time for outcome in result.result.results)
    shutil.copy(seeded, database)
    direct = run_compiled(settings, database, target)
    seeded.unlink()
    database.unlink()
    candidate = _candidate(settings)
    return {
        "models": len(result.result.results),
        "dbt_models_seconds": round(models, 2),
        "direct_sql_seconds": round(direct, 2),
        "times_direct": round(models / direct, 2),
        "dbt_run_seconds": round(whole, 2),
        "build_seconds": candidate.seconds["dbt"],
        "load_seconds": candidate.seconds["load"],
    }


def run_compiled(settings: Settings, database: Path, target: Path) -> float:
    """Execute the SQL that dbt compiled, model by model in dbt's order, without dbt. Returns the seconds it took."""
    manifest = json.loads((target / "manifest.json").read_text())
    models = {name: node for name, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    limits: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": settings.duckdb_memory_limit,
        "threads": settings.duckdb_threads,
        "preserve_insertion_order": False,
    }
    with duckdb.connect(str(database), config=limits) as connection:
        for schema in sorted({node["schema"] for node in models.values()}):
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        statements = []
        for name in in_order(models):
            node = models[name]
            compiled = target / "compiled" / node["package_name"] / node["original_file_path"]
            kind = "VIEW" if node["config"]["materialized"] == "view" else "TABLE"
            statements.append(f'CREATE {kind} {node["schema"]}."{node["alias"]}" AS {compiled.read_text()}')
        started = time.monotonic()
        for statement in statements:
            connection.execute(statement)
        return time.monotonic() - started


def in_order(models: dict[str, Any]) -> list[str]:
    """Model names so that each comes after those it reads; ephemeral models are part of their readers."""
    ordered: list[str] = []

    def visit(name: str) -> None:
        if name in ordered or name not in models:
            return
        for parent in models[name]["depends_on"]["nodes"]:
            visit(parent)
        ordered.append(name)

    for name in sorted(models):
        visit(name)
    return [name for name in ordered if models[name]["config"]["materialized"] in ("table", "view", "incremental")]


def measure_gates(settings: Settings) -> dict[str, Any]:
    """The time of every gate on the sample's candidate, with Great Expectations imported before."""
    from lda.gates import judge_candidate
    from lda.gates.runner import frames_to_judge

    candidate = _candidate(settings)
    frames_to_judge()
    report = judge_candidate(settings, candidate)
    return {"gate_seconds": report.seconds, **report.counts()}


def _candidate(settings: Settings) -> Candidate:
    ledger = Ledger(settings.ledger_address)
    try:
        now = utc_now()
        return build_candidate(settings, ledger, RUN_ID, latest_periods(settings, ledger, now), now)
    finally:
        ledger.close()


def _load(settings: Settings, database: Path) -> None:
    ledger = Ledger(settings.ledger_address)
    try:
        now = utc_now()
        periods = latest_periods(settings, ledger, now)
        inputs = in_force(settings, ledger, now, periods)
        rows = ledger_rows(settings, ledger, inputs, periods, now)
    finally:
        ledger.close()
    period = max(periods.values())
    row = {"run_id": RUN_ID, "publication_id": RUN_ID, "period_end": period, "as_of": now, "code_version": RUN_ID}
    settings.warehouse.mkdir(parents=True, exist_ok=True)
    database.unlink(missing_ok=True)
    load_sources(settings, database, inputs, {**rows, "run": [row]})


def _checked(result: Any) -> Any:
    if not result.success:
        raise TransformError(f"dbt failed: {result.exception or 'a model failed'}")
    return result
