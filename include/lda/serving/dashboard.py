"""The Superset dashboard of the headline measures, as a bundle that Superset imports, for either mart.

Superset's import format is one YAML file for each database, dataset, chart and dashboard, tied by UUIDs. They are made
from the headline measures and the words of the published tables, so they cannot fall behind either. The UUIDs do not
change from one making to the next: importing again updates what is there.
"""

from __future__ import annotations

import io
import json
import re
import uuid
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from psycopg.conninfo import conninfo_to_dict

from lda.publishing.dictionary import display_name
from lda.publishing.folder import DICTIONARY, PUBLIC, PUBLIC_DATABASE
from lda.publishing.switch import CURRENT
from lda.reporting.alerts.watch import headlines
from lda.serving.errors import ServingError

Mart = Literal["postgres", "duckdb"]
VERSION = "1.0.0"
PASSWORD = re.compile(r"(//[^:/@]*:)[^@]*@")
FOLDER = "lda_dashboard"
NAMESPACE = uuid.UUID("5d0f3c1e-6c0b-5f0e-9a55-3a7e0c1d2b46")
DATABASE_NAMES: Mapping[Mart, str] = {"postgres": "LDA mart (Postgres)", "duckdb": "LDA mart (DuckDB file)"}
TITLES: Mapping[Mart, str] = {
    "postgres": "LDA headline measures",
    "duckdb": "LDA headline measures (DuckDB file)",
}
# Superset asks for the password when it imports: this stands for it.
HIDDEN = "XXXXXXXXXX"
READER = "lda_reader"
# The DuckDB file is opened so that SQL reads nothing else of the host.
DUCKDB_OPTIONS = {
    "engine_params": {
        "connect_args": {
            "read_only": True,
            "config": {"enable_external_access": "false", "lock_configuration": "true"},
        }
    }
}
# Superset wants the names of its datasets to differ, also those of different databases.
DATASETS: Mapping[Mart, str] = {"postgres": "lda_figures", "duckdb": "lda_figures_of_the_file"}
TIME = "metric_time"


def shown(column: str, blank: str) -> str:
    """SQL for a figure as text in its own unit, for tables of measures of several units."""
    percent = f"round(CAST({column} * 100 AS DECIMAL(18, 4)), 1)"
    other = f"round(CAST({column} AS DECIMAL(18, 4)), 1)"
    return (
        f"CASE WHEN {column} IS NULL THEN {blank} WHEN m.unit = 'proportion' THEN CAST({percent} AS VARCHAR) || '%' "
        f"WHEN m.unit = 'count' THEN CAST(CAST({column} AS BIGINT) AS VARCHAR) ELSE CAST({other} AS VARCHAR) END"
    )


