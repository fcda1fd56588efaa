"""``dictionary.json``: what files, tables and columns mean, and every measure with its definition and an example.

The public one is about schema ``published``, the restricted one about ``mart`` too. Words, keys and lineage come from
the dbt project (``Candidate.descriptions`` and ``.structure``), measures from the measure catalogue.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import duckdb
import yaml

from lda.gates import GateReport, Unit, is_one_of
from lda.publishing.tables import source_tables, words_for
from lda.settings import Settings
from lda.warehouse.candidate import CATALOGUE, Candidate, attach_candidate

FILES = {
    "measures.csv": "Every published figure, for spreadsheets. UTF-8, dates as year-month-day.",
    "measures.parquet": "Every published figure, typed, for analysis tools.",
    "lda_public.duckdb": "Schema published: every published table, with a comment on each table and column.",
    "dictionary.html": "This dictionary as a page to read.",
    "report/index.html": "The report for boards and the public; report/easy-read.html is its Easy Read version.",
}
SENSITIVITY = {
    "published": "Public: small numbers are hidden and the rest rounded by the disclosure rule.",
    "mart": "Restricted: exact, about single people under pseudonyms; for named analysts only.",
}
# How spreadsheets and BI tools should show a column, by its type; shares are held as 0 to 1 and shown as percentages.
FORMATS = {"DATE": "yyyy-mm-dd", "BIGINT": "#,##0", "INTEGER": "#,##0", "DOUBLE": "#,##0.0"}
SHARES = ("coverage",)
SHARE_FORMAT = "0.0%"
BY_UNIT = "by the row's unit"
IN_UNIT = ("value", "lower_95", "upper_95", "target", "group_rate", "reference_rate", "gap", "mean", "lower_limit")
# An example for a measure that has no figure to show: of 50 people, 40 are counted.
MADE_UP = (40, 50)

Figures = Mapping[str, Mapping[str, Any]]


def unit_formats(settings: Settings) -> dict[str, str]:
    """How a value is shown, by the unit of its measure (``other`` for any other unit), as dbt_project.yml says."""
    project = yaml.safe_load((settings.dbt_dir / "dbt_project.yml").read_text(encoding="utf-8"))
    return dict(project["vars"]["unit_formats"])


def dictionary(
    candidate: Candidate, report: GateReport, formats: Mapping[str, str], schemas: Sequence[str] = ("published",)
) -> dict[str, Any]:
    """The contents of ``dictionary.json`` for some schemas. ``formats`` are those of ``unit_formats``.

    Keys: publication_id, files, tables (by name; by ``schema.table`` when there are several schemas), measures.
    """
    with duckdb.connect(":memory:") as connection:
        attach_candidate(connection, candidate.path)
        connection.execute(f"USE {CATALOGUE}")
        tables = {
            table.label if len(schemas) > 1 else table.name: described_table(
                table.label,
                table.columns,
                words_for(candidate.descriptions, table.label),
                candidate.structure.get("tables", {}).get(table.label, {}),
            )
            for table in source_tables(connection, schemas, ())
        }
        measures = _rows(connection, "SELECT * FROM published.measure_definition ORDER BY measure_id")
        catalogue = {row["measure_id"]: row for row in _rows(connection, "SELECT * FROM reference.measure_catalogue")}
        feeds = dict(connection.execute("SELECT table_name, feed FROM ledger.feed_table").fetchall())
        figures = {} if report.stops else latest_figures(connection, report.withheld)
    withheld: dict[str, dict[str, list[str]]] = {}
    for unit, reasons in report.withheld.items():
        withheld.setdefault(unit.measure_id, {})[unit.system_code] = reasons
    for measure in measures:
        name = measure["measure_id"]
        shown = figures.get(name, {})
        lineage = measure_lineage(candidate.structure.get("measures", {}).get(name, {}), feeds, catalogue[name])
        measure.update(
            status="withheld" if name in withheld and name not in report.measures else "published",
            withheld_because=withheld.get(name, {}),
            lineage=lineage,
            **measure_meaning(catalogue[name], shown, formats),
        )
    return {
        "publication_id": candidate.publication_id,
        "files": FILES,
        "tables": tables,
        "measures": measures,
    }


def described_table(
    label: str, columns: Mapping[str, str], words: Mapping[str, str], structure: Mapping[str, Any]
) -> dict[str, Any]:
    """What one table is: description, grain, sensitivity, key, relations, indexes, and its columns."""
    description = words.get("", "")
    relations = {relation["column"]: relation for relation in structure.get("relations", [])}
    return {
        "description": description,
        "grain": description.split(".", maxsplit=1)[0],
        "sensitivity": SENSITIVITY[label.split(".", maxsplit=1)[0]],
        "key": structure.get("key", []),
        "key_required": structure.get("key_required", False),
        "unique": structure.get("unique", []),
        "relations": list(relations.values()),
        "indexes": structure.get("indexes", []),
        "sources": structure.get("sources", []),
        "columns": [
            {
                "name": name,
                "display_name": display_name(name),
                "type": kind,
                "format": format_of(name, kind),
                "description": words.get(name, ""),
            }
            for name, kind in columns.items()
        ],
    }


def display_name(column: str) -> str:
    """A column's name for readers: ``is_latest_period`` → Is latest period."""
    return column.replace("_", " ").capitalize()


