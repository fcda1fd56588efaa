"""The report's words are data: a measure or theme of the catalogue that lacks the words it needs is named here."""

from __future__ import annotations

import csv
import re
from datetime import date
from pathlib import Path

import pytest
import sample
from test_easy_read import LONGEST_SENTENCE, reading_level

from lda.reporting.report.pages import Pages, text
from lda.reporting.report.source import Definition, Figure, Published
from lda.settings import Settings

TEMPLATES = Path(__file__).parents[3] / "include" / "lda" / "reporting" / "report" / "templates"
FOLDER = "include/lda/reporting/report/text"


@pytest.fixture(scope="module")
def catalogue() -> dict[str, dict[str, str]]:
    with (Settings().reference_dir / "measure_catalogue.csv").open(encoding="utf-8", newline="") as file:
        return {row["measure_id"]: row for row in csv.DictReader(file)}


def test_every_theme_of_the_catalogue_has_words(catalogue):
    themes = {row["theme"] for row in catalogue.values()}
    missing = sorted(themes - set(text("themes")))
    assert not missing, f"Write what stands at the top of these themes' pages in {FOLDER}/themes.yaml: {missing}"


def test_words_are_of_measures_and_themes_that_there_are(catalogue):
    unknown = (set(text("easy_read")["measures"]) | set(text("headlines"))) - set(catalogue)
    assert not unknown, f"No such measure: {sorted(unknown)}. Take it out of {FOLDER}, or mend its id."
    idle = set(text("themes")) - {row["theme"] for row in catalogue.values()}
    assert not idle, f"No such theme: {sorted(idle)}. Take it out of {FOLDER}/themes.yaml, or mend its name."


def test_what_a_board_reads_first_can_be_read_in_easy_read_too():
    missing = [measure for measure in text("headlines") if measure not in text("easy_read")["measures"]]
    assert not missing, f"Write plain words for {missing} in {FOLDER}/easy_read.yaml, or take them off headlines.yaml."


def test_every_measure_says_what_is_counted_and_of_whom(catalogue):
    wanted = ("name", "description", "theme", "unit", "numerator_definition")
    missing = [f"{measure}: {name}" for measure, row in catalogue.items() for name in wanted if not row[name].strip()]
    assert not missing, f"The definitions page would have gaps. Fill in measure_catalogue.csv: {missing}"


@pytest.mark.parametrize("measure", sorted(text("easy_read")["measures"]))
def test_a_measures_easy_read_words_are_easy_to_read(measure):
    words = text("easy_read")["measures"][measure]
    said = words["says"].format(share="7 out of 10", n="50")
    lines = [*(one["line"] for one in words["lines"]), said]
    for line in lines:
        assert re.search(r"[.?]$", line), f"{line!r} is not a whole sentence"
        assert len(line.split()) <= LONGEST_SENTENCE, line
    ease, grade = reading_level(" ".join([f"{words['heading']}.", *lines]))
    assert ease > 60 and grade < 7, (measure, ease, grade)


def test_every_picture_that_easy_read_names_is_drawn():
    drawn = set(re.findall(r'^\s+"([a-z-]+)": \'<', (TEMPLATES / "pictures.html.j2").read_text(encoding="utf-8"), re.M))
    words = text("easy_read")
    measures = words["measures"].values()
    lines = [line for measure in measures for line in measure["lines"]]
    named = {one["icon"] for one in [*words["intro"], *words["hard_words"], *words["help"], *lines, *measures]}
    assert named <= drawn, named - drawn


def test_headlines_lead_the_summary_in_their_order(report):
    summary = report.tree("index.html")
    first = next(one for one in summary.iter() if one.get("class") == "cards headlines")
    names = [one.get("href") for one in first.iter() if str(one.tag).endswith("}a")]
    shown = [f"measure-{measure.replace('_', '-')}.html" for measure in text("headlines")]
    assert names == [name for name in shown if (report.folder / name).exists()] and len(names) > 5


def test_areas_have_pages_whatever_they_are_called():
    """Pages follow the kinds and codes of the data: a new neighbourhood has one, two areas of one name have two."""

    def figure(kind: str, code: str, name: str) -> Figure:
        return Figure("m", "x", kind, code, name, date(2026, 3, 31), value=1.0)

    rows = [
        figure("system", "X1", "Somewhere"),
        figure("place", "P1", "Twin"),
        figure("neighbourhood", "N1", "Twin"),
        figure("neighbourhood", "N 2/../", "Ünder & Øver"),
    ]
    made = Pages(Published([Definition("m", "Measure")], rows, rows), None, {}).all()
    files = {page.file for page in made}
    assert {"system-x1.html", "place-p1.html", "neighbourhood-n1.html", "neighbourhood-n-2.html"} <= files


@pytest.mark.parametrize(
    ("numerator", "suppression", "words"),
    [
        (10, "rounded", "Place not known: 10. Counted in Somewhere and in none of its areas above."),
        (None, "suppressed", "Place not known: fewer than 5 or hidden to protect people. Counted in Somewhere"),
        (0, "none", None),
    ],
)
def test_people_of_no_known_place_are_told_of_in_words_and_are_no_area(make_report, numerator, suppression, words):
    """They have no page, stand in no chart and are compared with nobody."""
    rows = sample.figures([sample.System(practices=12, name="Somewhere")], months=2, measures=["ld_register_size"])
    own = {"geography_code": "U", "geography_name": "Place not known", "numerator": numerator, "value": numerator}
    rows += [{**row, **own, "suppression": suppression} for row in rows if row["geography_code"] == "E06000017"]
    made = make_report(rows, measures=["ld_register_size"])
    assert "place-u.html" not in {page.name for page in made.pages}
    for page in made.pages:
        assert ("Place not known" in made.text(page.name)) == (words is not None and page.name.startswith("measure-"))
    page = made.text("measure-ld-register-size.html")
    assert page.count("Place not known") == (words is not None)
    assert words is None or words in page