# One row per figure with the names of its dimensions: what a chart needs, without a further join. (column, type, words)
COLUMNS: Mapping[str, tuple[str, str]] = {
    "metric_time": ("f.metric_time", "DATE"),
    "is_latest_period": ("f.is_latest_period", "BOOLEAN"),
    "measure_id": ("f.measure_id", "VARCHAR"),
    "measure_name": ("m.measure_name", "VARCHAR"),
    "theme": ("m.theme", "VARCHAR"),
    "unit": ("m.unit", "VARCHAR"),
    "measure_sort_order": ("m.measure_sort_order", "INTEGER"),
    "geography_type": ("g.geography_type", "VARCHAR"),
    "geography_name": ("g.geography_name", "VARCHAR"),
    "place_name": ("g.place_name", "VARCHAR"),
    "pcn_name": ("g.pcn_name", "VARCHAR"),
    "breakdown_type": ("b.breakdown_type", "VARCHAR"),
    "breakdown_value": ("b.breakdown_value", "VARCHAR"),
    "breakdown_sort_order": ("b.breakdown_sort_order", "INTEGER"),
    "numerator": ("f.numerator", "BIGINT"),
    "denominator": ("f.denominator", "BIGINT"),
    "value": ("f.value", "DOUBLE"),
    "target": ("f.target", "DOUBLE"),
    "figure_shown": (shown("f.value", "'hidden'"), "VARCHAR"),
    "target_shown": (shown("f.target", "''"), "VARCHAR"),
    "target_status": ("replace(f.target_status, '_', ' ')", "VARCHAR"),
    "variation": ("replace(f.variation, '_', ' ')", "VARCHAR"),
    "suppression": ("f.suppression", "VARCHAR"),
    "publication_id": ("f.publication_id", "VARCHAR"),
}
SOURCE = """FROM published.fct_figure AS f
INNER JOIN published.dim_measure AS m ON f.measure_id = m.measure_id
INNER JOIN published.dim_geography AS g ON f.geography_key = g.geography_key
INNER JOIN published.dim_breakdown AS b ON f.breakdown_key = b.breakdown_key"""
VERBOSE = {"measure_name": "Measure", "geography_name": "Area", "figure_shown": "Figure", "target_shown": "Target"}
# A chart shows one figure a point, so the figure itself is its value; hidden figures stay gaps, never noughts.
METRICS = {
    "figure": ("Figure", "MAX(value)", "The published figure. Charts show one figure a point; never add rates up."),
    "target_line": ("Target", "MAX(target)", "The target in force."),
}
D3_OF_UNIT = {"proportion": ".1%", "count": ",.0f"}
D3_OTHER = ",.1f"
WIDTH, HEIGHT = 12, 50


def mart_uri(mart: Mart, published: Path, dsn: str | None) -> str:
    """Where Superset finds a mart, as far as the settings know, for a login that is a member of ``lda_public``.

    :param dsn: that of the publisher, of which only host, port and database are taken.
    """
    if mart == "duckdb":
        return f"duckdb:///{published / CURRENT / PUBLIC / PUBLIC_DATABASE}"
    known = conninfo_to_dict(dsn or "")
    place = f"{known.get('host') or 'localhost'}:{known.get('port') or 5432}/{known.get('dbname') or 'lda'}"
    return f"postgresql+psycopg2://{READER}:{HIDDEN}@{place}"


