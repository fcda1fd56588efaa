"""The dbt project keeps its promises: it builds from nothing, every rule is proved, every column is described."""

from __future__ import annotations

import csv
import re

import pytest
from scratch_candidate import Candidate, failures

# The interfaces of published figures and their definitions, column by column.
MEASURE_VALUE = """
    measure_id system_code geography_type geography_code geography_name breakdown_type breakdown_value period_end
    period_start is_latest_period numerator denominator value unit lower_95 upper_95 target target_status spc_mean
    spc_lower_limit spc_upper_limit spc_point_type variation assurance national_rank coverage suppression publication_id
"""
MEASURE_DEFINITION = """
    measure_id name description theme unit better_is numerator_definition denominator_definition source owner refresh
    version
"""
PROJECT_SCHEMAS = ("staging", "intermediate", "direct_care", "mart", "published")
# What Spark or Postgres lacks, or reads differently (docs/decisions.md); each such need has a dispatched macro.
NOT_PORTABLE = re.compile(
    r"\b(qualify|group\s+by\s+all|asof|current_date)\b"
    r"|\b(try_cast|arg_max|arg_min|max_by|min_by|median|quantile_cont|last_day|strftime|string_agg|list_\w+|unnest"
    r"|generate_series|regexp_matches|sha256|exclude|datediff|date_diff)\s*\(",
    re.IGNORECASE,
)


