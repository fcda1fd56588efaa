"""Every word of a written report, so that the identifier suite judges the report as it judges tables."""

from __future__ import annotations

import csv
import re
from html.parser import HTMLParser
from pathlib import Path

SILENT = ("style", "svg")
# What a typed table would hold as a number or a date; the suite judges texts.
TYPED = re.compile(r"-?\d{1,9}(?:\.\d+)?(?:e-?\d+)?|\d{4}-\d{2}-\d{2}")


class _Words(HTMLParser):
    """Collects the texts of a page outside its style and drawings, whose labels the tables beside them repeat."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.silent += tag in SILENT

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in SILENT

    def handle_data(self, data: str) -> None:
        if not self.silent and data.strip():
            self.found.append(data.strip())


def page_text(path: Path) -> list[tuple[str, str, str]]:
    """The texts of one page as (file, ``text``, text)."""
    words = _Words()
    words.feed(path.read_text(encoding="utf-8"))
    return [(path.name, "text", word) for word in words.found]


def report_text(folder: Path) -> list[tuple[str, str, str]]:
    """The distinct texts of a report's pages and CSV files as (file, column or ``text``, text)."""
    found: dict[str, tuple[str, str]] = {}
    for path in sorted(folder.rglob("*.html")):
        for name, place, word in page_text(path):
            found.setdefault(word, (name, place))
    for path in sorted(folder.rglob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                for column, cell in row.items():
                    if cell and not TYPED.fullmatch(cell):
                        found.setdefault(cell, (path.name, column))
    return [(file_name, place, text) for text, (file_name, place) in found.items()]
