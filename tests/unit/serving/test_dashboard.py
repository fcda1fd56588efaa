"""The Superset bundle holds together, and its dataset can be asked of the tables that are published."""

from __future__ import annotations

import json
import uuid
import zipfile
from pathlib import Path

import duckdb
import pytest
import yaml

from lda.reporting.alerts.watch import headlines
from lda.serving import ServingError
from lda.serving.dashboard import (
    COLUMNS,
    FOLDER,
    METRICS,
    bundle,
    dataset_sql,
    headline_measures,
    mart_uri,
    shown,
    write_bundle,
)
from lda.settings import Settings

MEASURES = [
    {"measure_id": "uptake", "name": "Uptake", "unit": "proportion", "description": "The share."},
    {"measure_id": "people", "name": "People", "unit": "count", "description": "How many."},
    {"measure_id": "wait", "name": "Wait", "unit": "days", "description": "How long."},
]
URIS = {
    "postgres": "postgresql+psycopg2://lda_reader:open-sesame@127.0.0.1:5433/lda",
    "duckdb": "duckdb:////data/published/current/public/lda_public.duckdb",
}
# Keys that Superset's importer asks of each kind of file, and refuses the bundle without.
REQUIRED = {
    "databases": {"database_name", "sqlalchemy_uri", "uuid", "version"},
    "datasets": {"table_name", "columns", "metrics", "uuid", "version", "database_uuid"},
    "charts": {"slice_name", "viz_type", "params", "uuid", "version", "dataset_uuid"},
    "dashboards": {"dashboard_title", "position", "metadata", "uuid", "version"},
}


@pytest.fixture(params=["postgres", "duckdb"])
def files(request, tmp_path) -> dict[str, dict]:
    """The bundle as Superset would read it from the ZIP."""
    path = tmp_path / "bundle.zip"
    write_bundle(path, bundle(request.param, URIS[request.param], MEASURES))
    with zipfile.ZipFile(path) as archive:
        assert {name.split("/")[0] for name in archive.namelist()} == {FOLDER}
        return {name.removeprefix(f"{FOLDER}/"): yaml.safe_load(archive.read(name)) for name in archive.namelist()}


def of_kind(files: dict[str, dict], kind: str) -> list[dict]:
    return [contents for name, contents in files.items() if name.startswith(f"{kind}/")]


def test_every_file_has_what_the_importer_asks_for(files):
    assert files["metadata.yaml"]["type"] == "Dashboard"
    assert files["metadata.yaml"]["version"] == "1.0.0"
    for kind, required in REQUIRED.items():
        found = of_kind(files, kind)
        assert found, kind
        for contents in found:
            assert required <= contents.keys(), kind
            assert uuid.UUID(contents["uuid"])
            assert contents["version"] == "1.0.0"
    identities = [contents["uuid"] for kind in REQUIRED for contents in of_kind(files, kind)]
    assert len(identities) == len(set(identities))


def test_dashboard_charts_dataset_and_database_are_tied_together(files):
    (database,), (dataset,), (dashboard,) = (of_kind(files, kind) for kind in ("databases", "datasets", "dashboards"))
    charts = {chart["uuid"]: chart for chart in of_kind(files, "charts")}
    assert dataset["database_uuid"] == database["uuid"]
    assert {chart["dataset_uuid"] for chart in charts.values()} == {dataset["uuid"]}
    position = dashboard["position"]
    shown = {one["meta"]["uuid"]: one for key, one in position.items() if key.startswith("CHART-")}
    assert shown.keys() == charts.keys()
    for key, one in position.items():
        if isinstance(one, dict):
            assert one["id"] == key
            assert all(child in position for child in one.get("children", []))
    rows = [position[key] for key in position["GRID_ID"]["children"]]
    assert {child for row in rows for child in row["children"]} == {one["id"] for one in shown.values()}
    assert all(sum(position[child]["meta"]["width"] for child in row["children"]) <= 12 for row in rows)


def test_charts_ask_only_for_columns_and_metrics_that_the_dataset_has(files):
    (dataset,) = of_kind(files, "datasets")
    columns = {column["column_name"] for column in dataset["columns"]}
    metrics = {metric["metric_name"] for metric in dataset["metrics"]}
    assert dataset["main_dttm_col"] in columns
    for chart in of_kind(files, "charts"):
        params = chart["params"]
        assert params["viz_type"] == chart["viz_type"]
        asked = {*params.get("groupby", []), *params.get("all_columns", []), params.get("x_axis", "metric_time")}
        asked |= {one["subject"] for one in params["adhoc_filters"] if one["expressionType"] == "SIMPLE"}
        asked |= {one["sqlExpression"] for one in params["adhoc_filters"] if one["expressionType"] == "SQL"}
        assert asked <= columns, chart["slice_name"]
        assert set(params.get("metrics", [])) <= metrics, chart["slice_name"]
        measures = [one["comparator"] for one in params["adhoc_filters"] if one.get("subject") == "measure_id"]
        assert measures, "a chart of all measures together would mix units"


