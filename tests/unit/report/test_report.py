"""The written report: whole, honest about what is hidden, and usable without a server."""

from __future__ import annotations

import csv
import re
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import duckdb
import pytest
import sample

from conftest import HTML
from lda.reporting.report import ReportError, write_report

HIDDEN = "fewer than 5 or hidden to protect people"
INPATIENTS = ["inpatients_over_two_years", "inpatients_adult_per_million"]


def ids(tree) -> list[str]:
    return [element.get("id") for element in tree.iter() if element.get("id")]


def differences(one, other) -> list[tuple[str, str, str]]:
    """Where two reports differ: the file, and the first differing stretch of each."""
    found = []
    for path in one.files:
        left, right = (base / path.relative_to(one.folder) for base in (one.folder, other.folder))
        pair = left.read_text(encoding="utf-8"), right.read_text(encoding="utf-8")
        if pair[0] != pair[1]:
            at = next((i for i, (a, b) in enumerate(zip(*pair, strict=False)) if a != b), 0)
            found.append((path.name, pair[0][at - 60 : at + 60], pair[1][at - 60 : at + 60]))
    return found


def test_every_page_the_board_needs_is_written(report):
    names = {path.name for path in report.pages}
    assert {"index.html", "easy-read.html", "inequality.html", "data-quality.html", "definitions.html"} <= names
    assert {"system-qk1.html", "place-e06000016.html", "place-e10000018.html", "place-e06000017.html"} <= names
    assert "theme-leder.html" in names
    assert {f"measure-{row['measure_id'].replace('_', '-')}.html" for row in report.rows} <= names


@pytest.mark.slow
def test_pages_are_valid_have_one_heading_in_order_and_unique_ids(report):
    for page in report.pages:
        tree = report.tree(page.name)
        assert tree.get("lang") == "en-GB"
        found = ids(tree)
        assert len(found) == len(set(found)), page.name
        levels = [int(element.tag[-1]) for element in tree.iter() if re.fullmatch(rf"{HTML}h[1-6]", str(element.tag))]
        assert levels.count(1) == 1 and levels[0] == 1, page.name
        assert all(later <= earlier + 1 for earlier, later in pairwise(levels)), page.name


def test_nothing_is_fetched_and_nothing_runs(report):
    for page in report.pages:
        text = page.read_text(encoding="utf-8")
        assert "<script" not in text and "javascript:" not in text and not re.search(r"\son\w+=", text), page.name
        assert not re.search(r"""(?:src|href|url\()\s*=?\s*["']?https?://""", text), page.name
        assert "<link" not in text and "@import" not in text, page.name


@pytest.mark.slow
def test_every_link_leads_to_a_file_and_an_anchor_that_exist(report):
    anchors = {page.name: set(ids(report.tree(page.name))) for page in report.pages}
    seen = 0
    for page in report.pages:
        for link in report.tree(page.name).iter(f"{HTML}a"):
            target, _, anchor = unquote(link.get("href")).partition("#")
            seen += 1
            assert (report.folder / (target or page.name)).is_file(), (page.name, target)
            if anchor:
                assert anchor in anchors[target or page.name], (page.name, link.get("href"))
    assert seen > 500


def test_every_chart_has_words_a_table_and_a_csv(report):
    charts = 0
    for page in report.pages:
        tree = report.tree(page.name)
        by_id = {element.get("id"): element for element in tree.iter() if element.get("id")}
        for figure in tree.iter(f"{HTML}figure"):
            charts += 1
            drawing = next(element for element in figure.iter(f"{HTML}div") if element.get("role") == "img")
            title = "".join(by_id[drawing.get("aria-labelledby")].itertext())
            words = "".join(by_id[drawing.get("aria-describedby")].itertext())
            assert len(title) > 5 and len(words) > 20, (page.name, figure.get("id"))
            drawn = [element for element in figure.iter() if str(element.tag).endswith("}svg")]
            assert sum(svg.get("aria-hidden") == "true" for svg in drawn) == len(drawn)
            table = next(figure.iter(f"{HTML}table"))
            assert all(head.get("scope") for head in table.iter(f"{HTML}th"))
            rows = len(list(next(table.iter(f"{HTML}tbody"))))
            name = next(link.get("href") for link in figure.iter(f"{HTML}a") if link.get("href").endswith(".csv"))
            raw = (report.folder / name).read_bytes()
            assert raw.startswith(b"\xef\xbb\xbf"), "spreadsheets need the byte order mark"
            assert len(list(csv.DictReader(raw.decode("utf-8-sig").splitlines()))) == rows > 0
    assert charts > 100


