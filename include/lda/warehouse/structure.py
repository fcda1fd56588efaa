"""How the published tables hang together, as the dbt project says it: keys, relations, indexes, where rows come from.

A table's key is the grain its data tests prove (``unique_combination``, or ``unique`` on a column); its relations are
its ``relationships`` tests; indexes for BI queries are ``meta.indexes`` of its model. Nothing is said twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

PUBLISHED_SCHEMAS = ("mart", "published")
CONTRIBUTION = "contribution_"
FACT = "fct_"
DATE_TABLE, DATE_COLUMN = "mart.dim_date", "date_day"
# Name and version (None: the present one) of a published model → ``schema.table``.
Labels = dict[tuple[str, str | None], str]
REFERENCED = re.compile(r"ref\(\s*['\"](\w+)['\"]\s*(?:,\s*v(?:ersion)?\s*=\s*['\"]?([\w.]+)['\"]?\s*)?\)")


@dataclass(frozen=True)
class Relation:
    """A column whose values are those of a column of another published table (``schema.table``)."""

    column: str
    table: str
    to: str


@dataclass
class TableStructure:
    """Structure of one published table.

    ``key`` are the columns that no two rows share, ``key_required`` says that none of them is ever blank. ``sources``
    are the lake tables its rows come from.
    """

    model: str
    key: list[str] = field(default_factory=list)
    key_required: bool = False
    unique: list[str] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    indexes: list[list[str]] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The structure for JSON."""
        return asdict(self)


def structure(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """``tables``: ``schema.table`` → its structure; ``measures``: measure → lake tables and models it comes from."""
    models = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    published = {key: node for key, node in models.items() if node["schema"] in PUBLISHED_SCHEMAS}
    labels: Labels = {(node["name"], None): _label(node) for node in published.values() if is_present(node)}
    labels |= {(node["name"], str(node["version"])): _label(node) for node in published.values() if node.get("version")}
    tables = {}
    for key, node in published.items():
        indexes = [list(one) for one in node["config"].get("meta", {}).get("indexes", [])]
        tables[_label(node)] = TableStructure(node["name"], indexes=indexes, sources=lineage(manifest, key)[0])
    required: dict[str, set[str]] = {label: set() for label in tables}
    for test in manifest["nodes"].values():
        attached = published.get(test.get("attached_node") or "")
        if test["resource_type"] == "test" and test.get("test_metadata") and attached:
            label = _label(attached)
            _read_test(tables[label], required[label], test["test_metadata"], labels)
    for label, table in tables.items():
        table.key = table.key or table.unique[:1]
        table.key_required = bool(table.key) and set(table.key) <= required[label]
        table.unique.sort()
        table.relations.sort(key=lambda relation: relation.column)
        _add_dates(table, published, label)
    return {
        "tables": {label: table.as_dict() for label, table in sorted(tables.items())},
        "measures": _measures(manifest, models),
    }


def is_present(node: Mapping[str, Any]) -> bool:
    """True for a model without versions and for the version that bears the plain name of its table."""
    return node.get("version") is None or node["version"] == node.get("latest_version")


def _label(node: Mapping[str, Any]) -> str:
    return f"{node['schema']}.{node['alias']}"


def _read_test(table: TableStructure, required: set[str], test: Mapping[str, Any], labels: Labels) -> None:
    """Add what one data test proves of a table."""
    told = test["kwargs"]
    name = test["name"]
    if name == "unique_combination":
        table.key = list(told["columns"])
    elif name == "unique":
        table.unique.append(told["column_name"])
    elif name == "not_null":
        required.add(told["column_name"])
    elif name == "relationships":
        found = REFERENCED.search(told["to"])
        label = labels.get((found[1], found[2])) if found else None
        if label:
            table.relations.append(Relation(told["column_name"], label, told["field"]))


def _add_dates(table: TableStructure, published: Mapping[str, Mapping[str, Any]], label: str) -> None:
    """Each date of a fact of the mart is a role that the date dimension plays (admission, discharge …)."""
    node = next(node for node in published.values() if _label(node) == label)
    if not (label.startswith("mart.") and node["alias"].startswith(FACT)):
        return
    known = {relation.column for relation in table.relations}
    for name, column in node["columns"].items():
        if column.get("data_type") == "date" and name not in known:
            table.relations.append(Relation(name, DATE_TABLE, DATE_COLUMN))


def lineage(manifest: Mapping[str, Any], node: str) -> tuple[list[str], dict[str, list[str]]]:
    """Tables of the lake that a node's rows come from, and the models between with their own tables of the lake.

    Models come after those they read. Reference data and the ledger are no part of a row's way and are left out.
    """
    parents: Mapping[str, list[str]] = manifest["parent_map"]
    found: dict[str, set[str]] = {}

    def walk(key: str) -> set[str]:
        if key in found:
            return found[key]
        mine: set[str] = set()
        for parent in sorted(parents.get(key, [])):
            if parent.startswith("source."):
                source = manifest["sources"][parent]
                mine |= {source["name"]} if source["source_name"] == "lake" else set()
            elif parent.startswith("model."):
                mine |= walk(parent)
        found[key] = mine
        return mine

    sources = walk(node)
    named = {manifest["nodes"][key]["name"]: sorted(own) for key, own in found.items() if own and key != node}
    return sorted(sources), named


def _measures(manifest: Mapping[str, Any], models: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    found = {}
    for key, node in models.items():
        if node["name"].startswith(CONTRIBUTION):
            sources, through = lineage(manifest, key)
            measure = node["name"].removeprefix(CONTRIBUTION)
            found[measure] = {"model": node["name"], "sources": sources, "models": through}
    return dict(sorted(found.items()))
