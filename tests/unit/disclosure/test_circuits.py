"""The cheapest change that proves a figure open: it fulfils every relation, and what could be seen of it is hidden."""

from __future__ import annotations

from random import Random

import duckdb
import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp
from world import MARCH, PLACE_OF, SEXES, _row, database, mart_rows, write_seeds

from lda.disclosure.circuits import Circuits
from lda.disclosure.rules import UNBOUNDED
from lda.disclosure.scene import read_scene

PLACES = {"A": ["P1", "P2"], "B": ["P3"], "C": ["P4"]}


def scene_of(rows, tmp_path, work):
    with database(":memory:", mart=rows) as mart:
        return read_scene(None, mart, [], write_seeds(tmp_path / "seeds"), work)


def searched(scene, hidden=()):
    """The search where readers see every count exactly but those of ``hidden``, and anything may be hidden."""
    relations, counts = scene.relations, scene.counts
    low, high = counts.copy(), counts.copy()
    low[relations.counts :], high[relations.counts :] = 0, UNBOUNDED
    low[list(hidden)], high[list(hidden)] = 0, UNBOUNDED
    widest = np.zeros_like(counts), np.full_like(counts, UNBOUNDED)
    cost = np.ones_like(counts)
    return Circuits(relations, counts, (low, high), widest, cost)


@pytest.mark.parametrize("seed", range(4))
def test_a_change_fulfils_every_relation_and_moves_only_what_is_hidden_for_it(tmp_path, seed):
    random = Random(seed)
    base = {(practice, sex): (random.randint(1, 9), 0, 0, 0) for practice in PLACE_OF for sex in SEXES}
    with duckdb.connect(":memory:") as work:
        scene = scene_of(mart_rows(base, ["register"]), tmp_path, work)
        relations, counts = scene.relations, scene.counts
        for variable in range(relations.counts):
            circuits = searched(scene, [variable])
            change, to_hide = circuits.cheapest(variable)
            assert abs(change[variable]) == 1
            assert variable not in to_hide
            assert {one for one, by in change.items() if by} == {variable, *to_hide}
            moved = counts.copy()
            moved[list(change)] += list(change.values())
            again = relations.with_rests(moved[: relations.counts])
            left = np.bincount(relations.entry_row, again[relations.variable] * relations.coefficient)
            assert not left.any()
            assert (again >= 0).all()
            circuits.hide(to_hide)
            assert circuits.cheapest(variable)[1] == [], "nothing more is needed once that is hidden"


def fewest(scene, variable):
    """By a programme of its own: the fewest others that must be hidden for a variable to be one more or one fewer."""
    relations, counts, many = scene.relations, scene.counts, len(scene.counts)
    matrix = np.zeros((relations.rows, many))
    matrix[relations.entry_row, relations.variable] = relations.coefficient
    moves = np.hstack([matrix, np.zeros((relations.rows, many))])
    linked = np.vstack([np.hstack([sign * np.eye(many), -np.eye(many)]) for sign in (1, -1)])
    found = []
    for step in (1, -1):
        low, high = np.concatenate([np.maximum(-counts, -1), np.zeros(many)]), np.ones(2 * many)
        low[variable] = high[variable] = step
        result = milp(
            np.concatenate([np.zeros(many), np.ones(many)]), integrality=np.ones(2 * many), bounds=Bounds(low, high),
            constraints=[LinearConstraint(moves, 0, 0), LinearConstraint(linked, -np.inf, 0)],
        )  # fmt: skip
        if result.status == 0:
            found.append(round(result.fun) - 1)
    return min(found)


def test_in_a_table_of_practices_and_sexes_it_hides_no_more_than_must_be(tmp_path):
    """A count of two practices by sex: three others close the circuit, and no fewer can."""
    base = {(practice, sex): (3, 0, 0, 0) for practice in ("P1", "P2") for sex in SEXES}
    with duckdb.connect(":memory:") as work:
        scene = scene_of(mart_rows(base, ["register"]), tmp_path, work)
        least = [fewest(scene, one) for one in range(scene.relations.counts)]
        found = [len(searched(scene, [one]).cheapest(one)[1]) for one in range(scene.relations.counts)]
    assert sum(found) <= 1.25 * sum(least)
    assert all(one >= other for one, other in zip(found, least, strict=True))


def test_what_nothing_else_can_make_good_has_no_change(tmp_path):
    """The only practice of the only place of a system whose figure is known from elsewhere."""
    rows = [_row("register", (*area, "all", "All"), MARCH, 3, None)
            for area in (("practice", "P4"), ("place", "C"), ("system", "S"))]  # fmt: skip
    with duckdb.connect(":memory:") as work:
        scene = scene_of(rows, tmp_path, work)
        counts = scene.counts
        fixed = counts.copy()
        circuits = Circuits(scene.relations, counts, (fixed, fixed), (fixed, fixed), np.ones_like(counts))
        assert circuits.cheapest(0) is None
