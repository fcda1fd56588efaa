"""The semantic layer asks only for what the tables have, and the exposures name what readers use."""

from __future__ import annotations

from scratch_candidate import Candidate


def test_every_expression_of_the_semantic_models_can_be_asked_of_its_table(empty_candidate: Candidate) -> None:
    manifest = empty_candidate.manifest()
    assert manifest["semantic_models"]
    with empty_candidate.read() as connection:
        for model in manifest["semantic_models"].values():
            relation = model["node_relation"]
            parts = [*model["entities"], *model["dimensions"], *model["measures"]]
            expressions = ", ".join(f"({part['expr'] or part['name']})" for part in parts)
            connection.execute(f"SELECT {expressions} FROM {relation['schema_name']}.{relation['alias']}")


def test_metrics_are_made_of_measures_that_exist_and_say_what_they_are(empty_candidate: Candidate) -> None:
    manifest = empty_candidate.manifest()
    measures = {part["name"] for model in manifest["semantic_models"].values() for part in model["measures"]}
    metrics = {metric["name"]: metric for metric in manifest["metrics"].values()}
    assert {"figure", "people_on_register", "people_in_hospital"} <= metrics.keys()
    for metric in metrics.values():
        told = metric["type_params"]
        assert metric["label"]
        assert metric["description"]
        if metric["type"] == "simple":
            assert told["measure"]["name"] in measures
        else:
            assert {told["numerator"]["name"], told["denominator"]["name"]} <= metrics.keys()
            assert metric["config"]["meta"]["format"].endswith("%"), "a ratio is held as 0 to 1 and shown as per cent"


def test_counts_of_people_never_add_up_months(empty_candidate: Candidate) -> None:
    for model in empty_candidate.manifest()["semantic_models"].values():
        for measure in model["measures"]:
            if measure["agg"] == "count_distinct":
                assert measure["non_additive_dimension"]["window_choice"] == "max", measure["name"]


def test_report_postgres_and_dashboard_are_exposures_of_what_they_read(empty_candidate: Candidate) -> None:
    exposures = {one["name"]: one for one in empty_candidate.manifest()["exposures"].values()}
    assert {"report", "postgres_mart", "superset_dashboard"} <= exposures.keys()
    read = set(exposures["superset_dashboard"]["depends_on"]["nodes"])
    names = ("fct_figure", "dim_measure", "dim_geography", "dim_breakdown")
    assert read == {f"model.lda_warehouse.published_{name}" for name in names}
