"""Publications: what is written, who may read it, and that nothing but a whole one is ever in force."""

from __future__ import annotations

import csv
import hashlib
import json
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from tiny import UNITS, units

from lda.gates import GateOutcome, GateReport, Unit
from lda.ledger.publications import PublicationBook
from lda.publishing import (
    PublicationError,
    current_publication,
    last_published,
    list_publications,
    one_writer,
    publish,
    rollback,
    verify_folder,
)
from lda.publishing import folder as folder_module
from lda.publishing import release as release_module
from lda.publishing.manifest import files_in, published_units, withheld_units
from lda.publishing.tables import TableError, published_type

pytestmark = pytest.mark.slow


def fingerprint(folder: Path) -> dict[str, tuple[str, int]]:
    """SHA-256 and modification time of every file below a folder."""
    return {
        str(path.relative_to(folder)): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def verdict(*failures: GateOutcome) -> GateReport:
    """What the gates said of a tiny candidate: that it is sound, but for some failures."""
    passed = GateOutcome(suite="keys", code="KEYS-UNIQUE", scope="measure", success=True, detail="Passed.")
    return GateReport((passed, *failures), UNITS)


LOW_COVERAGE = GateOutcome(
    suite="coverage", code="COVERAGE-FLOOR", scope="measure", success=False, measure_id="checks", system_code="llr",
    detail="Fewer than half of the expected partners are in the latest figure.",
)  # fmt: skip
LOST_ROWS = GateOutcome(
    suite="reconciliation_ledger", code="RECONCILE-LAKE", scope="system", success=False, detail="Rows are lost."
)


@pytest.fixture
def release(settings, ledger, make_candidate):
    """Publishes a tiny candidate, with SQL that changes it first and what the gates found."""

    def run(run_id: str = "run-1", *failures: GateOutcome, after: str = ""):
        return publish(settings, ledger, make_candidate(run_id, after=after), verdict(*failures))

    return run


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
    assert manifest["partners"]["gp"]["missing"] == ["Y90003"]
    assert manifest["partners"]["gp"]["stale"] == [{"partner_code": "Y90002", "last_period": "2026-02-28"}]


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


def test_a_system_failure_leaves_the_publication_in_force_byte_for_byte(settings, release):
    before = release()
    marks = fingerprint(before.path)
    with pytest.raises(PublicationError, match="gates stopped"):
        release("run-2", LOST_ROWS)
    assert current_publication(settings).publication_id == before.publication_id
    assert fingerprint(before.path) == marks
    assert sorted(path.name for path in settings.published.iterdir()) == [before.publication_id, "current"]


def test_an_identifier_in_a_public_file_is_caught_although_the_candidate_was_clean(
    settings, ledger, make_candidate, monkeypatch
):
    candidate = make_candidate()
    report = verdict()
    candidate.descriptions["published.measure_value"]["value"] = "Ask about 943 476 5919."
    with pytest.raises(PublicationError, match="NHS number") as caught:
        publish(settings, ledger, candidate, report)
    assert "476" not in str(caught.value)
    assert list(settings.published.iterdir()) == []


@pytest.mark.parametrize("step", ["verify_folder", "switch_to"])
def test_a_crash_before_the_switch_leaves_the_old_publication_and_can_be_repeated(
    settings, ledger, release, make_candidate, monkeypatch, step
):
    before = release()
    marks = fingerprint(before.path)
    candidate = make_candidate("run-2")
    report = verdict()

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(release_module, step, crash)
        publish(settings, ledger, candidate, report)
    assert current_publication(settings).publication_id == before.publication_id
    assert fingerprint(before.path) == marks
    after = publish(settings, ledger, candidate, report)
    assert current_publication(settings).publication_id == after.publication_id
    assert sorted(path.name for path in settings.published.iterdir()) == sorted(
        [before.publication_id, after.publication_id, "current"]
    )
    assert [event["publication_id"] for event in ledger.book.events()] == [before.publication_id, after.publication_id]


def test_publishing_the_same_candidate_twice_changes_nothing(settings, ledger, make_candidate):
    candidate = make_candidate()
    report = verdict()
    first = publish(settings, ledger, candidate, report)
    marks = fingerprint(first.path)
    publish(settings, ledger, candidate, report)
    assert fingerprint(first.path) == marks
    assert len(ledger.book.events()) == len(ledger.book.publications("llr")) == 1


def test_a_reader_who_opened_the_old_publication_goes_on_reading_it(settings, release):
    release()
    path = settings.published / "current" / "restricted" / "lda_mart.duckdb"
    reader = duckdb.connect(str(path.resolve()), read_only=True)
    old = reader.execute("SELECT DISTINCT publication_id FROM published.measure_value").fetchone()
    new = release("run-2").publication_id
    assert reader.execute("SELECT DISTINCT publication_id FROM published.measure_value").fetchone() == old
    reader.close()
    with duckdb.connect(str(path.resolve()), read_only=True) as again:
        assert again.execute("SELECT DISTINCT publication_id FROM published.measure_value").fetchone() == (new,)


def test_roll_back_goes_to_the_publication_before_and_never_to_one_rolled_back_from(settings, ledger, release):
    a, b, c = (release(f"run-{letter}").publication_id for letter in "abc")
    assert rollback(settings).publication_id == b
    assert (settings.published / "current").resolve().name == b
    d = release("run-d").publication_id
    assert rollback(settings).publication_id == b
    assert rollback(settings, to=c).publication_id == c
    assert rollback(settings, to=a).publication_id == a
    listed = {one["publication_id"]: one for one in list_publications(settings)}
    assert set(listed) == {a, b, c, d}
    assert [name for name, one in listed.items() if one["in_force"]] == [a]
    assert [event["event"] for event in listed[b]["events"]] == ["published", "rolled_back_to", "rolled_back_to"]
    assert [line["subject"] for line in ledger.trail("released")] == [a, b, c, d]
    assert [line["subject"] for line in ledger.trail("rolled_back")] == [b, b, c, a]


def test_roll_back_refuses_what_it_cannot_stand_behind(settings, release):
    with pytest.raises(PublicationError, match="no earlier publication"):
        rollback(settings)
    first = release("run-a")
    with pytest.raises(PublicationError, match="no earlier publication"):
        rollback(settings)
    with pytest.raises(PublicationError, match="in force already"):
        rollback(settings, to=first.publication_id)
    second = release("run-b").publication_id
    with pytest.raises(PublicationError, match="There is no publication"):
        rollback(settings, to="../elsewhere")
    (settings.published / "elsewhere").mkdir()
    for wanted in ("current", "elsewhere"):
        with pytest.raises(PublicationError, match=f"There is no publication {wanted}"):
            rollback(settings, to=wanted)
    damaged = first.path / "public" / "measures.csv"
    damaged.chmod(0o644)
    damaged.write_bytes(damaged.read_bytes() + b"x")
    with pytest.raises(PublicationError, match="checksum differs"):
        rollback(settings)
    assert current_publication(settings).publication_id == second


def test_wrong_permissions_are_found(release):
    publication = release()
    (publication.path / "restricted" / "lda_mart.duckdb").chmod(0o444)
    with pytest.raises(PublicationError, match="permissions 444; expected 440"):
        verify_folder(publication.path)


def test_a_second_writer_waits_and_then_says_why(settings, release):
    def second() -> str:
        with pytest.raises(PublicationError, match="Another refresh has been writing") as caught, one_writer(settings):
            pass
        return str(caught.value)

    with one_writer(settings), ThreadPoolExecutor(1) as other:
        assert release().publication_id, "whoever holds the lock may take it again"
        assert "then try again" in other.submit(second).result()
    assert release("run-2").publication_id


def test_a_withheld_measure_is_compared_with_the_last_publication_that_published_it(settings, ledger, release):
    first = release("run-a")
    second = release("run-b", LOW_COVERAGE)
    compared = {earlier.path.parents[1].name: earlier.units for earlier in last_published(settings, ledger)}
    assert compared == {
        second.publication_id: frozenset(units("inpatients", "register")),
        first.publication_id: frozenset(units("checks")),
    }


def test_types_that_bi_tools_cannot_read_are_replaced_or_refused():
    assert published_type("t.c", "HUGEINT") == "BIGINT"
    assert published_type("t.c", "ENUM('a', 'b')") == "VARCHAR"
    assert published_type("t.c", "DECIMAL(18,3)") == "DECIMAL(18,3)"
    for kind in ("VARCHAR[]", "STRUCT(a INTEGER)", "MAP(VARCHAR, INTEGER)"):
        with pytest.raises(TableError, match=r"t\.c is of type"):
            published_type("t.c", kind)


def test_an_unfinished_folder_is_closed_to_others_while_it_is_written(settings, ledger, make_candidate, monkeypatch):
    candidate = make_candidate()
    report = verdict()
    modes = []

    def look(folder: Path, *_: object) -> None:
        modes.append(stat.S_IMODE(folder.parent.stat().st_mode))
        raise PublicationError("stop here")

    monkeypatch.setattr(folder_module, "write_figures", look)
    with pytest.raises(PublicationError, match="stop here"):
        publish(settings, ledger, candidate, report)
    assert modes == [0o700]
    assert list(settings.published.iterdir()) == []


def test_the_audit_trail_names_who_released_also_when_they_were_stopped_after_the_switch(
    settings, ledger, make_candidate, monkeypatch
):
    monkeypatch.setattr(folder_module, "write_report", lambda *_: [])

    def stop(*_: object) -> None:
        raise OSError("power cut")

    candidate = make_candidate("run-1")
    with monkeypatch.context() as patched, pytest.raises(OSError, match="power cut"):
        patched.setattr(PublicationBook, "record_release", stop)
        publish(settings, ledger, candidate, verdict(), actor="analyst.one")
    publish(settings, ledger, candidate, verdict(), actor="analyst.one")
    earlier = replace(make_candidate("run-2"), as_of=candidate.as_of - timedelta(days=1))
    publish(settings, ledger, earlier, verdict(), actor="analyst.two")
    monkeypatch.setenv("LDA_ACTOR", "the schedule")
    publish(settings, ledger, make_candidate("run-3"), verdict())
    lines = [(line["action"], line["actor"]) for line in ledger.trail()]
    assert lines == [("released", "analyst.one"), ("released_beside", "analyst.two"), ("released", "the schedule")]
