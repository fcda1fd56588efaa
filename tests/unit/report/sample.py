"""A seeded publication for the report's tests: the published schema, realistic figures, suppressed and rounded."""

from __future__ import annotations

import csv
import itertools
import random
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from statistics import mean
from typing import Any

import duckdb
import pyarrow as pa

MEASURES = Path(__file__).with_name("measures.csv")
COLUMNS = (
    "measure_id VARCHAR, system_code VARCHAR, geography_type VARCHAR, geography_code VARCHAR, geography_name VARCHAR, "
    "breakdown_type VARCHAR, breakdown_value VARCHAR, period_end DATE, period_start DATE, is_latest_period BOOLEAN, "
    "numerator BIGINT, denominator BIGINT, value DOUBLE, unit VARCHAR, lower_95 DOUBLE, upper_95 DOUBLE, "
    "target DOUBLE, target_status VARCHAR, spc_mean DOUBLE, spc_lower_limit DOUBLE, spc_upper_limit DOUBLE, "
    "spc_point_type VARCHAR, variation VARCHAR, assurance VARCHAR, national_rank INTEGER, coverage DOUBLE, "
    "suppression VARCHAR, publication_id VARCHAR"
)
WITH_HISTORY = ("system", "place", "neighbourhood")
NAMES = [part.split()[0] for part in COLUMNS.split(", ")]
DEFINITION = (
    "measure_id", "name", "description", "theme", "unit", "better_is", "numerator_definition",
    "denominator_definition", "source", "owner", "refresh", "version",
)  # fmt: skip
LEVELS = {
    "sex": ["Female", "Male", "Unknown"],
    "age_band": ["Under 18", "18-24", "25-34", "35-44", "45-54", "55-64", "65 and over"],
    "ethnicity_group": ["White", "Mixed", "Asian", "Black", "Other", "Not stated"],
    "deprivation_quintile": ["1 (most deprived)", "2", "3", "4", "5 (least deprived)", "Unknown"],
}
RATE = {
    "ahc_uptake_register": 0.74, "ahc_and_hap": 0.68, "ahc_declined": 0.04, "ahc_uptake_ldhc": 0.78,
    "inpatients_over_two_years": 0.42, "cetr_in_date": 0.86, "oversight_visit_in_date": 0.8,
    "leder_initial_within_six_months": 0.71, "leder_focused_within_six_months": 0.6, "settled_accommodation": 0.79,
    "paid_employment": 0.06,
}  # fmt: skip


@dataclass
class System:
    """A system of the sample: its code, name, places (code, name, share of the people) and number of practices.

    ``neighbourhoods`` are like places.
    """

    code: str = "llr"
    icb: str = "QK1"
    name: str = "Leicester, Leicestershire and Rutland"
    places: list[tuple[str, str, float]] = field(
        default_factory=lambda: [
            ("E06000016", "Leicester", 0.37),
            ("E10000018", "Leicestershire", 0.59),
            ("E06000017", "Rutland", 0.04),
        ]
    )
    practices: int = 60
    neighbourhoods: list[tuple[str, str, float]] = field(default_factory=list)


