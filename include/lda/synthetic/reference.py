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
from lda.synthetic.profiles import (
    AGE_BANDS,
    ETHNICITY_GROUPS,
    FROM_START,
    PROFILES,
    QUINTILES,
    SEXES,
    IcbProfile,
    PlaceProfile,
    SystemProfile,
)

Row = tuple[str | int, ...]

PCNS_BEGAN = "2019-07-01"
PCN_CHANGE = "2025-04-01"
# In same_as: the warehouse holds a part of this area only, so it has no figures.
PART_OF_IT = "part"
REMAINDER = "The rest of the system: people whose place is not known or lies outside it"
INVENTED = "Invented for the synthetic sample"
ONS_GEOGRAPHY = "ONS code history database"
LOCAL_PART = "Local code: the part of the council's area that is in the system"
LOCAL_POPULATION = "Share of the county's estimate, rounded: local; mix invented for the synthetic sample"
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
                  "valid_from", "valid_to", "same_as", "source"),
    "geography_link": ("child_type", "child_code", "parent_type", "parent_code", "valid_from", "valid_to", "source"),
    "lsoa": ("lsoa_code", "place_code", "neighbourhood_code", "imd_decile", "deprivation_quintile", "source"),
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
    number, first_pcn = system.first_number, system.first_number
    for place in system.places:
        for position in range(place.practices):
            yield number, place, first_pcn + position % place.pcns
            number += 1
        first_pcn += place.pcns


def _pcns(system: SystemProfile) -> Iterator[tuple[int, PlaceProfile, int]]:
    """Every network: its number, its place and its position in the place."""
    number = system.first_number
    for place in system.places:
        for position in range(place.pcns):
            yield number, place, position
            number += 1


def neighbourhood_code(position: int) -> str:
    """The invented code of the neighbourhood at ``position`` (from 0) of its place."""
    return f"N9{position + 1:04d}"


def organisations(system: SystemProfile) -> Iterator[Row]:
    """Rows of ``organisation``: practices, networks, councils (by CASSR code), ICBs and trusts."""
    code = system.system_code
    for number, _place, _pcn in _practices(system):
        supplier = "systmone" if number % 5 in (2, 4) else "emis"
        yield practice_code(number), _practice_name(number), "practice", code, supplier, FROM_START, "", INVENTED
    for number, _place, _position in _pcns(system):
        yield pcn_code(number), _pcn_name(number), "pcn", code, "", PCNS_BEGAN, "", INVENTED
    for place in system.places:
        yield (
            place.cassr_code,
            f"{place.council or place.name} council",
            "council",
            code,
            "",
            FROM_START,
            "",
            "CASSR code",
        )
    for icb in system.icbs:
        yield icb.code, f"NHS {icb.name} ICB", "icb", code, "", icb.valid_from, icb.valid_to, "ODS"
    for trust, name in system.trusts:
        yield trust, name, "trust", code, "", FROM_START, "", "ODS"


def geographies(system: SystemProfile) -> Iterator[Row]:
    """Rows of ``geography``: the system, its places, neighbourhoods, networks and practices. ``U`` is in none.

    Then the areas it lies in: sub-ICBs, ICBs, region and England. ``same_as`` names the area with the same practices
    whose figures stand for an area's own; region and England are there for the hierarchy and have no figures.
    """
    code = system.system_code

    def row(kind: str, area: str, name: str, order: int, *valid: str, source: str = INVENTED, same_as: str = "") -> Row:
        start, end = valid or (FROM_START, "")
        return kind, area, name, code, order, start, end, same_as, source

    yield row("system", system.area_code, system.name, 1, source="ODS")
    for order, place in enumerate(system.places, start=1):
        yield row("place", place.code, place.name, order, source=LOCAL_PART if place.county else ONS_GEOGRAPHY)
        for position, name in enumerate(place.neighbourhoods):
            yield row("neighbourhood", neighbourhood_code(position), f"{name} neighbourhood", position + 1)
    yield row("place", "U", "Place not known", 999_999, source=REMAINDER)
    if any(place.neighbourhoods for place in system.places):
        yield row("neighbourhood", "U", "Neighbourhood not known", 999)
    for number, _place, _position in _pcns(system):
        yield row("pcn", pcn_code(number), _pcn_name(number), number, PCNS_BEGAN, "")
    yield row("pcn", "U", "Unallocated", 999_999, source="LDHC publication")
    for number, _place, _pcn in _practices(system):
        yield row("practice", practice_code(number), _practice_name(number), number)
    for order, sub_icb in enumerate(system.sub_icbs, start=1):
        yield row("sub_icb", sub_icb.code, sub_icb.name, order, source="ODS", same_as=sub_icb.same_as)
    for order, icb in enumerate(system.icbs, start=1):
        whole = f"system:{icb.code}" if icb.code == system.area_code else ""
        only = f"place:{icb.places[0]}" if len(system.icbs) == 1 and len(system.places) == 1 else ""
        name = f"{icb.part} (part of NHS {icb.name} ICB)" if icb.part else f"NHS {icb.name} ICB"
        yield row("icb", icb.code, name, order, icb.valid_from, icb.valid_to,
                  source="ODS", same_as=whole or (only and PART_OF_IT))  # fmt: skip
    yield row("region", *system.region, 1, source="ODS", same_as=PART_OF_IT)
    yield row("england", "E92000001", "England", 1, source=ONS_GEOGRAPHY, same_as=PART_OF_IT)


