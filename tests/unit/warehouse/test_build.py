"""Candidates: their sources, their description, and what dbt makes of them."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import date, datetime

import duckdb
import pytest

from lda.contracts import Pause, Systems, load_systems
from lda.ledger import Ledger
from lda.ledger.records import Submission
from lda.settings import Settings
from lda.warehouse import Candidate, CandidateError, TransformError, open_candidate
from lda.warehouse.build import ledger_rows, remove_candidates, still_needed
from lda.warehouse.load import LEDGER_TABLES, load_lake, load_ledger
from lda.warehouse.transform import transform, without_values

COLUMNS = [("person_token", "VARCHAR"), ("sex", "VARCHAR"), ("register_date", "DATE"), ("_row_number", "BIGINT")]


def lake_file(settings: Settings, name: str, query: str) -> Submission:
    path = settings.lake / "gp" / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    duckdb.sql(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    rows = duckdb.sql(f"SELECT count(*) FROM '{path}'").fetchone()[0]
    day = date(2026, 3, 31)
    return Submission(name, "gp", "Y90001", "llr", day.replace(day=1), day, day, f"gp/{name}.parquet", rows)


def test_lake_tables_have_the_contract_s_columns_whatever_older_files_had(settings):
    sources = [
        lake_file(settings, "new", "SELECT 't1' AS person_token, 'M' AS sex"
            ", DATE '2020-01-01' AS register_date, 1 AS _row_number"),
        lake_file(settings, "old", "SELECT 't2' AS person_token, 2 AS _row_number, 'x' AS dropped_column"),
    ]  # fmt: skip
    with duckdb.connect() as connection:
        load_lake(connection, settings.lake, {"gp": {"gp": COLUMNS}, "ldhc": {"ldhc": COLUMNS}}, sources)
        described = connection.execute("DESCRIBE lake.gp").fetchall()
        rows = connection.execute("FROM lake.gp ORDER BY _row_number").fetchall()
        assert connection.execute("SELECT count(*) FROM lake.ldhc").fetchone() == (0,)
    assert [(name, kind) for name, kind, *_ in described] == COLUMNS
    assert rows == [("t1", "M", date(2020, 1, 1), 1), ("t2", None, None, 2)]


def test_an_accepted_file_that_is_not_in_the_lake_is_named(settings):
    source = lake_file(settings, "gone", "SELECT 't1' AS person_token")
    (settings.lake / source.lake_path).unlink()
    with duckdb.connect() as connection, pytest.raises(CandidateError, match=r"the first gone\.parquet"):
        load_lake(connection, settings.lake, {"gp": {"gp": COLUMNS}}, [source])


@pytest.mark.parametrize(("by", "words"), [(None, "ended for its age"), ("later", "was replaced")])
def test_rows_past_their_retention_are_not_to_be_restored_or_judged_again(settings, by, words):
    source = lake_file(settings, "gone", "SELECT 't1' AS person_token")
    (settings.lake / source.lake_path).unlink()
    ended = replace(source, superseded_at=datetime.fromisoformat("2027-03-15"), superseded_by=by)
    with duckdb.connect() as connection, pytest.raises(CandidateError) as refused:
        load_lake(connection, settings.lake, {"gp": {"gp": COLUMNS}}, [ended])
    assert f"{words} on 2027-03-15; its rows are past their retention" in str(refused.value)
    assert "Run it as of now: lda refresh" in str(refused.value) and "redrive" not in str(refused.value)


def test_ledger_tables_are_typed_also_when_empty():
    with duckdb.connect() as connection:
        run = {
            "run_id": "r",
            "publication_id": "p",
            "period_end": date(2026, 3, 31),
            "as_of": None,
            "code_version": "c",
        }
        load_ledger(connection, {**{name: [] for name in LEDGER_TABLES}, "run": [run]})
        assert connection.execute("SELECT run_id, period_end FROM ledger.run").fetchall() == [("r", date(2026, 3, 31))]
        for table, definition in LEDGER_TABLES.items():
            found = connection.execute(f"DESCRIBE ledger.{table}").fetchall()
            assert [f"{name} {kind}" for name, kind, *_ in found] == definition.split(", ")


def test_a_candidate_s_description_comes_back_and_a_replaced_one_is_told(settings, make_candidate):
    candidate = make_candidate()
    assert Candidate.load(settings, "run-1") == candidate
    with open_candidate(candidate.path) as connection, pytest.raises(duckdb.Error, match="read-only"):
        connection.execute("DELETE FROM mart.measure_value")
    remove_candidates(settings)
    with pytest.raises(CandidateError, match="replaced it"):
        Candidate.load(settings, "run-1")
    assert list(settings.warehouse.glob("*.*")) == []


PROJECT = {
    "macros/schema.sql": "{% macro generate_schema_name(custom, node) %}{{ custom or 'main' }}{% endmacro %}",
    "models/people.sql": "select 1 as person, 'M' as sex",
    "models/people.yml": (
        "models:\n  - name: people\n    description: One row per person.\n    columns:\n"
        "      - {name: person, description: Who., data_tests: [unique]}\n"
    ),
}


@pytest.fixture
def project(write_project) -> Settings:
    return write_project("mart", PROJECT)


def test_the_candidate_of_a_run_whose_steps_go_on_is_kept(settings, ledger, make_candidate):
    for number, run_id in enumerate(("killed", "done", "scheduled", "own")):
        make_candidate(run_id)
        ledger.book.start_run(run_id, "refresh", "llr", datetime.fromisoformat(f"2026-04-20T09:0{number}:00"))
    ledger.book.end_run("done", "succeeded", {}, datetime.fromisoformat("2026-04-20T10:00:00"))
    remove_candidates(settings, still_needed(ledger, "own"))
    assert sorted(path.name for path in settings.warehouse.iterdir()) == ["scheduled.duckdb", "scheduled.json"]


@pytest.mark.slow
def test_dbt_runs_in_process_and_leaves_the_database_free(project):
    database = project.warehouse / "candidate.duckdb"
    for _ in range(2):
        result = transform(project, database)
    assert set(result.seconds) == {"people", "unique_people_person"}
    assert result.descriptions == {"mart.people": {"": "One row per person.", "person": "Who."}}
    with duckdb.connect(str(database), read_only=True) as connection:
        assert connection.execute("FROM mart.people").fetchall() == [(1, "M")]
    assert not (project.dbt_dir / "target").exists()


def test_a_model_that_fails_and_a_data_test_that_fails_are_named_without_values(project):
    model = project.dbt_dir / "models" / "people.sql"
    model.write_text("select 'secret 9434765919'::integer as person")
    with pytest.raises(TransformError, match="model people") as caught:
        transform(project, project.warehouse / "candidate.duckdb")
    assert "secret" not in str(caught.value)
    assert "9434765919" not in str(caught.value)
    model.write_text("select unnest([1, 1]) as person")
    with pytest.raises(TransformError, match="test unique_people_person"):
        transform(project, project.warehouse / "candidate.duckdb")
    model.write_text("select {{ ")
    with pytest.raises(TransformError, match="dbt could not start"):
        transform(project, project.warehouse / "candidate.duckdb")


def test_messages_lose_what_they_quote_from_rows():
    assert without_values("Could not convert string 'LE1 5WW' to INT32\n  at 943476591") == (
        "Could not convert string '…' to INT32 at …"
    )


def test_what_comes_once_a_year_is_due_in_the_months_it_came_in_whenever_other_feeds_began(settings):
    def sent(feed: str, partner: str, end: date) -> Submission:
        moment = datetime.fromisoformat("2026-05-01")
        return Submission("f", feed, partner, "llr", end.replace(day=1), end, moment, "path", 1)

    with closing(Ledger(settings.ledger_address)) as ledger:
        ledger.create()
        expected = [
            {
                row["period_end"]
                for row in ledger_rows(
                    settings,
                    ledger,
                    [sent("dsr", "QK1", first), sent("ons_population", "ONS", date(2025, 3, 31))],
                    {"llr": date(2026, 4, 30)},
                    datetime.fromisoformat("2026-05-01"),
                )["expected_submission"]
                if row["feed"] == "ons_population"
            }
            for first in (date(2024, 4, 30), date(2024, 5, 31))
        ]
    assert expected == [{date(2025, 3, 31), date(2026, 3, 31)}] * 2


def test_what_a_paused_partner_would_have_sent_is_listed_and_marked(settings, monkeypatch):
    pause = Pause(partner="RT5", type="trust", first=date(2026, 2, 1), last=date(2026, 2, 28), reason="New system")
    paused = [replace(one, paused=(pause,)) for one in load_systems(settings)]
    monkeypatch.setattr("lda.warehouse.build.load_systems", lambda _: Systems(tuple(paused)))
    moment = datetime.fromisoformat("2026-05-01")
    sent = Submission("f", "mhsds", "RT5", "llr", date(2026, 1, 1), date(2026, 1, 31), moment, "path", 1)
    with closing(Ledger(settings.ledger_address)) as ledger:
        ledger.create()
        rows = ledger_rows(settings, ledger, [sent], {"llr": date(2026, 3, 31)}, moment)["expected_submission"]
    assert {row["period_end"].month: row["is_paused"] for row in rows} == {1: False, 2: True, 3: False}
