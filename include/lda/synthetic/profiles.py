"""What each system's places look like, in round figures: enough to make reference data of the right size and shape.

Population totals are the ONS mid-year estimates for 2017 and rounded ones for 2024; the mixes of age, ethnicity and
deprivation are rounded from the census and the 2019 Index of Multiple Deprivation. Nothing here describes a person.
"""

from __future__ import annotations

from dataclasses import dataclass

AGE_BANDS = ("Under 18", "18-24", "25-34", "35-44", "45-54", "55-64", "65 and over")
ETHNICITY_GROUPS = ("White", "Mixed", "Asian", "Black", "Other")
SEXES = ("Male", "Female")
FROM_START = "2013-04-01"
QUINTILES = ("1 (most deprived)", "2", "3", "4", "5 (least deprived)")


@dataclass(frozen=True)
class PlaceProfile:
    """One place: how many small areas, networks and practices it has, and who lives there.

    ``residents`` is a year to population mapping. The mixes are weights in the order of ``AGE_BANDS``,
    ``ETHNICITY_GROUPS`` and deprivation quintile 1 to 5. Networks belong to ``sub_icbs`` in turn, and to
    ``neighbourhoods`` in turn where the system has them.
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
    sub_icbs: tuple[str, ...]
    neighbourhoods: tuple[str, ...] = ()


@dataclass(frozen=True)
class IcbProfile:
    """An integrated care board and the days it held places (``valid_to`` is the first day it did not)."""

    code: str
    name: str
    places: tuple[str, ...]
    valid_from: str = FROM_START
    valid_to: str = ""


@dataclass(frozen=True)
class SubIcb:
    """A sub-ICB location. The only one of a system is ``same_as`` a published area (``type:code``)."""

    code: str
    name: str
    same_as: str = ""


@dataclass(frozen=True)
class SystemProfile:
    """One system: its area, ICBs, places and trusts.

    Practices, networks and small areas are numbered from ``first_number``, and people from ``number_block``, so that
    no two systems share them. Postcodes are made in ``postcode_area``, in districts that do not exist. ``area_code`` is
    the geography code of the whole system; where it is also its ICB, the ICB has no figures of its own.
    """

    system_code: str
    name: str
    area_code: str
    region: tuple[str, str]
    icbs: tuple[IcbProfile, ...]
    sub_icbs: tuple[SubIcb, ...]
    postcode_area: str
    first_postcode_district: int
    trusts: tuple[tuple[str, str], ...]
    places: tuple[PlaceProfile, ...]
    first_number: int = 1
    number_block: int = 0


MIDLANDS = ("Y60", "Midlands")
EAST = ("Y61", "East of England")
NORTH_EAST_YORKSHIRE = ("Y63", "North East and Yorkshire")
# The day on which the ICB of Hertfordshire and West Essex was split.
SPLIT = "2026-04-01"

LLR = SystemProfile(
    system_code="llr",
    name="Leicester, Leicestershire and Rutland",
    area_code="QK1",
    region=MIDLANDS,
    icbs=(IcbProfile("QK1", "Leicester, Leicestershire and Rutland", ("E06000016", "E10000018", "E06000017")),),
    sub_icbs=(
        SubIcb("03W", "East Leicestershire and Rutland"),
        SubIcb("04C", "Leicester City"),
        SubIcb("04V", "West Leicestershire"),
    ),
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
            sub_icbs=("04C",),
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
            sub_icbs=("04V", "03W"),
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
            sub_icbs=("03W",),
        ),
    ),
)

COVENTRY_WARWICKSHIRE = SystemProfile(
    system_code="coventry_warwickshire",
    name="Coventry and Warwickshire",
    area_code="QWU",
    region=MIDLANDS,
    icbs=(IcbProfile("QWU", "Coventry and Warwickshire", ("E08000026", "E10000031")),),
    sub_icbs=(SubIcb("B2M3M", "Coventry and Warwickshire", "system:QWU"),),
    postcode_area="CV",
    first_postcode_district=81,
    trusts=(
        ("RYG", "Coventry and Warwickshire Partnership NHS Trust"),
        ("RKB", "University Hospitals Coventry and Warwickshire NHS Trust"),
    ),
    first_number=2001,
    number_block=250,
    places=(
        PlaceProfile(
            code="E08000026",
            name="Coventry",
            cassr_code="407",
            lsoas=50,
            pcns=7,
            practices=36,
            residents={2017: 360_149, 2024: 369_000},
            age_mix=(22, 15, 17, 13, 11, 10, 12),
            ethnic_mix=(66, 3, 19, 9, 3),
            quintile_mix=(32, 25, 18, 15, 10),
            sub_icbs=("B2M3M",),
        ),
        PlaceProfile(
            code="E10000031",
            name="Warwickshire",
            cassr_code="404",
            lsoas=75,
            pcns=11,
            practices=54,
            residents={2017: 564_562, 2024: 622_000},
            age_mix=(20, 8, 12, 13, 14, 13, 20),
            ethnic_mix=(89, 2, 7, 1, 1),
            quintile_mix=(6, 15, 22, 25, 32),
            sub_icbs=("B2M3M",),
        ),
    ),
)

HERTFORDSHIRE = SystemProfile(
    system_code="hertfordshire",
    name="Hertfordshire and West Essex",
    area_code="HWE",
    region=EAST,
    icbs=(
        IcbProfile("QM7", "Hertfordshire and West Essex", ("E10000015", "E10000012"), valid_to=SPLIT),
        IcbProfile("S1Y5D", "Central East", ("E10000015",), SPLIT),
        IcbProfile("D7T5G", "Essex", ("E10000012",), SPLIT),
    ),
    sub_icbs=(
        SubIcb("06K", "East and North Hertfordshire"),
        SubIcb("06N", "Herts Valleys"),
        SubIcb("07H", "West Essex"),
    ),
    postcode_area="SG",
    first_postcode_district=81,
    trusts=(
        ("RWR", "Hertfordshire Partnership University NHS Foundation Trust"),
        ("RWG", "West Hertfordshire Teaching Hospitals NHS Trust"),
    ),
    first_number=4001,
    number_block=500,
    places=(
        PlaceProfile(
            code="E10000015",
            name="Hertfordshire",
            cassr_code="606",
            lsoas=100,
            pcns=20,
            practices=90,
            residents={2017: 1_180_934, 2024: 1_225_000},
            age_mix=(22, 7, 12, 14, 14, 13, 18),
            ethnic_mix=(82, 4, 8, 4, 2),
            quintile_mix=(3, 14, 22, 26, 35),
            sub_icbs=("06K", "06N"),
        ),
        PlaceProfile(
            code="E10000012",
            name="West Essex (the part of Essex in the system)",
            cassr_code="620",
            lsoas=25,
            pcns=4,
            practices=20,
            residents={2017: 304_000, 2024: 325_000},
            age_mix=(21, 7, 12, 13, 14, 13, 20),
            ethnic_mix=(88, 3, 5, 3, 1),
            quintile_mix=(5, 18, 27, 26, 24),
            sub_icbs=("07H",),
        ),
    ),
)

LEEDS = SystemProfile(
    system_code="leeds",
    name="Leeds",
    area_code="E08000035",
    region=NORTH_EAST_YORKSHIRE,
    icbs=(IcbProfile("QWO", "West Yorkshire", ("E08000035",)),),
    sub_icbs=(SubIcb("15F", "Leeds", "place:E08000035"),),
    postcode_area="LS",
    first_postcode_district=81,
    trusts=(
        ("RGD", "Leeds and York Partnership NHS Foundation Trust"),
        ("RR8", "Leeds Teaching Hospitals NHS Trust"),
        ("RY6", "Leeds Community Healthcare NHS Trust"),
    ),
    first_number=6001,
    number_block=750,
    places=(
        PlaceProfile(
            code="E08000035",
            name="Leeds",
            cassr_code="212",
            lsoas=117,
            pcns=19,
            practices=90,
            residents={2017: 784_846, 2024: 845_000},
            age_mix=(21, 13, 16, 13, 12, 10, 15),
            ethnic_mix=(79, 4, 10, 5, 2),
            quintile_mix=(32, 19, 15, 17, 17),
            sub_icbs=("15F",),
            neighbourhoods=(
                "Alder",
                "Bluebell",
                "Clover",
                "Damson",
                "Elder",
                "Foxglove",
                "Gorse",
                "Hazel",
                "Iris",
                "Jasmine",
                "Laurel",
                "Maple",
                "Nettle",
            ),
        ),
    ),
)

PROFILES = {profile.system_code: profile for profile in (LLR, COVENTRY_WARWICKSHIRE, HERTFORDSHIRE, LEEDS)}
