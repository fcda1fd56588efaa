"""The lineage of a dbt run, for each model what it read and what it made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lda.settings import Settings
from lda.telemetry import COMPLETE, START, Dataset, Job, tell_lineage

BUILT = {"model", "seed"}


def tell_models(settings: Settings, run_id: str, manifest: Mapping[str, Any], outcomes: Iterable[Any]) -> None:
    """Tell the start and end of every model and seed among dbt's outcomes that was built."""
    named = {**manifest["sources"], **manifest["nodes"]}
    for outcome in outcomes:
        node = manifest["nodes"].get(outcome.node.unique_id, {})
        ran = next((one for one in outcome.timing if one.name == "execute"), None)
        if node.get("resource_type") not in BUILT or ran is None:
            continue
        job = Job(f"dbt/{node['name']}", run_id)
        reads = [Dataset(dataset_of(named[key])) for key in node["depends_on"].get("nodes", [])]
        tell_lineage(settings, START, job, at=ran.started_at)
        tell_lineage(settings, COMPLETE, job, reads, [Dataset(dataset_of(node))], at=ran.completed_at)


def dataset_of(node: Mapping[str, Any]) -> str:
    """A node as lineage names it: a source by the lake's or ledger's table, all else by schema and table."""
    if node["resource_type"] == "source":
        return f"{node['source_name']}/{node['name']}"
    return f"warehouse/{node['schema']}.{node['alias']}"