def geography_links(system: SystemProfile) -> Iterator[Row]:
    """Rows of ``geography_link``: practices to the areas they belong to, and areas to the areas they lie in.

    The first practice of the second place moves to the next network on 1 April 2025; the last practice of the first
    place has no network (``U``).
    """
    no_pcn = system.first_number + system.places[0].practices - 1
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
        position = pcn - _first_pcn(system, place)
        if place.neighbourhoods:
            yield "practice", code, "neighbourhood", _turn(place.neighbourhoods, position), FROM_START, "", INVENTED
        yield "practice", code, "sub_icb", place.sub_icbs[position % len(place.sub_icbs)], FROM_START, "", INVENTED
        for icb in _icbs(system, place):
            yield "practice", code, "icb", icb.code, icb.valid_from, icb.valid_to, "ODS"
    for number, place, position in _pcns(system):
        yield "pcn", pcn_code(number), "place", place.code, PCNS_BEGAN, "", INVENTED
        if place.neighbourhoods:
            where = _turn(place.neighbourhoods, position)
            yield "pcn", pcn_code(number), "neighbourhood", where, PCNS_BEGAN, "", INVENTED
    yield from _links_of_places(system)


def _links_of_places(system: SystemProfile) -> Iterator[Row]:
    for place in system.places:
        yield "council", place.cassr_code, "place", place.code, FROM_START, "", "CASSR code"
        for position in range(len(place.neighbourhoods)):
            yield "neighbourhood", neighbourhood_code(position), "place", place.code, FROM_START, "", INVENTED
        if place.neighbourhoods:
            yield "neighbourhood", "U", "place", place.code, FROM_START, "", INVENTED
        yield "place", place.code, "system", system.area_code, FROM_START, "", ONS_GEOGRAPHY
        if place.county:
            yield "place", place.code, "county", place.county, FROM_START, "", LOCAL_PART
        for icb in _icbs(system, place):
            yield "place", place.code, "icb", icb.code, icb.valid_from, icb.valid_to, "ODS"
        for sub_icb in place.sub_icbs:
            for icb in _icbs(system, place):
                yield "sub_icb", sub_icb, "icb", icb.code, icb.valid_from, icb.valid_to, "ODS"
    for area in system.sub_icbs:
        yield "sub_icb", area.code, "system", system.area_code, FROM_START, "", "ODS"
    for icb in system.icbs:
        yield "icb", icb.code, "region", system.region[0], icb.valid_from, icb.valid_to, "ODS"
    yield "region", system.region[0], "england", "E92000001", FROM_START, "", ONS_GEOGRAPHY


def _icbs(system: SystemProfile, place: PlaceProfile) -> list[IcbProfile]:
    return [icb for icb in system.icbs if place.code in icb.places]


def _first_pcn(system: SystemProfile, place: PlaceProfile) -> int:
    return next(number for number, where, _ in _pcns(system) if where == place)


def _turn(neighbourhoods: Sequence[str], position: int) -> str:
    return neighbourhood_code(position % len(neighbourhoods))


def lsoas(system: SystemProfile) -> Iterator[Row]:
    """Rows of ``lsoa``: small areas whose deprivation follows the place's mix, in its neighbourhoods in turn."""
    number = system.first_number
    for place in system.places:
        first = number
        for quintile, count in enumerate(allocate(place.lsoas, place.quintile_mix), start=1):
            for position in range(count):
                decile = quintile * 2 - 1 + position % 2
                where = _turn(place.neighbourhoods, number - first) if place.neighbourhoods else ""
                yield f"E0199{number:04d}", place.code, where, decile, quintile, INVENTED
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
                       f"{LOCAL_POPULATION if place.county else ONS_POPULATION} ({year})")  # fmt: skip


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
    """Write the six seeds of ``systems`` into ``folder`` and return their paths. What systems share is there once."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, make in MAKERS.items():
        path = folder / f"{name}.csv"
        write_csv(path, HEADERS[name], dict.fromkeys(row for system in systems for row in make(system)))
        paths.append(path)
    return paths


if __name__ == "__main__":
    write_reference(Settings().reference_dir)
