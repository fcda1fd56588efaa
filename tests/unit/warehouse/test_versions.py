"""A published table that changes its columns: both versions stand side by side, under names that BI users can keep."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from lda.settings import PROJECT_DIR, Settings
from lda.warehouse.transform import TransformError, TransformResult, transform

pytestmark = pytest.mark.slow

PROJECT = {
    "models/published_figure_v1.sql": "{{ config(alias='figure') }} select 'a' as measure, 7::integer as value",
    "models/published_figure_v2.sql": (
        "{{ config(alias='figure') }} select measure as measure_id, value::double as value "
        "from {{ ref('published_figure', v=1) }}"
    ),
    "models/published_total.sql": "{{ config(alias='total') }} select measure_id from {{ ref('published_figure') }}",
    "models/published.yml": """
models:
  - name: published_figure
    description: One row per measure.
    latest_version: LATEST
    config: {contract: {enforced: true}}
    columns:
      - {name: measure_id, data_type: varchar, data_tests: [unique, not_null]}
      - {name: value, data_type: double}
    versions:
      - v: 1
        deprecation_date: 2099-03-31
        columns:
          - {include: all, exclude: [measure_id, value]}
          - {name: measure, data_type: varchar, data_tests: [unique]}
          - {name: value, data_type: integer}
      - v: 2
  - name: published_total
    description: One row per measure.
    columns:
      - name: measure_id
        data_tests:
          - relationships: {arguments: {to: "ref('published_figure', v=2)", field: measure_id}}
""",
}


@pytest.fixture
def project(write_project) -> Settings:
    names = ("macros/generate_alias_name.sql", "macros/generate_schema_name.sql")
    macros = {name: (PROJECT_DIR / "dbt_project" / name).read_text(encoding="utf-8") for name in names}
    return write_project("published", PROJECT | macros)


def build(project: Settings, latest: int) -> tuple[Path, TransformResult]:
    """The tiny project built with a version of the table as the present one."""
    words = project.dbt_dir / "models" / "published.yml"
    words.write_text(PROJECT["models/published.yml"].replace("LATEST", str(latest)))
    database = project.warehouse / f"candidate{latest}.duckdb"
    return database, transform(project, database)


def tables(database: Path) -> dict[str, list[str]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(
            "SELECT table_name, list(column_name || ' ' || data_type ORDER BY ordinal_position) "
            "FROM information_schema.columns WHERE table_schema = 'published' GROUP BY 1 ORDER BY 1"
        ).fetchall()
    return dict(rows)


OLD, NEW = ["measure VARCHAR", "value INTEGER"], ["measure_id VARCHAR", "value DOUBLE"]


def test_the_present_version_bears_the_plain_name_and_the_earlier_one_can_be_kept(project):
    database, built = build(project, 2)
    assert tables(database) == {"figure": NEW, "figure_v1": OLD, "total": ["measure_id VARCHAR"]}
    described = built.descriptions
    assert described["published.figure"][""] == "One row per measure."
    assert described["published.figure_v1"][""] == (
        "One row per measure. Version 1; published.figure is version 2. It is kept until 2099-03-31."
    )
    shaped = built.structure["tables"]
    assert (shaped["published.figure"]["key"], shaped["published.figure_v1"]["key"]) == (["measure_id"], ["measure"])
    assert [one["table"] for one in shaped["published.total"]["relations"]] == ["published.figure"]


def test_a_coming_version_can_be_tried_before_it_takes_the_plain_name(project):
    changed = project.dbt_dir / "models" / "published_total.sql"
    changed.write_text("{{ config(alias='total') }} select measure_id from {{ ref('published_figure', v=2) }}")
    database, built = build(project, 1)
    assert tables(database) == {"figure": OLD, "figure_v2": NEW, "total": ["measure_id VARCHAR"]}
    assert built.descriptions["published.figure_v2"][""].endswith("Version 2; published.figure is version 1.")
    assert [one["table"] for one in built.structure["tables"]["published.total"]["relations"]] == [
        "published.figure_v2"
    ]


def test_a_column_that_changes_without_a_new_version_breaks_its_contract(project):
    (project.dbt_dir / "models" / "published_figure_v1.sql").write_text(
        "{{ config(alias='figure') }} select 'a' as measure, 7.5::double as value"
    )
    with pytest.raises(TransformError, match="published_figure"):
        build(project, 2)