def bundle(mart: Mart, uri: str, measures: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The files of the bundle: path → contents.

    :param uri: SQLAlchemy URI of the mart; a password in it is not shipped.
    :param measures: the headline measures in order, each with measure_id, name, unit and description.
    """
    database = {
        "database_name": DATABASE_NAMES[mart],
        "sqlalchemy_uri": PASSWORD.sub(rf"\g<1>{HIDDEN}@", uri),
        "cache_timeout": None,
        "expose_in_sqllab": True,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "allow_csv_upload": False,
        "extra": DUCKDB_OPTIONS if mart == "duckdb" else {},
        "uuid": identity(f"database/{mart}"),
        "version": VERSION,
    }
    charts = [chart for measure in measures for chart in (trend(mart, measure), places(mart, measure))]
    charts.append(overview(mart, [measure["measure_id"] for measure in measures]))
    name = f"lda_{mart}"
    files: dict[str, dict[str, Any]] = {
        "metadata.yaml": {"version": VERSION, "type": "Dashboard", "timestamp": "2026-01-01T00:00:00+00:00"},
        f"databases/{name}.yaml": database,
        f"datasets/{name}/{DATASETS[mart]}.yaml": dataset(mart),
        "dashboards/lda_headlines.yaml": dashboard(mart, charts),
    }
    return files | {f"charts/{chart['uuid']}.yaml": chart for chart in charts}


def headline_measures(folder: Path) -> list[dict[str, Any]]:
    """The headline measures that a publication has, in order, in the words of its public dictionary.

    :raises ServingError: when it has none of them.
    """
    known = json.loads((folder / PUBLIC / DICTIONARY).read_text(encoding="utf-8"))["measures"]
    by_id = {measure["measure_id"]: measure for measure in known if measure["status"] == "published"}
    found = [by_id[name] for name in headlines() if name in by_id]
    if not found:
        raise ServingError(f"{folder} publishes none of the headline measures, so there is nothing to show.")
    return found


def identity(name: str) -> str:
    """The UUID of a thing of the bundle: always the same for the same name."""
    return str(uuid.uuid5(NAMESPACE, name))


def write_bundle(path: Path, files: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the bundle as the ZIP that Superset imports; the same files give the same bytes."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            text = yaml.safe_dump(dict(files[name]), sort_keys=False, allow_unicode=True)
            archive.writestr(zipfile.ZipInfo(f"{FOLDER}/{name}"), text.encode())
    path.write_bytes(written.getvalue())


def dataset_sql() -> str:
    """The query of the dataset, read alike by DuckDB and Postgres."""
    picked = ",\n    ".join(f"{source} AS {name}" for name, (source, _) in COLUMNS.items())
    return f"SELECT\n    {picked}\n{SOURCE}"


def dataset(mart: Mart) -> dict[str, Any]:
    """The dataset of every chart."""
    return {
        "table_name": DATASETS[mart],
        "main_dttm_col": TIME,
        "description": "One row per published figure with the names of its measure, area and breakdown.",
        "default_endpoint": None,
        "offset": 0,
        "cache_timeout": None,
        "schema": "published",
        "sql": dataset_sql(),
        "params": None,
        "template_params": None,
        "filter_select_enabled": True,
        "fetch_values_predicate": None,
        "extra": None,
        "uuid": identity(f"dataset/{mart}"),
        "metrics": [
            {
                "metric_name": name,
                "verbose_name": verbose,
                "metric_type": None,
                "expression": expression,
                "description": words,
                "d3format": None,
                "extra": {},
                "warning_text": None,
            }
            for name, (verbose, expression, words) in METRICS.items()
        ],
        "columns": [
            {
                "column_name": name,
                "verbose_name": VERBOSE.get(name) or display_name(name),
                "is_dttm": name == TIME,
                "is_active": True,
                "type": kind,
                "groupby": kind in ("VARCHAR", "DATE", "BOOLEAN"),
                "filterable": True,
                "expression": None,
                "description": None,
                "python_date_format": None,
                "extra": {},
            }
            for name, (_, kind) in COLUMNS.items()
        ],
        "version": VERSION,
        "database_uuid": identity(f"database/{mart}"),
    }


def trend(mart: Mart, measure: Mapping[str, Any]) -> dict[str, Any]:
    """A line over time for each system, with its target."""
    params = {
        "viz_type": "echarts_timeseries_line",
        "x_axis": TIME,
        "time_grain_sqla": "P1M",
        "metrics": list(METRICS),
        # Also with one system: Superset draws several metrics without a group in one colour.
        "groupby": ["geography_name"],
        "adhoc_filters": _filters(measure_id=measure["measure_id"], geography_type="system", breakdown_type="all"),
        "y_axis_format": D3_OF_UNIT.get(measure["unit"], D3_OTHER),
        "connectNulls": False,
        "markerEnabled": True,
        "show_legend": True,
        "row_limit": 10000,
    }
    return _chart(
        mart, f"{measure['name']}: over time", measure["description"], params, f"trend/{measure['measure_id']}"
    )


def places(mart: Mart, measure: Mapping[str, Any]) -> dict[str, Any]:
    """Ranked bars of the places in the latest period."""
    latest = _filters(measure_id=measure["measure_id"], geography_type="place", breakdown_type="all")
    params = {
        "viz_type": "echarts_timeseries_bar",
        "orientation": "horizontal",
        "x_axis": "geography_name",
        "x_axis_sort": "figure",
        "x_axis_sort_asc": True,
        "metrics": ["figure"],
        "groupby": [],
        "adhoc_filters": [*latest, _where("is_latest_period")],
        "y_axis_format": D3_OF_UNIT.get(measure["unit"], D3_OTHER),
        "show_value": True,
        "row_limit": 100,
    }
    return _chart(mart, f"{measure['name']}: places", measure["description"], params, f"places/{measure['measure_id']}")


def overview(mart: Mart, headlines: Sequence[str]) -> dict[str, Any]:
    """A table of every headline measure in the latest period."""
    wanted = {"clause": "WHERE", "expressionType": "SIMPLE", "subject": "measure_id", "operator": "IN"}
    params = {
        "viz_type": "table",
        "query_mode": "raw",
        "all_columns": [
            "measure_name",
            "geography_name",
            "figure_shown",
            "target_shown",
            "target_status",
            "variation",
        ],
        "show_cell_bars": False,
        "order_by_cols": [json.dumps(["measure_sort_order", True])],
        "adhoc_filters": [
            {**wanted, "comparator": list(headlines)},
            *_filters(geography_type="system", breakdown_type="all"),
            _where("is_latest_period"),
        ],
        "row_limit": 1000,
    }
    return _chart(mart, "Headline measures: latest", "The latest published figure of each.", params, "overview")


def _filters(**wanted: str) -> list[dict[str, Any]]:
    return [
        {"clause": "WHERE", "expressionType": "SIMPLE", "subject": name, "operator": "==", "comparator": value}
        for name, value in wanted.items()
    ]


def _where(expression: str) -> dict[str, Any]:
    return {"clause": "WHERE", "expressionType": "SQL", "sqlExpression": expression}


def _chart(mart: Mart, title: str, words: str, params: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {
        "slice_name": title,
        "description": words,
        "certified_by": None,
        "certification_details": None,
        "viz_type": params["viz_type"],
        "params": {**params, "datasource": None},
        "query_context": None,
        "cache_timeout": None,
        "uuid": identity(f"chart/{mart}/{name}"),
        "version": VERSION,
        "dataset_uuid": identity(f"dataset/{mart}"),
    }


def _position(mart: Mart, charts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Where everything stands: the overview first, then for each measure its line and its places side by side."""
    rows = [[charts[-1]], *([charts[n], charts[n + 1]] for n in range(0, len(charts) - 1, 2))]
    position: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
        "GRID_ID": {"type": "GRID", "id": "GRID_ID", "children": [], "parents": ["ROOT_ID"]},
        "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": TITLES[mart]}},
    }
    for number, row in enumerate(rows):
        key = f"ROW-{number}"
        position["GRID_ID"]["children"].append(key)
        position[key] = {
            "type": "ROW",
            "id": key,
            "children": [f"CHART-{chart['uuid']}" for chart in row],
            "parents": ["ROOT_ID", "GRID_ID"],
            "meta": {"background": "BACKGROUND_TRANSPARENT"},
        }
        for chart in row:
            position[f"CHART-{chart['uuid']}"] = {
                "type": "CHART",
                "id": f"CHART-{chart['uuid']}",
                "children": [],
                "parents": ["ROOT_ID", "GRID_ID", key],
                "meta": {
                    # Superset gives its own number in its place, but refuses a chart that has none.
                    "chartId": charts.index(chart) + 1,
                    "width": WIDTH // len(row),
                    "height": HEIGHT,
                    "sliceName": chart["slice_name"],
                    "uuid": chart["uuid"],
                },
            }
    return position


def dashboard(mart: Mart, charts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The dashboard of a mart and its charts."""
    return {
        "dashboard_title": TITLES[mart],
        "description": "What boards read first. Figures are published: small numbers are hidden, others rounded.",
        "css": "",
        "slug": f"lda-headlines-{mart}",
        "certified_by": "",
        "certification_details": "",
        "published": True,
        "uuid": identity(f"dashboard/{mart}"),
        "position": _position(mart, charts),
        "metadata": {
            "color_scheme": "supersetColors",
            "refresh_frequency": 0,
            "cross_filters_enabled": True,
        },
        "version": VERSION,
    }