def test_drawings_take_their_colours_from_the_page(report):
    text = (report.folder / "system-qk1.html").read_text(encoding="utf-8")
    drawings = re.findall(r'<div class="(?:wide|narrow|both)">(<svg.*?</svg>)</div>', text, re.S)
    assert drawings
    for svg in drawings:
        assert not re.search(r'(?:fill|stroke)="#[0-9a-fA-F]{3,6}"', svg)
        assert "<image" not in svg and "<style" not in svg


def test_a_page_stays_small(report):
    assert max(page.stat().st_size for page in report.pages) < 3_000_000


def test_hidden_figures_are_told_as_hidden_and_never_shown(report):
    """Hidden figures are NULL in the source; a leak would be a count from elsewhere, so every count is checked."""
    hidden = [row for row in report.rows if row["suppression"] == "suppressed" and row["breakdown_type"] == "all"]
    assert hidden
    rutland = report.text("place-e06000017.html")
    assert HIDDEN in rutland.lower()
    for path in report.folder.glob("data/*.csv"):
        for row in csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()):
            if row.get("suppression") == "suppressed":
                assert row["value"] == row["lower_95"] == row["upper_95"] == "", path.name
            if row.get("numerator"):
                assert int(row["numerator"]) >= 5 and int(row["numerator"]) % 5 == 0, path.name


@pytest.mark.slow
def test_the_report_is_the_same_whatever_a_hidden_number_is(make_report):
    """No geometry, order, axis or word depends on a hidden figure: change the truth, and no byte changes."""
    first = sample.figures([sample.System()], months=14, measures=INPATIENTS)
    second = [dict(row) for row in first]
    changed = 0
    for row in second:
        if row["suppression"] == "suppressed" and row["true_numerator"] < 5:
            row["true_numerator"] = 4 - row["true_numerator"]
            changed += 1
    one, other = make_report(first, measures=INPATIENTS), make_report(second, measures=INPATIENTS)
    assert changed > 20
    assert differences(one, other) == []


def test_a_hidden_month_breaks_the_line_and_stands_on_the_baseline(make_report):
    rows = sample.figures([sample.System()], months=14, measures=["inpatients_adult_per_million"], spc=False)
    system = [row for row in rows if row["geography_type"] == "system" and row["breakdown_type"] == "all"]
    for row in system[5:7]:
        row |= {"numerator": None, "value": None, "lower_95": None, "upper_95": None, "suppression": "suppressed"}
    made = make_report(rows, measures=["inpatients_adult_per_million"])
    text = (made.folder / "system-qk1.html").read_text(encoding="utf-8")
    svg = re.search(
        r'id="inpatients-adult-per-million-system-qk1-over-time".*?<div class="both">(.*?)</div>', text, re.S
    )[1]
    marks = re.findall(r'translate\(([\d.]+),([\d.]+)\)"[^>]*>×<', svg)
    assert len(marks) == 2
    assert len({height for _, height in marks}) == 1
    lines = re.findall(r'<path d="(M[^"]+)"[^>]*stroke="var\(--accent\)"', svg)
    assert len(lines) == 2, "one stretch before the hidden months, one after"


