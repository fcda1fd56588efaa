"""One sample report for the tests of this folder."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import html5lib
import pytest

from lda.reporting.report import write_report

sys.path.insert(0, str(Path(__file__).parent))

import sample

HTML = "{http://www.w3.org/1999/xhtml}"


@dataclass
class Report:
    """A report written to a folder, and the figures it was made from."""

    folder: Path
    rows: list[dict[str, Any]]
    files: list[Path]

    @property
    def pages(self) -> list[Path]:
        return [path for path in self.files if path.suffix == ".html"]

    def tree(self, name: str) -> Any:
        """A page parsed strictly: anything a browser would have to mend fails."""
        parser = html5lib.HTMLParser(strict=False)
        tree = parser.parse((self.folder / name).read_text(encoding="utf-8"))
        assert not parser.errors, (name, parser.errors[:5])
        return tree

    def text(self, name: str) -> str:
        """The words of a page, without its style."""
        tree = self.tree(name)
        for head in tree.iter(f"{HTML}head"):
            head.clear()
        return " ".join(" ".join(tree.itertext()).split())


@pytest.fixture(scope="session")
def make_report(tmp_path_factory) -> Callable[..., Report]:
    """Writes a report of some figures."""

    def make(rows, before=None, measures=None, **manifest) -> Report:
        base = tmp_path_factory.mktemp("report")
        now = sample.write(base / "now.duckdb", rows, measures)
        previous = sample.write(base / "before.duckdb", before, measures) if before is not None else None
        files = write_report(now, sample.manifest(**manifest), previous, base / "site")
        return Report(base / "site", rows, files)

    return make


@pytest.fixture(scope="session")
def report(make_report) -> Report:
    """LLR's sample: every measure, 24 months, with the publication of the month before it."""
    rows = sample.figures([sample.System()])
    before = [dict(row) for row in rows if row["period_end"].isoformat() < "2026-03-01"]
    return make_report(rows, before)
