"""Whose registers count in a month, and for what, where a practice is late or two list the same person."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from synthetic_cases import History

from lda.synthetic.register_truth import add_register_measures, members, not_heard_since_april, register_in_force
from lda.synthetic.truth import Truth

pytestmark = pytest.mark.slow


def test_a_missing_practice_stands_on_its_last_month_with_the_new_ages(history: History) -> None:
    plan, views = history.plan, history.views
    practice, month = 7, len(views) - 1
    joined = register_in_force(plan, views, {month: {practice}, month - 1: {practice}})[month]
    stale = joined.only(joined.practice == practice)
    assert (stale.submitted == month - 2).all()
    last = views[month - 2]
    assert sorted(stale.person.tolist()) == sorted(last.person[last.practice == practice].tolist())


def test_a_submission_too_old_no_longer_stands(history: History) -> None:
    views = history.views
    last = len(views) - 1
    gone = {month: {7} for month in range(last - 3, last + 1)}
    joined = register_in_force(history.plan, views, gone)
    assert 7 in joined[last - 1].practice
    assert 7 not in joined[last].practice


def test_nothing_counted_since_april_is_known_of_a_practice_that_last_sent_in_march(history: History) -> None:
    ends = tuple(date(2026, month, day) for month, day in ((2, 28), (3, 31), (4, 30), (5, 31)))
    plan = replace(history.plan, ends=ends)
    march, april, may = 1, 2, 3
    itself = ("practice", plan.geography.practices[7])
    assert not not_heard_since_april(plan, march, {march: {7}})
    assert itself in not_heard_since_april(plan, april, {april: {7}})
    assert ("system", "QK1") not in not_heard_since_april(plan, april, {april: {7}})
    # In May its register of April stands.
    assert not not_heard_since_april(plan, may, {may: {7}})
    assert itself in not_heard_since_april(plan, may, {april: {7}, may: {7}})
    network = next(code for kind, code in plan.geography.practice_areas(ends[april])[7] if kind == "pcn")
    whole = {
        practice
        for practice, areas in enumerate(plan.geography.practice_areas(ends[april]))
        if ("pcn", network) in areas
    }
    assert ("pcn", network) in not_heard_since_april(plan, april, {april: whole})
    assert ("pcn", network) not in not_heard_since_april(plan, april, {april: whole - {7}})


def test_a_silent_practice_has_its_register_in_april_and_no_uptake(history: History) -> None:
    geography, end = history.plan.geography, date(2026, 4, 30)
    plan = replace(history.plan, ends=(date(2026, 3, 31), end))
    views = [replace(history.views[-1], month=month, submitted=np.full_like(history.views[-1].submitted, month))
             for month in (0, 1)]  # fmt: skip
    missing = {1: {7}}
    told, truth = Truth(geography), Truth(geography)
    add_register_measures(told, plan, history.people, register_in_force(plan, views, {}), {})
    add_register_measures(truth, plan, history.people, register_in_force(plan, views, missing), missing)

    def cell(of: Truth, measure: str, kind: str, code: str) -> list[int] | None:
        return of.cells.get((measure, kind, code, "all", "All", end.isoformat()))

    itself = ("practice", geography.practices[7])
    for measure in ("ahc_uptake_register", "ahc_and_hap", "ahc_declined"):
        assert cell(told, measure, *itself) is not None
        assert cell(truth, measure, *itself) is None
        # Its people are among those of the system, where others have told.
        assert cell(truth, measure, "system", "QK1") == cell(told, measure, "system", "QK1")
    for measure in ("ld_register_size", "ahc_rolling_12_months"):
        assert cell(truth, measure, *itself) == cell(told, measure, *itself) is not None


def test_somebody_listed_twice_is_counted_once_where_registered_last(history: History) -> None:
    for view in history.views:
        end = history.plan.ends[view.month].toordinal()
        chosen = view.only(members(view, end))
        assert len(np.unique(chosen.person)) == len(chosen.person)
    twice = [view for view in history.views if view.duplicate.any()]
    assert twice
    for view in twice:
        chosen = view.only(members(view, history.plan.ends[view.month].toordinal()))
        for person in view.person[view.duplicate]:
            rows = view.only(view.person == person)
            best = max(zip(rows.register_day, -rows.practice, strict=True))
            kept = chosen.practice[chosen.person == person]
            assert not len(kept) or kept[0] == -best[1]