def test_what_changed_names_targets_crossed_and_figures_restated(make_report):
    rows = sample.figures([sample.System()], months=3, measures=["cetr_in_date"], spc=False)
    system = [row for row in rows if row["geography_type"] == "system" and row["breakdown_type"] == "all"]
    for row, value, status in zip(system, (0.9, 0.92, 1.0), ("not_met", "not_met", "met"), strict=True):
        row |= {"value": value, "target_status": status, "suppression": "rounded"}
    before = [dict(row) for row in rows if row["period_end"] < system[-1]["period_end"]]
    for row in before:
        if row["geography_type"] == "system" and row["breakdown_type"] == "all" and row["value"] == 0.92:
            row["value"] = 0.85
    text = make_report(rows, before, measures=["cetr_in_date"]).text("index.html")
    assert "now on target: 100%, was 92% in February 2026." in text
    assert "figure for February 2026 restated: now 92.0%, was 85.0%." in text


def test_measures_whose_groups_are_not_compared_say_why(make_report):
    measures = ["ld_register_size", "ahc_uptake_ldhc"]
    made = make_report(sample.figures([sample.System()], months=2, measures=measures), measures=measures)
    (why,) = [
        one
        for one in made.tree("inequality.html").iter(f"{HTML}li")
        if "says nothing of groups" in "".join(one.itertext())
    ]
    assert [link.text for link in why.iter(f"{HTML}a")] == ["Annual health check uptake (national return)"]


def test_groups_are_compared_in_the_unit_of_what_is_compared(make_report):
    made = make_report(sample.figures([sample.System()], months=2, measures=["ld_register_size"]))
    assert re.search(r"\d per 100,000 residents beside [\d,.]+ per 100,000 residents", made.text("inequality.html"))


def test_an_earlier_figure_stands_beside_the_figure_of_its_own_area(make_report):
    measures = ["ahc_uptake_register"]
    made = make_report(sample.figures([sample.System()], months=2, measures=measures), measures=measures)
    page = made.text("system-qk1.html")
    assert "earlier 71% in March 2023 (to be confirmed)" in page
    assert "earlier 71% in March 2023" in made.text("measure-ahc-uptake-register.html")
    assert "71% in March 2023" not in made.text("place-e06000016.html")


def test_a_target_that_is_not_due_yet_is_told_with_its_day_and_not_counted_against_an_area(make_report):
    rows = sample.figures([sample.System()], months=2, measures=["ahc_uptake_register"])
    for row in rows:
        row["target_status"] = "not_due" if row["target"] is not None and row["value"] is not None else None
    made = make_report(rows, measures=["ahc_uptake_register"])
    page = made.text("system-qk1.html")
    assert "Not due yet" in page and "1 target is not due yet." in page
    assert "at least 75% by 31 March 2026" in page
    assert "The target is due by 31 March 2026." in made.text("measure-ahc-uptake-register.html")
    assert "We have until 31 March 2026 to meet our goal." in made.text("easy-read.html")
    assert "Off target" not in page


def test_a_year_to_date_measure_is_compared_with_the_same_month_a_year_earlier(make_report):
    rows = sample.figures([sample.System()], months=14, measures=["ahc_uptake_register"])
    text = make_report(rows, measures=["ahc_uptake_register"]).text("system-qk1.html")
    assert "since March 2025" in text
    assert "since February 2026" not in text


def test_an_area_leads_up_to_its_system_and_a_near_miss_reads_as_one_everywhere(make_report):
    rows = sample.figures([sample.System()], months=2, measures=["cetr_in_date"], spc=False)
    system = [row for row in rows if row["geography_type"] == "system" and row["breakdown_type"] == "all"]
    for row, value, status in zip(system, (1.0, 0.997), ("met", "not_met"), strict=True):
        row |= {"value": value, "target_status": status, "suppression": "rounded"}
    made = make_report(rows, measures=["cetr_in_date"])
    assert "no longer on target: 99.7%, was 100%" in made.text("index.html")
    crumbs = [
        link.get("href")
        for part in made.tree("place-e06000016.html").iter(f"{HTML}p")
        if part.get("class") == "crumb"
        for link in part.iter(f"{HTML}a")
    ]
    assert crumbs == ["system-qk1.html"]
    assert 'class="crumb"' not in (made.folder / "system-qk1.html").read_text(encoding="utf-8")