def seed(candidate: Candidate, name: str) -> list[dict[str, str]]:
    """Rows of a reference seed."""
    with (candidate.settings.reference_dir / f"{name}.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert rows
    return rows


def catalogue(candidate: Candidate) -> list[str]:
    """Ids of the measures of the catalogue."""
    return [row["measure_id"] for row in seed(candidate, "measure_catalogue")]


def derived(candidate: Candidate) -> set[str]:
    """Ids of the measures that are made of the figures of others."""
    rows = seed(candidate, "measure_catalogue")
    return {row["measure_id"] for row in rows if row["aggregation"] == "derived"}


def test_an_empty_lake_builds_and_publishes_no_figure(empty_candidate: Candidate) -> None:
    with empty_candidate.read() as connection:
        assert connection.execute("SELECT count(*) FROM published.measure_value").fetchone() == (0,)
        defined = connection.execute("SELECT measure_id FROM published.measure_definition").fetchall()
        assert sorted(measure for (measure,) in defined) == sorted(catalogue(empty_candidate))
        assert connection.execute("SELECT person_key FROM mart.dim_person").fetchall() == [("-1",)]


def test_what_counts_up_or_looks_back_over_a_year_has_no_control_chart(empty_candidate: Candidate) -> None:
    """Neighbouring points share months, which an XmR chart takes for a process that hardly varies."""
    nodes = empty_candidate.manifest()["nodes"].values()
    contributions = {node["name"]: node for node in nodes if node["name"].startswith("contribution_")}
    looks_back = {
        name.removeprefix("contribution_")
        for name, node in contributions.items()
        if "rolling" in node["raw_code"]
        or any(one.endswith(".int_inpatient_stay_year") for one in node["depends_on"]["nodes"])
    }
    assert len(looks_back) >= 5
    rows = seed(empty_candidate, "measure_catalogue")
    counts_up = {row["measure_id"] for row in rows if row["year_to_date"] == "true"}
    charted = {row["measure_id"] for row in rows if row["spc"] == "true"}
    assert charted and counts_up and not charted & (looks_back | counts_up)


def test_every_unit_test_passes(empty_candidate: Candidate) -> None:
    result = empty_candidate.dbt("test", "--select", "test_type:unit")
    assert failures(result) == []
    ran = {outcome.node.unique_id for outcome in result.result.results}
    assert ran == set(empty_candidate.manifest()["unit_tests"])


def test_every_measure_of_the_catalogue_has_a_contribution_model_and_a_unit_test(empty_candidate: Candidate) -> None:
    manifest = empty_candidate.manifest()
    models = {node["name"] for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    proved = {test["model"] for test in manifest["unit_tests"].values()}
    union = next(n for n in manifest["nodes"].values() if n["name"] == "measure_contribution")["depends_on"]["nodes"]
    for measure in set(catalogue(empty_candidate)) - derived(empty_candidate):
        model = f"contribution_{measure}"
        assert model in models, f"measure {measure} has no model {model}"
        assert model in proved, f"{model} has no unit test"
        assert f"model.lda_warehouse.{model}" in union, f"measure_contribution leaves out {model}"


def test_every_derived_measure_says_how_it_is_made_and_each_way_is_proved(empty_candidate: Candidate) -> None:
    made = {row["measure_id"]: row["derivation"] for row in seed(empty_candidate, "measure_derivation")}
    assert made.keys() == derived(empty_candidate)
    proved = {
        row["derivation"]
        for test in empty_candidate.manifest()["unit_tests"].values()
        if test["model"] == "int_derived_figure"
        for given in test["given"]
        if given["input"] == "ref('stg_measure_derivation')"
        for row in given["rows"]
    }
    assert set(made.values()) <= proved


def test_every_model_says_its_grain_and_describes_every_column(empty_candidate: Candidate) -> None:
    with empty_candidate.read() as connection:
        rows = connection.execute(
            "SELECT table_schema || '.' || table_name, column_name FROM information_schema.columns "
            f"WHERE table_schema IN {PROJECT_SCHEMAS}"
        ).fetchall()
    built: dict[str, set[str]] = {}
    for table, column in rows:
        built.setdefault(table, set()).add(column)
    models = [node for node in empty_candidate.manifest()["nodes"].values() if node["resource_type"] == "model"]
    complaints = []
    for model in models:
        if not re.match(r"One row\b", model["description"]):
            complaints.append(f"{model['name']} does not begin with its grain")
        described = {name for name, column in model["columns"].items() if column["description"].strip()}
        undescribed = built[f"{model['schema']}.{model['alias']}"] - described
        complaints += [f"{model['name']}.{column} is not described" for column in sorted(undescribed)]
    assert complaints == []


@pytest.mark.parametrize("folder", ["marts/core", "marts/measures", "marts/published"])
def test_contracts_are_enforced_on_every_mart(empty_candidate: Candidate, folder: str) -> None:
    models = [
        node
        for node in empty_candidate.manifest()["nodes"].values()
        if node["resource_type"] == "model" and f"models/{folder}" in node["original_file_path"]
    ]
    assert models
    assert [model["name"] for model in models if not model["config"]["contract"]["enforced"]] == []


def test_every_seed_column_is_described_and_typed(empty_candidate: Candidate) -> None:
    seeds = [node for node in empty_candidate.manifest()["nodes"].values() if node["resource_type"] == "seed"]
    complaints = []
    for seed in seeds:
        with (empty_candidate.settings.dbt_dir / seed["original_file_path"]).open() as file:
            header = next(csv.reader(file))
        described = {name for name, column in seed["columns"].items() if column["description"]}
        complaints += [f"{seed['name']}.{c} is not described" for c in header if c not in described]
        complaints += [f"{seed['name']}.{c} has no type" for c in header if c not in seed["config"]["column_types"]]
    assert complaints == []


def test_models_use_only_sql_that_every_engine_reads_alike(empty_candidate: Candidate) -> None:
    found = []
    for path in sorted((empty_candidate.settings.dbt_dir / "models").rglob("*.sql")):
        sql = re.sub(r"--[^\n]*|\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", "", path.read_text(), flags=re.DOTALL)
        found += [f"{path.name}: {match.group()}" for match in NOT_PORTABLE.finditer(sql)]
        found += [f"{path.name}: double-quoted {name}" for name in re.findall(r'"\w+"', sql)]
    assert found == []


def test_the_published_interface_has_its_columns_in_order(empty_candidate: Candidate) -> None:
    with empty_candidate.read() as connection:

        def columns(table: str) -> list[str]:
            return [row[0] for row in connection.execute(f"DESCRIBE {table}").fetchall()]

        assert columns("published.measure_value") == MEASURE_VALUE.split()
        assert columns("mart.measure_value") == MEASURE_VALUE.split()
        assert columns("published.measure_definition") == MEASURE_DEFINITION.split()
