"""Pages stay small when the catalogue grows: with ninety measures, all charts and tables in them, they are under 3 MB
and have no more elements than tests/browser allows a page that loads quickly."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import sample

from lda.reporting.report.charts import draw
from lda.reporting.report.pages import Pages
from lda.reporting.report.source import Published, read_published
from lda.reporting.report.write import _environment, _html

MOST, MOST_ELEMENTS = 3_000_000, 60_000
MEASURES = 90


@pytest.fixture(scope="module")
def grown(report) -> Published:
    """The sample's figures under as many names as make ninety measures of eleven themes."""
    small = read_published(report.folder.parent / "now.duckdb")
    copies = -(-MEASURES // len(small.measures))

    def named(items, copy: int):
        return [replace(one, measure_id=f"{one.measure_id}_{copy}") for one in items]

    definitions = [
        replace(one, name=f"{one.name} {copy}", theme=f"{one.theme} {copy % 2}")
        for copy in range(copies)
        for one in named(small.definitions, copy)
    ]
    parts = {
        name: [one for copy in range(copies) for one in named(getattr(small, name), copy)]
        for name in ("series", "latest", "coverage", "comparisons")
    }
    return Published(definitions, **parts)


def test_the_largest_pages_stay_under_three_megabytes(grown, monkeypatch):
    """Drawings take time, so one real drawing of each kind of chart stands for all of its kind."""
    assert len(grown.measures) >= MEASURES
    pages = Pages(grown, None, sample.manifest())
    system = grown.systems[0]
    made = [pages.index(), pages.area(system), *pages.inequality(), pages.definitions()]
    made += [pages.theme(theme) for theme in pages.themes[:3]]
    drawn: dict[tuple[str, str], str] = {}

    def once(task):
        chart, width = task
        kind = (chart.short.split(",")[0], width.name)
        if kind not in drawn:
            drawn[kind] = original(task)
        return drawn[kind]

    original = draw._svg
    monkeypatch.setattr(draw, "_svg", once)
    pages.book.draw()
    environment = _environment(pages)
    written = {page.file: _html(environment, page) for page in made}
    sizes = {name: len(text.encode()) for name, text in written.items()}
    assert {name: size for name, size in sizes.items() if size >= MOST} == {}
    elements = {name: len(re.findall(r"<[a-z]", text)) for name, text in written.items()}
    assert {name: count for name, count in elements.items() if count >= MOST_ELEMENTS} == {}
    assert max(sizes.values()) > 500_000, "so the pages really hold their charts"
