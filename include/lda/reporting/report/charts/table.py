"""The columns of a chart's CSV file: the published figures as they are."""

from __future__ import annotations

from datetime import date

from lda.reporting.report.charts.chart import Cell
from lda.reporting.report.source import Figure

RAW = (
    "measure_id", "geography_code", "geography_name", "period_end", "numerator", "denominator", "value", "lower_95",
    "upper_95", "target", "spc_mean", "spc_lower_limit", "spc_upper_limit", "spc_point_type", "suppression",
)  # fmt: skip


def raw_cells(figure: Figure) -> list[Cell]:
    """A published figure as cells of a CSV row, unformatted, with ISO dates."""
    cells = [getattr(figure, name) for name in RAW]
    return [cell.isoformat() if isinstance(cell, date) else cell for cell in cells]
