"""The generated reference seeds are whole, add up and are the ones checked in."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from lda.settings import Settings
from lda.synthetic.geography import UNALLOCATED, Geography
from lda.synthetic.profiles import PROFILES
from lda.synthetic.reference import MAKERS, allocate, postcodes, write_reference


@pytest.mark.parametrize("name", list(MAKERS))
def test_the_checked_in_seed_is_the_generated_one(name: str, tmp_path: Path) -> None:
    write_reference(tmp_path)
    assert (tmp_path / f"{name}.csv").read_bytes() == (Settings().reference_dir / f"{name}.csv").read_bytes()


def test_population_adds_up_to_each_place_and_year(geography: Geography) -> None:
    totals: Counter[tuple[str, int]] = Counter()
    for row in geography.population:
        totals[row["place_code"], int(row["year"])] += int(row["population"])
    assert totals == {(place.code, year): n for place in PROFILES["llr"].places for year, n in place.residents.items()}


def test_shares_add_up_and_follow_the_weights() -> None:
    assert allocate(10, [1, 1, 1]) == [4, 3, 3]
    assert sum(allocate(353_540, [0.3, 7, 11.1, 2])) == 353_540


def test_every_postcode_is_in_one_small_area() -> None:
    found = [row[0] for row in postcodes(PROFILES["llr"])]
    assert len(found) == len(set(found)) == 4 * sum(place.lsoas for place in PROFILES["llr"].places)


def test_practices_have_a_place_and_one_changes_network_in_april_2025(geography: Geography) -> None:
    assert len(geography.practices) == 130
    before, after = geography.practice_pcns(date(2025, 3, 31)), geography.practice_pcns(date(2025, 4, 1))
    assert sum(old != new for old, new in zip(before, after, strict=True)) == 1
    assert before.count(UNALLOCATED) == after.count(UNALLOCATED) == 1
    assert len(set(after) - {UNALLOCATED}) == 26
    assert set(geography.practice_places(date(2026, 3, 31)).tolist()) == {0, 1, 2}
