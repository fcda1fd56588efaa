"""The auditor finds leaks of every kind that are planted in an otherwise safe publication."""

from __future__ import annotations

from datetime import date

import pytest
from world import MARCH, SEXES, database, mart_rows, published_rows, write_seeds

from lda.disclosure import DisclosureError, audit

FEBRUARY = date(2026, 2, 28)
# Place A has practices P1 and P2. In P1 few people are checked, in P2 few women have a plan, in P4 few are not checked.
SAFE = {(practice, sex): (40, 38, 21, 12) for practice in ("P1", "P2", "P3", "P4") for sex in SEXES} | {
    ("P1", "Female"): (40, 38, 1, 0),
    ("P1", "Male"): (40, 38, 1, 0),
    ("P1", "Unknown"): (40, 38, 1, 0),
    ("P2", "Female"): (40, 38, 21, 3),
    ("P4", "Female"): (40, 38, 37, 12),
    ("P4", "Male"): (40, 38, 37, 12),
    ("P4", "Unknown"): (40, 38, 37, 12),
}


@pytest.fixture
def seeds(tmp_path):
    return write_seeds(tmp_path / "seeds")


def find(rows, measure, code, value="All"):
    return next(
        row for row in rows
        if (row["measure_id"], row["geography_code"], row["breakdown_value"]) == (measure, code, value)
    )  # fmt: skip


def attack(rows, seeds, previous=None, mart=None, **more):
    with database(":memory:", published=rows) as connection:
        if mart is None:
            return audit(connection, previous, reference=seeds, **more)
        with database(":memory:", mart=mart) as exact:
            return audit(connection, previous, mart=exact, reference=seeds, **more)


def told(report):
    return {(one.measure_id, one.geography_code, one.breakdown_value, one.side): one for one in report.worked_out}


def test_a_safe_publication_is_safe_with_and_without_the_exact_figures(seeds):
    mart = mart_rows(SAFE)
    with_exact, without = attack(published_rows(mart), seeds, mart=mart), attack(published_rows(mart), seeds)
    for report in (with_exact, without):
        assert report.safe
        assert report.hidden > 0
        assert report.unproved == {}
    assert with_exact.knows_exact
    assert not without.knows_exact


def plant_sibling(rows, mart):
    """Unrounded siblings and their total: 24 + 3 are checked in A's practices, so P1 has 3."""
    find(rows, "uptake", "P2")["numerator"] = 63
    find(rows, "uptake", "A")["numerator"] = 66
    return ("uptake", "P1", "All", "numerator"), "geography"


def plant_breakdown(rows, mart):
    """Two of three groups and their total, unrounded: 27 less 24 have a plan."""
    find(rows, "plan", "A")["numerator"] = 27
    find(rows, "plan", "A", "Male")["numerator"] = 12
    find(rows, "plan", "A", "Unknown")["numerator"] = 12
    return ("plan", "A", "Female", "numerator"), "breakdown"


def plant_complement(rows, mart):
    """Numerator and denominator unrounded: 3 of 114 were not checked."""
    row = find(rows, "uptake", "P4")
    row["numerator"], row["denominator"], row["value"] = 111, 114, 111 / 114
    return ("uptake", "P4", "All", "complement"), "complement"


def plant_rate(rows, mart):
    """A rate of exact counts beside a hidden numerator: 3 of 114."""
    find(rows, "uptake", "P1")["value"] = 3 / 114
    return ("uptake", "P1", "All", "numerator"), "rate"


def plant_public_rate(rows, mart):
    """A rate per head of a public population beside a hidden count."""
    row = find(rows, "rate", "P3")
    row["numerator"], row["suppression"], row["value"] = None, "suppressed", 4 / 5_000 * 1_000_000
    for other in ("register",):
        row = find(rows, other, "P3")
        row["numerator"], row["suppression"], row["value"] = None, "suppressed", None
    return ("rate", "P3", "All", "numerator"), "rate"


def plant_other_path(rows, mart):
    """A place of one practice shows, unrounded, what the practice hides."""
    find(rows, "plan", "B")["numerator"] = 3
    row = find(rows, "plan", "P3")
    row["numerator"], row["value"], row["suppression"] = None, None, "suppressed"
    return ("plan", "P3", "All", "numerator"), "geography"


def plant_other_measure(rows, mart):
    """One measure hides the denominator that another shows, unrounded."""
    row = find(rows, "uptake", "P3")
    row["numerator"], row["denominator"], row["value"], row["suppression"] = None, None, None, "secondary"
    find(rows, "plan", "P3")["denominator"] = 114
    return ("uptake", "P3", "All", "denominator"), "another measure"


PLANTS = [plant_sibling, plant_breakdown, plant_complement, plant_rate, plant_public_rate,
          plant_other_path, plant_other_measure]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
@pytest.mark.parametrize("exact", [True, False], ids=["exact", "intervals"])
def test_a_planted_leak_is_found_and_named(plant, exact, seeds):
    mart = mart_rows(SAFE)
    rows = published_rows(mart)
    place, relation = plant(rows, mart)
    found = told(attack(rows, seeds, exact=exact))
    same_people = {
        ("rate", "P3", "All", "numerator"): ("register", "P3", "All", "numerator"),
        ("uptake", "P3", "All", "denominator"): ("plan", "P3", "All", "denominator"),
    }
    named = place if place in found else same_people.get(place)
    assert named in found
    assert found[named].low == found[named].high
    assert relation in found[named].relation


