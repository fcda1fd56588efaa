"""The rule as numbers: what is shown of a count, and what that tells of it."""

from __future__ import annotations

import numpy as np
import pytest

from lda.disclosure.attack import attack
from lda.disclosure.equations import Relations
from lda.disclosure.rules import UNBOUNDED, hidden_interval, rounded, shown_interval

COUNTS = np.arange(200)


def same(value: int) -> np.ndarray:
    return np.full(len(COUNTS), value)


def test_the_lda_rule_hides_under_five_and_rounds_to_the_nearest_five():
    shown = np.where(COUNTS >= 5, rounded(COUNTS, same(5)), -1)
    assert shown[[0, 4, 5, 7, 8, 12, 13, 98]].tolist() == [-1, -1, 5, 5, 10, 10, 15, 100]


@pytest.mark.parametrize(("smallest", "round_to"), [(5, 5), (10, 10), (8, 1), (5, 3)])
def test_what_a_figure_tells_is_exactly_the_counts_that_are_shown_as_it(smallest, round_to):
    shown = np.where(smallest <= COUNTS, rounded(COUNTS, same(round_to)), -1)
    low, high = shown_interval(shown, same(smallest), same(round_to))
    for figure in np.unique(shown[(shown >= 0) & (COUNTS < 180)]):
        shown_as_it = COUNTS[shown == figure]
        at = np.flatnonzero(shown == figure)[0]
        assert (low[at], high[at]) == (shown_as_it.min(), shown_as_it.max())


def test_a_figure_that_breaks_the_rule_is_taken_as_exact():
    low, high = shown_interval(np.array([3, 11]), np.array([5, 5]), np.array([5, 5]))
    assert low.tolist() == high.tolist() == [3, 11]


def test_a_hidden_figure_is_small_or_hidden_for_another_s_sake():
    low, high = hidden_interval(np.array([True, False]), np.array([5, 5]), np.array([5, 5]))
    assert low.tolist() == [0, 5]
    assert high.tolist() == [4, UNBOUNDED]


def test_a_rule_that_hides_small_counts_only_sometimes_may_hide_one_for_another_s_sake():
    low, high = hidden_interval(np.array([True, False]), np.array([2, 2]), np.array([0, 0]))
    assert low.tolist() == [0, 0]
    assert high.tolist() == [1, UNBOUNDED]


def test_a_figure_without_any_bound_is_proved_open():
    start, variable = np.array([0, 3]), np.array([0, 1, 2])
    relations = Relations(
        np.arange(3), 3, start, variable, np.array([1, -1, -1]), np.array(["breakdown"], dtype=object),
        np.array([-1]), np.array([False]), np.arange(3), np.zeros(3, dtype=np.int64),
    )  # fmt: skip
    low, high = np.zeros(3, dtype=np.int64), np.full(3, UNBOUNDED)
    found = attack(relations, low, high, np.ones(3, dtype=np.bool_), 1)
    assert len(found.told) == len(found.unproved) == 0
    high = np.array([3, 0, UNBOUNDED])
    low = np.array([3, 0, 0])
    found = attack(relations, low, high, np.ones(3, dtype=np.bool_), 1)
    assert found.told.tolist() == [0, 1, 2]
