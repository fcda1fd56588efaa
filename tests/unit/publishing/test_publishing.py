"""Publications: what is written, and who may read it."""

from __future__ import annotations

import csv
import hashlib
import json
import stat
from dataclasses import replace

import duckdb
import pytest
from tiny import UNITS
from verdicts import LOW_COVERAGE

from lda.gates import GateReport, Unit
from lda.publishing import (
    list_publications,
    publish,
    verify_folder,
)
from lda.publishing.manifest import files_in, published_units, withheld_units

pytestmark = pytest.mark.slow


def test_a_publication_holds_what_its_manifest_says(release):
    publication = release()
    manifest = verify_folder(publication.path)
    assert "public/report/index.html" in manifest["files_out"]
    assert sorted(name for name in manifest["files_out"] if not name.startswith("public/report/")) == [
        "public/dictionary.html",
        "public/dictionary.json",
        "public/lda_public.duckdb",
        "public/measures.csv",
        "public/measures.parquet",
        "restricted/dictionary.json",
        "restricted/lda_mart.duckdb",
    ]
    for name, described in manifest["files_out"].items():
        path = publication.path / name
        assert hashlib.sha256(path.read_bytes()).hexdigest() == described["sha256"]
        assert path.stat().st_size == described["size_bytes"]
    assert manifest["row_accounts"]["total"] == {"received": 12, "accepted": 10, "quarantined": 1, "repeated": 1}
    assert manifest["files_by_status"] == {"accepted": 2, "rejected": 1}
    assert manifest["files_in"]["gp"]["file_ids"] == ["f1", "f2"]
    assert manifest["measures"] == ["checks", "inpatients", "register"]
    assert manifest["measures_by_system"] == {"llr": ["checks", "inpatients", "register"]}
    assert manifest["withheld_measures"] == []
    assert manifest["gates"]["failed_system"] == 0
    assert (manifest["period_end"], manifest["periods"]) == ("2026-03-31", {"llr": "2026-03-31"})
    assert manifest["partners"]["gp"]["missing"] == ["Y90003"]
    assert manifest["partners"]["gp"]["stale"] == [{"partner_code": "Y90002", "last_period": "2026-02-28"}]


def test_each_partner_is_held_to_the_latest_period_that_its_own_system_expects(release):
    """One of a system that is a month behind has sent all that it owes, and one of the same system has not."""
    of_a_late_system = """
        INSERT INTO ledger.expected_submission VALUES
            ('gp', 'Y80001', 'leeds', DATE '2026-02-28', false), ('gp', 'Y80002', 'leeds', DATE '2026-02-28', false);
        INSERT INTO ledger.submission VALUES
            ('f8', 'gp', 'Y80001', DATE '2026-02-28', 0), ('f9', 'gp', 'Y80002', DATE '2026-01-31', 0);
    """
    told = verify_folder(release("run-1", after=of_a_late_system).path)["partners"]["gp"]
    assert (told["period_end"], told["expected"], told["missing"]) == ("2026-03-31", 5, ["Y90003"])
    assert told["stale"] == [
        {"partner_code": "Y80002", "last_period": "2026-01-31"},
        {"partner_code": "Y90002", "last_period": "2026-02-28"},
    ]  # fmt: skip


def test_opt_outs_are_told_as_the_rule_for_small_numbers_lets_them(release):
    told = verify_folder(release("run-1").path)["opt_outs"]
    assert told == {"lists": {"QK1": "2026-03-31"}, "people_removed": 10, "rows_removed": 30}
    few = "UPDATE ledger.opt_out SET people_removed = 4"
    told = verify_folder(release("run-2", after=few).path)["opt_outs"]
    assert told == {"lists": {"QK1": "2026-03-31"}, "people_removed": None, "rows_removed": None}


def test_neither_rows_nor_hashes_of_an_opt_out_list_are_told(make_candidate):
    candidate = make_candidate()
    sources = [replace(candidate.inputs[0], feed="opt_out"), *candidate.inputs]
    told = files_in(replace(candidate, inputs=tuple(sources)), {"opt_out", "never sent"})
    assert told["opt_out"] == {"files": 1, "first_period": "2026-03-31", "last_period": "2026-03-31"}
    assert told["gp"]["rows_accepted"] == 10