def format_of(column: str, kind: str) -> str:
    """How a BI tool should show a column; blank for text and yes or no."""
    if column in SHARES:
        return SHARE_FORMAT
    if kind == "DOUBLE" and (column in IN_UNIT or column.startswith("spc_")):
        return BY_UNIT
    return FORMATS.get(kind, "")


def measure_meaning(
    measure: Mapping[str, Any], figure: Mapping[str, Any], formats: Mapping[str, str]
) -> dict[str, Any]:
    """How a measure is worked out and shown, with an example: its latest published figure, or a made-up one."""
    numerator, denominator = MADE_UP
    made_up = {"numerator": numerator, "denominator": denominator, "value": None}
    words = worked_example(measure, figure or made_up)
    where = f"{figure['geography_name']}, {figure['period_end']:%B %Y}: " if figure else "With made-up figures: "
    return {
        "aggregation": measure["aggregation"],
        "format": formats.get(measure["unit"], formats["other"]),
        "worked_example": where + words,
    }


def worked_example(measure: Mapping[str, Any], figure: Mapping[str, Any]) -> str:
    """One figure worked out in words. ``figure`` has numerator, denominator and value (None: work it out)."""
    unit, aggregation = measure["unit"], measure["aggregation"]
    top, bottom, value = figure["numerator"], figure["denominator"], figure["value"]
    if aggregation == "ratio":
        multiplier = measure["multiplier"] or 1
        value = multiplier * top / bottom if value is None else value
        times = f" × {multiplier:,}" if multiplier != 1 else ""
        return f"{top:,} ÷ {bottom:,}{times} = {shown(value, unit)}"
    if aggregation == "count":
        return f"{shown(top if value is None else value, unit)} counted"
    if aggregation == "derived":
        outcome = "worked out from the published figures of other measures"
        return outcome if value is None else f"{outcome}: {shown(value, unit)}"
    kinds = {"sum": "adds up to", "mean": "is on average", "median": "is in the middle"}
    if value is None:
        return f"the {bottom:,} values behind it, put together by their {aggregation}"
    behind = f"what {bottom:,} people or records give" if bottom else "what lies behind it"
    return f"{behind} {kinds[aggregation]} {shown(value, unit)}"


def shown(value: float, unit: str) -> str:
    """A value in its unit, as readers write it."""
    if unit == "proportion":
        return f"{value:.3f} ({value:.1%})"
    if unit == "count":
        return f"{value:,.0f}"
    return f"{value:,.1f} {unit}"


def measure_lineage(
    structure: Mapping[str, Any], feeds: Mapping[str, str], measure: Mapping[str, Any]
) -> dict[str, Any]:
    """A measure's way from its feeds: the feeds, their lake tables, and the models between them and the figure.

    People are linked over all feeds, so every measure of people has ``int_person_link`` on its way; only the tables
    of the measure's own feeds are named.
    """
    wanted = [feed for feed in (measure.get("feed") or "").split(";") if feed]
    own = {table for table in structure.get("sources", []) if not wanted or feeds.get(table) in wanted}
    models = [name for name, sources in structure.get("models", {}).items() if own & set(sources)]
    last = [structure["model"], "measure_contribution", "measure_value"] if structure else []
    return {"feeds": wanted, "tables": sorted(own), "models": models + last}


def latest_figures(connection: duckdb.DuckDBPyConnection, withheld: Collection[Unit]) -> Figures:
    """For each measure its latest published figure of everyone in the widest area that has one."""
    rows = _rows(
        connection,
        f"""
        SELECT measure_id, geography_name, period_end, numerator, denominator, value
        FROM published.measure_value
        WHERE breakdown_type = 'all' AND value IS NOT NULL AND NOT {is_one_of(withheld)}
        QUALIFY row_number() OVER (
            PARTITION BY measure_id
            ORDER BY geography_type = 'system' DESC, period_end DESC, geography_type, geography_code, system_code
        ) = 1
        """,
    )
    return {row["measure_id"]: row for row in rows}


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
