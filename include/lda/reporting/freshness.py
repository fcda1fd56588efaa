"""What a collector of metrics is told when a refresh ends: how fresh each partner's data is, what was published."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from lda.reporting.board import status_board
from lda.settings import Settings
from lda.telemetry import gauge, metrics_are_on


def tell_freshness(settings: Settings, summary: Mapping[str, Any]) -> None:
    """Set the gauges ``lda.data.age`` (days since the end of the last period in force), ``lda.periods.missing``,
    ``lda.measures`` and ``lda.gates.failed``. Nothing is worked out when nobody collects metrics.

    :param summary: the summary of the run (``lda.reporting.refresh_summary``).
    """
    if not metrics_are_on():
        return
    board = status_board(settings)
    today = datetime.fromisoformat(board.as_of).date()
    for one in board.partners:
        labels = {"feed": one.feed, "partner": one.partner_code}
        gauge("periods.missing", len(one.missing_periods), **labels)
        if one.last_period:
            gauge("data.age", (today - date.fromisoformat(one.last_period)).days, **labels)
    gauge("measures", summary["measures"]["published"], outcome="published")
    gauge("measures", len(summary["measures"]["withheld"]), outcome="withheld")
    gauge("gates.failed", len(summary["gates"]["failures"]))
