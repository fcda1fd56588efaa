"""docs/onboarding-a-partner.md, followed to the letter: a feed, a partner and a synonym by data alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest
import yaml

from lda.contracts import check_contracts
from lda.intake import ingest, redrive
from lda.ledger import Ledger
from lda.settings import Settings

PROJECT = Path(__file__).resolve().parents[3]

FEED = """
apiVersion: v3.1.0
kind: DataContract
id: short_breaks
name: Short breaks
version: "1.0.0"
status: active
domain: social-care
description: {purpose: Nights of short breaks., usage: Monthly., limitations: Planned nights only.}
team: {name: Short breaks team, members: [{username: breaks@example.org, role: Data steward}]}
slaProperties:
  - {property: frequency, value: 1, unit: m}
  - {property: latency, value: 10, unit: d}
customProperties:
  - {property: rulePrefix, value: SB}
  - {property: partnerType, value: council}
  - {property: periodRule, value: month}
  - {property: filePatterns, value: ['^short_breaks_(?P<partner>[0-9]{3})_(?P<period>[0-9]{4}-[0-9]{2})\\.csv$']}
  - {property: maxQuarantineShare, value: 0.6}
  - {property: staleAfterPeriods, value: 1}
  - {property: personKey, value: {nhsNumber: nhs_number, local: [_partner_code, client_id]}}
schema:
  - name: short_breaks
    logicalType: object
    physicalType: table
    description: One row per person per month.
    properties:
      - name: nhs_number
        logicalType: string
        classification: identifier
        description: NHS number.
        customProperties:
          - {property: kind, value: nhs_number}
          - {property: pseudonymise, value: nhs_number}
      - name: client_id
        logicalType: string
        required: true
        classification: identifier
        description: The council's own number.
        customProperties:
          - {property: pseudonymise, value: local_id}
      - name: nights
        logicalType: integer
        required: true
        description: Nights in the month.
        logicalTypeOptions: {minimum: 0}
        customProperties:
          - {property: synonyms, value: [Number of nights]}
    quality:
      - id: SB-01
        type: sql
        description: More nights than the month has.
        dimension: accuracy
        severity: error
        query: SELECT count(*) FROM ${table} WHERE nights > 31
        mustBe: 0
        customProperties: [{property: scope, value: row}, {property: remedy, value: Count nights only once.}]
"""
ROWS = "NHS Number,Client ID,{nights}\n754 038 1035,A-1001,4\n,A-1002,2\n,A-1003,45\n,A-1003,45\n"


@pytest.fixture
def settings(tmp_path) -> Settings:
    """A copy of the parts of the project that are data, and an empty home."""
    project = tmp_path / "project"
    for part in ("include/contracts", "include/systems", "dbt_project/seeds", "expectations"):
        shutil.copytree(PROJECT / part, project / part)
    made = Settings(home=tmp_path / "home", project_dir=project)
    (made.contracts_dir / "short_breaks.odcs.yaml").write_text(FEED, encoding="utf-8")
    system_file = made.systems_dir / "llr.yaml"
    system = yaml.safe_load(system_file.read_text(encoding="utf-8"))
    system["feeds"].append("short_breaks")
    system["partners"].append({"code": "599", "name": "Newtown Council", "type": "council"})
    system_file.write_text(yaml.safe_dump(system), encoding="utf-8")
    return made


def land(settings: Settings, name: str, text: str) -> None:
    folder = settings.landing / "599"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def test_a_feed_and_a_partner_are_added_by_data_alone(settings):
    assert check_contracts(settings) == []
    land(settings, "short_breaks_599_2026-03.csv", ROWS.format(nights="Number of nights"))
    report = ingest(settings, feeds=["short_breaks"])
    assert (report.received, report.accepted, report.quarantined, report.repeated) == (4, 2, 1, 1)
    lake = str(settings.lake / "short_breaks" / "**" / "*.parquet")
    rows = duckdb.execute("select * from read_parquet(?) order by _row_number", [lake]).fetchdf()
    assert list(rows["nights"]) == [4, 2]
    assert list(rows["person_token_source"]) == ["nhs_number", "local_id"]
    assert "nhs_number" not in rows.columns and "client_id" not in rows.columns
    ledger = Ledger(settings.ledger_address)
    (record,) = ledger.files(feed="short_breaks")
    assert record.status == "accepted"
    assert {result.rule_code: result.failures for result in ledger.rule_results(record.file_id)}["SB-01"] == 1
    ledger.close()


def test_a_rejected_file_is_accepted_after_its_column_name_is_added(settings):
    land(settings, "short_breaks_599_2026-03.csv", ROWS.format(nights="Overnight stays"))
    assert ingest(settings, feeds=["short_breaks"]).by_status == {"rejected": 1}
    contract = settings.contracts_dir / "short_breaks.odcs.yaml"
    contract.write_text(contract.read_text(encoding="utf-8").replace("of nights]", "of nights, Overnight stays]"))
    again = redrive(settings, feed="short_breaks")
    assert again.by_status == {"accepted": 1}
    assert again.accepted == 2


def test_a_contract_that_is_wrong_is_named_with_what_was_expected(settings):
    contract = settings.contracts_dir / "short_breaks.odcs.yaml"
    contract.write_text(contract.read_text(encoding="utf-8").replace("WHERE nights > 31", "WHERE nihgts > 31"))
    (problem,) = check_contracts(settings)
    assert "short_breaks" in str(problem) and "SB-01" in str(problem) and "nihgts" in str(problem)