def test_public_and_restricted_files_hold_their_own_schemas_with_words_on_every_column(release):
    publication = release()
    schemas = {
        "public/lda_public.duckdb": {"published"},
        "restricted/lda_mart.duckdb": {"mart", "published"},
    }
    for name, expected in schemas.items():
        with duckdb.connect(str(publication.path / name), read_only=True) as database:
            tables = database.execute("SELECT schema_name, comment FROM duckdb_tables()").fetchall()
            columns = database.execute(
                "SELECT comment, data_type FROM duckdb_columns() WHERE schema_name IN ('mart', 'published')"
            ).fetchall()
            identifiers = database.execute("SELECT DISTINCT publication_id FROM published.measure_value").fetchall()
        assert {schema for schema, _ in tables} == expected
        assert all(comment for _, comment in tables)
        assert all(comment for comment, _ in columns)
        assert not {kind for _, kind in columns} & {"HUGEINT", "UBIGINT", "UUID"}
        assert identifiers == [(publication.publication_id,)]


def test_permissions_follow_the_split(release):
    folder = release().path
    modes = {str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}
    assert modes["public"] == 0o755
    assert modes.pop("public/report") == modes.pop("public/report/data") == 0o755
    assert modes["restricted"] == 0o750
    assert modes["publication.json"] == 0o444
    assert {mode for name, mode in modes.items() if name.startswith("public/")} == {0o444}
    assert {mode for name, mode in modes.items() if name.startswith("restricted/")} == {0o440}


