"""The reference seeds as the generator and the truth use them: practices, places, small areas, residents, R1 words."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from lda.settings import Settings, SettingsError
from lda.synthetic.profiles import PROFILES

UNALLOCATED = "U"
# Types of area that are also restated on current boundaries.
CURRENT = ("pcn", "icb")
FAR_WARDS = (("RXTD3", "Medium"), ("R1LXX", "High"))


@dataclass(frozen=True)
class Link:
    """A dated link of the geography seed: the parent holds from ``start`` up to, not including, ``end``."""

    parent: str
    start: str
    end: str

    def holds(self, day: str) -> bool:
        """True on an ISO day within the link."""
        return self.start <= day and (not self.end or day < self.end)


@dataclass(frozen=True)
class SmallArea:
    """An LSOA: its code, the index of its place, its deprivation quintile (1 most deprived) and its postcodes.

    ``neighbourhood`` is empty in a place that has none.
    """

    code: str
    place: int
    neighbourhood: str
    quintile: int
    postcodes: tuple[str, ...]


class Geography:
    """One system's geography. Places and practices are known by index, in the order of the lists here."""

    def __init__(self, settings: Settings, system: str) -> None:
        config = _system_config(settings, system)
        folder = settings.reference_dir
        self.system_code: str = config["system_code"]
        self.system_name: str = config["name"]
        self.icb_code: str = config["icb_code"]
        # Geography code of the whole system: that of the ICB, unless the system is a part of its ICB or outlives it.
        self.system_area: str = config.get("area_code") or config["icb_code"]
        # People of the system are numbered from here, so that no two systems share them.
        self.number_block: int = PROFILES[system].number_block
        self.places: list[str] = [place["code"] for place in config["places"]]
        # ONS codes of the councils' areas: that of the place, but where the place is a part of one.
        self.council_areas: list[str] = []
        self.councils: list[str] = [str(place["cassr_code"]) for place in config["places"]]
        # Trusts that send submissions.
        self.wards = _wards([code for code, _ in PROFILES[system].trusts])
        self._partners: list[dict[str, Any]] = config["partners"]
        self.trusts: list[str] = self.senders("trust", "mhsds")
        self.sample: dict[str, int] = config["sample"]
        self._links: dict[tuple[str, str, str], list[Link]] = defaultdict(list)
        for row in _rows(folder / "geography_link.csv"):
            key = (row["child_type"], row["child_code"], row["parent_type"])
            self._links[key].append(Link(row["parent_code"], row["valid_from"], row["valid_to"]))
        for code in self.places:
            county = self._links.get(("place", code, "county"))
            self.council_areas.append(county[0].parent if county else code)
        # Areas by type and code that have figures of their own.
        self._with_figures: set[tuple[str, str]] = {
            (row["geography_type"], row["geography_code"])
            for row in _rows(folder / "geography.csv")
            if row["system_code"] == system and not row["same_as"]
        }
        self.boundary_date = date.max
        self._areas_on: dict[date, list[list[tuple[str, str]]]] = {}
        practices = sorted(
            (row["organisation_code"], row["supplier"], row["organisation_name"])
            for row in _rows(folder / "organisation.csv")
            if row["organisation_type"] == "practice" and row["system_code"] == system
        )
        self.practices: list[str] = [code for code, _, _ in practices]
        self.suppliers: list[str] = [supplier for _, supplier, _ in practices]
        self.practice_names: list[str] = [name for _, _, name in practices]
        self.areas: list[SmallArea] = self._small_areas(folder)
        self.population: list[dict[str, str]] = [
            row for row in _rows(folder / "population.csv") if row["place_code"] in self.places
        ]
        self._read_comparisons(folder)

    def _read_comparisons(self, folder: Path) -> None:
        """What figures are compared with, and what codes of an earlier release were called."""
        # Inpatients of March 2019 by place, which today's are compared with.
        self.inpatient_baseline: dict[str, int] = {
            row["geography_code"]: int(row["value"])
            for row in _rows(folder / "measure_baseline.csv")
            if (row["measure_id"], row["geography_type"]) == ("inpatients_total", "place")
            and row["geography_code"] in self.places
        }
        # Long stays of the whole system in March 2019.
        self.long_stay_baseline: int = sum(
            int(row["value"])
            for row in _rows(folder / "measure_baseline.csv")
            if (row["measure_id"], row["system_code"]) == ("long_stays_change_since_march_2019", self.system_code)
        )
        # Share of people to have a health check by 31 March, by type of area.
        self.check_targets: dict[str, float] = {
            row["geography_type"]: float(row["target"])
            for row in _rows(folder / "measure_target.csv")
            if (row["measure_id"], row["system_code"]) == ("ahc_uptake_register", self.system_code)
        }
        # ICBs and sub-ICBs of national publications that are the whole system, from a day on and until another.
        self._national: list[tuple[str, str, str, str]] = [
            (row["organisation_type"], row["organisation_code"], row["valid_from"], row["valid_to"])
            for row in _rows(folder / "national_area.csv")
            if (row["system_code"], row["geography_type"]) == (self.system_code, "system")
        ]
        self.release_1: dict[tuple[str, str], str] = {}
        for row in _rows(folder / "r1_r2_map.csv"):
            self.release_1.setdefault((row["column_name"], row["r2_value"]), row["r1_value"])

    def national_area(self, day: date) -> tuple[str, str] | None:
        """Kind and code of the organisation of national publications that is the whole system on a day, if one is."""
        for kind, code, start, end in self._national:
            if (not start or date.fromisoformat(start) <= day) and (not end or day < date.fromisoformat(end)):
                return kind, code
        return None

    def senders(self, partner_type: str, feed: str) -> list[str]:
        """Codes of the partners of a type that send a feed."""
        return [
            str(partner["code"])
            for partner in self._partners
            if partner["type"] == partner_type and feed in partner.get("feeds", [feed])
        ]

    def _small_areas(self, folder: Path) -> list[SmallArea]:
        postcodes: dict[str, list[str]] = defaultdict(list)
        for row in _rows(folder / "postcode_lsoa.csv"):
            postcodes[row["lsoa_code"]].append(row["postcode"])
        return [
            SmallArea(
                row["lsoa_code"],
                self.places.index(row["place_code"]),
                row["neighbourhood_code"],
                int(row["deprivation_quintile"]),
                tuple(postcodes[row["lsoa_code"]]),
            )
            for row in _rows(folder / "lsoa.csv")
            if row["place_code"] in self.places
        ]

    def is_part_of_council(self, place: int) -> bool:
        """True for a place that is only a part of its council's area."""
        return self.council_areas[place] != self.places[place]

    def practice_places(self, day: date) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Index of the place of each practice on ``day``."""
        return np.array([self.places.index(self._parent("practice", code, "place", day)) for code in self.practices])

    def practice_neighbourhoods(self, day: date) -> list[str]:
        """Neighbourhood code of each practice on ``day``; ``U`` in a place that has none."""
        return [self._parent("practice", code, "neighbourhood", day) for code in self.practices]

    def icbs(self, day: date) -> list[tuple[str, list[int]]]:
        """The ICBs that hold the system's places on ``day``, each with the indexes of those it holds."""
        held: dict[str, list[int]] = defaultdict(list)
        for index, place in enumerate(self.places):
            held[self._parent("place", place, "icb", day)].append(index)
        return sorted(held.items())

    @property
    def has_neighbourhoods(self) -> bool:
        """True where practices belong to neighbourhoods."""
        return any(kind == "neighbourhood" for kind, _ in self._with_figures)

    def icb_of(self, place: int, day: date) -> str:
        """The ICB that holds a place on ``day``."""
        return next(icb for icb, places in self.icbs(day) if place in places)

    def lead_icb(self, day: date) -> str:
        """The ICB that sends what is of the whole system on ``day``: the one that holds the system's first place."""
        return self.icb_of(0, day)

    def practice_areas(self, day: date) -> list[list[tuple[str, str]]]:
        """Of each practice on ``day``: itself, the system and every area with figures of its own that it belongs to."""
        if day not in self._areas_on:
            self._areas_on[day] = self._practice_areas(day)
        return self._areas_on[day]

    def _practice_areas(self, day: date) -> list[list[tuple[str, str]]]:
        places, pcns = self.practice_places(day), self.practice_pcns(day)
        found = []
        for index, code in enumerate(self.practices):
            areas = [("practice", code), ("pcn", pcns[index]), ("place", self.places[places[index]])]
            areas += [(kind, self._parent("practice", code, kind, day)) for kind in ("neighbourhood", "sub_icb", "icb")]
            areas += [(f"{kind}_current", area) for kind in CURRENT if (area := self._restated(kind, code))]
            areas.append(("system", self.system_area))
            found.append([area for area in areas if area[0] in ("pcn", "system") or area in self._with_figures])
        return found

    def _restated(self, kind: str, code: str) -> str:
        """The practice's area the day after the sample ends, if the area had other practices before; else nothing."""
        area = self._parent("practice", code, kind, self.boundary_date)
        return area if (f"{kind}_current", area) in self._with_figures else ""

    def restate(self, ends: Sequence[date]) -> None:
        """Find the areas whose practices changed by the day after the last month end; they are restated."""
        self._areas_on.clear()
        self.boundary_date = ends[-1] + timedelta(days=1)
        for kind in CURRENT:
            for code in self.practices:
                now = self._parent("practice", code, kind, self.boundary_date)
                before = {self._parent("practice", code, kind, end) for end in ends}
                if before != {now}:
                    self._with_figures |= {(f"{kind}_current", area) for area in {now, *before}}

    def practice_pcns(self, day: date) -> list[str]:
        """Network code of each practice on ``day``; ``U`` for a practice without one."""
        return [self._parent("practice", code, "pcn", day) for code in self.practices]

    def practice_sub_icbs(self, day: date) -> list[str]:
        """Sub-ICB code of each practice on ``day``; blank where the system is all of one or has none."""
        found = [self._parent("practice", code, "sub_icb", day) for code in self.practices]
        return ["" if code == UNALLOCATED else code for code in found]

    def _parent(self, child_type: str, child: str, parent_type: str, day: date) -> str:
        for link in self._links[(child_type, child, parent_type)]:
            if link.holds(day.isoformat()):
                return link.parent
        return UNALLOCATED


def _wards(trusts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Wards (site, security) that hold the system's people: two of its first trust, one of its second, two far off."""
    first, second = trusts[:2]
    return ((f"{first}KF", "General"), (f"{first}MN", "Low"), (f"{second}AA", "General"), *FAR_WARDS)


def _system_config(settings: Settings, system: str) -> dict[str, Any]:
    path = settings.systems_dir / f"{system}.yaml"
    if not path.exists():
        known = ", ".join(sorted(file.stem for file in settings.systems_dir.glob("*.yaml")))
        raise SettingsError(
            f"There is no system called {system}: expected one of {known} (files in {settings.systems_dir})."
        )
    config: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return config


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