def test_what_an_earlier_publication_showed_is_worked_out_now(tmp_path, seeds):
    mart = mart_rows(SAFE)
    earlier, now = published_rows(mart), published_rows(mart)
    find(earlier, "uptake", "A")["numerator"] = 66
    find(earlier, "uptake", "P2")["numerator"] = 63
    path = tmp_path / "earlier.duckdb"
    database(path, published=earlier, mart=mart).close()
    assert attack(now, seeds).safe
    report = attack(now, seeds, previous=path, mart=mart)
    assert report.told_before > 0, "told by the earlier publication alone"
    row = find(now, "uptake", "P2")
    row["numerator"], row["value"], row["suppression"] = None, None, "secondary"
    find(earlier, "uptake", "A")["numerator"] = 65
    path.unlink()
    database(path, published=earlier, mart=mart).close()
    assert ("uptake", "P2", "All", "numerator") not in told(attack(now, seeds, mart=mart))
    both = attack(now, seeds, previous=path, mart=mart)
    assert both.told_before > 0 or ("uptake", "P2", "All", "numerator") in told(both)


def test_a_measure_that_was_shown_as_it_is_before_it_came_under_the_rule_stops_nothing(tmp_path, seeds):
    """All of it was told, complements too: what is hidden from now on cannot be taken back."""
    few_left = SAFE | {("P1", "Male"): (40, 38, 36, 0)}
    mart = mart_rows(few_left)
    path = tmp_path / "earlier.duckdb"
    database(path, published=[{**row, "suppression": "none"} for row in mart], mart=mart).close()
    report = attack(published_rows(mart), seeds, previous=path, mart=mart)
    assert report.told_before > 0
    assert report.safe, told(report)


def test_an_earlier_figure_of_other_people_tells_nothing(tmp_path, seeds):
    restated = SAFE | {("P1", "Male"): (40, 38, 2, 0), ("P2", "Male"): (40, 38, 22, 12)}
    before = mart_rows(SAFE)
    earlier = published_rows(before)
    find(earlier, "uptake", "A")["numerator"] = 66
    find(earlier, "uptake", "P2")["numerator"] = 63
    path = tmp_path / "earlier.duckdb"
    database(path, published=earlier, mart=before).close()
    now = mart_rows(restated)
    report = attack(published_rows(now), seeds, previous=path, mart=now)
    assert report.told_before == 0
    assert report.safe


def test_another_month_tells_nothing(tmp_path, seeds):
    path = tmp_path / "earlier.duckdb"
    before = mart_rows(SAFE, period=FEBRUARY)
    database(path, published=before, mart=before).close()
    mart = mart_rows(SAFE, period=MARCH)
    report = attack(published_rows(mart), seeds, previous=path, mart=mart)
    assert report.safe
    assert report.told_before == 0


def test_anything_said_of_a_hidden_figure_in_its_own_row_is_reported(seeds):
    mart = mart_rows(SAFE)
    rows = published_rows(mart)
    find(rows, "uptake", "P1")["upper_95"] = 0.2
    report = attack(rows, seeds, mart=mart)
    assert report.beside_hidden == {"uptake.upper_95": 1}
    assert not report.safe


def test_figures_that_contradict_a_relation_are_said_to(seeds):
    mart = mart_rows(SAFE)
    rows = published_rows(mart)
    find(rows, "register", "A")["numerator"] = 1_000
    report = attack(rows, seeds)
    assert report.contradictory > 0


def test_the_report_is_plain_data(seeds):
    mart = mart_rows(SAFE)
    rows = published_rows(mart)
    plant_rate(rows, mart)
    found = attack(rows, seeds).as_dict()
    assert found["safe"] is False
    assert {"measure_id", "geography_code", "breakdown_value", "period_end", "side", "low", "high", "relation"} <= set(
        found["worked_out"][0]
    )


def test_a_parquet_file_is_read_as_a_publication(tmp_path, seeds):
    mart = mart_rows(SAFE)
    with database(":memory:", published=published_rows(mart)) as connection:
        connection.execute(f"COPY published.measure_value TO '{tmp_path / 'measures.parquet'}' (FORMAT parquet)")
    report = audit(tmp_path / "measures.parquet", reference=seeds)
    assert report.safe
    assert report.cells > 100


def test_what_cannot_be_attacked_is_said_in_words(tmp_path, seeds):
    with database(":memory:") as connection, pytest.raises(DisclosureError, match="measure_value cannot be read"):
        audit(connection, reference=seeds)
    mart = mart_rows(SAFE)
    with pytest.raises(DisclosureError, match="Seed measure_catalogue cannot be read"):
        attack(published_rows(mart), tmp_path / "nowhere")
    stranger = [{**row, "measure_id": "stranger"} for row in published_rows(mart)]
    with pytest.raises(DisclosureError, match="stranger"):
        attack(stranger, seeds)


def test_many_months_are_attacked_at_once(seeds):
    months = [date(2025, month, 28) for month in range(1, 13)]
    mart = [row for month in months for row in mart_rows(SAFE, period=month)]
    report = attack(published_rows(mart), seeds, mart=mart, exact=False)
    assert report.cells == 12 * attack(published_rows(mart_rows(SAFE)), seeds, exact=False).cells
    assert report.worked_out == ()
