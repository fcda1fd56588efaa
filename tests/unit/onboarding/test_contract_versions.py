"""Two partners send one feed in two versions of its contract, in one load; what reads the lake knows nothing of it."""

from __future__ import annotations

import duckdb
import pytest
import yaml
from test_add_a_feed import FEED, settings  # noqa: F401 (a fixture)

from lda.contracts import ContractError, check_contracts, load_contracts
from lda.intake import ingest, redrive
from lda.ledger import Ledger, utc_now
from lda.warehouse.load import load_lake

NEWER = """
      - name: setting
        logicalType: string
        required: true
        description: Where the nights were spent.
        logicalTypeOptions: {pattern: '^[a-z]+$'}
        customProperties:
          - {property: valueWords, value: one word in small letters}
          - {property: synonyms, value: [Place of stay]}
    quality:
      - id: SB-02
        type: sql
        description: Nights at home are no short break.
        dimension: accuracy
        severity: error
        query: SELECT count(*) FROM ${table} WHERE setting = 'home'
        mustBe: 0
        customProperties: [{property: scope, value: row}, {property: remedy, value: Leave them out.}]
"""
OLD = "NHS Number,Client ID,Number of nights\n754 038 1035,A-1,4\n,A-2,2\n,A-3,45\n"
NEW = "NHS Number,Client ID,Nights,Place of stay\n,B-1,3,hotel\n,B-2,5,home\n,B-3,40,hotel\n"


@pytest.fixture
def versions(settings):  # noqa: F811
    """Version 1 beside version 2, which has one more column and another rule; 599 sends the old one to March."""
    feed = FEED.replace("local: [client_id]", "local: [_partner_code, client_id]")
    folder = settings.contracts_dir / "earlier"
    folder.mkdir()
    (folder / "short_breaks-1.0.0.odcs.yaml").write_text(feed, encoding="utf-8")
    newer = feed.split("    quality:")[0] + NEWER.lstrip("\n")
    newer = newer.replace('"1.0.0"', '"2.0.0"').replace("[Number of nights]", "[Nights]")
    (settings.contracts_dir / "short_breaks.odcs.yaml").write_text(newer, encoding="utf-8")
    path = settings.systems_dir / "llr.yaml"
    system = yaml.safe_load(path.read_text(encoding="utf-8"))
    system["partners"].append({"code": "598", "name": "Oldtown Council", "type": "council"})
    agreed = {"feed": "short_breaks", "version": "1.0.0", "last_period_end": "2026-03-31", "partners": ["599"]}
    system["earlier_versions"] = [agreed]
    path.write_text(yaml.safe_dump(system), encoding="utf-8")
    return settings


def land(home, partner: str, month: str, text: str) -> None:
    folder = home.landing / partner
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"short_breaks_{partner}_{month}.csv").write_text(text, encoding="utf-8")


def held_to(home) -> dict[tuple[str, str], tuple[str, str | None]]:
    """Status and version of the contract by partner and month."""
    ledger = Ledger(home.ledger_address)
    try:
        files = ledger.files(feed="short_breaks")
        return {(one.partner_code, f"{one.period_end:%Y-%m}"): (one.status, one.contract_version) for one in files}
    finally:
        ledger.close()


@pytest.mark.slow
def test_each_file_is_held_to_the_version_its_partner_sends_for_its_period(versions):
    assert check_contracts(versions) == []
    land(versions, "599", "2026-03", OLD)
    land(versions, "598", "2026-03", NEW)
    land(versions, "599", "2026-04", NEW.replace("B-", "A-"))
    assert ingest(versions, feeds=["short_breaks"]).by_status == {"accepted": 3}
    assert held_to(versions) == {
        ("599", "2026-03"): ("accepted", "1.0.0"),
        ("598", "2026-03"): ("accepted", "2.0.0"),
        ("599", "2026-04"): ("accepted", "2.0.0"),
    }
    ledger = Ledger(versions.ledger_address)
    failed = {
        (one.partner_code, f"{one.period_end:%Y-%m}"): {rule.rule_code for rule in ledger.rule_results(one.file_id)}
        for one in ledger.files(feed="short_breaks")
    }
    assert ("SB-01" in failed["599", "2026-03"], "SB-02" in failed["599", "2026-03"]) == (True, False)
    assert ("SB-01" in failed["598", "2026-03"], "SB-02" in failed["598", "2026-03"]) == (False, True)
    inputs = ledger.in_force(utc_now())
    ledger.close()
    tables = {"short_breaks": load_contracts(versions)["short_breaks"].lake_tables()}
    with duckdb.connect() as connection:
        load_lake(connection, versions.lake, tables, inputs)
        rows = connection.execute("SELECT nights, setting FROM lake.short_breaks ORDER BY ALL").fetchall()
    assert rows == [(2, None), (3, "hotel"), (3, "hotel"), (4, None), (40, "hotel"), (40, "hotel")]
    assert redrive(versions, feed="short_breaks").files == 0


def test_a_file_in_another_version_than_agreed_is_rejected(versions):
    land(versions, "599", "2026-03", NEW.replace("Nights", "Overnights"))
    land(versions, "598", "2026-03", OLD)
    assert ingest(versions, feeds=["short_breaks"]).by_status == {"rejected": 2}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"1.0.0"', '"2.0.0"', "another version than those beside it"),
        ("- name: nights", "- name: days", "short_breaks.days: expected a column of type BIGINT"),
        ("logicalType: integer", "logicalType: string", "short_breaks.nights: expected a column of type VARCHAR"),
        ("id: short_breaks", "id: long_breaks", "a feed with a contract of today"),
    ],
)
def test_a_version_whose_rows_do_not_fit_the_lake_is_refused(versions, old, new, words):
    path = versions.contracts_dir / "earlier" / "short_breaks-1.0.0.odcs.yaml"
    text = path.read_text(encoding="utf-8").replace(old, new).replace("WHERE nights", "WHERE 1")
    path.write_text(text.replace("        logicalTypeOptions: {minimum: 0}\n", ""), encoding="utf-8")
    assert any(words in str(problem) for problem in check_contracts(versions))
    with pytest.raises(ContractError, match="expected"):
        load_contracts(versions)


def test_an_agreement_on_a_version_that_is_not_there_is_named(versions):
    path = versions.systems_dir / "llr.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("version: 1.0.0", "version: 0.9.0"), encoding="utf-8")
    (problem,) = check_contracts(versions)
    assert "earlier_versions[0].version" in str(problem) and "0.9.0" in str(problem)
