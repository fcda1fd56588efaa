"""What each system's places look like: the shape of ``profiles.yaml``, which holds the figures and their sources."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

AGE_BANDS = ("Under 18", "18-24", "25-34", "35-44", "45-54", "55-64", "65 and over")
ETHNICITY_GROUPS = ("White", "Mixed", "Asian", "Black", "Other")
SEXES = ("Male", "Female")
FROM_START = "2013-04-01"
QUINTILES = ("1 (most deprived)", "2", "3", "4", "5 (least deprived)")


@dataclass(frozen=True)
class PlaceProfile:
    """One place: how many small areas, networks and practices it has, and who lives there.

    ``residents`` is a year to population mapping. The mixes are weights in the order of ``AGE_BANDS``,
    ``ETHNICITY_GROUPS`` and deprivation quintile 1 to 5. ``county`` is the ONS code of the council's area where the
    place is a part of it only (its own code is then a local one), ``council`` that council's name. Networks belong to
    ``sub_icbs`` in turn, and to ``neighbourhoods`` in turn where the system has them.
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
    county: str = ""
    council: str = ""


@dataclass(frozen=True)
class IcbProfile:
    """An integrated care board and the days it held places (``valid_to`` is the first day it did not).

    ``part`` names what the system has of an ICB that holds more: the area is called by it, as figures are of it alone.
    """

    code: str
    name: str
    places: tuple[str, ...]
    valid_from: str = FROM_START
    valid_to: str = ""
    part: str = ""


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


def _fixed(value: Any) -> Any:
    """Lists as tuples, so that a profile cannot be changed."""
    return tuple(_fixed(item) for item in value) if isinstance(value, list) else value


def _profile(found: dict[str, Any]) -> SystemProfile:
    """One system of the file. Raises TypeError for a key the shape does not have, or lacks."""
    parts = {"icbs": IcbProfile, "sub_icbs": SubIcb, "places": PlaceProfile}
    made: dict[str, Any] = {
        name: tuple(parts[name](**{key: _fixed(item) for key, item in one.items()}) for one in value)
        if name in parts
        else _fixed(value)
        for name, value in found.items()
    }
    return SystemProfile(**made)


PROFILES: dict[str, SystemProfile] = {
    profile.system_code: profile
    for profile in map(_profile, yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")))
}
