"""Draw charts to SVG with Vega-Lite, each once however many pages show it, at each of its widths."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import vl_convert

from lda.reporting.report.charts.chart import Chart, Width

WORKERS = 2
NOISE = re.compile(
    r' (?:xmlns(?::xlink)?|version|class|role|aria-[a-z]+|pointer-events|font-family|stroke-miterlimit)="[^"]*"'
)
EMPTY = re.compile(r'<path d="M0,0h0v0h0Z"/>|<g/>|<g></g>')
SIZE = re.compile(r'<svg width="([\d.]+)" height="([\d.]+)" viewBox="([^"]+)">')


class ChartBook:
    """The charts of a report by key. ``add`` keeps the first of a key; ``draw`` fills every chart's ``svg``."""

    def __init__(self) -> None:
        self.charts: dict[str, Chart] = {}

    def add(self, key: str, make: Callable[[str], Chart]) -> Chart:
        """The chart of a key, made the first time it is asked for."""
        if key not in self.charts:
            self.charts[key] = make(key)
        return self.charts[key]

    def draw(self) -> None:
        """Draw every chart that is not drawn yet."""
        waiting = [(chart, width) for chart in self.charts.values() for width in chart.widths]
        waiting = [(chart, width) for chart, width in waiting if width.name not in chart.svg]
        with ThreadPoolExecutor(WORKERS) as pool:
            for (chart, width), svg in zip(waiting, pool.map(_svg, waiting), strict=True):
                chart.svg[width.name] = svg


def _svg(task: tuple[Chart, Width]) -> str:
    chart, width = task
    return tidy(vl_convert.vegalite_to_svg(chart.draw(width)))


def tidy(svg: str) -> str:
    """A drawing to stand inside a page: scalable, hidden from screen readers (its text stands beside it), no noise."""
    lean = NOISE.sub("", svg)
    while True:
        shorter = EMPTY.sub("", lean)
        if shorter == lean:
            break
        lean = shorter
    return SIZE.sub(
        r'<svg aria-hidden="true" focusable="false" viewBox="\3" style="max-width:\1px" '
        r'preserveAspectRatio="xMinYMin">',
        lean,
    )
