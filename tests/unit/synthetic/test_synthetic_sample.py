"""The sample's files: the same bytes for the same seed, every kind of mess, and an account of every row."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
import yaml
from python_calamine import CalamineWorkbook
from synthetic_cases import Sample, read_rows

from lda.settings import Settings, SettingsError
from lda.synthetic import synthesise
from lda.synthetic.layouts import load_shapes

pytestmark = pytest.mark.slow

SEVERAL = {"months": 3, "scale": 0.05, "seed": 5}
# The mess the issue lists, by tag.
MESS = {
    "bom", "windows_1252", "crlf", "semicolons", "renamed_headers", "reordered_headers", "repeated_header",
    "totals_row", "blank_tail", "title_rows", "merged_cells", "dates_iso", "dates_uk", "dates_month_name",
    "dates_compact", "excel_serial", "nhs_number_spaces", "nhs_number_float", "sentinel_nhs_number",
    "invalid_nhs_number", "impossible_date", "unknown_code", "end_before_start", "duplicate_in_file",
    "duplicate_between_files", "conflicting_duplicate", "resubmission", "late_file", "missing_file", "empty_file",
    "truncated_file", "wrong_feed", "unclaimed_file", "same_bytes", "release_1", "release_2", "unknown_column",
    "blank_marker", "optional_column_missing",
}  # fmt: skip
MISHAPS_WITH_A_SECOND_FILE = ("resubmission", "wrong_feed", "empty_file", "truncated_file", "same_bytes", "zero_bytes")
NOT_IN_ANY_LIST = {
    "LDHCMI099", "E06009999", "Thematic", "Servise", "Purple", "Circus", "Car parking", "Castle", "Astrologer",
    "Dentistry",
}  # fmt: skip
LAYOUT_STARTS = ("total", "nhs_number", "nhs number", "organisation code", "la_code", "la code", "quality_service")


def digests(home: Path) -> dict[str, str]:
    return {
        path.relative_to(home).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() + str(path.stat().st_mtime)
        for folder in ("landing", "truth")
        for path in sorted((home / folder).rglob("*"))
        if path.is_file() and (folder == "landing" or path.suffix)
    }


def without_truth_times(found: dict[str, str]) -> dict[str, str]:
    return {name: value[:64] if name.startswith("truth") else value for name, value in found.items()}


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("again")
    synthesise(Settings(home=home), **SEVERAL)
    return home


def records(sample: Sample, landed: str) -> list[list[str]]:
    """Every row of a file as cells, read without any help from the warehouse."""
    path = sample.path(landed)
    if path.suffix == ".xlsx":
        rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python(skip_empty_area=False)
        return [[str(cell) for cell in row] for row in rows]
    return records_of(path.read_bytes())


def archive_rows(sample: Sample, landed: str) -> list[tuple[str, ...]]:
    """Every row below a header in the tables of an archive, with the table's name before it."""
    with zipfile.ZipFile(sample.path(landed)) as archive:
        return [
            (name, *cells) for name in archive.namelist() for cells in records_of(archive.read(name))[1:] if any(cells)
        ]


def data_rows(sample: Sample, row: dict[str, str]) -> list[tuple[str, ...]]:
    """The rows of a file that are data."""
    if row["feed"] == "mhsds":
        return archive_rows(sample, row["landing_path"])
    cells = records(sample, row["landing_path"])
    return [tuple(one) for one in cells if is_data(sample, one, row["feed"])]


def records_of(data: bytes) -> list[list[str]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252")
    delimiter = ";" if text.split("\n")[0].count(";") > text.split("\n")[0].count(",") else ","
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def is_data(sample: Sample, row: list[str], feed: str) -> bool:
    first = next((cell for cell in row if cell.strip()), "").lower()
    is_title = first.startswith("official sensitive") or re.search(r", [a-z]{3} 20\d\d$", first)
    return bool(first) and not is_title and not first.startswith(LAYOUT_STARTS) and first not in first_headings()


@cache
def first_headings() -> frozenset[str]:
    """What each contract's first column may be called, in lower case."""
    found: set[str] = set()
    for path in Settings().contracts_dir.glob("*.odcs.yaml"):
        column = yaml.safe_load(path.read_text(encoding="utf-8"))["schema"][0]["properties"][0]
        listed = [item["value"] for item in column.get("customProperties", []) if item["property"] == "synonyms"]
        found.update(word.lower() for words in ([column["name"]], *listed) for word in words)
    return frozenset(found)


def test_the_same_seed_makes_the_same_bytes_in_another_process(again: Path, tmp_path: Path) -> None:
    program = (
        "from pathlib import Path; from lda.settings import Settings; from lda.synthetic import synthesise;"
        f"synthesise(Settings(home=Path({str(tmp_path)!r})), **{SEVERAL!r})"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "99", "TZ": "Pacific/Auckland"}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)
    first, second = without_truth_times(digests(again)), without_truth_times(digests(tmp_path))
    assert len(first) > 400
    assert any(name.endswith(".xlsx") for name in first)
    assert first == second


