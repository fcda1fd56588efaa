"""Figures as they were and on current boundaries are relations of the same practices, so the attack knows of both."""

from __future__ import annotations

import csv
from datetime import date
from itertools import product
from random import Random

import duckdb
import numpy as np
import pyarrow as pa
from world import COLUMNS, MARCH, PLACE_OF, SEXES, _row, database, key, mart_rows, write_seeds

from lda.disclosure import audit, protect
from lda.disclosure.cells import make_cells
from lda.disclosure.reference import load_reference
from lda.disclosure.relations import find_relations

SPLIT = date(2026, 4, 1)
AREAS = {
    ("practice", "P1"): 7, ("practice", "P2"): 9, ("icb", "OLD"): 16,
    ("icb_current", "NEW1"): 7, ("icb_current", "NEW2"): 9, ("system", "S"): 16,
}  # fmt: skip
LINKS = [
    ("practice", "P1", "icb", "OLD", "", SPLIT), ("practice", "P1", "icb", "NEW1", SPLIT, ""),
    ("practice", "P2", "icb", "OLD", "", SPLIT), ("practice", "P2", "icb", "NEW2", SPLIT, ""),
]  # fmt: skip


def test_practices_add_up_to_the_icb_of_then_and_to_those_of_the_day_after(tmp_path):
    seeds = write_seeds(tmp_path / "seeds")
    with (seeds / "geography_link.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["child_type", "child_code", "parent_type", "parent_code", "valid_from", "valid_to"])
        writer.writerows(LINKS)
    found = equations(
        seeds, [_row("register", (*area, "all", "All"), MARCH, count, None) for area, count in AREAS.items()]
    )
    assert {("OLD", ("P1", "P2")), ("NEW1", ("P1",)), ("NEW2", ("P2",))} <= found


def test_each_system_s_boundaries_are_those_of_the_day_after_its_own_last_period(tmp_path):
    """One that is a month behind still publishes its areas of February, whatever another has published of March."""
    february, march = date(2026, 2, 1), date(2026, 3, 1)
    seeds = write_seeds(tmp_path / "seeds")
    with (seeds / "geography_link.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["child_type", "child_code", "parent_type", "parent_code", "valid_from", "valid_to"])
        writer.writerows([
            ("practice", "L1", "pcn", "WAS", february, march), ("practice", "L1", "pcn", "IS", march, ""),
            ("practice", "L2", "pcn", "WAS", february, ""),
            ("practice", "A1", "pcn", "THEN", february, march), ("practice", "A1", "pcn", "NOW", march, ""),
            ("practice", "A2", "pcn", "THEN", february, ""),
        ])  # fmt: skip
    late = {("practice", "L1"): 7, ("practice", "L2"): 9, ("pcn_current", "WAS"): 16}
    ahead = {("practice", "A1"): 6, ("practice", "A2"): 8, ("pcn_current", "NOW"): 6, ("pcn_current", "THEN"): 8}
    told = date(2026, 1, 31), MARCH
    rows = [
        _row("register", (*area, "all", "All"), period, count, None) | {"system_code": system}
        for system, areas, period in (("late", late, told[0]), ("ahead", ahead, told[1]))
        for area, count in areas.items()
    ]
    assert {("WAS", ("L1", "L2")), ("NOW", ("A1",)), ("THEN", ("A2",))} <= equations(seeds, rows)


def equations(seeds, rows, knows_truth=True):
    """Whole and parts, by geography code, of the relations of some exact figures that leave no rest."""
    mart = pa.table({name: [row[name] for row in rows] for name in COLUMNS})
    with duckdb.connect(":memory:") as connection:
        load_reference(connection, seeds)
        cells = make_cells(connection, None, mart)
        limits = np.zeros(len(cells.truth), dtype=np.int64), np.full(len(cells.truth), 99, dtype=np.int64)
        relations = find_relations(connection, *limits, cells.truth if knows_truth else None)
        code_of = dict(connection.execute("SELECT cell_id, geography_code FROM cell").fetchall())
    named = {int(variable): code_of[cell] for cell, variable in enumerate(relations.of_cell)}
    found = set()
    for row in np.flatnonzero(relations.rest < 0).tolist():
        variables = relations.variable[relations.start[row] : relations.start[row + 1]]
        whole, *parts = (named[int(one)] for one in variables)
        found.add((whole, tuple(sorted(parts))))
    return found


def test_places_and_those_of_no_known_place_add_up_to_their_system_and_to_nothing_else(tmp_path):
    """The remainder is no child of an ICB, nor are areas without a place its children; it is a part of its system."""
    seeds = write_seeds(tmp_path / "seeds")
    with (seeds / "geography_link.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["child_type", "child_code", "parent_type", "parent_code", "valid_from", "valid_to"])
        writer.writerows([("place", place, kind, code, "", "")
                          for place in ("A", "B") for kind, code in (("system", "S"), ("icb", "I"))])  # fmt: skip
        writer.writerow(["neighbourhood", "N", "place", "A", "", ""])
    areas = {("place", "A"): 7, ("place", "B"): 6, ("place", "U"): 1, ("system", "S"): 14, ("icb", "I"): 13,
             ("neighbourhood", "N"): 6, ("neighbourhood", "U"): 1}  # fmt: skip
    rows = [_row("register", (*area, "all", "All"), MARCH, count, None) for area, count in areas.items()]
    # Of a group there is no remainder, so there is no equation, though it would hold.
    rows += [_row("register", (kind, code, "sex", "Female"), MARCH, count, None)
             for (kind, code), count in {("place", "A"): 5, ("place", "B"): 2, ("system", "S"): 7}.items()]  # fmt: skip
    # Everyone is of the one group: so each area is its group.
    groups = {(code, (code,)) for code in ("A", "B", "S")}
    for knows_truth in (True, False):
        found = equations(seeds, rows, knows_truth) - groups
        assert found == {("S", ("A", "B", "U")), ("I", ("A", "B"))}


def test_the_unallocated_pcn_lies_in_no_neighbourhood_though_nobody_is_in_either(tmp_path):
    """The practice of no PCN lies in N. That N's PCNs add up to N holds of the counts, yet nobody knows it does."""
    seeds = write_seeds(tmp_path / "seeds")
    with (seeds / "geography_link.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["child_type", "child_code", "parent_type", "parent_code", "valid_from", "valid_to"])
        writer.writerows([("practice", "P1", "pcn", "Q", "", ""), ("pcn", "Q", "neighbourhood", "N", "", ""),
                          ("practice", "P1", "neighbourhood", "N", "", ""),
                          ("practice", "P2", "neighbourhood", "N", "", "")])  # fmt: skip
    areas = {("practice", "P1"): 7, ("practice", "P2"): 0, ("pcn", "Q"): 7, ("pcn", "U"): 0,
             ("neighbourhood", "N"): 7, ("neighbourhood", "U"): 0}  # fmt: skip
    rows = [_row("register", (*area, "all", "All"), MARCH, count, None) for area, count in areas.items()]
    assert equations(seeds, rows) == {("Q", ("P1",)), ("U", ("P2",)), ("N", ("P1", "P2"))}


def test_how_many_are_of_no_known_place_is_worked_out_from_exact_places_and_protected(tmp_path):
    """11 and 21 break the rule, so they are exact: of 33 one is left. Once a place is hidden it may be 0 to 4."""
    seeds = write_seeds(tmp_path / "seeds")
    areas = {("place", "A"): 11, ("place", "B"): 21, ("place", "U"): 1, ("system", "S"): 33}
    mart = [_row("register", (*area, "all", "All"), MARCH, count, None) for area, count in areas.items()]

    def told(hidden):
        rows = [{**row, "suppression": "rounded"} for row in mart]
        for row in rows:
            if row["geography_code"] in hidden:
                row.update(numerator=None, value=None, suppression=hidden[row["geography_code"]])
        with database(":memory:", published=rows) as connection, database(":memory:", mart=mart) as exact:
            report = audit(connection, mart=exact, reference=seeds)
        return {(one.geography_code, one.low, one.high) for one in report.worked_out}

    assert told({"U": "suppressed"}) == {("U", 1, 1)}
    assert told({"U": "suppressed", "A": "secondary"}) == set()


def small_counts(seed):
    """Counts by practice and sex, so small that some must be hidden to protect others."""
    random = Random(seed)
    base = {}
    for practice, sex in product(PLACE_OF, SEXES):
        register = random.randint(0, 12)
        checked = random.randint(0, register)
        base[(practice, sex)] = (register, register, checked, random.randint(0, checked))
    return mart_rows(base)


def test_what_is_hidden_in_a_system_does_not_depend_on_another(tmp_path):
    seeds = write_seeds(tmp_path / "seeds")

    def hidden(rows):
        with database(":memory:", mart=rows) as connection:
            mask = protect(connection, (), reference=seeds).mask.to_pylist()
        return sorted((key(one), one["side"]) for one in mask if one["system_code"] == "s")

    others = [{**row, "system_code": "other"} for row in small_counts(1)]
    masks = [(hidden(ours), hidden([*ours, *others])) for ours in map(small_counts, (2, 3, 4))]
    assert any(alone for alone, _ in masks)
    assert all(alone == together for alone, together in masks)
