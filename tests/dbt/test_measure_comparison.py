"""How each measure of the catalogue is compared between groups, or why it is not; and the limits that seeds hold."""

from __future__ import annotations

import pytest
from scipy.stats import poisson
from scratch_candidate import Candidate


def test_the_exact_limits_of_few_events_are_those_of_the_poisson_distribution(empty_candidate: Candidate) -> None:
    with empty_candidate.read() as connection:
        rows = connection.execute(
            "SELECT events, lower_95, upper_95 FROM staging.stg_poisson_limit ORDER BY 1"
        ).fetchall()
    assert [events for events, *_ in rows] == list(range(10))
    for events, low, high in rows:
        # So few or fewer happen once in forty times at the upper limit, so many or more at the lower.
        assert poisson.cdf(events, high) == pytest.approx(0.025, abs=1e-9)
        assert low == 0 if events == 0 else poisson.sf(events - 1, low) == pytest.approx(0.025, abs=1e-9)
    # Breslow and Day, Statistical methods in cancer research II (1987), as printed.
    printed = {1: (0.0253, 5.57), 3: (0.619, 8.77), 5: (1.62, 11.67), 9: (4.12, 17.08)}
    for events, (low, high) in printed.items():
        assert rows[events][1:] == (pytest.approx(low, abs=5e-3), pytest.approx(high, abs=5e-3))


def test_every_measure_is_compared_between_groups_or_says_why_not(empty_candidate: Candidate) -> None:
    with empty_candidate.read() as connection:
        rows = connection.execute(
            "SELECT measure_id, is_compared, method, reason FROM published.measure_comparison"
        ).fetchall()
    found = {measure: (compared, method, reason) for measure, compared, method, reason in rows}
    assert len(found) == 80
    for measure, (compared, method, reason) in found.items():
        assert compared == bool(method) == (not reason), measure
    methods = {
        method: {one for one, (_, said, _) in found.items() if said == method} for _, method, _ in found.values()
    }
    assert {method: len(names) for method, names in methods.items() if method} == {
        "wilson": 30, "byar": 23, "student_t": 4, "order_statistics": 4,
    }  # fmt: skip
    assert methods["student_t"] == {
        "mean_length_of_stay",
        "delayed_days",
        "delay_cost",
        "long_term_support_weekly_cost",
    }
    assert {"restrictive_interventions_per_1000_bed_days", "inpatients_total"} <= methods["byar"]
    assert {measure for measure, (_, _, reason) in found.items() if reason and "What is sent" in reason} == {
        "ahc_uptake_ldhc", "ahc_uptake_ldhc_register", "mandatory_training_tier_1", "mandatory_training_tier_2",
        "keyworker_caseload", "leder_actions_overdue",
    }  # fmt: skip
    # What is left counts things or events, or is made of figures for everyone together.
    kinds = {reason for _, _, reason in found.values() if reason and "What is sent" not in reason}
    assert all(
        any(words in kind for words in ("everyone together", "counts things", "counts events")) for kind in kinds
    ), kinds