def month_ends(count: int, last: date = date(2026, 3, 31)) -> list[date]:
    """The last days of the months up to a month, oldest first."""
    found = []
    year, month = last.year, last.month
    for _ in range(count):
        following = date(year + month // 12, month % 12 + 1, 1)
        found.append(date.fromordinal(following.toordinal() - 1))
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    return found[::-1]


def catalogue() -> list[dict[str, str]]:
    """Fourteen measures as the catalogue defined them when the report was made, each with a target or none."""
    with MEASURES.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def targets() -> dict[str, float]:
    """The targets by measure."""
    return {row["measure_id"]: float(row["target"]) for row in catalogue() if row["target"]}


def disclosed(count: int) -> int | None:
    """The LDA rule: under 5 hidden, else to the nearest 5."""
    return int(count / 5 + 0.5) * 5 if count >= 5 else None


def wilson(top: float, bottom: float, z: float = 1.959964) -> tuple[float, float]:
    """The Wilson 95 % interval."""
    share = min(1, top / bottom)
    centre, scale = share + z * z / (2 * bottom), 1 + z * z / bottom
    spread = z * (share * (1 - share) / bottom + z * z / (4 * bottom * bottom)) ** 0.5
    return max(0, (centre - spread) / scale), min(1, (centre + spread) / scale)


def figures(
    systems: list[System], months: int = 24, seed: int = 7, measures: list[str] | None = None, spc: bool = True
) -> list[dict[str, Any]]:
    """Rows of measure_value, plus ``true_numerator`` and ``true_denominator``, which are never written."""
    rng, goals, rows = random.Random(seed), targets(), []
    ends = month_ends(months)
    for system in systems:
        for measure in catalogue():
            if measures is not None and measure["measure_id"] not in measures:
                continue
            every = int(measure["frequency_months"])
            kept = [end for end in ends if end.month % every == 0]
            if not kept:
                continue
            for kind, code, name, weight in areas(system, measure):
                rows += series(rng, system, measure, kind, code, name, weight, kept, goals)
                if kind in ("system", "place"):
                    rows += breakdowns(rng, system, measure, kind, code, name, weight, kept[-1], goals)
    if spc:
        add_spc(rows)
    return rows


def areas(system: System, measure: dict[str, str]) -> list[tuple[str, str, str, float]]:
    kinds = measure["geography_types"].split(";")
    found = [("system", system.icb, system.name, 1.0)]
    found += [("place", code, name, weight) for code, name, weight in system.places]
    found += [("neighbourhood", code, name, weight) for code, name, weight in system.neighbourhoods]
    if "practice" in kinds:
        found += [
            (
                "practice",
                f"{system.icb}Y{n:03}",
                f"{system.code.upper()} Surgery {n}",
                (0.4 + n % 7 / 5) / system.practices,
            )
            for n in range(system.practices)
        ]
        found += [("pcn", f"{system.icb}U{n:02}", f"{system.code.upper()} Network {n}", 0.09) for n in range(10)]
    return found


def counts(
    rng: random.Random, measure: dict[str, str], weight: float, end: date, position: int, tilt: float = 0
) -> tuple[int, int | None]:
    """A numerator and denominator that could be true."""
    name = measure["measure_id"]
    if measure["unit"] == "count":
        return round(6300 * weight + position * 4 * weight + rng.gauss(0, 8 * weight)), None
    if measure["denominator_kind"] == "population":
        per, people = (34, 860_000) if "adult" in name else (9, 240_000)
        expected = per * people * weight / 1e6 * (1 - 0.008 * position) * (1 + tilt)
        return max(0, round(rng.gauss(expected, expected**0.5 / 2))), round(people * weight)
    base = {"Health checks": 5600, "Inpatients": 40, "Safeguards": 34, "LeDeR": 60, "Living well": 3400}
    bottom = max(0, round(base[measure["theme"]] * weight * rng.uniform(0.97, 1.03)))
    rate = RATE[name] * (1 + tilt)
    if name.startswith("ahc"):
        rate *= (((end.month - 4) % 12) + 1) / 12 * rng.uniform(0.95, 1.05)
    elif measure["theme"] in ("Inpatients", "Safeguards"):
        rate += 0.004 * position + rng.gauss(0, 0.03)
    return min(bottom, max(0, round(bottom * rate + rng.gauss(0, (bottom * rate) ** 0.5 * 0.3)))), bottom


def cell(
    system: System, measure: dict[str, str], kind: str, code: str, name: str, end: date, top: int, bottom: int | None,
    goals: dict[str, float], latest: bool, group: tuple[str, str] = ("all", "All"),
) -> dict[str, Any]:  # fmt: skip
    """One row as the published layer makes it."""
    per, population = float(measure["multiplier"]), measure["denominator_kind"] == "population"
    shown_top = disclosed(top)
    shown_bottom = bottom if population or bottom is None else disclosed(bottom)
    hidden = shown_top is None or (bottom is not None and shown_bottom is None)
    value = lower = upper = None
    if not hidden:
        value = float(shown_top) if bottom is None else per * min(1, shown_top / shown_bottom)
        if bottom is not None:
            lower, upper = (per * bound for bound in wilson(shown_top, shown_bottom))
    target = goals.get(measure["measure_id"])
    status = None
    if target is not None and value is not None:
        met = value <= target if measure["better_is"] == "lower" else value >= target
        status = "met" if met else "not_met"
    start = date(end.year - (end.month < 4), 4, 1) if measure["year_to_date"] == "true" else end.replace(day=1)
    row = dict.fromkeys(NAMES)
    row |= {
        "measure_id": measure["measure_id"], "system_code": system.code, "geography_type": kind,
        "geography_code": code, "geography_name": name, "breakdown_type": group[0], "breakdown_value": group[1],
        "period_end": end, "period_start": start, "is_latest_period": latest, "numerator": shown_top,
        "denominator": shown_bottom, "value": value, "unit": measure["unit"], "lower_95": lower, "upper_95": upper,
        "target": target, "target_status": status, "coverage": 0.98, "publication_id": "sample-2026-03",
        "suppression": "suppressed" if hidden else "rounded", "true_numerator": top, "true_denominator": bottom,
    }  # fmt: skip
    return row


def series(rng, system, measure, kind, code, name, weight, kept, goals) -> list[dict[str, Any]]:
    used = kept if kind in WITH_HISTORY else kept[-1:]
    rows = []
    for position, end in enumerate(used):
        top, bottom = counts(rng, measure, weight, end, position)
        rows.append(cell(system, measure, kind, code, name, end, top, bottom, goals, end == kept[-1]))
    return rows


def breakdowns(rng, system, measure, kind, code, name, weight, end, goals) -> list[dict[str, Any]]:
    rows = []
    for group in measure["breakdowns"].split(";"):
        levels = LEVELS.get(group, ["ICB", "NHS-led Provider Collaborative"])
        for position, level in enumerate(levels if group else []):
            share = weight * (0.7 if level == "White" else 1.2 / len(levels)) * (0.15 if level == "Unknown" else 1)
            tilt = (position - len(levels) / 2) * 0.03 if group == "deprivation_quintile" else 0
            top, bottom = counts(rng, measure, share, end, 20, tilt)
            rows.append(cell(system, measure, kind, code, name, end, top, bottom, goals, True, (group, level)))
    return rows


def add_spc(rows: list[dict[str, Any]]) -> None:
    """XmR limits for measures that do not count from April; a rebase halfway, as a dated seed would ask for."""
    grouped: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        monthly = row["period_start"].day == 1 and row["period_start"].month == row["period_end"].month
        if row["breakdown_type"] == "all" and monthly and row["geography_type"] in WITH_HISTORY:
            grouped.setdefault((row["measure_id"], row["system_code"], row["geography_code"]), []).append(row)
    better = {row["measure_id"]: row["better_is"] for row in catalogue()}
    for (measure, *_), members in grouped.items():
        half = len(members) // 2 if measure == "cetr_in_date" else 0
        for part in (members[:half], members[half:]):
            limits(part, better[measure])


def limits(part: list[dict[str, Any]], better: str) -> None:
    values = [row["value"] for row in part if row["value"] is not None]
    if len(values) < 3:
        return
    centre = mean(values)
    reach = 2.66 * mean(abs(one - other) for one, other in itertools.pairwise(values))
    for position, row in enumerate(part):
        row |= {"spc_mean": centre, "spc_lower_limit": max(0, centre - reach), "spc_upper_limit": centre + reach}
        if row["value"] is None:
            continue
        run = [one["value"] for one in part[max(0, position - 6) : position + 1]]
        side = {one is not None and one > centre for one in run} if len(run) == 7 else {True, False}
        special = abs(row["value"] - centre) > reach or len(side) == 1
        high = row["value"] > centre
        kind = "common_cause"
        if special and better == "neutral":
            kind = "neutral_high" if high else "neutral_low"
        elif special:
            kind = "improvement" if high == (better == "higher") else "concern"
        row["variation"] = kind
        row["spc_point_type"] = "outside_limits" if special else "common_cause"
        goal = row["target"]
        if goal is not None:
            above, below = centre - reach > goal, centre + reach < goal
            row["assurance"] = "hit_or_miss"
            if above or below:
                row["assurance"] = "consistently_pass" if above == (better == "higher") else "consistently_fail"


INEQUALITY = """
    CREATE TABLE published.measure_inequality AS
    SELECT most.measure_id, most.system_code, most.geography_type, most.geography_code, most.breakdown_type,
        'most_and_least_deprived' AS comparison, most.breakdown_value AS group_value,
        least.breakdown_value AS reference_value, most.period_end, most.value AS group_rate,
        CASE WHEN most.unit = 'count' THEN 'per 100,000 residents' ELSE most.unit END AS unit,
        least.value AS reference_rate, most.value - least.value AS gap,
        most.lower_95 - least.upper_95 AS gap_lower_95, most.upper_95 - least.lower_95 AS gap_upper_95,
        most.value / least.value AS ratio
    FROM published.measure_value AS most JOIN published.measure_value AS least
        USING (measure_id, system_code, geography_type, geography_code, period_end, breakdown_type)
    WHERE most.measure_id <> 'ahc_uptake_ldhc' AND most.breakdown_value = '1 (most deprived)'
        AND least.breakdown_value = '5 (least deprived)' AND most.value IS NOT NULL AND least.value IS NOT NULL
"""


BASELINE = """
    CREATE TABLE published.measure_baseline AS
    SELECT 'ahc_uptake_register' AS measure_id, 'llr' AS system_code, 'system' AS geography_type,
        'QK1' AS geography_code, DATE '2023-03-31' AS baseline_date, 0.71::DOUBLE AS value,
        'Programme documents [L]' AS source
"""


COMPARISON = """
    CREATE TABLE published.measure_comparison AS
    SELECT measure_id, measure_id <> 'ahc_uptake_ldhc' AS is_compared,
        CASE WHEN measure_id = 'ahc_uptake_ldhc' THEN 'What is sent says nothing of groups.' END AS reason
    FROM published.measure_definition
"""


def write(path: Path, rows: list[dict[str, Any]], measures: list[str] | None = None) -> Path:
    """A DuckDB file with the published schema."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA published")
        connection.execute(f"CREATE TABLE published.measure_value ({COLUMNS})")
        if rows:
            columns = pa.table({name: [row[name] for row in rows] for name in NAMES})
            connection.register("columns", columns)
            connection.execute(f"INSERT INTO published.measure_value SELECT {', '.join(NAMES)} FROM columns")
        texts = ", ".join(f"{name} VARCHAR" for name in DEFINITION)
        connection.execute(f"CREATE TABLE published.measure_definition ({texts})")
        for measure in catalogue():
            if measures is None or measure["measure_id"] in measures:
                marks = ", ".join("?" for _ in DEFINITION)
                connection.execute(
                    f"INSERT INTO published.measure_definition VALUES ({marks})", [measure[name] for name in DEFINITION]
                )
        connection.execute(INEQUALITY)
        connection.execute(BASELINE)
        connection.execute(COMPARISON)
        connection.execute("""
            CREATE TABLE published.measure_coverage AS
            SELECT measure_id, system_code, geography_type, geography_code, any_value(geography_name) AS geography_name,
                period_end, 60::BIGINT AS partners_expected,
                (57 + month(period_end) % 3)::BIGINT AS partners_received, 1::BIGINT AS partners_stale,
                (57 + month(period_end) % 3) / 60 AS coverage, any_value(publication_id) AS publication_id
            FROM published.measure_value WHERE breakdown_type = 'all' GROUP BY ALL
        """)
    return path


def manifest(**changes: Any) -> dict[str, Any]:
    """The parts of publication.json that the report reads."""
    account = {"received": 154_250, "accepted": 153_900, "quarantined": 310, "repeated": 40}
    return {
        "publication_id": "sample-2026-03", "system_code": "llr", "period_end": "2026-03-31",
        "as_of": "2026-04-20T09:00:00", "published_at": "2026-04-20T09:14:00", "code_version": "0.1.0",
        "files_by_status": {"accepted": 3200, "rejected": 3, "superseded": 12, "unrecognised": 1},
        "row_accounts": {"total": account, "by_feed": {"gp_ld_register": account}},
        "partners": {"gp_ld_register": {"period_end": "2026-03-31", "expected": 60, "missing": ["QK1Y004"],
                     "stale": [{"partner_code": "QK1Y007", "last_period": "2026-02-28"}]}},
        "feed_names": {"gp_ld_register": "GP learning disability register"},
        "withheld_measures": [{"measure_id": "paid_employment", "reasons": ["It moved by more than half."]}],
        "gates": {"passed": 41, "failed": 1, "failures": []}, **changes,
    }  # fmt: skip