def test_another_seed_makes_other_people(again: Path, tmp_path: Path) -> None:
    synthesise(Settings(home=tmp_path), **{**SEVERAL, "seed": 6})
    name = "landing/Y90001/gp_ld_register_Y90001_2026-03.csv"
    assert digests(tmp_path)[name] != digests(again)[name]


def test_every_kind_of_mess_occurs_even_in_three_small_months(again: Path) -> None:
    tags = {tag for row in read_rows(again / "truth" / "files.csv") for tag in row["tags"].split(";")}
    assert tags >= MESS


def test_files_on_disk_are_those_of_the_truth(sample: Sample) -> None:
    landing = sample.home / "landing"
    on_disk = {path.relative_to(landing).as_posix() for path in landing.rglob("*") if path.is_file()}
    assert on_disk == {row["landing_path"] for row in sample.files if row["expected_status"] != "missing"}
    assert sample.report.files == len(on_disk)


def test_every_practice_sends_somebody_every_month_but_one(sample: Sample) -> None:
    good = [row for row in sample.files if row["feed"] == "gp_ld_register" and row["expected_status"] == "accepted"]
    assert all(int(row["accepted"]) > 0 for row in good)
    assert len({(row["partner_code"], row["period_end"]) for row in good}) == 130 * 6 - 1
    assert Counter(row["expected_status"] for row in sample.files)["missing"] == 1


def test_only_the_copy_has_the_bytes_of_another_file(sample: Sample) -> None:
    names: dict[str, list[str]] = {}
    for row in sample.files:
        if row["expected_status"] != "missing":
            digest = hashlib.sha256(sample.path(row["landing_path"]).read_bytes()).hexdigest()
            names.setdefault(digest, []).append(row["expected_status"])
    assert [sorted(alike) for alike in names.values() if len(alike) > 1] == [["accepted", "same_bytes"]]


def test_rows_of_every_file_are_accounted_for(sample: Sample) -> None:
    checked = 0
    for row in sample.files:
        counts = [int(row[name]) for name in ("received", "accepted", "quarantined", "repeated")]
        assert counts[0] == sum(counts[1:])
        if row["expected_status"] in {"accepted", "superseded"}:
            data = data_rows(sample, row)
            assert len(data) == counts[0], row["landing_path"]
            checked += 1
    assert checked > 700


def test_repeated_rows_are_exact_copies_of_an_earlier_row(sample: Sample) -> None:
    accepted = [row for row in sample.files if row["expected_status"] == "accepted"]
    assert sum(int(row["repeated"]) for row in accepted) > 0
    for row in accepted:
        data = data_rows(sample, row)
        assert len(data) - len(set(data)) == int(row["repeated"]), row["landing_path"]


@pytest.mark.parametrize(
    ("tag", "shows"),
    [
        ("impossible_date", lambda cells: "31/02/2025" in cells or "20250231" in cells),
        ("sentinel_nhs_number", lambda cells: bool({"0000000000", "9999999999"} & {cell.strip() for cell in cells})),
        ("nhs_number_spaces", lambda cells: any(len(cell) == 12 and cell[3] == cell[7] == " " for cell in cells)),
        ("conflicting_duplicate", lambda cells: "SECOND" in cells),
        ("unknown_code", lambda cells: bool(NOT_IN_ANY_LIST & set(cells))),
        ("padded_cells", lambda cells: any(cell.startswith(" ") and cell.endswith(" ") for cell in cells)),
    ],
)
def test_a_tagged_row_is_where_the_truth_says(sample: Sample, tag: str, shows) -> None:
    tagged = [row for row in sample.rows if row["tag"] == tag]
    assert tagged
    for row in tagged:
        assert shows(records(sample, row["landing_path"])[int(row["row_number"]) - 1])


