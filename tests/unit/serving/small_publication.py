"""Publications small enough to make twenty of: a fact and a dimension in each schema, and their dictionary."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

COLUMNS = {
    "mart.dim_person": {"person_key": "VARCHAR", "sex": "VARCHAR", "publication_id": "VARCHAR"},
    "mart.fct_contact": {
        "contact_key": "BIGINT",
        "person_key": "VARCHAR",
        "period_end": "DATE",
        "minutes": "DOUBLE",
        "note": "VARCHAR",
        "is_first": "BOOLEAN",
        "publication_id": "VARCHAR",
    },
    "published.dim_measure": {"measure_id": "VARCHAR", "name": "VARCHAR", "publication_id": "VARCHAR"},
    "published.fct_figure": {
        "measure_id": "VARCHAR",
        "period_end": "DATE",
        "value": "DOUBLE",
        "rank": "INTEGER",
        "publication_id": "VARCHAR",
    },
}
KEYS = {
    "mart.dim_person": (["person_key"], True),
    "mart.fct_contact": (["contact_key"], True),
    "published.dim_measure": (["measure_id"], True),
    "published.fct_figure": (["measure_id", "period_end", "rank"], False),
}
RELATIONS = {
    "mart.fct_contact": [{"column": "person_key", "table": "mart.dim_person", "to": "person_key"}],
    "published.fct_figure": [{"column": "measure_id", "table": "published.dim_measure", "to": "measure_id"}],
}
INDEXES = {"published.fct_figure": [["period_end", "measure_id"]]}
PEOPLE, MEASURES, MONTHS = 20, 6, 4
ROWS = {
    "mart.dim_person": PEOPLE,
    "mart.fct_contact": PEOPLE * MONTHS,
    "published.dim_measure": MEASURES,
    "published.fct_figure": MEASURES * MONTHS,
}


def write_publication(folder: Path, publication_id: str) -> Path:
    """Write ``restricted/`` of a publication whose every row carries its id."""
    restricted = folder / publication_id / "restricted"
    restricted.mkdir(parents=True)
    with duckdb.connect(str(restricted / "lda_mart.duckdb")) as database:
        database.execute(f"""
            CREATE SCHEMA mart; CREATE SCHEMA published;
            CREATE TABLE mart.dim_person AS SELECT 'p' || n AS person_key,
                CASE WHEN n % 2 = 0 THEN 'Female' ELSE 'Male' END AS sex, '{publication_id}' AS publication_id
                FROM range({PEOPLE}) AS people(n);
            CREATE TABLE mart.fct_contact AS SELECT n AS contact_key, 'p' || (n % {PEOPLE}) AS person_key,
                last_day(DATE '2026-01-01' + to_months((n // {PEOPLE})::INTEGER)) AS period_end, n / 7 AS minutes,
                CASE n % 3 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE 'a "quoted", line
of two' END AS note, n % 2 = 0 AS is_first, '{publication_id}' AS publication_id
                FROM range({PEOPLE * MONTHS}) AS contacts(n);
            CREATE TABLE published.dim_measure AS SELECT 'm' || n AS measure_id, 'Measure ' || n AS name,
                '{publication_id}' AS publication_id FROM range({MEASURES}) AS measures(n);
            CREATE TABLE published.fct_figure AS SELECT 'm' || (n % {MEASURES}) AS measure_id,
                last_day(DATE '2026-01-01' + to_months((n // {MEASURES})::INTEGER)) AS period_end, n / 10 AS value,
                NULL::INTEGER AS rank, '{publication_id}' AS publication_id
                FROM range({MEASURES * MONTHS}) AS figures(n);
        """)
    tables = {
        label: {
            "description": f"One row per thing of {label}.",
            "key": KEYS[label][0],
            "key_required": KEYS[label][1],
            "unique": [],
            "relations": RELATIONS.get(label, []),
            "indexes": INDEXES.get(label, []),
            "columns": [
                {"name": name, "type": kind, "description": f"What {name} says; it's about {label}."}
                for name, kind in columns.items()
            ],
        }
        for label, columns in COLUMNS.items()
    }
    (restricted / "dictionary.json").write_text(json.dumps({"publication_id": publication_id, "tables": tables}))
    return folder / publication_id
