"""Counts of several months: what only grows within a financial year, and stocks with those who joined and left."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp
from world import RELATIONS, SEXES, database, mart_rows, published_rows, write_seeds

from lda.disclosure import audit, protect
from lda.disclosure.rules import DisclosureError
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


def test_a_count_grows_across_a_month_in_which_its_area_has_no_figure(tmp_path):
    """The practice did not send for May; the others did. That of April there were 4 holds of June all the same."""
    seeds = write_seeds(tmp_path / "seeds", GROWS)
    bases = {period: {**counts, ("P1", "Male"): (2, 0, 0, 0)} for period, counts in BASES.items()}
    rows, mart = (
        [row for row in some if (row["geography_code"], row["period_end"]) != ("P1", MAY)]
        for some in published(bases, April_P1=4)
    )
    assert ("P1", "All", JUNE) in told(rows, mart, seeds)[0]


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


def assert_all_hold_out(rows, mart, seeds, kind):
    """Every hidden figure, and there are some, may have two values at least; there are relations of the kind."""
    with (
        database(":memory:", published=rows) as connection,
        database(":memory:", mart=mart) as exact,
        database(":memory:") as work,
    ):
        scene = read_scene(connection, exact, [], seeds, work)
        assert kind in set(scene.relations.kind)
        hidden = np.flatnonzero(scene.cells.shown < 0).tolist()
        assert hidden
        for cell in hidden:
            least, most = ends(scene, int(scene.relations.of_cell[cell]))
            assert most > least


def test_what_is_protected_holds_out_over_all_months_together(tmp_path):
    seeds = write_seeds(tmp_path / "seeds", GROWS)
    mart = [row for period, counts in BASES.items() for row in mart_rows(counts, ["register"], period)]
    with database(":memory:", mart=mart) as connection:
        mask = protect(connection, reference=seeds).mask.to_pylist()
    rows, _ = published(BASES, mask)
    assert_all_hold_out(rows, mart, seeds, "grows")
    assert told(rows, mart, seeds)[0] == set()


FLOWS = [
    ("register_flow", "joins", "joined", "numerator", "register", "numerator"),
    ("register_flow", "leaves", "left", "numerator", "register", "numerator"),
]
STOCK_AND_FLOWS = ["register", "joined", "left"]


def flowing(*counts):
    """The register of P1, P2 and P3 with those who joined and left, women only: register, joined, left of each."""
    return {
        (practice, sex): (register, 0, joined, left) if sex == "Female" else (0, 0, 0, 0)
        for practice, (register, joined, left) in zip(("P1", "P2", "P3"), counts, strict=True)
        for sex in SEXES
    }


# Of P1: a fall from 8 to 4 with nobody joining and 4 leaving. The others have room.
FALL = {
    APRIL: flowing((8, 8, 0), (41, 9, 7), (52, 12, 8)),
    MAY: flowing((4, 0, 4), (43, 9, 7), (54, 11, 9)),
}


def stock_and_flows(bases):
    return [row for period, counts in bases.items() for row in mart_rows(counts, STOCK_AND_FLOWS, period)]


@pytest.mark.parametrize("relations", [FLOWS, RELATIONS[:1]], ids=["flows", "months apart"])
def test_a_fall_to_a_hidden_stock_tells_who_left(tmp_path, relations):
    """A shown 10 is at least 8. Nobody joined, as the sexes say; at most 4 left and at most 4 are there: 8, 4 and 4."""
    seeds = write_seeds(tmp_path / "seeds", relations)
    mart = stock_and_flows(FALL)
    rows = published_rows(mart)
    for row in rows:
        if (row["measure_id"], row["geography_code"], row["period_end"]) == ("joined", "P1", MAY):
            row.update(numerator=0, value=0, suppression="rounded")
    with database(":memory:", published=rows) as connection, database(":memory:", mart=mart) as exact:
        report = audit(connection, mart=exact, reference=seeds)
    found = {(one.measure_id, one.geography_code, one.period_end, one.low, one.high) for one in report.worked_out}
    told = {("register", "P1", MAY, 4, 4), ("left", "P1", MAY, 4, 4)}
    assert (told <= found) == (relations is FLOWS)
    if relations is FLOWS:
        assert {one.relation for one in report.worked_out if one.geography_code == "P1"} == {"flow"}


def test_flows_are_protected_over_all_months_together(tmp_path):
    seeds = write_seeds(tmp_path / "seeds", FLOWS)
    mart = stock_and_flows(FALL)
    with database(":memory:", mart=mart) as connection:
        mask = protect(connection, reference=seeds).mask.to_pylist()
    rows = published_rows(mart, mask)
    assert_all_hold_out(rows, mart, seeds, "flow")


def flows_in(bases, seeds, measures=STOCK_AND_FLOWS):
    mart = [row for period, counts in bases.items() for row in mart_rows(counts, measures, period)]
    with database(":memory:", mart=mart) as exact, database(":memory:") as work:
        scene = read_scene(None, exact, [], seeds, work)
        relations = scene.relations
        wholes = relations.variable[relations.start[np.flatnonzero(relations.kind == "flow")]]
        cells = [scene.cell_of(int(whole), scene.cells.small) for whole in wholes]
        return {(one["geography_code"], one["breakdown_value"]) for one in scene.cells.describe(cells)}


def test_a_flow_that_does_not_hold_or_is_not_all_there_is_not_believed(tmp_path):
    """Somebody moved from P2 to P3: neither adds up, the system does. Without those who left nothing is known."""
    seeds = write_seeds(tmp_path / "seeds", FLOWS)
    moved = FALL | {MAY: flowing((4, 0, 4), (42, 9, 7), (55, 11, 9))}
    found = flows_in(moved, seeds)
    assert {("P1", "All"), ("S", "All"), ("S", "Female")} <= found
    assert not {("P2", "All"), ("P3", "All")} & found
    assert flows_in(FALL, seeds, ["register", "joined"]) == set()
    assert flows_in({APRIL: FALL[APRIL], JUNE: FALL[MAY]}, seeds) == set(), "who came and went in May is not known"


@pytest.mark.parametrize(
    "flows", [FLOWS[:1], [FLOWS[0], (*FLOWS[1][:4], "uptake", "numerator")]], ids=["nobody leaves", "two stocks"]
)
def test_flows_of_two_stocks_or_of_one_kind_are_refused(tmp_path, flows):
    seeds = write_seeds(tmp_path / "seeds", flows)
    with database(":memory:", mart=stock_and_flows(FALL)) as connection, pytest.raises(DisclosureError) as error:
        protect(connection, reference=seeds)
    assert "register_flow" in str(error.value)
