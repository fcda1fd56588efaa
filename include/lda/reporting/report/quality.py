"""What the figures rest on: partners' submissions, rows, gates and withheld measures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from lda.reporting.report.changes import withheld_name
from lda.reporting.report.charts import Chart, ChartBook, coverage_chart
from lda.reporting.report.charts.coverage import is_complete
from lda.reporting.report.source import Area, Coverage, Published
from lda.reporting.report.wording import long_day, month, number, slug

NAMED = 12


def context(published: Published, manifest: Mapping[str, Any], book: ChartBook) -> dict[str, Any]:
    """The context of the coverage and data quality page."""
    names = {figure.geography_code: figure.geography_name for figure in published.latest}
    rows = (manifest.get("row_accounts") or {}).get("by_feed") or {}
    return {
        "systems": [
            {
                "area": system,
                "charts": _charts(system, some, book),
                "complete": sorted(source for source, months in some.items() if is_complete(months)),
                "table": _table(published, system),
            }
            for system in published.systems
            for some in [_series(published, system)]
        ],
        "feeds": [
            _feed(_feed_name(feed, manifest), state, names) for feed, state in (manifest.get("partners") or {}).items()
        ],
        "rows": [
            (_feed_name(feed, manifest), {name: number(count) for name, count in one.items()})
            for feed, one in rows.items()
        ],
        "files": manifest.get("files_by_status") or {},
        "gates": manifest.get("gates") or {},
        "withheld": _withheld(published, manifest),
        "facts": _facts(manifest),
    }


def _feed_name(feed: str, manifest: Mapping[str, Any]) -> str:
    """What a data set is called; publications of earlier versions tell its code alone."""
    return str((manifest.get("feed_names") or {}).get(feed) or feed.replace("_", " "))


def _feed(name: str, state: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    stale = [f"{names.get(one['partner_code'], one['partner_code'])} (last sent {_month(one['last_period'])})"
             for one in state.get("stale", [])]  # fmt: skip
    missing = [names.get(code, code) for code in state.get("missing", [])]
    return {
        "name": name,
        "period": _month(state["period_end"]) if state.get("period_end") else "",
        "expected": number(state.get("expected", 0)),
        "stale": stale[:NAMED],
        "more_stale": max(0, len(stale) - NAMED),
        "missing": missing[:NAMED],
        "more_missing": max(0, len(missing) - NAMED),
    }


def _month(text: str) -> str:
    return month(date.fromisoformat(text[:10]))


def _withheld(published: Published, manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"name": withheld_name(published, one), "reasons": one.get("reasons", [])}
        for one in manifest.get("withheld_measures") or []
    ]


def _facts(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What this publication is, for the record."""

    def day(name: str) -> str:
        return long_day(datetime.fromisoformat(manifest[name]))

    facts = []
    if manifest.get("publication_id"):
        facts.append(("Publication", str(manifest["publication_id"])))
    if manifest.get("published_at"):
        facts.append(("Published on", day("published_at")))
    if manifest.get("as_of"):
        facts.append(("Data received up to", day("as_of")))
    if manifest.get("code_version"):
        facts.append(("Version of the rules", str(manifest["code_version"])))
    return facts


def _series(published: Published, system: Area) -> dict[str, list[Coverage]]:
    """Coverage over time of each source in a system: measures of one source share their partners."""
    sources = {one.measure_id: one.source or one.name for one in published.definitions}
    found: dict[str, dict[date, Coverage]] = {}
    for one in published.coverage:
        if (one.system_code, one.geography_type) == (system.system_code, "system"):
            found.setdefault(sources.get(one.measure_id, one.measure_id), {}).setdefault(one.period_end, one)
    return {source: [months[end] for end in sorted(months)] for source, months in found.items()}


def _charts(system: Area, series: Mapping[str, list[Coverage]], book: ChartBook) -> list[Chart]:
    """A chart of each source that somebody did not send in some month; the others need no picture."""
    charts = []
    for source, months in series.items():
        if is_complete(months):
            continue
        key = slug(f"coverage-{system.code}-{source}")
        charts.append(
            book.add(key, lambda key, source=source, months=months: coverage_chart(source, system.name, months, key))  # type: ignore[misc]
        )
    return charts


def _table(published: Published, system: Area) -> dict[str, Any]:
    """Latest coverage of each measure by area: share of partners whose own data for the month is in the figure."""
    areas = published.areas_of(system.system_code)
    latest: dict[tuple[str, tuple[str, str]], Coverage] = {}
    for one in published.coverage:
        if one.system_code == system.system_code:
            key = (one.measure_id, (one.geography_type, one.geography_code))
            if key not in latest or latest[key].period_end < one.period_end:
                latest[key] = one
    lines = []
    for definition in published.measures:
        cells = [latest.get((definition.measure_id, area.key)) for area in areas]
        if any(cells):
            lines.append((definition, [_share(cell) for cell in cells]))
    return {"areas": areas, "lines": lines}


def _share(one: Coverage | None) -> str:
    if one is None or not one.partners_expected:
        return "none expected" if one is not None else ""
    return f"{number(one.partners_received or 0)} of {number(one.partners_expected)}"
