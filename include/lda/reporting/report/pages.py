"""The pages of the report: what each shows, before it is written as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from lda.reporting.report import board, easy_read, quality
from lda.reporting.report.changes import Comparison, measures_come_and_gone
from lda.reporting.report.charts import (
    Chart,
    ChartBook,
    funnel_chart,
    groups_chart,
    ranking_chart,
    run_chart,
    trajectory_chart,
)
from lda.reporting.report.charts.funnel import suits_funnel
from lda.reporting.report.inequality import gaps, not_compared
from lda.reporting.report.source import Area, Definition, Figure, Published
from lda.reporting.report.spc import has_spc
from lda.reporting.report.wording import joined, month, slug, type_name

TEXT = Path(__file__).parent / "text"


@cache
def text(name: str) -> Any:
    """Words kept as data: themes, glossary, easy_read."""
    return yaml.safe_load((TEXT / f"{name}.yaml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Page:
    """One file of the report. ``plain`` pages (Easy Read) stand without the board's navigation."""

    file: str
    template: str
    title: str
    context: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class MeasureSection:
    """One measure of one area: its row and its charts over time."""

    row: board.MeasureRow
    charts: list[Chart]


class Pages:
    """Builds every page of a publication's report; charts go into one book so that each is drawn once."""

    def __init__(self, published: Published, before: Published | None, manifest: Mapping[str, Any]) -> None:
        self.published, self.before, self.manifest = published, before, manifest
        self.comparison = Comparison(published, before)
        self.book = ChartBook()
        self.themes = list(dict.fromkeys(definition.theme for definition in published.measures))

    def all(self) -> list[Page]:
        """Every page."""
        pages = [self.index(), self.easy_read(), *self.inequality(), self.quality(), self.definitions()]
        pages += [self.theme(theme) for theme in self.themes]
        pages += [self.area(area) for area in self.published.areas]
        return pages + [self.measure(definition) for definition in self.published.measures]

    @property
    def name(self) -> str:
        """What the report is about: its systems."""
        return joined(area.name for area in self.published.systems) or "no system yet"

    def index(self) -> Page:
        """The summary: each system's state, what changed, every measure, ways on."""
        systems = []
        for system in self.published.systems:
            rows = board.board_rows(self.comparison, system)
            areas = self.published.areas_of(system.system_code)
            systems.append(
                {
                    "area": system,
                    "file": board.area_file(system) if system in self.published.areas else None,
                    "rows": board.by_theme(rows),
                    "headlines": board.chosen(rows, text("headlines")),
                    "counts": board.counts(rows),
                    "total": len(rows),
                    "headline": board.headline(rows, system.name),
                    "worst": board.worst_first(rows)[:3],
                    "changes": self.comparison.changes([system]),
                    "area_changes": self.comparison.changes([one for one in areas if one != system]),
                    "areas": [
                        {"area": one, "file": board.area_file(one), "counts": board.counts(rows_)}
                        for one in areas
                        if one != system
                        for rows_ in [board.board_rows(self.comparison, one)]
                    ],
                }
            )
        notes = measures_come_and_gone(self.published, self.before, self.manifest)
        return Page("index.html", "index.html", "Summary", {"systems": systems, "notes": notes})

    def area(self, area: Area) -> Page:
        """A system, place or neighbourhood: its state, then each measure with its charts."""
        rows = board.board_rows(self.comparison, area)
        sections = [MeasureSection(row, self.over_time(row.definition, area)) for row in rows]
        themes = [
            (theme, [section for section in sections if section.row.definition.theme == theme])
            for theme in dict.fromkeys(row.definition.theme for row in rows)
        ]
        above = (one for one in self.published.systems if one.system_code == area.system_code and one != area)
        context = {
            "area": area,
            "system": next((one for one in above if one in self.published.areas), None),
            "kind": type_name(area.geography_type),
            "rows": board.by_theme(rows),
            "counts": board.counts(rows),
            "headline": board.headline(rows, area.name),
            "changes": self.comparison.changes([area]),
            "themes": themes,
        }
        return Page(board.area_file(area), "area.html", area.name, context)

    def measure(self, definition: Definition) -> Page:
        """A measure: its definition, and for each system its course, its areas side by side, its groups."""
        systems = []
        for system in self.published.systems:
            parts = board.compared_areas(self.published, definition.measure_id, system.system_code)
            figures = self.published.at_latest(definition.measure_id, system.system_code)
            if not figures:
                continue
            areas = [one for one in self.published.areas_of(system.system_code) if one != system]
            rows = [board.measure_row(self.comparison, definition, one) for one in areas]
            systems.append(
                {
                    "area": system,
                    "row": board.measure_row(self.comparison, definition, system),
                    "charts": self.over_time(definition, system),
                    "areas": [(row, board.area_file(row.area)) for row in rows if row.figure],
                    "remainders": board.remainders(self.published, definition, system.system_code),
                    "rankings": [self._ranking(definition, system, kind, some) for kind, some in parts.items()],
                    "funnels": [
                        self._funnel(definition, system, kind, some)
                        for kind, some in parts.items()
                        if suits_funnel(definition, some)
                    ],
                    "groups": self.groups(definition, system),
                }
            )
        context = {"definition": definition, "systems": systems}
        return Page(board.measure_file(definition.measure_id), "measure.html", definition.name, context)

    def theme(self, theme: str) -> Page:
        """A theme: every measure of it, for each system over time and by place."""
        systems = []
        for system in self.published.systems:
            rows = [row for row in board.board_rows(self.comparison, system) if row.definition.theme == theme]
            sections = []
            for row in rows:
                parts = board.compared_areas(self.published, row.definition.measure_id, system.system_code)
                places = {kind: some for kind, some in parts.items() if kind == "place"}
                sections.append(
                    {
                        "row": row,
                        "charts": self.over_time(row.definition, system)
                        + [self._ranking(row.definition, system, kind, some) for kind, some in places.items()],
                    }
                )
            systems.append(
                {
                    "area": system,
                    "headline": board.headline(rows, system.name),
                    "rows": [(theme, rows)],
                    "sections": sections,
                }
            )
        words = text("themes").get(theme, "")
        return Page(board.theme_file(theme), "theme.html", theme, {"systems": systems, "words": words})

    def inequality(self) -> list[Page]:
        """Who does better and worse: gaps between groups, then every rate by group; how many there are says neither.

        Where there are several systems, each has its charts on a page of its own, so that no page grows with them.
        """
        several = len(self.published.systems) > 1
        summary, own = [], []
        for system in self.published.systems:
            found = [
                (definition, chart)
                for definition in self.published.measures
                if definition.unit != "count" and (chart := self.groups(definition, system)) is not None
            ]
            part = {"area": system, "gaps": gaps(self.published, system), "charts": found, "more": None}
            file = f"inequality-{slug(system.code)}.html"
            summary.append({**part, "charts": [], "more": file} if several and found else part)
            if several and found:
                alone = {"systems": [part], "not_compared": []}
                own.append(Page(file, "inequality.html", f"Inequality, {system.name}", alone))
        context: dict[str, Any] = {"systems": summary, "not_compared": not_compared(self.published)}
        return [Page("inequality.html", "inequality.html", "Inequality", context), *own]

    def quality(self) -> Page:
        """What the figures rest on: partners, rows, gates, withheld measures."""
        context = quality.context(self.published, self.manifest, self.book)
        return Page("data-quality.html", "quality.html", "Coverage and data quality", context)

    def definitions(self) -> Page:
        """What every measure and word means."""
        shown = {definition.measure_id for definition in self.published.measures}
        themes = [
            (theme, [one for one in self.published.definitions if one.theme == theme])
            for theme in dict.fromkeys(one.theme for one in self.published.definitions)
        ]
        context = {"themes": themes, "shown": shown, "glossary": text("glossary")}
        return Page("definitions.html", "definitions.html", "Definitions", context)

    def easy_read(self) -> Page:
        """The Easy Read page."""
        words = text("easy_read")
        systems = [
            {
                "area": system,
                "intro": easy_read.intro(words, system, easy_read.latest_month(self.comparison, system)),
                "topics": easy_read.topics(words, self.comparison, system),
            }
            for system in self.published.systems
        ]
        context = {"systems": systems, "hard_words": words["hard_words"], "help": words["help"]}
        return Page("easy-read.html", "easy_read.html", "Easy Read", context)

    def over_time(self, definition: Definition, area: Area) -> list[Chart]:
        """A measure's course in an area: year beside year where it counts from April, and limits where published."""
        history = self.published.history(definition.measure_id, area)
        if not history:
            return []
        name = f"{definition.measure_id}-{area.geography_type}-{area.code}"
        charts = []
        yearly = self.published.year_to_date(definition.measure_id)
        if yearly:
            key = slug(f"{name}-by-year")
            charts.append(self.book.add(key, lambda key: trajectory_chart(definition, area.name, history, key)))
        if not yearly or has_spc(history):
            charts.append(
                self.book.add(slug(f"{name}-over-time"), lambda key: run_chart(definition, area.name, history, key))
            )
        return charts

    def groups(self, definition: Definition, system: Area) -> Chart | None:
        """A measure by group in a system, when it is published by group."""
        figures = [
            figure
            for figure in self.published.at_latest(definition.measure_id, system.system_code)
            if figure.geography == system.key
        ]
        if not any(figure.breakdown_type != "all" for figure in figures):
            return None
        key = slug(f"{definition.measure_id}-{system.code}-by-group")
        return self.book.add(key, lambda key: groups_chart(definition, system.name, figures, key))

    def _ranking(self, definition: Definition, system: Area, kind: str, figures: list[Figure]) -> Chart:
        key = slug(f"{definition.measure_id}-{system.code}-by-{kind}")
        return self.book.add(key, lambda key: ranking_chart(definition, system.name, kind, figures, key))

    def _funnel(self, definition: Definition, system: Area, kind: str, figures: list[Figure]) -> Chart:
        key = slug(f"{definition.measure_id}-{system.code}-funnel-{kind}")
        return self.book.add(key, lambda key: funnel_chart(definition, system.name, kind, figures, key))

    def navigation(self) -> dict[str, Any]:
        """What every page's header and footer need."""
        ends = [figure.period_end for figure in self.published.latest]
        return {
            "report_name": self.name,
            "period": month(max(ends)) if ends else "",
            "nav_themes": [(theme, board.theme_file(theme)) for theme in self.themes],
            "publication": self.manifest,
            "comparison_words": self.comparison.words,
        }
