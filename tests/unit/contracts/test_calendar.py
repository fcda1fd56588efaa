"""When what is expected, when it is late, who is paused, and when a month is published."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest

from lda.contracts import (
    STANDING_WORDS,
    ContractError,
    check_contracts,
    expected_submissions,
    fallen_due,
    load_contracts,
    load_system,
    next_expected,
    standing,
)
from lda.contracts.terms import Publication
from lda.reporting.feed_pages import feed_pages

MARCH, APRIL = date(2026, 3, 31), date(2026, 4, 30)
PAUSED = """paused:
  - {partner: RT5, type: trust, first: 2026-02-01, last: 2026-04-30, reason: New records system, feeds: [mhsds]}
"""


@pytest.fixture
def census(project):
    """The inpatient census of March: due on 10 April, grace to 13 April, escalated from 21 April."""
    contract = load_contracts(project)["inpatient_census"]
    assert (contract.latency_days, contract.grace_days, contract.escalation_days) == (10, 3, 10)
    return next(one for one in expected_submissions(project, [contract], load_system(project), MARCH, MARCH))


@pytest.mark.parametrize(
    ("day", "expected"),
    [(10, "expected"), (11, "grace"), (13, "grace"), (14, "late"), (20, "late"), (21, "escalated"), (30, "escalated")],
)
def test_what_has_not_come_is_expected_then_in_grace_then_late_then_escalated(census, day, expected):
    assert standing(census, None, date(2026, 4, day)) == expected


@pytest.mark.parametrize(("day", "expected"), [(1, "received"), (13, "received"), (14, "came_late"), (28, "came_late")])
def test_what_came_within_the_days_of_grace_came_in_time_whatever_day_it_is_now(census, day, expected):
    delivered = date(2026, 4, day)
    assert {standing(census, delivered, on) for on in (delivered, date(2027, 1, 1))} == {expected}


def test_without_days_of_escalation_nothing_is_ever_escalated(census):
    assert standing(replace(census, escalated_from=None), None, date(2030, 1, 1)) == "late"


def test_every_way_to_stand_has_words(census):
    ways = {standing(census, None, date(2026, 4, day)) for day in range(1, 30)} | {"received", "came_late", "paused"}
    assert ways == set(STANDING_WORDS)


def test_a_paused_partner_owes_nothing_and_the_calendar_can_say_why(project, edit):
    edit("llr.yaml", "# Sizes of", PAUSED + "# Sizes of")
    contracts, system = load_contracts(project), load_system(project)
    asked = (
        project,
        [contracts["mhsds"], contracts["autism_waiting_list"]],
        system,
        date(2026, 1, 31),
        date(2026, 5, 31),
    )
    owed = expected_submissions(*asked)
    of_trust = {(one.feed, one.period_end.month) for one in owed if one.partner_code == "RT5"}
    assert of_trust == {("mhsds", 1), ("mhsds", 5), *(("autism_waiting_list", month) for month in range(1, 6))}
    paused = [one for one in expected_submissions(*asked, with_paused=True) if one.paused]
    assert [(one.feed, one.period_end.month, one.paused) for one in paused] == [
        ("mhsds", month, "New records system") for month in (2, 3, 4)
    ]
    assert standing(paused[0], None, date(2030, 1, 1)) == "paused"
    assert standing(paused[0], date(2026, 3, 5), date(2030, 1, 1)) == "received"


def test_the_next_file_due_passes_over_a_pause_and_follows_the_cadence(project, edit):
    edit("llr.yaml", "# Sizes of", PAUSED + "# Sizes of")
    contracts, system = load_contracts(project), load_system(project)
    trust, council = system.partner("RT5", "trust"), system.partner("508", "council")
    coming = next_expected(contracts["mhsds"], system, trust, date(2026, 1, 31))
    assert (coming.period_end, coming.due_date) == (date(2026, 5, 31), date(2026, 6, 20))
    assert next_expected(contracts["cld"], system, council, MARCH).period_end == date(2026, 6, 30)
    closed = replace(council, valid_to=date(2026, 4, 1))
    assert next_expected(contracts["cld"], system, closed, MARCH) is None


def test_what_comes_once_a_year_falls_due_once_a_year(project):
    contracts = load_contracts(project)
    november = date(2026, 11, 22)
    assert fallen_due(contracts["ons_population"], MARCH, november) == []
    assert fallen_due(contracts["ods_organisations"], MARCH, november) == [date(2026, 6, 30), date(2026, 9, 30)]
    assert fallen_due(contracts["cld"], MARCH, november) == [date(2026, 6, 30), date(2026, 9, 30)]
    assert len(fallen_due(contracts["inpatient_census"], MARCH, november)) == 7


def test_the_deadline_is_a_day_and_time_of_the_month_after_in_london():
    terms = Publication()
    assert (terms.deadline_day, terms.cron) == (18, "0 6 18 * *")
    assert terms.deadline(MARCH) == datetime.fromisoformat("2026-04-18T05:00")
    assert terms.deadline(date(2026, 12, 31)) == datetime.fromisoformat("2027-01-18T06:00")


def test_a_person_approves_only_where_the_system_file_says_so(project, edit):
    assert load_system(project).publication.approval is False
    edit("llr.yaml", "# Sizes of", "publication: {approval: true}\n# Sizes of")
    asked = load_system(project).publication
    assert (asked.approval, asked.approval_hours) == (True, 72)


@pytest.mark.parametrize(
    ("terms", "place"),
    [
        ("publication: {deadline_day: 30}", "publication.deadline_day"),
        ("publication: {deadline_time: 6:30}", "publication.deadline_time"),
        ("publication: {approved: true}", "publication.approved"),
        ("publication: {approval: true, approval_hours: 0}", "publication.approval_hours"),
        ("paused: [{partner: XXX, type: trust, first: 2026-01-01, reason: none}]", "paused.0.partner"),
        ("paused: [{partner: RT5, type: trust, first: 2026-01-01, reason: moving, feeds: [x]}]", "paused.0.feeds"),
        ("paused: [{partner: RT5, type: trust, first: 2026-02-01, last: 2026-01-01, reason: moving}]", "paused.0"),
    ],
)
def test_terms_that_cannot_be_kept_are_refused_with_their_place(project, edit, terms, place):
    edit("llr.yaml", "# Sizes of", f"{terms}\n# Sizes of")
    with pytest.raises(ContractError) as refused:
        load_system(project)
    assert [problem.place for problem in refused.value.problems] == [place]


def test_a_feed_may_say_for_how_many_months_its_rows_are_kept(project, edit):
    assert load_contracts(project)["leder"].retention_months is None
    grace = "  - {property: grace,"
    edit("leder.odcs.yaml", grace, f"  - {{property: retention, value: 96, unit: m}}\n{grace}")
    contract = load_contracts(project)["leder"]
    assert contract.retention_months == 96
    assert "| Kept for | 96 months after the month ends;" in feed_pages(project)["leder.md"]
    edit("leder.odcs.yaml", "retention, value: 96, unit: m", "retention, value: 12, unit: m")
    problems = [(one.file, one.place, one.found) for one in check_contracts(project)]
    assert ("leder.odcs.yaml", "slaProperties.retention", "12") in problems
    edit("leder.odcs.yaml", "retention, value: 12, unit: m", "retention, value: 96, unit: y")
    problems = [(one.file, one.place, one.found) for one in check_contracts(project)]
    assert ("leder.odcs.yaml", "slaProperties.retention", "y") in problems


def test_an_escalation_before_the_days_of_grace_are_over_is_refused(project, edit):
    edit("leder.odcs.yaml", "{property: escalation, value: 10", "{property: escalation, value: 2")
    problems = check_contracts(project)
    assert any(one.place == "slaProperties.escalation" and one.file == "leder.odcs.yaml" for one in problems)
