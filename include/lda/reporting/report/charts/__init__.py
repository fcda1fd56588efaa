"""Charts: each is a Vega-Lite specification drawn to SVG when the report is built, with its text and its table."""

from lda.reporting.report.charts.chart import Chart, Column, Width
from lda.reporting.report.charts.coverage import coverage_chart
from lda.reporting.report.charts.draw import ChartBook
from lda.reporting.report.charts.funnel import funnel_chart
from lda.reporting.report.charts.groups import groups_chart
from lda.reporting.report.charts.ranking import ranking_chart
from lda.reporting.report.charts.run import run_chart
from lda.reporting.report.charts.trajectory import trajectory_chart

__all__ = [
    "Chart",
    "ChartBook",
    "Column",
    "Width",
    "coverage_chart",
    "funnel_chart",
    "groups_chart",
    "ranking_chart",
    "run_chart",
    "trajectory_chart",
]
