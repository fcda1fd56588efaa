"""A system of two ICBs and of a part of a county: who is silent, what is not known then, and who is not counted."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

from lda.settings import Settings
from lda.synthetic import synthesise
from lda.synthetic.council_truth import people_of_the_places
from lda.synthetic.geography import Geography
from lda.synthetic.opt_outs import OptOuts
from lda.synthetic.truth import Truth

WEST_ESSEX, ESSEX, HERTFORDSHIRE = "W90001", "E10000012", "E10000015"
BEFORE, AFTER = "2026-03-31", "2026-04-30"


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample of the month before the ICB was split and the month after."""
    home = tmp_path_factory.mktemp("split")
    synthesise(Settings(home=home), system="hertfordshire", months=2, end="2026-04", scale=0.02, seed=3)
    return home


def truth_rows(home: Path, name: str) -> list[dict[str, str]]:
    with (home / "truth" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_new_icb_is_late_and_its_place_and_the_system_are_not_known(split: Path) -> None:
    late = {(row["feed"], row["partner_code"], row["period_end"]) for row in truth_rows(split, "files.csv")
            if row["expected_status"] == "missing" and row["feed"] != "gp_ld_register"}  # fmt: skip
    assert late == {(feed, "D7T5G", AFTER) for feed in ("keyworker", "leder", "leder_action")}
    told: dict[str, set[str]] = {BEFORE: set(), AFTER: set()}
    for row in truth_rows(split, "measures.csv"):
        if row["measure_id"] == "leder_actions_overdue":
            told[row["period_end"]].add(row["geography_code"])
    assert told == {BEFORE: {WEST_ESSEX, HERTFORDSHIRE, "HWE"}, AFTER: {HERTFORDSHIRE}}


def test_each_icb_lists_the_opt_outs_of_its_own_people_and_of_nobody_else(split: Path) -> None:
    def numbers(icb: str, month: str) -> set[str]:
        files = sorted((split / "landing" / icb).glob(f"opt_out_{icb}_{month}*.dat"))
        return {line.strip().rstrip(",") for line in files[-1].read_text(encoding="utf-8").splitlines()}

    one, other = numbers("S1Y5D", "2026-04"), numbers("D7T5G", "2026-04")
    assert len(one) > 60 and len(other) > 60 and not one & other
    assert not (split / "landing" / "QM7" / "opt_out_QM7_2026-04.dat").exists()


def test_who_opted_out_is_on_the_list_of_their_place_and_on_the_leading_icbs_without_one() -> None:
    everybody = [str(number) for number in range(20_000)]
    opt_outs = OptOuts(months=1)
    # The first to tell of somebody may know no place.
    opt_outs.take((number, -1) for number in everybody)
    opt_outs.take((number, index % 3 - 1) for index, number in enumerate(everybody))
    gone = {number: index % 3 - 1 for index, number in enumerate(everybody) if number in opt_outs}
    assert set(gone.values()) == {-1, 0, 1}
    assert set(opt_outs.listed(0, [0, -1])) == {number for number, place in gone.items() if place < 1}
    assert set(opt_outs.listed(0, [1])) == {number for number, place in gone.items() if place == 1}


def test_a_file_that_holds_nobody_is_rejected_and_tells_nothing(split: Path) -> None:
    files = truth_rows(split, "files.csv")
    nobody = {
        (row["feed"], row["period_end"])
        for row in files
        if row["partner_code"] == "D7T5G" and (row["expected_status"], row["received"]) == ("rejected", "0")
    }
    assert nobody <= {("inpatient_census", AFTER), ("dsr", AFTER)}
    census = {
        row["geography_code"]
        for row in truth_rows(split, "measures.csv")
        if row["measure_id"] == "inpatients_adult_per_million" and row["period_end"] == AFTER
    }
    assert census == ({HERTFORDSHIRE} if ("inpatient_census", AFTER) in nobody else {WEST_ESSEX, HERTFORDSHIRE, "HWE"})


def test_partners_name_the_county_and_never_our_own_code(split: Path) -> None:
    release = next((split / "landing").rglob("ons_population_*2026-04.csv")).read_text(encoding="utf-8")
    assert ESSEX in release and WEST_ESSEX not in release
    council = next((split / "landing" / "620").glob("cld*.csv")).read_bytes()
    assert b"F89999" in council
    scheme = [path.read_bytes() for path in (split / "landing").rglob("*") if path.suffix == ".csv"]
    assert not any(WEST_ESSEX.encode() in data for data in scheme)


def test_of_a_wider_council_those_count_who_live_in_the_place_or_else_have_its_practice(settings: Settings) -> None:
    geography = Geography(settings, "hertfordshire")
    end = date(2026, 3, 31)
    here, elsewhere = geography.places.index(WEST_ESSEX), geography.places.index(HERTFORDSHIRE)
    area = {place: next(at for at, one in enumerate(geography.areas) if one.place == place) for place in (0, 1)}
    practice = {
        place: next(
            code for code, of in zip(geography.practices, geography.practice_places(end), strict=True) if of == place
        )
        for place in (0, 1)
    }

    def row(council: int, home: int, registered: str) -> SimpleNamespace:
        return SimpleNamespace(client=SimpleNamespace(council=council, practice=registered), area=home)

    counted = [
        row(here, area[here], "F89999"),
        row(here, area[here], practice[elsewhere]),
        row(here, -1, practice[here]),
        row(elsewhere, -1, "F89999"),
    ]
    left_out = [row(here, area[elsewhere], practice[here]), row(here, -1, practice[elsewhere]), row(here, -1, "F89999")]
    assert people_of_the_places(geography, [*counted, *left_out], end) == counted


def test_while_a_place_is_not_known_nothing_is_added_to_it_nor_to_the_whole(settings: Settings) -> None:
    truth = Truth(Geography(settings, "hertfordshire"))
    end = date(2026, 4, 30)
    with truth.without([truth.geography.places.index(WEST_ESSEX)]):
        for place in (0, 1, -1):
            truth.add_group("m", end, place, {"sex": "Male"}, 1)
            truth.add_value("v", end, SimpleNamespace(nhs="", place=place), {}, 2.0)
    assert {cell[2] for cell in (*truth.cells, *truth.values)} == {HERTFORDSHIRE}
    with truth.without([]):
        truth.add_group("m", end, -1, {}, 1)
    assert {cell[2] for cell in truth.cells} == {HERTFORDSHIRE, "U", "HWE"}
