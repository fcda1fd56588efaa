"""Write the report of a publication: a folder of pages that need no server and no internet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from lda.reporting.report import board, wording
from lda.reporting.report.pages import Page, Pages
from lda.reporting.report.source import read_published

DATA = "data"


def write_report(
    published: duckdb.DuckDBPyConnection | Path | str,
    manifest: Mapping[str, Any],
    previous: Path | str | None,
    folder: Path,
) -> list[Path]:
    """Write a publication's report.

    :param published: a DuckDB file, or an open connection, with a schema ``published``; nothing else is read.
    :param manifest: the contents of ``publication.json``; what is absent is left out of the pages.
    :param previous: the public DuckDB file of the publication before, for "what changed"; None at the first.
    :param folder: where the pages go; ``data/`` in it holds each chart's figures as CSV.
    :returns: the files written, sorted.
    :raises ReportError: when there are no published figures to read.
    """
    pages = Pages(read_published(published), read_published(previous) if previous else None, manifest)
    made = pages.all()
    pages.book.draw()
    environment = _environment(pages)
    (folder / DATA).mkdir(parents=True, exist_ok=True)
    written = [_write(folder / page.file, _html(environment, page)) for page in made]
    written += [_write(folder / DATA / chart.csv_name, chart.csv_text()) for chart in pages.book.charts.values()]
    return sorted(written)


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="")
    return path


def _html(environment: Environment, page: Page) -> str:
    template = environment.get_template(f"{page.template}.j2")
    return template.render(page=page, **page.context)


def _environment(pages: Pages) -> Environment:
    environment = Environment(
        loader=PackageLoader("lda.reporting.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"safe_svg": Markup, "emphasis": _emphasis, "slug": wording.slug}
    environment.filters |= {"unit_words": wording.unit_words, "better_words": wording.better_words}
    environment.globals |= {
        **pages.navigation(),
        "area_file": board.area_file,
        "measure_file": board.measure_file,
        "theme_file": board.theme_file,
        "data_folder": DATA,
        "hidden_text": wording.HIDDEN_TEXT,
    }
    return environment


def _emphasis(text: str) -> Markup:
    """``**word**`` as bold; everything else is escaped."""
    parts = text.split("**")
    return Markup("").join(
        Markup("<strong>{}</strong>").format(part) if position % 2 else escape(part)
        for position, part in enumerate(parts)
    )
