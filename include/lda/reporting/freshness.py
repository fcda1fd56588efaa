"""What a collector of metrics is told when an ingest or a refresh ends: how fresh each partner's data is, and what was
published."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from lda.reporting.board import status_board
from lda.settings import Settings
from lda.telemetry import flush, gauge, metrics_are_on


def tell_freshness(settings: Settings) -> None:
    """Set the gauges ``lda.data.age`` (days since the end of the last period in force) and ``lda.periods.missing``, and
    send them. Nothing is worked out when nobody collects metrics.

    Told after every ingest too, for data grow old while nothing is published.
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
    flush()


def tell_published(settings: Settings, summary: Mapping[str, Any]) -> None:
    """Set the gauges of freshness, and ``lda.measures`` and ``lda.gates.failed`` of a refresh that ended.

    :param summary: the summary of the run (``lda.reporting.refresh_summary``).
    """
    if not metrics_are_on():
        return
    gauge("measures", summary["measures"]["published"], outcome="published")
    gauge("measures", len(summary["measures"]["withheld"]), outcome="withheld")
    gauge("gates.failed", len(summary["gates"]["failures"]))
    tell_freshness(settings)
