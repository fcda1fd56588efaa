"""Makes the six generated reference seeds: organisations, geography and its links, small areas, postcodes, population.

Practice and network codes and names are invented, so that no synthetic figure can be read as a real practice's; so are
the LSOA codes (``E0199…``) and the postcodes (districts that do not exist). Council, trust, ICB and place codes are
real.

Run ``python -m lda.synthetic.reference`` to write the seeds again; the result is the same every time.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from lda.settings import Settings
from lda.synthetic.profiles import AGE_BANDS, ETHNICITY_GROUPS, PROFILES, QUINTILES, SEXES, PlaceProfile, SystemProfile

Row = tuple[str | int, ...]

FROM_START = "2013-04-01"
PCNS_BEGAN = "2019-07-01"
PCN_CHANGE = "2025-04-01"
INVENTED = "Invented for the synthetic sample"
ONS_GEOGRAPHY = "ONS code history database"
ONS_POPULATION = "ONS mid-year estimate total; mix invented for the synthetic sample"
POSTCODES_PER_LSOA = 4
INWARD_LETTERS = "ABDEFGHJLN"
PRACTICE_WORDS = (
    "Ashgrove", "Birchfield", "Cedar", "Dovecote", "Elmtree", "Fernhill", "Greenway", "Hawthorn", "Ivybridge",
    "Juniper", "Kestrel", "Larkrise", "Meadow", "Nightingale", "Oakleaf", "Primrose", "Quarry", "Rowan",
    "Spinney", "Thistle",
    "Underwood", "Vineyard", "Willow", "Yewtree", "Bluebell", "Bramble",
)  # fmt: skip
PRACTICE_KINDS = ("Surgery", "Medical Centre", "Health Centre", "Practice", "Family Doctors")

HEADERS: dict[str, tuple[str, ...]] = {
    "organisation": ("organisation_code", "organisation_name", "organisation_type", "system_code", "supplier",
                     "valid_from", "valid_to", "source"),
    "geography": ("geography_type", "geography_code", "geography_name", "system_code", "sort_order",
                  "valid_from", "valid_to", "source"),
    "geography_link": ("child_type", "child_code", "parent_type", "parent_code", "valid_from", "valid_to", "source"),
    "lsoa": ("lsoa_code", "place_code", "imd_decile", "deprivation_quintile", "source"),
    "postcode_lsoa": ("postcode", "lsoa_code"),
    "population": ("place_code", "year", "sex", "age_band", "ethnicity_group", "deprivation_quintile", "population",
                   "source"),
}  # fmt: skip


def practice_code(number: int) -> str:
    """The invented ODS code of practice ``number`` (from 1)."""
    return f"Y9{number:04d}"


def pcn_code(number: int) -> str:
    """The invented ODS code of primary care network ``number`` (from 1)."""
    return f"U9{number:04d}"


def _practice_name(number: int) -> str:
    word = PRACTICE_WORDS[(number - 1) % len(PRACTICE_WORDS)]
    return f"{word} {PRACTICE_KINDS[(number - 1) // len(PRACTICE_WORDS) % len(PRACTICE_KINDS)]}"


def _pcn_name(number: int) -> str:
    return f"{PRACTICE_WORDS[(number * 7) % len(PRACTICE_WORDS)]} Primary Care Network"


def allocate(total: int, weights: Sequence[float]) -> list[int]:
    """Share ``total`` by ``weights`` into whole numbers that add up to it (largest remainders first)."""
    scale = total / sum(weights)
    exact = [weight * scale for weight in weights]
    shares = [int(value) for value in exact]
    by_remainder = sorted(range(len(exact)), key=lambda i: (shares[i] - exact[i], i))
    for index in by_remainder[: total - sum(shares)]:
        shares[index] += 1
    return shares


def _practices(system: SystemProfile) -> Iterator[tuple[int, PlaceProfile, int]]:
    """Every practice: its number, its place and the number of its network."""
    number, first_pcn = 1, 1
    for place in system.places:
        for position in range(place.practices):
            yield number, place, first_pcn + position % place.pcns
            number += 1
        first_pcn += place.pcns


def _pcns(system: SystemProfile) -> Iterator[tuple[int, PlaceProfile]]:
    number = 1
    for place in system.places:
        for _ in range(place.pcns):
            yield number, place
            number += 1


def organisations(system: SystemProfile) -> Iterator[Row]:
    """Rows of ``organisation``: practices, networks, councils (by CASSR code), ICB and trusts."""
    for number, _place, _pcn in _practices(system):
        supplier = "systmone" if number % 5 in (2, 4) else "emis"
        yield (practice_code(number), _practice_name(number), "practice", system.system_code, supplier,
               FROM_START, "", INVENTED)  # fmt: skip
    for number, _place in _pcns(system):
        yield pcn_code(number), _pcn_name(number), "pcn", system.system_code, "", PCNS_BEGAN, "", INVENTED
    for place in system.places:
        yield place.cassr_code, f"{place.name} council", "council", system.system_code, "", FROM_START, "", "CASSR code"
    yield (system.icb_code, f"NHS {system.name} ICB", "icb", system.system_code, "", FROM_START, "", "ODS")
    for code, name in system.trusts:
        yield code, name, "trust", system.system_code, "", FROM_START, "", "ODS"


def geographies(system: SystemProfile) -> Iterator[Row]:
    """Rows of ``geography``: the system, its places, networks (and ``U``, no network) and practices."""
    yield "system", system.icb_code, system.name, system.system_code, 1, FROM_START, "", "ODS"
    for order, place in enumerate(system.places, start=1):
        yield "place", place.code, place.name, system.system_code, order, FROM_START, "", ONS_GEOGRAPHY
    for number, _place in _pcns(system):
        yield "pcn", pcn_code(number), _pcn_name(number), system.system_code, number, PCNS_BEGAN, "", INVENTED
    yield "pcn", "U", "Unallocated", system.system_code, 999, FROM_START, "", "LDHC publication"
    for number, _place, _pcn in _practices(system):
        yield ("practice", practice_code(number), _practice_name(number), system.system_code, number,
               FROM_START, "", INVENTED)  # fmt: skip


def geography_links(system: SystemProfile) -> Iterator[Row]:
    """Rows of ``geography_link``: practice to network and place, network to place, council to place, place to system.

    The first practice of the second place moves to the next network on 1 April 2025; the last practice of the first
    place has no network (``U``).
    """
    no_pcn = system.places[0].practices
    mover = no_pcn + 1
    for number, place, pcn in _practices(system):
        code = practice_code(number)
        if number == no_pcn:
            yield "practice", code, "pcn", "U", FROM_START, "", INVENTED
        elif number == mover:
            yield "practice", code, "pcn", pcn_code(pcn), PCNS_BEGAN, PCN_CHANGE, INVENTED
            yield "practice", code, "pcn", pcn_code(pcn + 1), PCN_CHANGE, "", INVENTED
        else:
            yield "practice", code, "pcn", pcn_code(pcn), PCNS_BEGAN, "", INVENTED
        yield "practice", code, "place", place.code, FROM_START, "", INVENTED
    for number, place in _pcns(system):
        yield "pcn", pcn_code(number), "place", place.code, PCNS_BEGAN, "", INVENTED
    for place in system.places:
        yield "council", place.cassr_code, "place", place.code, FROM_START, "", "CASSR code"
        yield "place", place.code, "system", system.icb_code, FROM_START, "", ONS_GEOGRAPHY


def lsoas(system: SystemProfile) -> Iterator[Row]:
    """Rows of ``lsoa``: small areas whose deprivation follows the place's mix."""
    number = 1
    for place in system.places:
        for quintile, count in enumerate(allocate(place.lsoas, place.quintile_mix), start=1):
            for position in range(count):
                decile = quintile * 2 - 1 + position % 2
                yield f"E0199{number:04d}", place.code, decile, quintile, INVENTED
                number += 1


