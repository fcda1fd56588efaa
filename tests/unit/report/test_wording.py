"""Numbers in words do not contradict what is said beside them."""

from __future__ import annotations

from datetime import date

import pytest

from lda.reporting.report.source import Figure
from lda.reporting.report.wording import figure_text


@pytest.mark.parametrize(
    ("value", "status", "words"),
    [(0.748, "not_met", "74.8%"), (0.748, None, "75%"), (0.752, "met", "75%"), (0.744, "not_met", "74%")],
)
def test_a_figure_that_just_misses_its_target_is_not_rounded_to_it(value, status, words):
    figure = Figure(
        "uptake", "llr", "system", "QK1", "LLR", date(2026, 3, 31), value=value, target=0.75, target_status=status
    )
    assert figure_text(figure, "proportion") == words
