"""What a chart is: a title, its meaning in words, its data as a table, and how to draw it at a width."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Spec = dict[str, Any]
Cell = str | int | float | None
# A value starting with one of these would run as a formula in a spreadsheet.
FORMULA_STARTS = ("=", "+", "-", "@")


@dataclass(frozen=True)
class Width:
    """Size of a whole drawing in CSS pixels, labels included."""

    name: str
    plot: int
    font: int
    label_limit: int


WIDE = Width("wide", 560, 13, 240)
NARROW = Width("narrow", 350, 13, 150)
# A chart over time has short labels: one drawing reads well at a desk, on paper and, shrunk a little, on a phone.
BOTH = Width("both", 460, 15, 200)


@dataclass(frozen=True)
class Column:
    """A column of a chart's table: its heading, and whether it holds numbers (set to the right)."""

    heading: str
    kind: Literal["text", "number"] = "text"


@dataclass(frozen=True)
class KeyEntry:
    """One entry of the key below a chart: the class of its mark and what it means."""

    mark: str
    words: str


@dataclass
class Chart:
    """A chart and everything that stands beside it.

    ``short`` is the title where a heading already names the measure. ``rows`` are shown in the table; ``raw`` are the
    same rows for the CSV file, unformatted. ``draw`` gives the Vega-Lite specification for each of ``widths``. ``svg``
    is filled by ``ChartBook``.
    """

    key: str
    title: str
    short: str
    text: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    raw_columns: Sequence[str]
    raw: Sequence[Sequence[Cell]]
    draw: Callable[[Width], Spec]
    legend: Sequence[KeyEntry] = ()
    widths: tuple[Width, ...] = (WIDE, NARROW)
    svg: dict[str, str] = field(default_factory=dict)

    @property
    def csv_name(self) -> str:
        """File name of the chart's data, below the report's ``data`` folder."""
        return f"{self.key}.csv"

    def csv_text(self) -> str:
        """The chart's data as CSV that spreadsheets open cleanly: byte order mark, ISO dates, no formulas."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(self.raw_columns)
        writer.writerows([[_safe(cell) for cell in row] for row in self.raw])
        return "\ufeff" + out.getvalue()


def _safe(cell: Cell) -> Cell:
    if isinstance(cell, str) and cell.lstrip().startswith(FORMULA_STARTS):
        return f"'{cell}"
    return cell
