"""What a contract says about lake columns and rules, and what partners owe when."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lda.contracts import (
    add_periods,
    expected_submissions,
    load_contracts,
    load_system,
    normalise,
    parse_period,
    period_ends,
    period_of,
)
from lda.contracts.system_model import Partner


def test_identifiers_are_replaced_in_the_lake(project):
    columns = dict(load_contracts(project)["gp_ld_register"].lake_columns())
    assert not {"nhs_number", "local_patient_id", "birth_date", "postcode"} & columns.keys()
    assert columns["person_token"] == "VARCHAR"
    assert columns["birth_month"] == "DATE"
    assert columns["postcode_lsoa_code"] == "VARCHAR"
    assert columns["local_patient_id_token"] == "VARCHAR"
    assert list(columns)[-3:] == ["_file_id", "_row_number", "_row_hash"]
    assert "event_description" not in dict(load_contracts(project)["cld"].lake_columns())
    assert "person_token" not in dict(load_contracts(project)["ldhc"].lake_columns())


def test_rules_follow_from_columns_with_stable_codes(project):
    rules = {rule.code: rule for rule in load_contracts(project)["gp_ld_register"].rules}
    assert rules["GP-BIRTH_DATE-REQUIRED"].scope == "row"
    assert rules["GP-NHS_NUMBER-FORMAT"].scope == "row"
    assert rules["GP-POSTCODE-FORMAT"].scope == "warn"
    assert rules["GP-SEX-VALUES"].severity == "warning"
    assert rules["GP-01"].predicate == "removal_date < register_date"
    assert {"GP-SHAPE", "GP-KEY"} <= rules.keys()
    assert all(rule.message and rule.remedy for rule in rules.values())
    assert "CLD-KEY" not in {rule.code for rule in load_contracts(project)["cld"].rules}


def test_partners_owe_what_their_feeds_ask_for(project):
    contracts, system = load_contracts(project), load_system(project)
    owed = expected_submissions(project, contracts, system, date(2025, 1, 31), date(2025, 3, 31))
    by_feed = {feed: [item for item in owed if item.feed == feed] for feed in contracts}
    practices = [partner for partner in system.partners if partner.type == "practice"]
    assert len(practices) == 130
    assert len(by_feed["gp_ld_register"]) == 3 * len(practices)
    assert {item.period_end for item in by_feed["cld"]} == {date(2025, 3, 31)}
    assert {item.partner_code for item in by_feed["cld"]} == {"508", "509", "510"}
    assert by_feed["cld"][0].due_date == date(2025, 5, 1)
    assert {item.period_start for item in by_feed["leder"]} == {date(2025, 1, 1), date(2025, 2, 1), date(2025, 3, 1)}


def test_a_closed_partner_owes_nothing_more():
    partner = Partner("Y1", "Closed", "practice", "llr", date(2020, 1, 1), date(2025, 4, 1))
    assert partner.is_valid_on(date(2025, 3, 31))
    assert not partner.is_valid_on(date(2025, 4, 1))
    assert not partner.is_valid_on(date(2019, 12, 31))


@pytest.mark.parametrize(
    ("text", "rule", "expected"),
    [
        ("2025-02", "month", (date(2025, 2, 1), date(2025, 2, 28))),
        ("202402", "month", (date(2024, 2, 1), date(2024, 2, 29))),
        ("20260331", "quarter", (date(2026, 1, 1), date(2026, 3, 31))),
        ("2025-13", "month", None),
        ("20250230", "month", None),
        ("march", "month", None),
    ],
)
def test_periods_in_file_names(text, rule, expected):
    assert parse_period(text, rule) == expected


@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)), st.sampled_from(["month", "quarter"]), st.integers(0, 40))
def test_adding_periods_steps_through_the_calendar(day, rule, count):
    end = period_of(day, rule)[1]
    later = add_periods(end, rule, count)
    assert add_periods(later, rule, -count) == end
    assert len(list(period_ends(day, later, rule))) == count + 1
    assert period_of(later, rule)[1] == later


def test_header_labels_compare_by_letters_and_digits():
    assert normalise(" NHS No. ") == normalise("nhs_no") == "nhsno"
    assert normalise("Cost Frequency (Unit Type)") == "costfrequencyunittype"
