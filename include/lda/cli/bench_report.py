"""Draw the readings of ``lda bench``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from lda.reporting.render import counts, grid, number

READERS = ("lda intake", "duckdb copy", "pandas")


def bench_view(measured: Mapping[str, Any]) -> RenderableType:
    """Every part that was measured, as tables."""
    machine = measured["machine"]
    parts: list[RenderableType] = [
        Text(f"{machine['cores']} cores, Python {machine['python']}; median of {measured['repeats']} runs")
    ]
    if "intake" in measured:
        parts.append(_intake(measured["rows"], measured["intake"]))
    facts = grid("", "", title="\nThe rest")
    for part, line in LINES.items():
        if part in measured:
            facts.add_row(part, line(measured[part]))
    return Group(*parts, facts)


def _intake(rows: int, found: Mapping[str, Any]) -> RenderableType:
    title = f"\n{number(rows)} rows × {found['columns']} columns ({found['size_mb']} MB), {found['rules']} rules"
    columns = (">seconds", ">CPU seconds", ">rows a second", ">peak MB", ">times the plain copy", ">by CPU")
    table = grid("reader", *columns, title=title)
    for name in READERS:
        one = found[name]
        spent = (f"{one['seconds']:.1f}", f"{one['cpu_seconds']:.1f}")
        shown = (number(one["rows_per_second"]), number(one["peak_mb"]))
        table.add_row(name, *spent, *shown, f"{one['times_plain_copy']:.2f}", f"{one['times_plain_copy_cpu']:.2f}")
    ours = found["lda intake"]
    table.caption = counts({name: ours[name] for name in ("received", "accepted", "quarantined", "repeated")})
    table.caption_justify = "left"
    return table


def _files(found: Mapping[str, Any]) -> str:
    return (
        f"{number(found['landed'])} small GP files in {found['seconds']:.1f} s: {found['files_per_second']} files a "
        f"second, {number(found['peak_mb'])} MB at the peak"
    )


def _dbt(found: Mapping[str, Any]) -> str:
    return (
        f"{found['models']} models in {found['dbt_models_seconds']} s; the same SQL straight in DuckDB "
        f"{found['direct_sql_seconds']} s ({found['times_direct']} times); whole dbt run {found['dbt_run_seconds']} s; "
        f"seeds, models and tests of a refresh {found['build_seconds']} s, loading sources {found['load_seconds']} s"
    )


def _gates(found: Mapping[str, Any]) -> str:
    return (
        f"{found['judged']} expectations in {found['gate_seconds']} s, after {found['import_seconds']} s to import "
        "Great Expectations"
    )


def _airflow(found: Mapping[str, Any]) -> str:
    if "note" in found:
        return str(found["note"])
    return (
        f"all DAGs in {found['seconds']} s; steps {counts(found['step_seconds'], 1)}; Airflow itself "
        f"{found['airflow_seconds']} s ({found['airflow_share']:.0%})"
    )


def _bi(found: Mapping[str, Any]) -> str:
    if "note" in found:
        return str(found["note"])
    lines = [
        f"{mart}: p50 {one['p50_ms']} ms, p95 {one['p95_ms']} ms ({one['cpu_ms']} ms of processor) over "
        f"{number(one['answers'])} answers to {found['queries']} queries by {found['readers']} readers, during "
        f"{one['publications']} publications; slowest {counts(one['slowest'], 1)}"
        for mart, one in ((name, found[name]) for name in ("duckdb", "postgres"))
    ]
    return "\n".join(lines)


LINES = {"files": _files, "dbt": _dbt, "gates": _gates, "bi": _bi, "airflow": _airflow}
