"""The whole journey, by the real DAGs, against answers worked out by the generator and not by the warehouse."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import sqlite3
from collections import Counter, defaultdict
from pathlib import Path

import duckdb
import pytest

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).resolve().parents[2]
KEY = "measure_id, geography_type, geography_code, breakdown_type, breakdown_value, period_end"


@pytest.fixture(scope="module")
def current(journey) -> Path:
    return journey.settings.published / "current"


@pytest.fixture(scope="module")
def mart(current):
    with duckdb.connect(str(current / "restricted" / "lda_mart.duckdb"), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def manifest(current) -> dict:
    return json.loads((current / "publication.json").read_text(encoding="utf-8"))


def fingerprint(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def number(text: str) -> float | None:
    return float(text) if text else None


def test_every_measure_place_and_month_agrees_with_the_truth(journey, mart):
    truth = {
        tuple(row[name.strip()] for name in KEY.split(",")): (
            number(row["numerator"]),
            number(row["denominator"]),
            None if row["numerator"] else round(float(row["value"]), 6),
        )
        for row in journey.truth("measures")
    }
    found = {
        tuple(str(part) for part in row[:6]): (
            None if row[6] is None else float(row[6]),
            None if row[7] is None else float(row[7]),
            # A sum, mean or median has no numerator and is itself the figure.
            None if row[6] is not None or row[8] is None else round(row[8], 6),
        )
        for row in mart.execute(f"select {KEY}, numerator, denominator, value from mart.measure_value").fetchall()
    }
    measures = {row[0] for row in mart.execute("select measure_id from published.measure_definition").fetchall()}
    assert {key[0] for key in truth} == measures
    wrong = [(key, expected, found.get(key)) for key, expected in truth.items() if found.get(key) != expected]
    assert not wrong, f"{len(wrong)} of {len(truth)} differ, for example {wrong[:5]}"
    unexplained = [(key, value) for key, value in found.items() if key not in truth and value[0]]
    assert not unexplained, f"{len(unexplained)} figures the truth does not know, for example {unexplained[:5]}"


def test_means_and_medians_have_the_interval_of_the_truth(journey, mart):
    sums = {"delayed_days", "delay_cost", "long_term_support_weekly_cost"}
    expected = {
        tuple(row[name.strip()] for name in KEY.split(",")): (float(row["lower_95"]), float(row["upper_95"]))
        for row in journey.truth("measures")
        if row["lower_95"] and row["measure_id"] not in sums
    }
    measures = sorted({key[0] for key in expected} | sums)
    found = {
        tuple(str(part) for part in row[:6]): row[6:]
        for row in mart.execute(
            f"select {KEY}, lower_95, upper_95 from mart.measure_value "
            "where measure_id in (select unnest($1)) and lower_95 is not null",
            [measures],
        ).fetchall()
    }
    # Student's t is an expansion in SQL: right to a thousandth.
    assert found == {key: pytest.approx(value, rel=1e-3) for key, value in expected.items()}
    assert "community_autism_median_wait_days" in {key[0] for key in found}


def test_every_file_ends_in_its_expected_status_and_every_row_is_accounted_for(journey):
    with sqlite3.connect(journey.settings.home / "ledger.db") as ledger:
        found = {
            path: (status, *account)
            for path, status, *account in ledger.execute(
                "select landing_path, status, received, accepted, quarantined, repeated "
                "from file left join row_account using (file_id)"
            )
        }
    differences = []
    for row in journey.truth("files"):
        if row["expected_status"] in {"same_bytes", "missing"}:  # a second copy is not a file of its own
            assert row["landing_path"] not in found
            continue
        status, *account = found[row["landing_path"]]
        counts = tuple(count or 0 for count in account)
        expected = tuple(int(row[name] or 0) for name in ("received", "accepted", "quarantined", "repeated"))
        if status != row["expected_status"] or (status in {"accepted", "superseded"} and counts != expected):
            differences.append((row["landing_path"], row["tags"], row["expected_status"], expected, status, counts))
        if status in {"accepted", "superseded"}:
            assert counts[0] == sum(counts[1:]), row["landing_path"]
    assert not differences, differences[:10]
    assert Counter(row["expected_status"] for row in journey.truth("files")).keys() == {
        "accepted", "superseded", "rejected", "unrecognised", "same_bytes", "missing",
    }  # fmt: skip


def test_every_planted_error_is_quarantined_by_its_own_rule_with_its_original_values(journey):
    quarantine = journey.settings.vault / "quarantine"
    with sqlite3.connect(journey.settings.home / "ledger.db") as ledger:
        file_ids = dict(ledger.execute("select landing_path, file_id from file"))
    held = defaultdict(set)
    for file_id, row_number, codes in duckdb.execute(
        "select _file_id, _row_number, rule_codes from read_parquet(?, union_by_name = true)",
        [str(quarantine / "**" / "*.parquet")],
    ).fetchall():
        held[file_id, row_number] |= set(codes)
    planted = [row for row in journey.truth("rows") if row["expected_rule_code"]]
    assert len({row["expected_rule_code"] for row in planted}) >= 8
    missed = [
        row
        for row in planted
        if row["expected_rule_code"] not in held.get((file_ids[row["landing_path"]], int(row["row_number"])), set())
    ]
    assert not missed, f"{len(missed)} of {len(planted)}, for example {missed[:5]}"


def test_public_figures_are_the_truth_suppressed_and_rounded(current, mart):
    with duckdb.connect(str(current / "public" / "lda_public.duckdb"), read_only=True) as public:
        tables = public.execute("select distinct table_schema from information_schema.tables").fetchall()
        figures = public.execute(
            "select measure_id, geography_code, numerator, denominator, suppression from published.measure_value"
        ).fetchall()
    assert tables == [("published",)]
    assert figures
    catalogue = (PROJECT / "dbt_project/seeds/reference/measure_catalogue.csv").read_text(encoding="utf-8")
    measures = list(csv.DictReader(catalogue.splitlines()))
    kinds = {row["measure_id"]: row["denominator_kind"] for row in measures}
    by_own_rule = {row["measure_id"] for row in measures if row["disclosure_rule"] == "ldhc"}
    of_people = {measure for measure, kind in kinds.items() if kind == "people"}
    assert len(of_people) > 15
    hidden = 0
    for measure, place, numerator, denominator, suppression in figures:
        if kinds[measure] == "things":  # of nobody, and so shown as they are
            assert suppression == ("not_applicable" if denominator == 0 else "none"), (measure, place)
            continue
        if measure in by_own_rule:  # the next test
            continue
        assert numerator is None or (numerator >= 5 and numerator % 5 == 0), (measure, place)
        if suppression == "suppressed":
            hidden += 1
        elif denominator is not None and measure in of_people:
            assert denominator >= 5 and denominator % 5 == 0, (measure, place)
    assert hidden
    assert mart.execute("select count(*) from mart.measure_value where numerator between 1 and 4").fetchone()[0]


def test_the_national_return_is_shown_exactly_but_for_denominators_under_two(mart):
    key = "measure_id, system_code, geography_type, geography_code, breakdown_type, breakdown_value, period_end"
    rows = mart.execute(f"""
        select exact.numerator, exact.denominator, shown.numerator, shown.denominator, shown.suppression
        from mart.measure_value as exact inner join published.measure_value as shown using ({key})
        where measure_id in ('ahc_uptake_ldhc', 'ahc_uptake_ldhc_register')
    """).fetchall()
    assert any(numerator % 5 and suppression == "none" for numerator, *_, suppression in rows)
    for numerator, denominator, shown, of, suppression in rows:
        assert shown in (None, numerator) and of in (None, denominator)
        assert suppression != "none" or (shown, of) == (numerator, denominator)
        assert suppression != "suppressed" or denominator < 2


def test_manifest_accounts_for_files_rows_gates_and_checksums(current, manifest):
    for name, described in manifest["files_out"].items():
        assert hashlib.sha256((current / name).read_bytes()).hexdigest() == described["sha256"], name
    rows = manifest["row_accounts"]["total"]
    assert rows["received"] == rows["accepted"] + rows["quarantined"] + rows["repeated"]
    assert manifest["gates"]["failed_system"] == 0
    assert manifest["withheld_measures"] == []
    assert manifest["code_version"]


def test_measures_csv_opens_in_excel(current):
    raw = (current / "public" / "measures.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(raw.decode("utf-8-sig").splitlines()))
    assert rows
    assert all(re.fullmatch(r"\d{4}-\d{2}-\d{2}", row["period_end"]) for row in rows)
    assert not any(value[:1] in "=+@" for row in rows[:2000] for value in row.values() if value)


def test_no_identifier_leaves_the_vault(journey):
    """The real identifiers of the sample are looked for, byte by byte, everywhere but where they belong."""
    home = journey.settings.home
    identifiers: set[bytes] = set()
    for path in sorted((journey.settings.vault / "identifiers").rglob("*.parquet")):
        columns = duckdb.execute("describe select * from read_parquet(?)", [str(path)]).fetchall()
        for name in {"nhs_number", "local_patient_id", "review_id"} & {column[0] for column in columns}:
            values = duckdb.execute(f"select distinct {name} from read_parquet(?)", [str(path)]).fetchall()
            identifiers |= {str(value).encode() for (value,) in values if value and len(str(value)) >= 8}
    assert len(identifiers) > 1000
    pattern = re.compile(rb"(?<![0-9a-f])\d{10}(?![0-9a-f])")
    places = [home / "lake", home / "published", home / "ledger.db", Path(journey.environment["AIRFLOW_HOME"])]
    searched = 0
    for place in places:
        for path in [place] if place.is_file() else [path for path in place.rglob("*") if path.is_file()]:
            searched += 1
            leaked = set(pattern.findall(path.read_bytes())) & identifiers
            assert not leaked, f"{len(leaked)} NHS numbers in {path.relative_to(place.parent)}"
    assert searched > 1000
    assert not {match for match in pattern.findall(journey.output.encode()) if match in identifiers}


def test_a_second_run_says_nothing_is_new_and_changes_no_byte(journey, tmp_path):
    own = journey.copied(tmp_path / "home")
    current = own.settings.published / "current"
    before, target = fingerprint(current.resolve()), current.resolve()
    again = own.run_dags()
    assert again.returncode == 0, again.stdout + again.stderr
    assert "nothing new" in again.stdout.lower()
    assert current.resolve() == target
    assert fingerprint(target) == before
    assert [path.name for path in own.settings.published.iterdir() if path.name != "current"] == [target.name]


def test_the_command_line_answers_where_is_my_file(journey):
    rejected = next(row for row in journey.truth("files") if row["expected_status"] == "rejected")
    answer = journey.lda("files", rejected["landing_path"], "--json")
    assert answer.returncode == 0, answer.stderr
    assert '"rejected"' in answer.stdout and "FILE-" in answer.stdout
    status = journey.lda("status")
    assert status.returncode == 0, status.stderr
    missing = next(row for row in journey.truth("files") if "resubmission" in row["tags"])
    assert missing["feed"] in status.stdout