def test_the_csv_opens_in_excel_and_runs_no_formula(release):
    publication = release(
        after="UPDATE published.measure_value SET geography_name = '=1+1' WHERE geography_code = 'E06000016';"
        "UPDATE published.measure_value SET geography_name = ' @SUM(A1)' WHERE geography_code = 'E10000018';"
        "UPDATE published.measure_value SET geography_name = '-2+3' WHERE geography_code = 'QK1'"
    )
    raw = (publication.path / "public" / "measures.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(raw.decode("utf-8-sig").splitlines()))
    assert {row["geography_name"] for row in rows} == {"'=1+1", "' @SUM(A1)", "'-2+3"}
    assert {row["period_end"] for row in rows} == {"2026-02-28", "2026-03-31"}
    written = duckdb.sql(f"FROM '{publication.path}/public/measures.parquet'").fetchall()
    assert len(written) == len(rows) == 18


def test_a_withheld_measure_is_absent_from_what_is_published_and_named(release):
    publication = release("run-1", LOW_COVERAGE)
    with duckdb.connect(str(publication.path / "restricted" / "lda_mart.duckdb"), read_only=True) as database:
        shown = database.execute("SELECT DISTINCT measure_id FROM published.measure_value ORDER BY 1").fetchall()
        kept = database.execute("SELECT count(*) FROM mart.measure_value WHERE measure_id = 'checks'").fetchone()
    assert shown == [("inpatients",), ("register",)]
    assert kept == (6,)
    text = (publication.path / "public" / "measures.csv").read_text("utf-8-sig")
    assert "checks" not in text
    (withheld,) = publication.manifest["withheld_measures"]
    assert (withheld["measure_id"], withheld["system_code"]) == ("checks", "llr")
    assert "Fewer than half of the expected partners" in withheld["reasons"][0]
    dictionary = json.loads((publication.path / "public" / "dictionary.json").read_text())
    assert {one["measure_id"]: one["status"] for one in dictionary["measures"]}["checks"] == "withheld"


BESIDE = """
    INSERT INTO mart.measure_value SELECT * REPLACE ('other' AS system_code) FROM mart.measure_value
    WHERE measure_id = 'checks';
    INSERT INTO published.measure_value SELECT * REPLACE ('other' AS system_code) FROM published.measure_value
    WHERE measure_id = 'checks';
    CREATE TABLE published.measure_gap AS SELECT measure_id, system_code, value / 2 AS gap FROM published.measure_value
"""


def test_what_is_withheld_of_one_system_is_in_no_table_and_the_other_keeps_its_own(settings, ledger, make_candidate):
    report = GateReport((LOW_COVERAGE,), (*UNITS, Unit("checks", "other")))
    publication = publish(settings, ledger, make_candidate(after=BESIDE), report)
    wanted = {("checks", "other"), ("inpatients", "llr"), ("register", "llr")}
    for path in ("public/lda_public.duckdb", "restricted/lda_mart.duckdb"):
        with duckdb.connect(str(publication.path / path), read_only=True) as database:
            for table in ("measure_value", "measure_gap"):
                query = f"SELECT DISTINCT measure_id, system_code FROM published.{table}"
                assert set(database.execute(query).fetchall()) == wanted, (path, table)
    manifest = publication.manifest
    assert published_units(manifest) == {Unit(*one) for one in wanted}
    assert list(withheld_units(manifest)) == [Unit("checks", "llr")]
    assert manifest["measures"] == ["checks", "inpatients", "register"]
    dictionary = json.loads((publication.path / "public" / "dictionary.json").read_text())
    (checks,) = (one for one in dictionary["measures"] if one["measure_id"] == "checks")
    assert (checks["status"], list(checks["withheld_because"])) == ("published", ["llr"])
    assert list_publications(settings)[0]["withheld"] == ["llr/checks"]


def test_a_publication_from_before_withholding_was_by_system_is_read_as_it_was():
    manifest = {
        "system_code": "leeds,llr",
        "measures": ["a"],
        "withheld_measures": [{"measure_id": "b", "reasons": []}],
    }
    assert published_units(manifest) == {Unit("a", "leeds"), Unit("a", "llr")}
    assert set(withheld_units(manifest)) == {Unit("b", "leeds"), Unit("b", "llr")}


def test_the_dictionary_can_be_read_as_a_page(release):
    folder = release("run-1", LOW_COVERAGE, after="UPDATE published.measure_definition SET name = 'A < B & C'").path
    dictionary = json.loads((folder / "public" / "dictionary.json").read_text())
    page = (folder / "public" / "dictionary.html").read_text()
    assert "A &lt; B &amp; C" in page
    assert "A < B" not in page
    for measure in dictionary["measures"]:
        assert f'id="measure-{measure["measure_id"]}"' in page
    for table in dictionary["tables"].values():
        assert all(f"<code>{column['name']}</code>" in page for column in table["columns"])
    assert page.count("Withheld from this publication") == 1
    assert "://" not in page, "the page needs nothing from elsewhere"


def test_each_measure_has_an_example_worked_out_from_its_own_figures(release):
    dictionary = json.loads((release().path / "public" / "dictionary.json").read_text())
    examples = {measure["measure_id"]: measure["worked_example"] for measure in dictionary["measures"]}
    assert examples == {
        "register": "The QK1, March 2026: 105 counted",
        "checks": "The QK1, March 2026: 35 ÷ 90 = 0.389 (38.9%)",
        "inpatients": "The QK1, March 2026: 45 ÷ 1,040,000 × 1,000,000 = 43.3 per million people",
    }


def test_analysts_have_a_dictionary_of_both_schemas(release):
    tables = json.loads((release().path / "restricted" / "dictionary.json").read_text())["tables"]
    assert set(tables) == {
        "mart.measure_contribution", "mart.measure_value", "published.measure_definition", "published.measure_value",
    }  # fmt: skip
    assert tables["mart.measure_value"]["sensitivity"].startswith("Restricted")
    assert tables["published.measure_value"]["sensitivity"].startswith("Public")
    for table in tables.values():
        assert table["columns"][-1]["name"] == "publication_id" or "publication_id" in [
            column["name"] for column in table["columns"]
        ]


def test_the_dictionary_describes_every_published_column_and_no_other(release):
    dictionary = json.loads((release().path / "public" / "dictionary.json").read_text())
    assert set(dictionary["tables"]) == {"measure_value", "measure_definition"}
    columns = dictionary["tables"]["measure_value"]["columns"]
    assert {
        "name": "period_end",
        "display_name": "Period end",
        "type": "DATE",
        "format": "yyyy-mm-dd",
        "description": "The period_end.",
    } in columns
    assert all(column["description"] for column in columns)
