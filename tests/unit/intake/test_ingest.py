"""From landing to lake, vault and ledger: what becomes of files and rows."""

from __future__ import annotations

import shutil
from datetime import date

import duckdb
import pytest
from filelock import FileLock

from lda.contracts import load_contracts
from lda.intake import IntakeError, ingest, records, write_suites
from lda.intake.suites import suite_of, suite_path, suite_text
from lda.ledger import utc_now
from lda.settings import Settings, SettingsError
from lda.vault import token

from .conftest import HEADER, csv_bytes, gp_row, nhs_number


def test_rows_end_accepted_quarantined_or_repeated(settings, land, home):
    rows = [gp_row(seed) for seed in range(12)]
    rows[1] = rows[0]
    rows[3] = gp_row(3, DOB="31/02/1980")
    rows[4] = gp_row(4, **{"Patient ID": "OTHER", "NHS Number": rows[2][0]})
    rows[5] = gp_row(5)[:4]
    path = land(rows)
    report = ingest(settings)
    assert home.account(path) == ("accepted", 12, 8, 3, 1)
    assert (report.received, report.accepted, report.quarantined, report.repeated) == (12, 8, 3, 1)
    assert home.quarantine(path) == [(5, ["GP-BIRTH_DATE-FORMAT"]), (6, ["GP-KEY"]), (7, ["GP-SHAPE"])]
    assert home.quarantine(path, "birth_date, _line")[0] == ("31/02/1980", None)
    assert home.quarantine(path, "nhs_number, _line")[2] == (None, ",".join(rows[5]))
    assert [row for (row,) in home.lake(path, "_row_number")] == [2, 4, 8, 9, 10, 11, 12, 13]
    assert home.rules(path) == {"GP-SHAPE": 1, "GP-BIRTH_DATE-FORMAT": 1, "GP-KEY": 1}


def test_the_lake_has_the_contract_s_columns_and_types(settings, land, home):
    path = land([gp_row(1, Sex="Unheard of", **{"HAP Date": "45000", "LSOA": "nowhere"})])
    ingest(settings)
    parquet = settings.lake / home.file(path).lake_path
    described = duckdb.execute(f"DESCRIBE SELECT * FROM '{parquet}'").fetchall()
    assert [(name, kind) for name, kind, *_ in described] == load_contracts(settings)["gp_ld_register"].lake_columns()
    columns = "person_token, person_token_source, birth_month, postcode_lsoa_code, hap_date, sex, lsoa_code"
    key = settings.token_key
    assert home.lake(path, columns) == [
        (
            token(key, f"nhs:{nhs_number(1)}"), "nhs_number", date(1961, 2, 1), "E01990001", date(2023, 3, 15),
            "Invalid and not mapped", None,
        )
    ]  # fmt: skip
    assert home.lake(path, "local_patient_id_token") == [(token(key, "id:gp_ld_register:LOCAL000001"),)]
    assert {"GP-SEX-VALUES", "GP-LSOA_CODE-FORMAT"} <= home.rules(path).keys()


def test_people_without_an_nhs_number_are_people_of_their_own_source(settings, land, home):
    path = land([gp_row(1, **{"NHS Number": "0000000000"}), gp_row(2, **{"NHS Number": "", "Patient ID": ""})])
    ingest(settings)
    key, file_id = settings.token_key, home.file(path).file_id
    assert home.lake(path, "person_token, person_token_source") == [
        (token(key, "local:gp_ld_register:Y90001|LOCAL000001"), "local_id"),
        (token(key, f"row:{file_id}:3"), "row"),
    ]


def test_an_extract_that_did_not_change_counts_for_both_months(settings, land, home):
    rows = [gp_row(1), gp_row(2, DOB="x"), gp_row(1)]
    january, february = land(rows, "2026-01"), land(rows, "2026-02")
    report = ingest(settings)
    assert report.by_status == {"accepted": 2}
    for path in (january, february):
        assert home.account(path) == ("accepted", 3, 1, 1, 1)
        assert home.quarantine(path) == [(3, ["GP-BIRTH_DATE-FORMAT"])]
        assert home.lake(path, "_file_id, _row_number") == [(home.file(path).file_id, 2)]
    assert home.lake(january, "person_token") == home.lake(february, "person_token")
    in_force = home.ledger.in_force(utc_now())
    assert [item.period_end.month for item in in_force] == [1, 2]
    assert len({item.lake_path for item in in_force}) == 2
    assert len([path for path in settings.archive.rglob("*") if path.is_file()]) == 1
    assert ingest(settings).files == 0