def test_quarantined_rows_are_those_with_a_rule(sample: Sample) -> None:
    ruled = Counter(row["landing_path"] for row in sample.rows if row["expected_rule_code"])
    expected = {row["landing_path"]: int(row["quarantined"]) for row in sample.files if int(row["quarantined"])}
    assert ruled == expected


@pytest.mark.parametrize("system", ["coventry_warwickshire", "hertfordshire", "leeds", "llr"])
def test_mess_never_makes_a_file_so_bad_that_it_is_rejected(system: str, tmp_path: Path) -> None:
    """A workbook of two LeDeR reviews in Leeds once had a third row to quarantine, and the figures lost the file."""
    settings = Settings(home=tmp_path)
    synthesise(settings, system=system, months=3, scale=0.05)
    allowed = {feed: shape.quarantine_share for feed, shape in load_shapes(settings).items()}
    counted = [row for row in read_rows(tmp_path / "truth" / "files.csv") if row["expected_status"] == "accepted"]
    worse = {
        row["landing_path"]: (row["quarantined"], row["received"])
        for row in counted
        if int(row["quarantined"]) > allowed[row["feed"]] * int(row["received"])
    }
    assert worse == {}
    assert {row["feed"] for row in counted if int(row["quarantined"])} >= {"gp_ld_register", "mhsds"}


def test_bad_first_versions_have_a_good_second_one(sample: Sample) -> None:
    good = {
        (row["feed"], row["partner_code"], row["period_end"])
        for row in sample.files
        if row["expected_status"] == "accepted"
    }
    bad = [row for row in sample.files if row["expected_status"] in {"rejected", "superseded"}]
    assert {"empty_file", "truncated_file", "wrong_feed", "resubmission"} <= {
        tag for row in bad for tag in row["tags"].split(";")
    }
    for row in bad:
        assert (row["feed"], row["partner_code"], row["period_end"]) in good
        assert sample.path(row["landing_path"]).stat().st_mtime < max(
            sample.path(other["landing_path"]).stat().st_mtime
            for other in sample.files
            if other["expected_status"] == "accepted" and other["partner_code"] == row["partner_code"]
        )


def test_without_dirt_nothing_goes_wrong(tmp_path: Path) -> None:
    report = synthesise(Settings(home=tmp_path), months=3, scale=0.05, seed=5, dirt=0)
    assert set(report.by_status) == {"accepted"}
    assert report.rows["quarantined"] == report.rows["repeated"] == 0


def test_a_second_sample_replaces_the_first_and_nothing_else(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    synthesise(settings, months=2, scale=0.05, seed=5)
    own = tmp_path / "landing" / "Y90001" / "sent by hand.csv"
    own.write_text("kept")
    synthesise(settings, months=1, scale=0.05, seed=5, dirt=0)
    left = {path.name for path in (tmp_path / "landing").rglob("*") if path.is_file()}
    assert own.name in left
    assert not any("2026-02" in name or "202602" in name for name in left)


def test_blocks_are_written_into_the_same_files(tmp_path: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    synthesise(Settings(home=tmp_path), months=1, scale=2, seed=5, progress=lambda *step: steps.append(step))
    register = [row for row in read_rows(tmp_path / "truth" / "files.csv") if row["feed"] == "gp_ld_register"]
    assert len(register) == 130 + len(MISHAPS_WITH_A_SECOND_FILE)
    assert 12_000 < sum(int(row["accepted"]) for row in register) < 15_000
    assert steps[-1][1] == steps[-1][2]
    assert json.loads((tmp_path / "truth" / "sample.json").read_text())["scale"] == 2


@pytest.mark.parametrize("wrong", [{"months": 0}, {"scale": 0}, {"dirt": 0.9}, {"end": "March"}])
def test_arguments_that_make_no_sample_are_refused(wrong: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"expected|Invalid|month"):
        synthesise(Settings(home=tmp_path), **wrong)
    assert not (tmp_path / "landing").exists()


def test_an_unknown_system_is_named_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no system called atlantis: expected one of .*llr"):
        synthesise(Settings(home=tmp_path), system="atlantis")
