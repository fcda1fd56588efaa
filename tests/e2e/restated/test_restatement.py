"""A late file restates its month and says what changed; what was published before can be made again to the byte."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from lda.keeping import erase
from lda.ledger import Ledger
from lda.publishing import (
    PublicationError,
    compare_publications,
    current_publication,
    list_publications,
    reproduce,
)
from lda.settings import Settings

pytestmark = pytest.mark.slow
PROJECT = Path(__file__).resolve().parents[3]
LATE = "ldhc"
KEY = (
    "measure_id", "system_code", "geography_type", "geography_code", "breakdown_type", "breakdown_value", "period_end",
)  # fmt: skip
NUMBERS = ("numerator", "denominator", "value")


def lda(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LDA_")}
    environment = kept | {"LDA_HOME": str(settings.home), "GX_ANALYTICS_ENABLED": "False"}
    command = [sys.executable, "-m", "lda.cli", *arguments]
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)


def figures(settings: Settings, publication_id: str) -> dict[tuple[str, ...], dict[str, str]]:
    """What a spreadsheet's reader sees, by key."""
    path = settings.published / publication_id / "public" / "measures.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {tuple(row[name] for name in KEY): row for row in csv.DictReader(file)}


def number(text: str) -> float | None:
    return None if text == "" else round(float(text), 9)


def test_the_difference_names_exactly_the_figures_that_changed_with_old_and_new(world):
    settings = world["settings"]
    old, new = (figures(settings, world[name]) for name in ("before", "after"))
    months = {key[-1] for key in old} & {key[-1] for key in new}

    def seen(row):
        hidden = row is not None and row["suppression"] in ("suppressed", "secondary")
        return None if row is None else (*(number(row[name]) for name in NUMBERS), hidden)

    changed = {
        key: (seen(old.get(key)), seen(new.get(key)))
        for key in old.keys() | new.keys()
        if key[-1] in months and seen(old.get(key)) != seen(new.get(key))
    }
    diff = compare_publications(settings, world["before"], world["after"])
    told = {tuple(str(getattr(one, name)) for name in KEY): one for one in diff.figures}
    assert told.keys() == changed.keys()
    assert any(key[-1] == "2026-02-28" and one.change == "restated" for key, one in told.items())
    for key, one in told.items():
        for side, row in zip(("before", "after"), changed[key], strict=True):
            rounded = [None if (v := getattr(one, f"{n}_{side}")) is None else round(v, 9) for n in NUMBERS]
            assert rounded == ([None] * 3 if row is None else list(row[:3])), (key, side)
    assert [(one.change, one.feed, str(one.period_end)) for one in diff.inputs] == [("new", LATE, "2026-02-28")]


def test_figures_that_do_not_rest_on_the_late_feed_are_told_as_unchanged(world):
    settings = world["settings"]
    with (settings.reference_dir / "measure_catalogue.csv").open(encoding="utf-8", newline="") as file:
        feeds = {row["measure_id"]: row["feed"] for row in csv.DictReader(file)}
    changed = {one.measure_id for one in compare_publications(settings, world["before"], world["after"]).figures}
    assert "ahc_uptake_ldhc" in changed
    assert {one for one in changed if LATE not in feeds[one].split(";")} == set()


def test_a_publication_is_made_again_to_the_byte_after_later_submissions_and_publications(world):
    settings = world["settings"]
    result = reproduce(settings, world["before"])
    assert result.differences == []
    assert result.published_sha256 == result.reproduced_sha256
    assert result.tables['lda_public.duckdb: published."measure_value"'] > 1000
    assert any(name.startswith("lda_mart.duckdb: mart.") for name in result.tables)
    assert current_publication(settings).publication_id == world["after"]
    assert not list(settings.home.glob(".reproduce-*"))


def test_what_is_missing_is_named_instead_of_a_figure_that_is_merely_like_it(world):
    settings = world["settings"]
    ledger = Ledger(settings.ledger_address)
    one = next(source for source in ledger.in_force(ledger.book.publications("llr")[0]["as_of"]) if source.feed == LATE)
    ledger.close()
    path = settings.lake / one.lake_path
    aside = path.with_suffix(".aside")
    path.rename(aside)
    try:
        with pytest.raises(PublicationError, match=rf"cannot be made again.*{LATE}.*not in the lake"):
            reproduce(settings, world["before"])
    finally:
        aside.rename(path)


def on_register(settings: Settings, publication_id: str, period_end: str) -> int:
    """People on the system's registers at a month's end, exact, as a publication has it."""
    mart = settings.published / publication_id / "restricted" / "lda_mart.duckdb"
    query = """
        SELECT value::INTEGER FROM mart.measure_value WHERE measure_id = 'ld_register_size' AND breakdown_type = 'all'
            AND geography_type = 'system' AND period_end = ?
    """
    with duckdb.connect(str(mart), read_only=True) as connection:
        return connection.execute(query, [period_end]).fetchall()[0][0]


def test_an_earlier_month_is_released_beside_the_newest_as_it_was_known_and_without_who_was_erased_since(world):
    """The month before the last, at the moment of the first publication, after a person's data were erased: the rows
    that the ledger, the lake and every layer of that moment account for are the same (the gates), one person is gone,
    and what readers have in force stays as it is."""
    settings, month = world["settings"], "2026-02-28"
    registers = [str(path) for path in (settings.vault / "identifiers" / "gp_ld_register").rglob("*.parquet")]
    everywhere = "SELECT nhs_number FROM read_parquet(?) WHERE nhs_number IS NOT NULL GROUP BY 1 HAVING count(*) = 3"
    number = duckdb.execute(f"{everywhere} ORDER BY 1 LIMIT 1", [registers]).fetchall()[0][0]
    assert erase(settings, number, "Caldicott Guardian, case 12", apply=True).files >= 3
    moment = json.loads((settings.published / world["before"] / "publication.json").read_text())["as_of"]
    stood = figures(settings, world["after"])

    done = lda(settings, "refresh", "--period", month[:7], "--as-of", moment, "--json")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    made = json.loads(done.stdout)
    gates = made["summary"]["gates"]
    assert (made["status"], gates["failed_system"]) == ("published", 0), gates["failures"]
    assert current_publication(settings).publication_id == world["after"] != made["publication_id"]
    assert figures(settings, world["after"]) == stood
    beside = {row["publication_id"]: row for row in list_publications(settings)}[made["publication_id"]]
    assert (beside["period_end"], beside["as_of"], beside["in_force"]) == (month, moment, False)
    assert [event["event"] for event in beside["events"]] == ["released_beside"]
    assert {key[-1] for key in figures(settings, made["publication_id"])} <= {"2026-01-31", month}
    assert on_register(settings, made["publication_id"], month) == on_register(settings, world["before"], month) - 1
    with pytest.raises(PublicationError, match=r"are not those that .* was made from .*with rows erased"):
        reproduce(settings, world["before"])
