"""What changed between publications: restated, hidden, shown, new and gone figures, and the submissions behind them."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date

import pytest
from tiny import UNITS

from lda.gates import GateOutcome, GateReport
from lda.publishing import PublicationError, compare_publications, publish
from lda.reporting.differences import diff_view, write_diff

pytestmark = pytest.mark.slow

PASSED = GateOutcome(suite="keys", code="KEYS-UNIQUE", scope="measure", success=True, detail="Passed.")
SOUND = GateReport((PASSED,), UNITS)
WHERE = "WHERE measure_id = 'checks' AND geography_code = 'E06000016' AND period_end = DATE '2026-03-31'"


@pytest.fixture
def release(settings, ledger, make_candidate, monkeypatch):
    """Publishes a tiny candidate changed by some SQL, without drawing its report; returns its id."""
    monkeypatch.setattr("lda.publishing.folder.write_report", lambda *_: [])

    def run(run_id: str, after: str = "") -> str:
        return publish(settings, ledger, make_candidate(run_id, after=after), SOUND).publication_id

    return run


def test_without_an_earlier_publication_there_is_nothing_to_compare(settings, release):
    with pytest.raises(PublicationError, match="Nothing is published"):
        compare_publications(settings)
    release("run-1")
    with pytest.raises(PublicationError, match="no publication before"):
        compare_publications(settings)
    with pytest.raises(PublicationError, match="no publication 2020-01_x"):
        compare_publications(settings, "2020-01_x")


def test_equal_figures_are_no_difference(settings, release):
    first, second = release("run-1"), release("run-2")
    assert first != second
    diff = compare_publications(settings)
    assert (diff.before, diff.after, diff.counts, diff.figures) == (first, second, {}, [])
    assert "same" in str(diff_view(diff.as_dict()))


def test_publications_made_with_an_opt_out_list_can_be_compared(settings, ledger, make_candidate, monkeypatch):
    """Its files are in no manifest, so that they are no difference either."""
    monkeypatch.setattr("lda.publishing.folder.write_report", lambda *_: [])
    for run_id in ("run-1", "run-2"):
        candidate = make_candidate(run_id, before="INSERT INTO ledger.feed (feed, role) VALUES ('opt_out', 'opt_outs')")
        lists = replace(candidate.inputs[0], feed="opt_out", file_id=f"list of {run_id}")
        publish(settings, ledger, replace(candidate, inputs=(*candidate.inputs, lists)), SOUND)
    diff = compare_publications(settings)
    assert (diff.counts, diff.inputs) == ({}, [])


def test_a_restated_figure_is_told_with_both_numbers(settings, release, tmp_path):
    release("run-1")
    release("run-2", f"UPDATE published.measure_value SET numerator = numerator + 5 {WHERE}")
    diff = compare_publications(settings)
    assert diff.counts == {"restated": 1}
    [figure] = diff.figures
    assert (figure.measure_id, figure.geography_code, figure.period_end) == ("checks", "E06000016", date(2026, 3, 31))
    assert figure.numerator_after - figure.numerator_before == 5
    write_diff(diff.as_dict(), tmp_path / "diff.csv")
    with (tmp_path / "diff.csv").open(encoding="utf-8-sig") as file:
        [line] = csv.DictReader(file)
    assert (line["change"], line["measure_id"]) == ("restated", "checks")


def test_a_figure_that_is_hidden_or_shown_now_is_told_without_its_number(settings, release):
    release("run-1")
    hide = "SET numerator = NULL, value = NULL, suppression = 'secondary'"
    second = release("run-2", f"UPDATE published.measure_value {hide} {WHERE}")
    diff = compare_publications(settings)
    assert diff.counts == {"hidden": 1}
    assert diff.figures[0].numerator_after is None
    third = release("run-3")
    assert compare_publications(settings, second, third).counts == {"shown": 1}


def test_figures_of_a_later_month_are_new_and_not_restated(settings, release):
    release("run-1", "DELETE FROM published.measure_value WHERE period_end = DATE '2026-03-31'")
    release("run-2")
    diff = compare_publications(settings)
    assert set(diff.counts) == {"new"}
    assert diff.figures == []


def test_a_month_that_a_late_system_comes_to_is_new_though_another_had_it_before(settings, release):
    other = "INSERT INTO published.measure_value SELECT * REPLACE ('leeds' AS system_code) FROM published.measure_value"
    release(
        "run-1", f"{other}; DELETE FROM published.measure_value WHERE period_end = '2026-03-31' AND system_code = 'llr'"
    )
    release("run-2", other)
    diff = compare_publications(settings)
    assert list(diff.counts) == ["new"] and diff.figures == []


def test_the_mart_is_compared_for_named_analysts(settings, release):
    release("run-1")
    release("run-2", f"UPDATE mart.measure_value SET numerator = numerator + 1 {WHERE}")
    assert compare_publications(settings).counts == {}
    assert compare_publications(settings, restricted=True).counts == {"restated": 1}
