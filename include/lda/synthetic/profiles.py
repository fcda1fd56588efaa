"""What each system's places look like, in round figures: enough to make reference data of the right size and shape.

Population totals are the ONS mid-year estimates for 2017 and rounded ones for 2024; the mixes of age, ethnicity and
deprivation are rounded from the census and the 2019 Index of Multiple Deprivation. Nothing here describes a person.
"""

from __future__ import annotations

from dataclasses import dataclass

AGE_BANDS = ("Under 18", "18-24", "25-34", "35-44", "45-54", "55-64", "65 and over")
ETHNICITY_GROUPS = ("White", "Mixed", "Asian", "Black", "Other")
SEXES = ("Male", "Female")
QUINTILES = ("1 (most deprived)", "2", "3", "4", "5 (least deprived)")


@dataclass(frozen=True)
class PlaceProfile:
    """One place: how many small areas, networks and practices it has, and who lives there.

    ``residents`` is a year to population mapping. The mixes are weights in the order of ``AGE_BANDS``,
    ``ETHNICITY_GROUPS`` and deprivation quintile 1 to 5.
    """

    code: str
    name: str
    cassr_code: str
    lsoas: int
    pcns: int
    practices: int
    residents: dict[int, int]
    age_mix: tuple[float, ...]
    ethnic_mix: tuple[float, ...]
    quintile_mix: tuple[float, ...]


@dataclass(frozen=True)
class SystemProfile:
    """One system: its places and its trusts. Postcodes are made in ``postcode_areas``, districts that do not exist."""

    system_code: str
    name: str
    icb_code: str
    postcode_area: str
    first_postcode_district: int
    trusts: tuple[tuple[str, str], ...]
    places: tuple[PlaceProfile, ...]


LLR = SystemProfile(
    system_code="llr",
    name="Leicester, Leicestershire and Rutland",
    icb_code="QK1",
    postcode_area="LE",
    first_postcode_district=81,
    trusts=(
        ("RT5", "Leicestershire Partnership NHS Trust"),
        ("RWE", "University Hospitals of Leicester NHS Trust"),
    ),
    places=(
        PlaceProfile(
            code="E06000016",
            name="Leicester",
            cassr_code="509",
            lsoas=64,
            pcns=9,
            practices=54,
            residents={2017: 353_540, 2024: 372_000},
            age_mix=(24, 13, 16, 13, 12, 10, 12),
            ethnic_mix=(43, 4, 41, 8, 4),
            quintile_mix=(35, 30, 18, 11, 6),
        ),
        PlaceProfile(
            code="E10000018",
            name="Leicestershire",
            cassr_code="508",
            lsoas=128,
            pcns=16,
            practices=71,
            residents={2017: 690_212, 2024: 717_000},
            age_mix=(20, 9, 11, 12, 15, 13, 20),
            ethnic_mix=(88, 2, 8, 1, 1),
            quintile_mix=(6, 12, 20, 27, 35),
        ),
        PlaceProfile(
            code="E06000017",
            name="Rutland",
            cassr_code="510",
            lsoas=8,
            pcns=1,
            practices=5,
            residents={2017: 39_474, 2024: 41_000},
            age_mix=(20, 6, 8, 10, 14, 16, 26),
            ethnic_mix=(95, 2, 2, 0.6, 0.4),
            quintile_mix=(0, 12, 25, 25, 38),
        ),
    ),
)

PROFILES = {LLR.system_code: LLR}
