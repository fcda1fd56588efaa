"""The data dictionary to read: a page of each publication, and ``docs/data-dictionary.md`` of the project."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from lda.contracts import load_contracts
from lda.publishing.dictionary import described_table, measure_lineage, measure_meaning, unit_formats
from lda.settings import Settings
from lda.warehouse.structure import structure
from lda.warehouse.transform import TransformError, dbt_target, descriptions, invoke

PAGE = "dictionary.html"
DOCUMENT = "docs/data-dictionary.md"


def dictionary_page(dictionary: Mapping[str, Any]) -> str:
    """The contents of ``dictionary.json`` as one page of HTML that needs nothing else."""
    return _environment().get_template("dictionary.html.j2").render(**dictionary, facts=facts)


def project_document(settings: Settings, manifest: Mapping[str, Any] | None = None) -> str:
    """The text of ``docs/data-dictionary.md``.

    :param manifest: dbt's manifest of the project; by default dbt reads the project again.
    """
    known = manifest or parsed_project(settings)
    return (
        _environment()
        .get_template("data-dictionary.md.j2")
        .render(tables=_tables(known), measures=_measures(settings, known), facts=facts)
    )


def parsed_project(settings: Settings) -> dict[str, Any]:
    """dbt's manifest of the project.

    :raises TransformError: when dbt cannot read it.
    """
    settings.warehouse.mkdir(parents=True, exist_ok=True)
    target = dbt_target(settings)
    result = invoke(settings, settings.warehouse / "candidate.duckdb", ["parse"], target)
    if not result.success:
        raise TransformError(f"dbt cannot read the project: {result.exception}")
    manifest: dict[str, Any] = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    return manifest


def facts(measure: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What there is to say of a measure, as (label, words); what it lacks is left out."""
    lineage = measure["lineage"]
    told = [
        ("Id", measure["measure_id"]),
        ("Theme", measure.get("theme", "")),
        ("Unit", f"{measure['unit']}, shown as {measure['format']}"),
        ("Better is", measure.get("better_is", "")),
        ("Numerator", measure.get("numerator_definition", "")),
        ("Denominator", measure.get("denominator_definition", "")),
        ("Put together as", measure["aggregation"]),
        ("Example", measure["worked_example"]),
        ("Source", measure.get("source", "")),
        ("Lineage", " → ".join([", ".join(lineage["tables"]), *lineage["models"]]) if lineage["models"] else ""),
        ("Owner", measure.get("owner", "")),
        ("Version", measure.get("version", "")),
    ]
    return [(label, str(words)) for label, words in told if words]


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("lda.publishing"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )


def _tables(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The published tables as the project's models describe them, in order of their names."""
    words, known = descriptions(manifest), structure(manifest)["tables"]
    models = {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    return {
        label: described_table(
            label,
            {name: column.get("data_type") or "" for name, column in models[table["model"]]["columns"].items()},
            words[label],
            table,
        )
        for label, table in known.items()
    }


def _measures(settings: Settings, manifest: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The measures of the catalogue in order of their ids, with made-up examples."""
    ways, formats = structure(manifest)["measures"], unit_formats(settings)
    feeds = {table.name: feed for feed, contract in load_contracts(settings).items() for table in contract.tables}
    found = []
    with (settings.reference_dir / "measure_catalogue.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            measure: dict[str, Any] = {**row, "multiplier": int(row["multiplier"] or 1)}
            measure["lineage"] = measure_lineage(ways.get(row["measure_id"], {}), feeds, measure)
            found.append({**measure, **measure_meaning(measure, {}, formats)})
    return sorted(found, key=lambda measure: str(measure["measure_id"]))


def write_document(settings: Settings, path: Path) -> Path:
    """Write ``docs/data-dictionary.md``."""
    path.write_text(project_document(settings), encoding="utf-8")
    return path


def write_dbt_docs(settings: Settings, path: Path) -> Path:
    """Write dbt's own documentation, lineage graph included, as one page that needs nothing else.

    It is about the project, not about a publication's data: columns are as the models describe them.

    :raises TransformError: when dbt cannot read the project.
    """
    parsed_project(settings)
    target = dbt_target(settings)
    command = ["docs", "generate", "--static", "--empty-catalog", "--no-compile"]
    result = invoke(settings, settings.warehouse / "candidate.duckdb", command, target)
    if not result.success:
        raise TransformError(f"dbt cannot document the project: {result.exception}")
    shutil.copyfile(target / "static_index.html", path)
    return path