def test_noise_is_not_called_better_or_worse(make_report):
    rows = sample.figures([sample.System()], months=2, measures=["cetr_in_date"], spc=False)
    system = [row for row in rows if row["geography_type"] == "system" and row["breakdown_type"] == "all"]
    for row, value in zip(system, (0.85, 0.83), strict=True):
        row |= {"value": value, "lower_95": 0.7, "upper_95": 0.95, "suppression": "rounded", "target_status": "not_met"}
    text = make_report(rows, measures=["cetr_in_date"]).text("system-qk1.html")
    assert "down 2.0 points" in text
    assert "(worse)" not in text and "Worse" not in text


def test_process_control_icons_and_rebase_are_drawn_with_words(make_report):
    rows = sample.figures([sample.System()], measures=["cetr_in_date"])
    system = [row for row in rows if row["geography_type"] == "system" and row["breakdown_type"] == "all"]
    system[-1] |= {"variation": "concern", "assurance": "consistently_fail", "spc_point_type": "outside_limits"}
    made = make_report(rows, measures=["cetr_in_date"])
    raw = (made.folder / "measure-cetr-in-date.html").read_text(encoding="utf-8")
    text = made.text("measure-cetr-in-date.html")
    assert 'class="icon icon-concern"' in raw and 'class="icon icon-fail"' in raw
    assert "Concern" in text and "Usually misses" in text
    assert "unusual, and a concern: beyond the limits" in text
    assert "new limits" in raw and "Limits were worked out afresh from" in text


def test_without_process_limits_a_plain_line_is_drawn(make_report):
    rows = sample.figures([sample.System()], months=14, measures=["cetr_in_date"], spc=False)
    text = make_report(rows, measures=["cetr_in_date"]).text("measure-cetr-in-date.html")
    assert "Month by month" in text
    assert "process limits" not in text and "Variation" not in text.replace("usual variation", "")


def test_several_systems_stand_side_by_side_and_keep_their_figures(make_report):
    other = sample.System("leeds", "QWO", "Leeds", [("E08000035", "Leeds", 1.0)], practices=12)
    rows = sample.figures([sample.System(practices=12), other], months=3, measures=["ahc_uptake_register"])
    made = make_report(rows, measures=["ahc_uptake_register"])
    assert {"system-qk1.html", "system-qwo.html", "place-e08000035.html"} <= {page.name for page in made.pages}
    index = made.text("index.html")
    assert "Leicester, Leicestershire and Rutland" in index and "Leeds" in index
    assert "inequality-qwo.html" in (made.folder / "inequality.html").read_text(encoding="utf-8")
    own = (made.folder / "inequality-qwo.html").read_text(encoding="utf-8")
    assert 'id="ahc-uptake-register-qwo-by-group"' in own and "ahc-uptake-register-qk1" not in own
    leeds = made.text("system-qwo.html")
    value = next(row["value"] for row in rows if row["geography_code"] == "QWO" and row["is_latest_period"])
    assert f"{int(value * 100 + 0.5)}%" in leeds


@pytest.mark.parametrize("measures", [[], ["ld_register_size"]])
def test_no_measures_or_one_measure_still_make_a_whole_report(make_report, measures):
    rows = sample.figures([sample.System()], months=1, measures=measures)
    made = make_report(rows, measures=measures)
    for page in made.pages:
        made.tree(page.name)
    assert {"index.html", "easy-read.html"} <= {page.name for page in made.pages}
    assert ("There are no figures in this publication." in made.text("index.html")) == (not measures)


def test_a_withheld_measure_is_told_with_its_reason(report):
    for page in ("index.html", "data-quality.html"):
        text = report.text(page)
        assert "People with a learning disability in paid employment" in text
        assert "It moved by more than half." in text


