"""Run dbt on a candidate, in this process, and say in plain words what failed."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lda.settings import Settings
from lda.warehouse.structure import PUBLISHED_SCHEMAS, is_present, structure
from lda.warehouse.telling import tell_models

BAD_STATUSES = ("error", "fail", "runtime error")
MOST_NAMED = 5


class TransformError(Exception):
    """dbt could not build the candidate or a data test failed; names the models and tests, never a row's values."""


@dataclass(frozen=True)
class TransformResult:
    """Seconds and outcome of a dbt run: ``seconds`` by node name, ``warnings`` of tests that only warn.

    ``descriptions`` and ``structure`` are of the published tables: their words, keys, relations and lineage.
    """

    seconds: dict[str, float]
    warnings: list[str]
    descriptions: dict[str, dict[str, str]]
    structure: dict[str, Any]


def transform(
    settings: Settings, database: Path, *selection: str, target: Path | None = None, run_id: str | None = None
) -> TransformResult:
    """Build every seed, model and data test of the dbt project in the candidate database, or a selection of them.

    Unit tests prove the SQL and run with the tests of the code, not on each refresh. What dbt parsed is kept, so that
    the next run starts at once.

    :param target: where dbt keeps what it parsed, for a database of another place than the candidate's.
    :param run_id: the run this is part of; with one, lineage is told of every model.
    :raises TransformError: when a model fails or a data test of severity error fails.
    """
    target = target or dbt_target(settings)
    command = ["build", "--exclude-resource-types", "unit_test", "exposure", *selection]
    result = invoke(settings, database, command, target)
    outcomes = getattr(result.result, "results", None)
    if outcomes is None:
        raise TransformError(f"dbt could not start: {without_values(str(result.exception or 'no reason given'))}")
    failed = [outcome for outcome in outcomes if str(outcome.status) in BAD_STATUSES]
    if failed or not result.success:
        named = "; ".join(_complaint(outcome) for outcome in failed[:MOST_NAMED])
        more = f"; and {len(failed) - MOST_NAMED} more" if len(failed) > MOST_NAMED else ""
        raise TransformError(f"dbt failed: {named}{more}. The full log is in {settings.warehouse / 'dbt_logs'}.")
    manifest = json.loads((target / "manifest.json").read_text())
    if run_id and settings.lineage:
        tell_models(settings, run_id, manifest, outcomes)
    return TransformResult(
        seconds={outcome.node.name: round(outcome.execution_time, 4) for outcome in outcomes},
        warnings=[_complaint(outcome) for outcome in outcomes if str(outcome.status) == "warn"],
        descriptions=descriptions(manifest),
        structure=structure(manifest),
    )


def dbt_target(settings: Settings) -> Path:
    """Where dbt keeps what it parsed: a folder for each place of the project, because dbt remembers full paths."""
    place = hashlib.sha256(str(settings.dbt_dir.resolve()).encode()).hexdigest()[:8]
    return settings.warehouse / "dbt_target" / place


def invoke(settings: Settings, database: Path, command: list[str], target: Path) -> Any:
    """Call dbt in this process on one database and return dbt's own result. Leaves no connection open."""
    from dbt.cli.main import dbtRunner

    quiet = ["--quiet", "--no-use-colors", "--no-print", "--log-level-file", "info", "--log-level", "none"]
    places = ["--project-dir", settings.dbt_dir, "--profiles-dir", settings.dbt_dir, "--target-path", target]
    places += ["--log-path", settings.warehouse / "dbt_logs"]
    environment = {
        "LDA_CANDIDATE_PATH": str(database.resolve()),
        "LDA_DUCKDB_MEMORY_LIMIT": settings.duckdb_memory_limit,
        "LDA_DUCKDB_THREADS": str(helpers(settings)),
        "LDA_DBT_THREADS": str(settings.dbt_threads),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    complaining, logging.raiseExceptions = logging.raiseExceptions, False  # a log without room ends nothing
    with environment_set(environment):
        try:
            return dbtRunner().invoke([*command, *map(str, places), *quiet])
        finally:
            logging.raiseExceptions = complaining
            _close_connections()


def helpers(settings: Settings) -> int:
    """DuckDB's threads for dbt: each model that dbt works on brings a thread of its own, DuckDB's others help them all.

    More than there are cores for is slower than fewer: two threads write one wide table with twice the work of one.
    """
    return max(1, settings.duckdb_threads - settings.dbt_threads + 1)


def _close_connections() -> None:
    """Let go of the database: dbt keeps it open for its next call in the same process."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    if DuckDBConnectionManager._ENV is not None:
        DuckDBConnectionManager._ENV.close()
    DuckDBConnectionManager.close_all_connections()


@contextmanager
def environment_set(values: Mapping[str, str]) -> Iterator[None]:
    """Environment variables for the length of a block."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _complaint(outcome: Any) -> str:
    node = outcome.node
    message = without_values(outcome.message or "no reason given")
    return f"{node.resource_type} {node.name} ({node.original_file_path}): {message}"


def without_values(message: str) -> str:
    """The sense of an error message without what it quotes from rows: quoted text and long numbers are left out."""
    flat = " ".join(message.split())
    return re.sub(r"\d{6,}", "…", re.sub(r"'[^']*'", "'…'", flat))[:600]


def descriptions(manifest: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """``schema.table`` → description of the table (key ``""``) and of its columns, each on one line, for the published
    schemas."""
    found = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] == "model" and node["schema"] in PUBLISHED_SCHEMAS:
            columns = {
                name: " ".join(column.get("description", "").split()) for name, column in node["columns"].items()
            }
            words = f"{node.get('description', '')}{_version_note(manifest, node)}"
            found[f"{node['schema']}.{node['alias']}"] = {"": words, **columns}
    return found


def _version_note(manifest: Mapping[str, Any], node: Mapping[str, Any]) -> str:
    """What a reader of another version than the present one has to know of it; empty for the present one."""
    if is_present(node):
        return ""
    present = next(
        one for one in manifest["nodes"].values() if one["name"] == node["name"] and is_present(one) and "alias" in one
    )
    until = f" It is kept until {node['deprecation_date'][:10]}." if node.get("deprecation_date") else ""
    plain = f"{present['schema']}.{present['alias']} is version {present['version']}"
    return f" Version {node['version']}; {plain}.{until}"
