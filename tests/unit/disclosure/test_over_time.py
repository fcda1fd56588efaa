"""Counts of a financial year that only grow: what one month shows bounds the others."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp
from world import RELATIONS, SEXES, database, key, mart_rows, published_rows, write_seeds

from lda.disclosure import audit, protect
from lda.disclosure.intervals import propagate
from lda.disclosure.moves import Checked
from lda.disclosure.scene import published_intervals, read_scene

GROWS = [("register_grows", "grows", "register", "numerator", "register", "numerator")]
MARCH, APRIL, MAY, JUNE = date(2026, 3, 31), date(2026, 4, 30), date(2026, 5, 31), date(2026, 6, 30)


def base(*counts):
    """Nobody but those on the register: of P1 and P2 in A, P3 in B, by sex."""
    found = {}
    for practice, per_sex in zip(("P1", "P2", "P3"), counts, strict=True):
        for sex, count in zip(SEXES, per_sex, strict=True):
            found[practice, sex] = (count, 0, 0, 0)
    return found


BASES = {
    APRIL: base((2, 1, 0), (20, 11, 0), (30, 25, 0)),
    MAY: base((2, 1, 0), (22, 12, 0), (31, 25, 0)),
    JUNE: base((2, 2, 0), (22, 14, 1), (33, 25, 0)),
}


@pytest.fixture(params=[True, False], ids=["grows", "months apart"])
def seeds(request, tmp_path):
    return write_seeds(tmp_path / "seeds", GROWS if request.param else RELATIONS[:1]), request.param


def published(bases, mask=(), **planted):
    """Published rows of several months; ``planted`` shows exact counts: month name and practice to count."""
    mart = [row for period, counts in bases.items() for row in mart_rows(counts, ["register"], period)]
    rows = published_rows(mart, mask)
    for row in rows:
        count = planted.get(f"{row['period_end']:%B}_{row['geography_code']}")
        if count is not None and row["breakdown_type"] == "all":
            row.update(numerator=count, value=count, suppression="rounded")
    return rows, mart


def told(rows, mart, seeds):
    with database(":memory:", published=rows) as connection, database(":memory:", mart=mart) as exact:
        report = audit(connection, mart=exact, reference=seeds)
    return {(one.geography_code, one.breakdown_value, one.period_end) for one in report.worked_out}, report


def test_a_later_month_that_shows_four_tells_nothing_but_an_earlier_one_does(seeds):
    """Since 1 April there were 4 in April, so in May and June too: of at most 4."""
    seeds, grows = seeds
    bases = {period: {**counts, ("P1", "Male"): (2, 0, 0, 0)} for period, counts in BASES.items()}
    rows, mart = published(bases, April_P1=4)
    found, report = told(rows, mart, seeds)
    later = {("P1", "All", MAY), ("P1", "All", JUNE)}
    assert (later <= found) == grows
    if grows:
        assert {one.relation for one in report.worked_out if (one.geography_code, one.period_end) == ("P1", MAY)} == {
            "grows"
        }


def test_the_year_begins_again_in_april(tmp_path):
    seeds = write_seeds(tmp_path / "seeds", GROWS)
    same = BASES[APRIL] | {("P1", "Male"): (2, 0, 0, 0)}
    rows, mart = published({MARCH: same, APRIL: same}, March_P1=4)
    found, _ = told(rows, mart, seeds)
    assert ("P1", "All", APRIL) not in found


def ends(scene, variable):
    """Smallest and largest value of a count by a programme of its own, from the relations as they are."""
    relations = scene.relations
    low, high = scene.variables(*published_intervals(scene.cells))
    matrix = np.zeros((relations.rows, relations.variables))
    matrix[relations.entry_row, relations.variable] = relations.coefficient
    goal = np.zeros(relations.variables)
    goal[variable] = 1
    found = []
    for sign in (1, -1):
        result = milp(
            sign * goal, integrality=np.ones(len(goal)), bounds=Bounds(low, np.minimum(high, 10_000)),
            constraints=LinearConstraint(matrix, 0, 0),
        )  # fmt: skip
        assert result.status == 0, result.message
        found.append(round(sign * result.fun))
    return tuple(found)


def test_what_is_protected_holds_out_over_all_months_together(tmp_path):
    seeds = write_seeds(tmp_path / "seeds", GROWS)
    mart = [row for period, counts in BASES.items() for row in mart_rows(counts, ["register"], period)]
    with database(":memory:", mart=mart) as connection:
        mask = protect(connection, reference=seeds).mask.to_pylist()
    rows, _ = published(BASES, mask)
    hidden = {key(row) for row in rows if row["numerator"] is None}
    assert hidden
    with (
        database(":memory:", published=rows) as connection,
        database(":memory:", mart=mart) as exact,
        database(":memory:") as work,
    ):
        scene = read_scene(connection, exact, [], seeds, work)
        assert "grows" in set(scene.relations.kind)
        for cell in np.flatnonzero(scene.cells.shown < 0).tolist():
            least, most = ends(scene, int(scene.relations.of_cell[cell]))
            assert most > least
    assert told(rows, mart, seeds)[0] == set()


def test_a_change_over_two_months_is_tried_in_these_alone(tmp_path):
    """Another month's count of the same place stands for both of them, so the change says nothing there."""
    seeds = write_seeds(tmp_path / "seeds", GROWS)
    rows, mart = published(BASES)
    with (
        database(":memory:", published=rows) as connection,
        database(":memory:", mart=mart) as exact,
        database(":memory:") as work,
    ):
        scene = read_scene(connection, exact, [], seeds, work)
        relations = scene.relations
        found = propagate(relations, *scene.variables(*published_intervals(scene.cells)))
        checked = Checked(relations, scene.counts, found.low, found.high)
        place = {(one["geography_code"], one["breakdown_value"], one["period_end"]): int(relations.of_cell[cell])
                 for cell, one in enumerate(scene.cells.describe(range(len(scene.cells))))}  # fmt: skip
    # One of P2 fewer and one of P1 more in May and in June; by sex nothing changes, so sums over practices hold.
    change = {}
    for month in (MAY, JUNE):
        change |= {place["P1", "All", month]: 1, place["P2", "All", month]: -1}
    variables, values = checked.everywhere([change])
    counts = set(variables[variables < relations.counts].tolist())
    assert counts <= set(change)
    for variable, value in zip(variables.tolist(), values.tolist(), strict=True):
        if variable in change:
            assert value == scene.counts[variable] + change[variable]
