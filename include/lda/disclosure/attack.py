"""The attack: everything a reader who knows the rules and relations can tell of hidden counts.

First intervals by interval arithmetic over everything; then, for each hidden count that is still open, a proof that it
is: two sets of figures of its month that fulfil every relation of the month, within these intervals, and differ there.
Small changes are tried first, each in every month; then integer programming on a group of connected counts, for many of
them at once and for one at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from lda.disclosure.equations import Relations
from lda.disclosure.exact import Group, Reach
from lda.disclosure.intervals import Intervals, propagate
from lda.disclosure.moves import Change, Checked, Moves
from lda.disclosure.proofs import Proofs, name_of
from lda.disclosure.rules import UNBOUNDED, Bools, Ints

# Solutions sought for many counts at once before the next step is taken.
COMMON_SOLUTIONS = 60
# Answers not in whole numbers, each to a question a little different from the last, before whole numbers are asked for.
LOOSE_TRIALS = 3
# The questions differ by how much more some counts are wanted to move than others.
MOST_WEIGHT = 3
# Small changes that are tried in a group before it is seen whether they are found there.
TRIAL_CHANGES = 20
# Fewer open counts than this go to integer programming at once.
FEW = 8
# A wider width than this is no matter of small changes: one more and one fewer make two.
NEAR = 2
# Groups larger than this are attacked by interval arithmetic alone, and the report says how many counts that leaves.
LARGEST_GROUP = 60_000


@dataclass
class Findings:
    """What the attack told.

    :ivar told: variables whose width is under the least allowed.
    :ivar by_intervals: for each of them, whether interval arithmetic alone told it.
    :ivar unproved: variables that interval arithmetic does not tell and that were not proved open either.
    :ivar reach: sets of figures found, for the next attack on figures that hide more.
    :ivar questions: small changes and integer programmes tried.
    """

    told: Ints
    by_intervals: Bools
    unproved: Ints
    intervals: Intervals
    reach: Reach
    questions: dict[str, int] = field(default_factory=dict)


def attack(
    relations: Relations,
    low: Ints,
    high: Ints,
    hidden: Bools,
    width: int | Ints,
    values: Ints | None = None,
    reach: Reach | None = None,
    exact: bool = True,
    proofs: Proofs | None = None,
    threads: int = 1,
) -> Findings:
    """Attack hidden variables.

    :param low, high: what the figures themselves tell of each variable.
    :param hidden: the variables to attack.
    :param width: the least difference between largest and smallest possible value that is allowed, of each variable
        where they differ.
    :param values: the exact figures when they are known: a first set that fulfils every relation.
    :param reach: sets of figures from an earlier attack on figures that told more.
    :param exact: go on after interval arithmetic.
    :param proofs: of earlier attacks, to be added to.
    :param threads: groups of connected counts that are attacked at a time; the findings do not depend on it.
    """
    intervals = propagate(relations, low, high)
    width = np.broadcast_to(np.asarray(width, dtype=np.int64), (relations.variables,))
    narrow = hidden & (intervals.high - intervals.low < width)
    if reach is None:
        reach = Reach.nothing(relations.variables) if values is None else Reach(values.copy(), values.copy())
    believed = relations.within_months
    if len(intervals.contradictory):
        believed = relations.only(~relations.across & ~np.isin(np.arange(relations.rows), intervals.contradictory))
    open_ = hidden & ~narrow
    open_[relations.rest[relations.across & (relations.rest >= 0)]] = False
    search = _Search(believed, intervals, open_, width, values, reach, proofs or Proofs(), threads)
    if exact:
        search.run()
    told = np.flatnonzero(narrow | search.told)
    unproved = np.setdiff1d(search.left(np.arange(relations.variables)), told)
    return Findings(told, narrow[told], unproved, intervals, reach, search.questions)


class _Search:
    def __init__(
        self,
        relations: Relations,
        intervals: Intervals,
        open_: Bools,
        width: Ints,
        values: Ints | None,
        reach: Reach,
        proofs: Proofs,
        threads: int,
    ) -> None:
        self.relations, self.intervals, self.width, self.reach = relations, intervals, width, reach
        self.values = values
        self.proofs, self.threads = proofs, threads
        self.open = open_
        self.told = np.zeros(relations.variables, dtype=np.bool_)
        self.questions = {"changes": 0, "programmes": 0}

    def left(self, variables: Ints) -> Ints:
        """Those of some variables that are not proved open yet."""
        return variables[self.open[variables] & (self.reach.width(variables) < self.width[variables])]

    def run(self) -> None:
        """Search each group of connected variables that has something open."""
        wanted = np.flatnonzero(self.open)
        if not len(wanted) or not self.relations.rows:
            return
        group = self.relations.group
        members, rows = _Parts(group), _Parts(group[self.relations.variable[self.relations.start[:-1]]])
        groups = np.unique(group[wanted]).tolist()
        proofs = {number: self._proof(members[number], rows[number]) for number in groups}
        for number, proof in proofs.items():
            if len(self.left(members[number])) and self.proofs.holds(proof):
                self.open[members[number]] = False
        near = wanted[self.width[wanted] <= NEAR]
        if self.values is not None and len(self.left(near)) >= FEW:
            self.small_changes(self.values, near)
        searched = [number for number in groups if self.open[members[number]].any()]
        hard = [number for number in searched if self._is_hard(members[number])]
        # Groups share no variable, and the solver works without Python's lock.
        with ThreadPoolExecutor(self.threads) as pool:
            for asked in pool.map(lambda number: self.programmes(members[number], rows[number]), hard):
                self.questions["programmes"] += asked
        for number in searched:
            if not len(self.left(members[number])):
                self.proofs.add(proofs[number])

    def _is_hard(self, variables: Ints) -> bool:
        return len(self.left(variables)) > 0 and len(variables) <= LARGEST_GROUP

    def _proof(self, variables: Ints, rows: Ints) -> str:
        intervals = self.intervals
        return name_of(self.relations, variables, rows, intervals.low, intervals.high, self.open, self.width)

    def small_changes(self, values: Ints, wanted: Ints) -> None:
        """Try one person more and one fewer, for each variable until it is proved open: the latest month first.

        What was found in one month is tried in all; a group in which little is found is left to integer programming.
        """
        low, high = self.intervals.low, self.intervals.high
        moves = Moves(self.relations, values, low, high)
        checked = Checked(self.relations, values, low, high)
        month, group = self.relations.month, self.relations.group
        random = np.random.default_rng(len(wanted))
        for number in np.unique(month[wanted])[::-1].tolist():
            todo = random.permutation(self.left(wanted[month[wanted] == number]))
            changes = self._search(moves, todo.tolist(), group[todo].tolist())
            if changes:
                self.reach.include_any(*checked.everywhere(changes))

    def _search(self, moves: Moves, variables: list[int], groups: list[int]) -> list[Change]:
        """Small changes that move some variables, one variable after another."""
        changes: list[Change] = []
        tried, found = Counter[int](), Counter[int]()
        seen: set[int] = set()
        for variable, group in zip(variables, groups, strict=True):
            if variable in seen or (tried[group] >= TRIAL_CHANGES and 2 * found[group] < tried[group]):
                continue
            tried[group] += 1
            for step in (1, -1):
                self.questions["changes"] += 1
                change = moves.around(variable, step)
                if change is not None:
                    changes.append(change)
                    seen.update(change)
                    found[group] += 1
                    break
        return changes

    def programmes(self, variables: Ints, rows: Ints) -> int:
        """Integer programmes for a group: for many of its variables at once, then for one at a time.

        :returns: how many were solved.
        """
        counts = variables[variables < self.relations.counts]
        amounts = bool((self.width[counts] > NEAR).all())
        low, high = self.intervals.low, self.intervals.high
        group = Group(
            self.relations, variables, rows, low, high, self.values, not amounts, int(self.width[variables].max())
        )
        self._common(group, variables)
        for variable in self.left(variables).tolist():
            if not self.told[variable]:
                self._one(group, variables, int(np.searchsorted(variables, variable)))
        return group.solved

    def _common(self, group: Group, variables: Ints) -> None:
        """Move as many open variables as possible at once, until that moves no more of them: a little at first."""
        random = np.random.default_rng(len(variables))
        near = self.values is not None and bool((self.width[variables] <= NEAR).all())
        missed = 0
        for _ in range(COMMON_SOLUTIONS):
            left = self.left(variables)
            if not len(left):
                return
            wanted = np.isin(variables, left)
            seen_low, seen_high = self.reach.low[variables], self.reach.high[variables]
            at_low, at_high = seen_low <= group.low, seen_high >= group.high
            either = random.choice(np.array([-1, 1]), len(variables))
            most = MOST_WEIGHT if missed else 1
            weight = random.integers(1, most, len(variables), endpoint=True)
            direction = np.where(at_low, 1, np.where(at_high, -1, either)) * wanted * weight
            whole, within = missed == LOOSE_TRIALS, NEAR if near else UNBOUNDED
            solution = self._ask(group.solve if whole else group.solve_loosely, variables, direction, within)
            if solution is None and whole:
                return
            missed = 0 if whole else missed + (solution is None)
            if solution is None:
                continue
            if len(self.left(variables)) == len(left) and near:
                near = False
            elif len(self.left(variables)) == len(left):
                self._stay(group, left, solution[wanted], at_low[wanted], at_high[wanted])
                return

    def _stay(self, group: Group, left: Ints, solution: Ints, at_low: Bools, at_high: Bools) -> None:
        """Variables at an end of their interval can leave it one way only: when the farthest that all of them together
        go is nowhere, none of them moves in any set of figures, and all are told."""
        low, high = self.intervals.low[left], self.intervals.high[left]
        ends = (at_low & (solution == low)) | (~at_low & at_high & (solution == high))
        if group.optimal and (self.width[left] == 1).all() and ends.all():
            self.told[left] = True

    def _one(self, group: Group, variables: Ints, place: int) -> None:
        """Both ends of one variable. It is told when both are proved and too near to each other."""
        variable = variables[place : place + 1]
        proved = True
        for sign in (1, -1):
            if not len(self.left(variable)):
                return
            direction = np.zeros(len(variables), dtype=np.int64)
            direction[place] = sign
            proved &= self._ask(group.solve, variables, direction) is not None and group.optimal
        if proved and len(self.left(variable)):
            self.told[variable] = True

    def _ask(
        self, solve: Callable[[Ints, int], Ints | None], variables: Ints, direction: Ints, within: int = UNBOUNDED
    ) -> Ints | None:
        solution = solve(direction, within)
        if solution is not None:
            self.reach.include(variables, solution)
        return solution


class _Parts:
    """Places by label: ``parts[label]`` are the places, in order, that have it."""

    def __init__(self, labels: Ints) -> None:
        self._order = np.argsort(labels, kind="stable")
        self._bounds = np.searchsorted(labels[self._order], np.arange(int(labels.max(initial=-1)) + 2))

    def __getitem__(self, label: int) -> Ints:
        if label + 1 >= len(self._bounds):
            return np.zeros(0, dtype=np.int64)
        found: Ints = self._order[self._bounds[label] : self._bounds[label + 1]]
        return found