def test_identifiers_of_accepted_rows_are_in_the_vault_beside_their_token(settings, land, home):
    path = land([gp_row(1), gp_row(2, DOB="")])
    ingest(settings)
    (parquet,) = (settings.vault / "identifiers" / "gp_ld_register").glob("*.parquet")
    found = duckdb.execute(f"SELECT nhs_number, postcode, person_token, _file_id, _row_number FROM '{parquet}'")
    expected = (nhs_number(1), "LE811AA", token(settings.token_key, f"nhs:{nhs_number(1)}"))
    assert found.fetchall() == [(*expected, home.file(path).file_id, 2)]
    assert not list((settings.vault / "scratch").glob("*"))


def test_bad_files_are_rejected_by_name_and_never_stop_the_others(settings, land, home):
    sound = [gp_row(seed) for seed in range(4)]
    empty = land(b"", "2025-04")
    cut = land(csv_bytes([HEADER, *sound])[:-30], "2025-05")
    wrong = land(b"QUALITY_SERVICE,ORG_CODE,ACH_DATE,IND_CODE,FIELD_NAME,VALUE\nx,Y90001,20250531,a,b,1\n", "2025-06")
    columns = land(csv_bytes([[label for label in HEADER if label != "DOB"], sound[0][1:]]), "2025-07")
    binary = land(bytes(range(256)), "2025-08")
    stranger = land([gp_row(1, **{"Practice Code": "Z99999"})], "2025-09", practice="Z99999")
    future = land(sound[:3], "2126-01")
    nonsense = land(sound[:2], "2025-13")
    bad_rows = land([*sound[:1], *(gp_row(seed, DOB="x") for seed in range(5, 8))], "2025-11")
    good = land(sound, "2025-12")
    report = ingest(settings)
    expected = {
        empty: "FILE-EMPTY",
        cut: "FILE-TRUNCATED",
        wrong: "FILE-WRONG-FEED",
        columns: "FILE-COLUMNS",
        binary: "FILE-UNREADABLE",
        stranger: "FILE-PARTNER",
        future: "FILE-PERIOD",
        nonsense: "FILE-PERIOD",
    }
    for path, code in expected.items():
        assert home.account(path) == ("rejected", 0, 0, 0, 0), path.name
        assert home.rules(path) == {code: 1}
    assert home.account(bad_rows) == ("rejected", 4, 0, 4, 0)
    assert home.rules(bad_rows) == {"GP-BIRTH_DATE-FORMAT": 3, "FILE-QUARANTINE-SHARE": 1}
    assert [row for row, _ in home.quarantine(bad_rows)] == [3, 4, 5]
    assert home.account(good) == ("accepted", 4, 4, 0, 0)
    assert report.by_status == {"accepted": 1, "rejected": 9}
    assert len(list(settings.lake.rglob("*.parquet"))) == 1
    detail = home.ledger.rule_results(home.file(columns).file_id)[0].detail
    assert "birth_date" in detail and home.file(columns).file_id not in detail


def test_batch_verdicts_are_kept_with_the_run(settings, land, home):
    land([gp_row(1)])
    report = ingest(settings)
    gates = {gate["expectation"]: gate["success"] for gate in home.ledger.book.gates(report.run_id)}
    assert gates == {"BATCH-ACCOUNT": True, "BATCH-ACCEPTED-SHARE": True}
    assert home.ledger.book.last_run("ingest", "llr")["status"] == "succeeded"


def test_running_again_finds_nothing_and_changes_nothing(settings, land, home):
    path = land([gp_row(1)])
    first = ingest(settings)
    before = {file: file.stat().st_mtime_ns for file in settings.lake.rglob("*.parquet")}
    again = ingest(settings)
    assert first.new_submissions == [home.file(path).file_id]
    assert (again.files, again.new_submissions) == (0, [])
    assert {file: file.stat().st_mtime_ns for file in settings.lake.rglob("*.parquet")} == before


def test_only_the_feeds_asked_for_are_judged(settings, land, home):
    path = land([gp_row(1)])
    assert ingest(settings, feeds=["cld"]).files == 0
    assert home.file(path).status == "received"
    assert ingest(settings, feeds=["gp_ld_register"]).files == 1


def test_versions_that_land_together_leave_the_last_in_force(settings, land, home):
    first, second = land([gp_row(1)]), land([gp_row(1), gp_row(2)], version="_v2")
    report = ingest(settings)
    assert home.account(first)[0] == "superseded"
    assert report.new_submissions == [home.file(second).file_id]
    assert report.by_status == {"accepted": 1, "superseded": 1}


