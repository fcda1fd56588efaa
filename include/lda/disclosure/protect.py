"""Secondary suppression: which further figures to hide so that no hidden one can be worked out.

The auditor's attack is made on the figures that would be published; for each figure it works out, the cheapest figure
whose hiding stops that is hidden, and so on until the attack finds nothing. Cheap is what readers miss least: small
counts, characteristics before totals, practices before places before the system.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from lda.disclosure.attack import Findings, attack
from lda.disclosure.audit import REFERENCE
from lda.disclosure.cells import KEY, Source
from lda.disclosure.circuits import Circuits
from lda.disclosure.exact import Reach
from lda.disclosure.moves import Change
from lda.disclosure.proofs import Proofs
from lda.disclosure.reference import Reference
from lda.disclosure.rules import Bools, Ints
from lda.disclosure.scene import Scene, read_scene, would_be_intervals

MASK = "disclosure_mask"
COLUMNS = (*KEY, "side", "reason")
MASK_DEFINITION = ", ".join(f"{name} {'DATE' if name == 'period_end' else 'VARCHAR'}" for name in COLUMNS)
# What it costs to hide a figure, besides its count: a total outweighs any number of its parts.
TOTAL_COST = {"system": 10_000_000, "place": 1_000_000}
OTHER_TOTAL_COST = 10_000
AS_BEFORE = "Hidden in the publication before, and the same since"
# How far from a worked-out figure, in relations, the figures to hide are looked for.
FARTHEST = 8
# Candidates tried one by one before the cheapest is hidden without a proof that it helps by itself.
MOST_TRIED = 12


@dataclass(frozen=True)
class Protection:
    """What to hide besides small counts.

    :ivar mask: rows of ``COLUMNS``: the figures to hide, in key order.
    :ivar unprotected: figures that can be worked out whatever is hidden; earlier publications told too much.
    """

    mask: pa.Table
    cells: int
    small: int
    rounds: int
    unprotected: tuple[dict[str, Any], ...]
    seconds: float

    @property
    def hidden(self) -> int:
        """How many figures are hidden to protect others."""
        return int(self.mask.num_rows)


def protect(
    mart: Source,
    previous: Sequence[Path] = (),
    *,
    reference: Reference = REFERENCE,
    proofs: Path | None = None,
    threads: int = 1,
) -> Protection:
    """Find the figures to hide so that the publication of ``mart.measure_value`` withstands the auditor.

    :param previous: databases of earlier publications, newest first. What the newest hid to protect others stays
        hidden while the figure is the same.
    :param proofs: a file where proofs are kept from run to run, so that months that have not changed cost nothing.
    :param threads: groups of connected figures that are attacked at a time; the mask does not depend on it.
    :raises DisclosureError: when a table, column or seed is missing.
    """
    started = time.monotonic()
    with duckdb.connect(":memory:") as connection:
        scene = read_scene(None, mart, list(previous), reference, connection)
        kept = Proofs(proofs)
        work = _Work(scene, kept, threads)
        rounds = work.run()
        kept.save()
        cells = np.flatnonzero(work.masked_cells & ~work.small)
        reasons = [work.reason[int(variable)] for variable in scene.relations.of_cell[cells]]
        rows = [{**key, "reason": reason} for key, reason in zip(scene.cells.describe(cells), reasons, strict=True)]
        named = [scene.cell_of(variable, work.small) for variable in work.hopeless]
        unprotected = scene.cells.describe([cell for cell in named if cell >= 0])
    schema = pa.schema([(name, pa.date32() if name == "period_end" else pa.string()) for name in COLUMNS])
    return Protection(
        mask=pa.Table.from_pylist(rows, schema=schema),
        cells=len(scene.cells),
        small=int(work.small.sum()),
        rounds=rounds,
        unprotected=tuple(unprotected),
        seconds=round(time.monotonic() - started, 2),
    )


def write_mask(connection: duckdb.DuckDBPyConnection, protection: Protection) -> None:
    """Write the mask as table ``ledger.disclosure_mask``, which the published models read."""
    connection.register("new_mask", protection.mask)
    connection.execute(f"CREATE OR REPLACE TABLE ledger.{MASK} ({MASK_DEFINITION})")
    connection.execute(f"INSERT INTO ledger.{MASK} SELECT * FROM new_mask ORDER BY ALL")
    connection.unregister("new_mask")


class _Work:
    """The figures hidden so far, and the search for the next. What is one count of several cells is hidden in all."""

    def __init__(self, scene: Scene, proofs: Proofs, threads: int) -> None:
        self.proofs, self.threads = proofs, threads
        self.scene, self.relations = scene, scene.relations
        self.small, self.width = scene.cells.small, scene.width
        self.masked = np.zeros(self.relations.variables, dtype=np.bool_)
        self.hopeless: list[int] = []
        counts = scene.counts if scene.counts is not None else np.zeros(self.relations.variables, dtype=np.int64)
        self.reach = Reach(counts.copy(), counts.copy())
        everything, nothing = (np.full(len(scene.cells), kind) for kind in (True, False))
        self._shown = scene.variables(*would_be_intervals(scene.cells, nothing))
        self._hidden = scene.variables(*would_be_intervals(scene.cells, everything))
        as_before = np.unique(self.relations.of_cell[scene.before.masked & ~self.small])
        self.masked[as_before] = True
        self.reason: dict[int, str] = dict.fromkeys(as_before.tolist(), AS_BEFORE)
        self.protects: dict[int, int] = {}
        self.cost = self._costs()
        order = np.argsort(self.relations.variable, kind="stable")
        lengths = np.bincount(self.relations.variable, minlength=self.relations.variables)
        self._column = np.concatenate(([0], np.cumsum(lengths)))
        self._rows = self.relations.entry_row[order]

    @property
    def masked_cells(self) -> Bools:
        """Cells of the variables hidden so far."""
        return self.masked[self.relations.of_cell]

    def _costs(self) -> Ints:
        data = self.scene.cells.connection.execute(
            "SELECT geography_type, breakdown_type = 'all' AS total FROM cell ORDER BY cell_id"
        ).fetchall()
        weight = np.array(
            [TOTAL_COST.get(kind, OTHER_TOTAL_COST) if total else 0 for kind, total in data], dtype=np.int64
        )
        cost = np.zeros(self.relations.variables, dtype=np.int64)
        np.add.at(cost, self.relations.of_cell, weight + np.where(self.scene.cells.amount, 0, self.scene.cells.truth))
        return cost

    def bounds(self, variables: Ints) -> tuple[Ints, Ints]:
        """What the figures themselves would tell of some variables."""
        masked = self.masked[variables]
        low, high = (
            np.where(masked, hidden[variables], shown[variables])
            for hidden, shown in zip(self._hidden, self._shown, strict=True)
        )
        return low, high

    def widest(self, variables: Ints) -> tuple[Ints, Ints]:
        """What would be told of some variables if everything that may be hidden were."""
        low, high = self.bounds(variables)
        hideable = self.may_hide()[variables]
        return (
            np.where(hideable, np.minimum(low, self._hidden[0][variables]), low),
            np.where(hideable, np.maximum(high, self._hidden[1][variables]), high),
        )

    def wanted(self) -> Bools:
        """Variables that must not be told, as far as anything helps them."""
        everything = np.arange(self.relations.variables)
        wanted = self.scene.to_hide(self.small | self.masked_cells, self.bounds(everything)[1])
        wanted[self.hopeless] = False
        return wanted

    def run(self) -> int:
        """Hide until the attack finds nothing; gives the most attacks made on any group of connected figures."""
        everything = np.arange(self.relations.variables)
        findings = attack(
            self.relations,
            *self.bounds(everything),
            self.wanted(),
            self.width,
            self.scene.counts,
            self.reach,
            proofs=self.proofs,
            threads=self.threads,
        )
        self.reach = findings.reach
        rounds, group = 1, self.relations.group
        for number in np.unique(group[findings.told]).tolist():
            told = findings.told[group[findings.told] == number]
            rounds = max(rounds, 1 + _Group(self, number).run(told))
        return rounds

    def may_hide(self) -> Bools:
        """Variables with a figure that is not hidden yet."""
        found = np.zeros(self.relations.variables, dtype=np.bool_)
        found[self.relations.of_cell[~self.small & ~self.masked_cells]] = True
        return found

    def hide(self, variable: int, to_protect: int) -> None:
        """Hide a figure, with the reason."""
        self.masked[variable] = True
        self.protects[variable] = to_protect
        shared = np.intersect1d(self.rows_of(variable), self.rows_of(to_protect))
        kind = str(self.relations.kind[shared[0]]) if len(shared) else "several relations"
        self.reason[variable] = f"Else a hidden figure could be worked out ({kind})"

    def hidden_for(self, variable: int) -> list[int]:
        """A hidden figure with those that were hidden to protect it, and those that protect these."""
        found, edge = {variable}, [variable]
        while edge:
            edge = [one for one, for_ in self.protects.items() if for_ in edge and one in self.reason]
            edge = sorted(set(edge) - found)
            found.update(edge)
        return sorted(one for one in found if one in self.reason)

    def hide_again(self, reasons: dict[int, str]) -> None:
        """Hide figures for reasons that are known."""
        self.masked[list(reasons)] = True
        self.reason.update(reasons)

    def show(self, variable: int) -> None:
        """Show a figure again."""
        self.masked[variable] = False
        self.reason.pop(variable)

    def rows_of(self, variable: int) -> Ints:
        """The relations a variable is in."""
        return self._rows[self._column[variable] : self._column[variable + 1]]


class _Group:
    """One group of connected figures in which something is told. What is hidden in it changes nothing elsewhere."""

    def __init__(self, work: _Work, number: int) -> None:
        self.work = work
        group = work.relations.group
        whole = work.relations.variable[work.relations.start[:-1]]
        self.variables = np.flatnonzero(group == number)
        self.relations = work.relations.part(self.variables, np.flatnonzero(group[whole] == number))
        self.counts = work.scene.counts[self.variables] if work.scene.counts is not None else None
        self.reach = Reach(work.reach.low[self.variables], work.reach.high[self.variables])
        self.guessed: list[int] = []
        self._circuits: Circuits | None = None

    def run(self, told: Ints) -> int:
        """Hide until nothing is told, then show what was hidden in vain; gives the number of attacks made."""
        rounds = 0
        while len(told):
            for variable in told.tolist():
                self._stop(variable)
            findings = self._attack(self.work.wanted()[self.variables], self.reach)
            self.reach = findings.reach
            told = self.variables[findings.told]
            rounds += 1
        return rounds + self._show_again()

    def _show_again(self) -> int:
        """Show each figure that was hidden without a proof that it helps, and what was hidden for its sake, if nothing
        is told without them; gives the number of attacks made."""
        work, counts, tried = self.work, self.counts, 0
        if counts is None:
            return 0
        for variable in self.guessed:
            together = work.hidden_for(variable)
            reasons = {one: work.reason[one] for one in together}
            for one in together:
                work.show(one)
            findings = self._attack(work.wanted()[self.variables], Reach(counts.copy(), counts.copy()))
            if len(findings.told) or len(findings.unproved):
                work.hide_again(reasons)
            tried += 1
        return tried

    def _attack(self, wanted: Bools, reach: Reach) -> Findings:
        low, high = self.work.bounds(self.variables)
        width = self.work.width[self.variables]
        return attack(self.relations, low, high, wanted, width, self.counts, reach, proofs=self.work.proofs)

    def _stop(self, variable: int) -> None:
        """Hide what stops a variable from being worked out, unless it is stopped already: the figures of the cheapest
        change that proves it open; where no change is found, the cheapest single figure."""
        work, circuits = self.work, self._changes(variable)
        found = circuits.cheapest(self._place(variable)) if circuits else None
        if found is not None and not found[1]:
            self._prove(found[0])
            return
        if work.reason and not self._is_told(variable):
            return
        if circuits is not None and found is not None:
            for place in found[1]:
                work.hide(int(self.variables[place]), variable)
            circuits.hide(found[1])
            self._prove(found[0])
            return
        self._stop_by_one(variable)

    def _place(self, variable: int) -> int:
        return int(np.searchsorted(self.variables, variable))

    def _changes(self, variable: int) -> Circuits | None:
        """The search for changes, where one more or fewer is enough to leave a variable open."""
        work = self.work
        if self.counts is None or work.width[variable] > 1:
            return None
        if self._circuits is None:
            seen = work.bounds(self.variables)
            self._circuits = Circuits(self.relations, self.counts, seen, work.widest(self.variables), self._cost())
        return self._circuits

    def _cost(self) -> Ints:
        return np.maximum(self.work.cost[self.variables], 1)

    def _prove(self, change: Change) -> None:
        """Keep figures that a change proves possible."""
        if self.counts is not None:
            places, steps = (np.array(part, dtype=np.int64) for part in (list(change), list(change.values())))
            self.reach.include(places, self.counts[places] + steps)

    def _stop_by_one(self, variable: int) -> None:
        """Hide the cheapest figure whose hiding stops a variable from being worked out, if any does."""
        work = self.work
        if self._is_pinned(variable):
            work.hopeless.append(variable)
            return
        for ring in self._rings(variable):
            candidates = sorted(ring, key=lambda other: (work.cost[other], other))
            for other in candidates[:MOST_TRIED]:
                work.hide(other, variable)
                if not self._is_told(variable):
                    self._hidden(other)
                    return
                work.show(other)
            if candidates:
                work.hide(candidates[0], variable)
                self._hidden(candidates[0])
                self.guessed.append(candidates[0])
                return
        work.hopeless.append(variable)

    def _hidden(self, variable: int) -> None:
        if self._circuits is not None:
            self._circuits.hide([self._place(variable)])

    def _is_told(self, variable: int) -> bool:
        """Attack one variable. What proves it safe is kept only then: hiding more never makes it untrue."""
        trial = self.reach.copy()
        told = bool(len(self._attack(self.variables == variable, trial).told))
        if not told:
            self.reach = trial
        return told

    def _is_pinned(self, variable: int) -> bool:
        """Whether a variable can have one value only, whatever is hidden: then hiding is in vain."""
        low, high = self.work.widest(self.variables)
        trial = self.reach.copy()
        return bool(len(attack(self.relations, low, high, self.variables == variable, 1, self.counts, trial).told))

    def _rings(self, variable: int) -> Iterator[list[int]]:
        """Figures that may be hidden, at one relation's distance, then farther and farther."""
        relations, may_hide = self.work.relations, self.work.may_hide()
        seen, edge = {variable}, [variable]
        for _ in range(FARTHEST):
            rows = np.unique(np.concatenate([self.work.rows_of(one) for one in edge]))
            near = {
                int(other)
                for row in rows
                for other in relations.variable[relations.start[row] : relations.start[row + 1]]
            }
            edge = sorted(near - seen)
            seen |= near
            yield [other for other in edge if may_hide[other]]
            if not edge:
                return