def test_data_sets_are_called_by_their_names(report, make_report):
    assert "GP learning disability register March 2026" in report.text("data-quality.html")
    rows = sample.figures([sample.System()], months=1, measures=["ahc_uptake_register"])
    earlier = make_report(rows, measures=["ahc_uptake_register"], feed_names=None)
    assert "gp ld register March 2026" in earlier.text("data-quality.html"), "an earlier publication has codes alone"


def test_names_from_the_data_cannot_become_markup_or_formulas(make_report):
    system = sample.System(name="=A1 & <b>Co</b>", practices=12)
    rows = sample.figures([system], months=2, measures=["ahc_uptake_register"])
    made = make_report(rows, measures=["ahc_uptake_register"])
    raw = (made.folder / "system-qk1.html").read_text(encoding="utf-8")
    assert "<b>Co</b>" not in raw and "&lt;b&gt;Co" in raw
    data = (made.folder / "data" / "ahc-uptake-register-system-qk1-by-year.csv").read_text(encoding="utf-8-sig")
    assert "'=A1 &" in data and ",=A1" not in data and ',"=A1' not in data


@pytest.mark.slow
def test_the_same_publication_gives_the_same_bytes(make_report):
    rows = sample.figures([sample.System(practices=12)], months=3, measures=["ahc_uptake_register", "ld_register_size"])
    one, other = (make_report(rows, measures=["ahc_uptake_register", "ld_register_size"]) for _ in range(2))
    assert [path.name for path in one.files] == [path.name for path in other.files]
    assert differences(one, other) == []


def test_a_file_without_published_figures_is_refused(tmp_path):
    with pytest.raises(ReportError, match="is not a file"):
        write_report(tmp_path / "none.duckdb", {}, None, tmp_path / "site")
    import duckdb

    duckdb.connect(str(tmp_path / "empty.duckdb")).close()
    with pytest.raises(ReportError, match=r"published\.measure_value"):
        write_report(Path(tmp_path / "empty.duckdb"), {}, None, tmp_path / "site")


@pytest.mark.slow
def test_sources_that_everyone_sent_need_no_chart(make_report, tmp_path):
    rows = sample.figures([sample.System(practices=12)], months=3, measures=["ahc_uptake_register", "cetr_in_date"])
    made = make_report(rows, measures=["ahc_uptake_register", "cetr_in_date"])
    assert made.text("data-quality.html").count("Every partner sent its own data every month") == 0
    database = made.folder.parent / "now.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "UPDATE published.measure_coverage SET partners_received = 60, partners_stale = 0 "
            "WHERE measure_id = 'cetr_in_date'"
        )
    write_report(database, sample.manifest(), None, tmp_path / "site")
    page = (tmp_path / "site" / "data-quality.html").read_text(encoding="utf-8")
    source = next(row["source"] for row in sample.catalogue() if row["measure_id"] == "cetr_in_date")
    assert f"Every partner sent its own data every month for:</p>\n<ul><li>{source}</li></ul>" in page
    assert page.count("<figure") == 1


def test_a_movement_and_the_unusual_variation_it_shows_are_told_once(make_report):
    rows = sample.figures([sample.System()], months=14, measures=["cetr_in_date"])
    system = [row for row in rows if row["geography_type"] == "system" and row["breakdown_type"] == "all"]
    system[-2] |= {"value": 0.7, "lower_95": 0.65, "upper_95": 0.75, "variation": "common_cause"}
    system[-1] |= {
        "value": 0.9, "lower_95": 0.85, "upper_95": 0.95, "spc_mean": 0.7, "variation": "improvement",
        "spc_point_type": "outside_limits", "target_status": system[-2]["target_status"],
    }  # fmt: skip
    text = make_report(rows, measures=["cetr_in_date"]).text("system-qk1.html")
    assert "to 90%, more than chance would give. 90% is unusually high: beyond the limits." in text
    assert text.count("unusually high: beyond") == 1
