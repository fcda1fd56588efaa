"""Lists for direct care over the sample: the measures' own rules, everybody in them, each at their own practice."""

from __future__ import annotations

from collections import defaultdict

import duckdb
import pytest
from python_calamine import CalamineWorkbook

from lda.direct_care import make_lists
from lda.ledger import Ledger, utc_now
from lda.vault import literal

pytestmark = pytest.mark.slow
HEAD = 6


@pytest.fixture(scope="module")
def lists(journey, tmp_path_factory) -> dict[str, dict[str, list[list]]]:
    """Kind of list → holder → its lines."""
    home = journey.copied(tmp_path_factory.mktemp("direct_care") / "home")
    settings = home.settings.model_copy(update={"direct_care": True})
    report = make_lists(settings, "end-to-end test")
    assert report.without_identifiers == 0
    found: dict[str, dict[str, list[list]]] = defaultdict(dict)
    for path in (settings.vault / "direct_care" / "lists").rglob("*.xlsx"):
        sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("List")
        found[path.parent.name][path.stem] = sheet.to_python()[HEAD:]
    return found


@pytest.fixture(scope="module")
def latest(journey):
    """The measure's own figures of March by practice: people counted and people checked, opt-outs left out."""
    path = journey.settings.published / "current" / "restricted" / "lda_mart.duckdb"
    with duckdb.connect(str(path), read_only=True) as connection:
        yield connection


def test_overdue_people_are_those_the_measure_counts_without_a_check_and_those_it_may_not_count(lists, latest, journey):
    """In March the measure's year is whole. The lists hold its people too who opted out of secondary use."""
    expected = dict(
        latest.execute(
            "SELECT practice_code, sum(denominator) - sum(numerator) FROM mart.measure_contribution "
            "WHERE measure_id = 'ahc_uptake_register' AND period_end = DATE '2026-03-31' GROUP BY practice_code"
        ).fetchall()
    )
    listed = {holder: len(rows) for holder, rows in lists["health_checks"].items()}
    assert sum(listed.values()) > 50
    short = {practice: people for practice, people in expected.items() if people > listed.get(practice, 0)}
    assert short == {}
    more = sum(listed.values()) - sum(expected.values())
    numbers = {row[0] for rows in lists["health_checks"].values() for row in rows if row[0]}
    assert more == len(numbers & opted_out(journey)) > 0


def test_nobody_is_listed_at_a_practice_that_did_not_send_them(lists, journey):
    files = (journey.settings.vault / "identifiers" / "gp_ld_register").glob("*.parquet")
    listed = ", ".join(literal(str(path)) for path in files)
    sent = defaultdict(set)
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"SELECT _file_id, nhs_number, local_patient_id FROM read_parquet([{listed}], union_by_name = true)"
        ).fetchall()
    for file_id, nhs, local in rows:
        sent[file_id] |= {nhs, local}
    owner = {one.file_id: one.partner_code for one in ledger_of(journey).files()}
    by_practice = defaultdict(set)
    for file_id, numbers in sent.items():
        by_practice[owner[file_id]] |= numbers
    assert any(lists["health_checks"].values())
    for practice, lines in lists["health_checks"].items():
        for line in lines:
            assert {cell for cell in line[:2] if cell} <= by_practice[practice], practice


def test_reviews_due_name_the_commissioner_and_a_day_and_overdue_ones_are_the_measures(lists, latest):
    rows = [line for lines in lists["reviews"].values() for line in lines]
    assert rows and all(line[2] in {"C(E)TR", "Oversight visit"} and line[4] for line in rows)
    for words, measure in (("C(E)TR", "cetr_in_date"), ("Oversight visit", "oversight_visit_in_date")):
        late = latest.execute(
            "SELECT sum(denominator) - sum(numerator) FROM mart.measure_contribution "
            "WHERE measure_id = ? AND period_end = DATE '2026-03-31'",
            [measure],
        ).fetchone()[0]
        assert sum(line[2] == words and line[3] == "overdue" for line in rows) >= (late or 0)


def ledger_of(journey) -> Ledger:
    """The journey's ledger; it is only read."""
    return Ledger(journey.settings.ledger_address)


def opted_out(journey) -> set[str]:
    """NHS numbers on the latest opt-out list, as the vault holds it."""
    lists = [one for one in ledger_of(journey).in_force(utc_now()) if one.feed == "opt_out"]
    latest = max(lists, key=lambda one: one.period_end).file_id
    files = [str(path) for path in (journey.settings.vault / "identifiers" / "opt_out").glob("*.parquet")]
    found = duckdb.execute(
        "SELECT nhs_number FROM read_parquet(?, union_by_name = true) WHERE _file_id = ?", [files, latest]
    )
    return {row[0] for row in found.fetchall()}
