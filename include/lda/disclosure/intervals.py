"""Interval arithmetic: what each relation tells of each of its counts, again and again until nothing new is told.

Every step is exact integer arithmetic, so an interval found here is certain for whoever believes the relations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lda.disclosure.equations import Relations
from lda.disclosure.rules import UNBOUNDED, Bools, Ints

# Bounds of large counts can creep towards each other by one a round; what is not told by then is for the exact attack.
MOST_ROUNDS = 400


@dataclass
class Intervals:
    """Smallest and largest value of each variable, and the row that told it (-1: the figure itself).

    :ivar contradictory: rows that no counts within the published intervals fulfil.
    """

    low: Ints
    high: Ints
    low_row: Ints
    high_row: Ints
    contradictory: Ints


def propagate(relations: Relations, low: Ints, high: Ints) -> Intervals:
    """Tighten intervals by every relation until nothing changes.

    A row that contradicts the figures is left out and named: it does not hold of what is published.

    :param low, high: intervals of all variables.
    """
    broken = np.zeros(relations.rows, dtype=np.bool_)
    while True:
        found = _fixpoint(relations.only(~broken) if broken.any() else relations, low, high)
        rows = np.flatnonzero(~broken)
        for name in ("low_row", "high_row"):
            told = getattr(found, name)
            setattr(found, name, np.where(told >= 0, rows[told] if len(rows) else -1, -1))
        if not len(found.contradictory):
            found.contradictory = np.flatnonzero(broken)
            return found
        broken[rows[found.contradictory]] = True


def _fixpoint(relations: Relations, low: Ints, high: Ints) -> Intervals:
    state = Intervals(
        low.copy(), high.copy(), np.full(len(low), -1), np.full(len(low), -1), np.zeros(0, dtype=np.int64)
    )
    active = np.ones(relations.rows, dtype=np.bool_)
    entry_row = relations.entry_row
    for _ in range(MOST_ROUNDS):
        entries = np.flatnonzero(active[entry_row])
        if not len(entries):
            break
        changed = _tighten(relations, entry_row, entries, state)
        wrong = np.flatnonzero(state.low > state.high)
        if len(wrong):
            rows = np.concatenate([state.low_row[wrong], state.high_row[wrong]])
            state.contradictory = np.unique(rows[rows >= 0])
            break
        active[:] = False
        active[entry_row[changed[relations.variable]]] = True
    return state


def _tighten(relations: Relations, entry_row: Ints, entries: Ints, state: Intervals) -> Bools:
    """One round over some rows: each entry's value is what the others of its row leave for it."""
    row, variable = entry_row[entries], relations.variable[entries]
    positive = relations.coefficient[entries] > 0
    low, high = state.low[variable], state.high[variable]
    least, most = np.where(positive, low, -high), np.where(positive, high, -low)
    first = np.flatnonzero(np.diff(row, prepend=-1))
    counts = np.diff(np.append(first, len(row)))
    from_most = -_others(least, -UNBOUNDED, first, counts)
    from_least = -_others(most, UNBOUNDED, first, counts)
    new_high = np.where(positive, from_most, -from_least)
    new_low = np.where(positive, from_least, -from_most)
    changed = np.zeros(len(state.low), dtype=np.bool_)
    for bound, told, values, better in (
        (state.low, state.low_row, new_low, np.maximum),
        (state.high, state.high_row, new_high, np.minimum),
    ):
        before = bound[variable]
        better.at(bound, variable, values)
        by = (values == bound[variable]) & (before != values)
        told[variable[by]] = row[by]
        changed[variable[by]] = True
    return changed


def _others(values: Ints, infinite: int, first: Ints, counts: Ints) -> Ints:
    """The sum of the other entries of each entry's row; without bound when one of them is without bound."""
    endless = np.abs(values) >= UNBOUNDED
    finite = np.where(endless, 0, values)
    total = np.repeat(np.add.reduceat(finite, first), counts) - finite
    open_others = np.repeat(np.add.reduceat(endless.astype(np.int64), first), counts) - endless
    return np.where(open_others > 0, infinite, total)