def test_a_large_file_goes_the_fast_way_to_the_same_lake(settings, land, home, monkeypatch):
    rows = [gp_row(seed) for seed in range(300)]
    rows[7] = gp_row(7, DOB="1980-13-01")
    rows[9] = rows[8]
    rows[11] = gp_row(11, **{"NHS Number": rows[12][0], "Patient ID": ""})
    path = land(rows)
    ingest(settings)
    small = (home.account(path), home.rules(path), home.lake(path), home.quarantine(path, "* EXCLUDE _line"))
    for folder in (settings.lake, settings.vault, settings.archive):
        shutil.rmtree(folder)
    home.ledger.close()
    for left in settings.home.glob("ledger.db*"):
        left.unlink()
    monkeypatch.setattr(records, "WHOLE_BYTES", 1000)
    monkeypatch.setattr("lda.intake.tables.read_rows", lambda *_: pytest.fail("took the careful way"))
    ingest(settings)
    large = (home.account(path), home.rules(path), home.lake(path), home.quarantine(path, "* EXCLUDE _line"))
    assert large[:3] == small[:3]
    assert [[cell or None for cell in row] for row in large[3]] == [[cell or None for cell in row] for row in small[3]]
    assert small[0] == ("accepted", 300, 297, 2, 1)


def test_aggregate_rules_are_judged_per_file_over_accepted_rows(settings, home):
    header = "QUALITY_SERVICE,ORG_CODE,ACH_DATE,IND_CODE,FIELD_NAME,VALUE,APPROVED"
    folder = settings.landing / "QK1"
    folder.mkdir(parents=True)

    def write(month: str, day: str, numerator: int):
        rows = [
            f"LDHC 2025/26,Y90001,{day},LDHCMI035,Numerator,{numerator},Y",
            f"LDHC 2025/26,Y90001,{day},LDHCMI035,Denominator,20,Y",
        ]
        path = folder / f"ldhc_QK1_{month}.csv"
        path.write_text("\n".join([header, *rows]) + "\n")
        return path

    more, fewer = write("2025-05", "20250531", 21), write("2025-06", "20250630", 20)
    ingest(settings)
    assert home.rules(more) == {"LDHC-02": 1, "LDHC-03": 1}
    assert home.rules(fewer) == {"LDHC-03": 1}
    assert home.account(more)[:3] == ("accepted", 2, 2)


def test_production_without_a_key_reads_no_file(settings, land):
    land([gp_row(1)])
    production = Settings(home=settings.home, environment="production", pseudonym_key=None)
    with pytest.raises(SettingsError):
        ingest(production)
    assert not list(settings.archive.rglob("*")) and not (settings.home / "ledger.db").exists()


def test_a_second_run_waits_for_the_first_and_says_so(settings, land):
    land([gp_row(1)])
    (settings.home / ".locks").mkdir()
    with FileLock(settings.home / ".locks" / "ingest.lock"), pytest.raises(IntakeError, match="Another ingest"):
        ingest(settings)
    assert ingest(settings).files == 1


def test_progress_is_told(settings, land):
    land([gp_row(1)])
    told = []
    ingest(settings, progress=lambda step, done, total: told.append((step, done, total)))
    assert told[0] == ("landing", 0, 1)
    assert told[-1] == ("judging gp_ld_register", 1, 1)


def test_the_checked_in_suites_are_those_of_the_contracts(settings, tmp_path):
    from lda.contracts import load_batch_rules, load_file_rules

    rules, batch_rules = load_file_rules(settings), load_batch_rules(settings)
    for feed, contract in load_contracts(settings).items():
        assert suite_path(settings, feed).read_text(encoding="utf-8") == suite_text(
            suite_of(contract, rules, batch_rules)
        ), (
            "Run: python -c 'from lda.intake import write_suites; from lda.settings import Settings; "
            "write_suites(Settings())'"
        )
        named = {item["meta"]["rule"] for item in suite_of(contract, rules, batch_rules)["expectations"]}
        # A rule of files that sets a feed no limit is not asked of it.
        asked = [rule for rule in rules if rule.limits(contract) != (None, None)]
        assert {rule.code for rule in (*contract.rules, *asked, *batch_rules)} <= named
        assert ("FILE-PEOPLE-LOST" in named) == (feed == "opt_out")
    assert write_suites(settings) == []