def postcodes(system: SystemProfile) -> Iterator[Row]:
    """Rows of ``postcode_lsoa``: a few invented postcodes for each small area."""
    for index, area in enumerate(lsoas(system)):
        district = system.first_postcode_district + index // 25
        for copy in range(POSTCODES_PER_LSOA):
            unit = INWARD_LETTERS[index % 25 // 10 * POSTCODES_PER_LSOA % 8 + copy] + INWARD_LETTERS[index % 25 % 10]
            yield f"{system.postcode_area}{district}{1 + index % 9}{unit}", area[0]


def populations(system: SystemProfile) -> Iterator[Row]:
    """Rows of ``population``: joint counts of residents that add up to each place's total."""
    cells = [
        (sex, band, group, quintile)
        for sex in range(len(SEXES))
        for band in range(len(AGE_BANDS))
        for group in range(len(ETHNICITY_GROUPS))
        for quintile in range(len(QUINTILES))
    ]
    for place in system.places:
        weights = [place.age_mix[b] * place.ethnic_mix[g] * place.quintile_mix[q] for _, b, g, q in cells]
        for year, total in place.residents.items():
            for (sex, band, group, quintile), people in zip(cells, allocate(total, weights), strict=True):
                yield (place.code, year, SEXES[sex], AGE_BANDS[band], ETHNICITY_GROUPS[group], quintile + 1, people,
                       f"{ONS_POPULATION} ({year})")  # fmt: skip


MAKERS = {
    "organisation": organisations,
    "geography": geographies,
    "geography_link": geography_links,
    "lsoa": lsoas,
    "postcode_lsoa": postcodes,
    "population": populations,
}


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str | int | float]]) -> None:
    """Write ``rows`` under ``header`` as UTF-8 with LF line ends."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_reference(folder: Path, systems: Sequence[SystemProfile] = tuple(PROFILES.values())) -> list[Path]:
    """Write the six seeds of ``systems`` into ``folder`` and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, make in MAKERS.items():
        path = folder / f"{name}.csv"
        write_csv(path, HEADERS[name], (row for system in systems for row in make(system)))
        paths.append(path)
    return paths


if __name__ == "__main__":
    write_reference(Settings().reference_dir)