def test_every_headline_has_a_line_and_its_places_in_its_own_format(files):
    charts = {chart["slice_name"]: chart["params"] for chart in of_kind(files, "charts")}
    for measure, shown_as in zip(MEASURES, (".1%", ",.0f", ",.1f"), strict=True):
        for view in ("over time", "places"):
            assert charts[f"{measure['name']}: {view}"]["y_axis_format"] == shown_as


def test_a_table_of_several_units_shows_each_in_its_own():
    rows = "(VALUES (1, 0.74797, 'proportion'), (2, 1.0, 'proportion'), (3, 1234.0, 'count'), (4, 13.26, 'days'), "
    rows += "(5, NULL, 'count')) AS t(n, value, unit)"
    with duckdb.connect() as connection:
        query = (
            f"SELECT {shown('m.value', chr(39) + 'hidden' + chr(39))} FROM {rows.replace(' AS t', ' AS m')} ORDER BY n"
        )
        assert [row[0] for row in connection.execute(query).fetchall()] == ["74.8%", "100.0%", "1234", "13.3", "hidden"]


def test_no_password_is_shipped_and_the_file_is_opened_closed_to_the_host():
    postgres = of_kind(bundle("postgres", URIS["postgres"], MEASURES), "databases")[0]
    assert postgres["sqlalchemy_uri"] == "postgresql+psycopg2://lda_reader:XXXXXXXXXX@127.0.0.1:5433/lda"
    duckdb_file = of_kind(bundle("duckdb", URIS["duckdb"], MEASURES), "databases")[0]
    assert duckdb_file["sqlalchemy_uri"] == URIS["duckdb"]
    assert duckdb_file["extra"]["engine_params"]["connect_args"] == {
        "read_only": True,
        "config": {"enable_external_access": "false", "lock_configuration": "true"},
    }


def test_the_mart_is_where_the_settings_say_and_never_with_the_publishers_login():
    published = Path("/data/published")
    assert mart_uri("duckdb", published, None) == URIS["duckdb"]
    for dsn in ("postgresql://lda_owner:secret@db.example.org:5433/mart", "host=db.example.org port=5433 dbname=mart"):
        assert mart_uri("postgres", published, dsn) == (
            "postgresql+psycopg2://lda_reader:XXXXXXXXXX@db.example.org:5433/mart"
        )
    assert mart_uri("postgres", published, None).endswith("@localhost:5432/lda")


def test_superset_can_import_both_marts_into_one_installation():
    """Watched in a running Superset: a chart without a number or two datasets of one name end the import."""
    both = [bundle(mart, URIS[mart], MEASURES) for mart in ("postgres", "duckdb")]
    names = [one["table_name"] for files in both for one in of_kind(files, "datasets")]
    slugs = [one["slug"] for files in both for one in of_kind(files, "dashboards")]
    assert len(set(names)) == len(set(slugs)) == 2
    assert not {one["uuid"] for one in of_kind(both[0], "charts")} & {one["uuid"] for one in of_kind(both[1], "charts")}
    for files in both:
        position = of_kind(files, "dashboards")[0]["position"]
        numbers = [one["meta"]["chartId"] for key, one in position.items() if key.startswith("CHART-")]
        assert len(set(numbers)) == len(numbers) == len(of_kind(files, "charts"))


def test_the_same_bundle_has_the_same_bytes(tmp_path):
    for name in ("one.zip", "two.zip"):
        write_bundle(tmp_path / name, bundle("duckdb", URIS["duckdb"], MEASURES))
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_the_dataset_reads_the_columns_that_the_star_promises():
    """Tables with the columns, and types, that the star's models promise: the query runs and gives what it says."""
    folder = Settings().dbt_dir / "models" / "marts" / "published"
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA published")
        for name in ("fct_figure", "dim_measure", "dim_geography", "dim_breakdown"):
            (model,) = yaml.safe_load((folder / f"published_{name}.yml").read_text())["models"]
            columns = ", ".join(f"{one['name']} {one['data_type']}" for one in model["columns"])
            connection.execute(f"CREATE TABLE published.{name} ({columns})")
        described = connection.execute(f"DESCRIBE {dataset_sql()}").fetchall()
        metrics = ", ".join(expression for _, expression, _ in METRICS.values())
        connection.execute(f"SELECT {metrics} FROM ({dataset_sql()})")
    assert {name: kind for name, kind, *_ in described} == {name: kind for name, (_, kind) in COLUMNS.items()}


def test_the_measures_are_the_headlines_that_the_publication_has(tmp_path):
    known = [
        {"measure_id": name, "status": status}
        for name, status in ((headlines()[1], "published"), (headlines()[0], "published"), (headlines()[2], "withheld"))
    ]
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "dictionary.json").write_text(json.dumps({"measures": known}))
    assert [one["measure_id"] for one in headline_measures(tmp_path)] == headlines()[:2]
    (tmp_path / "public" / "dictionary.json").write_text(json.dumps({"measures": known[2:]}))
    with pytest.raises(ServingError, match="none of the headline measures"):
        headline_measures(tmp_path)
