"""Tiny worlds: practices in places in a system, counts that add up, and their publication made without the library."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
from scipy.stats import chi2

MARCH = date(2026, 3, 31)
SEXES = ("Female", "Male", "Unknown")
PLACE_OF = {"P1": "A", "P2": "A", "P3": "B", "P4": "C"}
MEASURES = {
    "register": ("count", "count", "people", 1),
    "uptake": ("proportion", "ratio", "people", 1),
    "plan": ("proportion", "ratio", "people", 1),
    "rate": ("per million people", "ratio", "population", 1_000_000),
}
# Measures whose interval is not that of a proportion.
METHODS = {"rate": "byar"}
# Who came onto the register in the month, and who left it.
FLOWS = {"joined": ("count", "count", "people", 1), "left": ("count", "count", "people", 1)}
RESIDENTS = 5_000
AMOUNTS = [("mean", "days", 1, "", ""), ("median", "days", 1, "", ""), ("sum", "days", 10, 1, 31)]
RELATIONS = [
    ("plan_register", "same", "plan", "denominator", "uptake", "denominator"),
    ("plan_checked", "part", "plan", "numerator", "uptake", "numerator"),
    ("of_register", "part", "uptake", "denominator", "register", "numerator"),
    ("rate_of_register", "same", "rate", "numerator", "register", "numerator"),
]
# measure, side → the series of base counts it shows.
SERIES = {
    ("register", "numerator"): "register",
    ("uptake", "denominator"): "aged",
    ("uptake", "numerator"): "checked",
    ("plan", "denominator"): "aged",
    ("plan", "numerator"): "planned",
    ("rate", "numerator"): "register",
    ("joined", "numerator"): "checked",
    ("left", "numerator"): "planned",
}
Key = tuple[str, str, str, str, str, str, date]
Base = Mapping[tuple[str, str], tuple[int, int, int, int]]


def write_seeds(
    folder: Path, relations: Iterable[Sequence[str]] = RELATIONS, width: int = 1, complements: bool = True
) -> Path:
    """The seeds of the world, as the disclosure room reads them."""
    folder.mkdir(exist_ok=True)
    tables: dict[str, list[dict[str, Any]]] = {
        "measure_catalogue": [
            {"measure_id": name, "unit": unit, "aggregation": kind, "denominator_kind": people, "multiplier": times,
             "disclosure_rule": "lda", "frequency_months": 1,
             "confidence_interval": METHODS.get(name, "wilson" if kind == "ratio" else "none"),
             "counts_events": False}
            for name, (unit, kind, people, times) in (MEASURES | FLOWS).items()
        ],
        "disclosure_rule": [
            {"disclosure_rule": "lda", "smallest_count": 5, "round_to": 5, "judged_sides": "numerator;denominator",
             "only_if_adjusted": False, "minimum_width": width, "protect_complements": complements}
        ],
        "geography_link": [
            *({"child_type": "practice", "child_code": practice, "parent_type": "place", "parent_code": place}
              for practice, place in PLACE_OF.items()),
            *({"child_type": "place", "child_code": place, "parent_type": "system", "parent_code": "S"}
              for place in sorted(set(PLACE_OF.values()))),
        ],
        "measure_relation": [
            dict(zip(("relation_id", "relation", "measure_id", "side", "whole_measure_id", "whole_side"), one,
                     strict=True), breakdown_type="", breakdown_values="")
            for one in relations
        ],
        "disclosure_amount": [
            {"disclosure_rule": "lda", "aggregation": kind, "unit": unit, "round_to": step, "person_step": 1,
             "person_least": least, "person_most": most}
            for kind, unit, step, least, most in AMOUNTS
        ],
        "poisson_limit": [
            {"events": events, "lower_95": chi2.ppf(0.025, 2 * events) / 2 if events else 0,
             "upper_95": chi2.ppf(0.975, 2 * events + 2) / 2}
            for events in range(10)
        ],
    }  # fmt: skip
    for name, rows in tables.items():
        with (folder / f"{name}.csv").open("w", newline="") as file:
            columns = [*rows[0], "valid_from", "valid_to"]
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(rows)
    return folder


def areas(practices: Iterable[str]) -> list[tuple[str, str, Callable[[str], bool]]]:
    """Type, code and membership of every area."""
    named = sorted(practices)
    found: list[tuple[str, str, Callable[[str], bool]]] = [("practice", one, one.__eq__) for one in named]
    for place in sorted({PLACE_OF[one] for one in named}):
        found.append(("place", place, lambda practice, place=place: PLACE_OF[practice] == place))
    return [*found, ("system", "S", lambda _: True)]


def levels(area_type: str) -> list[tuple[str, str]]:
    """Breakdown values of an area: practices have none."""
    return [("all", "All")] + ([] if area_type == "practice" else [("sex", sex) for sex in SEXES])


def totals(base: Base, period: date = MARCH) -> dict[tuple[str, str, str, str, str], int]:
    """Counts by series, area and level. ``base`` gives register, aged, checked, planned by practice and sex."""
    names = ("register", "aged", "checked", "planned")
    found = {}
    for area_type, code, belongs in areas({practice for practice, _ in base}):
        for level in levels(area_type):
            people = [
                counts for (practice, sex), counts in base.items() if belongs(practice) and level[1] in ("All", sex)
            ]
            for place, name in enumerate(names):
                found[(name, area_type, code, *level)] = sum(counts[place] for counts in people)
    return found


def mart_rows(base: Base, measures: Iterable[str] = MEASURES, period: date = MARCH) -> list[dict[str, Any]]:
    """The exact figures of the world as rows of measure_value."""
    counts = totals(base, period)
    rows = []
    for measure, (area_type, code, _) in product(measures, areas({practice for practice, _ in base})):
        for level in levels(area_type):
            place = (area_type, code, *level)
            numerator = counts[(SERIES[(measure, "numerator")], *place)]
            series = SERIES.get((measure, "denominator"))
            public = RESIDENTS if (MEASURES | FLOWS)[measure][2] == "population" else None
            denominator = counts[(series, *place)] if series else public
            rows.append(_row(measure, place, period, numerator, denominator))
    return rows


def _row(
    measure: str, place: tuple[str, ...], period: date, numerator: int | None, denominator: int | None
) -> dict[str, Any]:
    value: float | None = numerator
    if (MEASURES | FLOWS)[measure][1] == "ratio":
        value = (
            numerator / denominator * (MEASURES | FLOWS)[measure][3] if numerator is not None and denominator else None
        )
    return {
        "measure_id": measure, "system_code": "s", "geography_type": place[0], "geography_code": place[1],
        "breakdown_type": place[2], "breakdown_value": place[3], "period_end": period,
        "unit": (MEASURES | FLOWS)[measure][0], "numerator": numerator, "denominator": denominator, "value": value,
        "lower_95": None, "upper_95": None, "suppression": "none",
    }  # fmt: skip


def key(row: Mapping[str, Any]) -> Key:
    """What names a row."""
    return tuple(row[name] for name in (
        "measure_id", "system_code", "geography_type", "geography_code", "breakdown_type", "breakdown_value",
        "period_end"))  # type: ignore[return-value]  # fmt: skip


def published_rows(mart: Iterable[Mapping[str, Any]], mask: Iterable[Mapping[str, Any]] = ()) -> list[dict[str, Any]]:
    """The exact figures as they are published: the LDA rule and the mask, in plain Python."""
    hidden = {(key(one), one["side"]) for one in mask}
    rows = []
    for exact in mart:
        shown, small = {}, False
        for side in ("numerator", "denominator"):
            count = exact[side]
            public = side == "denominator" and (MEASURES | FLOWS)[exact["measure_id"]][2] == "population"
            if count is not None and not public:
                small |= count < 5
                count = None if count < 5 or (key(exact), side) in hidden else int(count / 5 + 0.5) * 5
            shown[side] = count
        place = (exact["geography_type"], exact["geography_code"], exact["breakdown_type"], exact["breakdown_value"])
        row = _row(exact["measure_id"], place, exact["period_end"], shown["numerator"], shown["denominator"])
        is_masked = any((key(exact), side) in hidden for side in shown)
        rows.append({**row, "suppression": "suppressed" if small else "secondary" if is_masked else "rounded"})
    return rows


COLUMNS = {
    "measure_id": "VARCHAR", "system_code": "VARCHAR", "geography_type": "VARCHAR", "geography_code": "VARCHAR",
    "breakdown_type": "VARCHAR", "breakdown_value": "VARCHAR", "period_end": "DATE", "unit": "VARCHAR",
    "numerator": "BIGINT", "denominator": "BIGINT", "value": "DOUBLE", "lower_95": "DOUBLE", "upper_95": "DOUBLE",
    "suppression": "VARCHAR",
}  # fmt: skip


def database(path: Path | str, **schemas: Iterable[Mapping[str, Any]]) -> duckdb.DuckDBPyConnection:
    """A database with ``<schema>.measure_value`` for each schema given."""
    connection = duckdb.connect(str(path))
    for schema, rows in schemas.items():
        connection.execute(f"CREATE SCHEMA {schema}")
        definition = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        connection.execute(f"CREATE TABLE {schema}.measure_value ({definition})")
        connection.executemany(
            f"INSERT INTO {schema}.measure_value VALUES ({', '.join('?' for _ in COLUMNS)})",
            [[row[name] for name in COLUMNS] for row in rows],
        )
    return connection
