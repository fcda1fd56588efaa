"""Systems and their partners, read from ``include/systems``."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, get_args

from lda.contracts.model import ContractError, PartnerType, Problem
from lda.contracts.system_model import EarlierVersion, Partner, Place, SystemConfig, Systems
from lda.contracts.terms import read_terms, terms_problems
from lda.contracts.yamlfile import read_yaml
from lda.settings import Settings

_OPTIONAL = {"area_code", "sample", "publication", "paused", "earlier_versions"}
_VERSION = {"feed", "version", "last_period_end"}
_KEYS = {"system_code", "name", "icb_code", "places", "feeds", "partners"} | _OPTIONAL
_PARTNER, _DATED = {"code", "name", "type"}, {"valid_from", "valid_to"}
_ONLY = "feeds"


def load_systems(settings: Settings) -> Systems:
    """Every system that the settings name.

    Raises ContractError when a file is missing or wrong, or when a partner sends to several of the systems: its files
    would have no one system to count in.
    """
    systems = Systems(tuple(load_system(settings, code) for code in settings.systems))
    homes: dict[tuple[str, str], str] = {}
    for partner in (partner for system in systems for partner in system.partners):
        home = homes.setdefault((partner.type, partner.code), partner.system_code)
        if home != partner.system_code:
            place = f"partner {partner.code}"
            raise ContractError(
                [Problem(f"{partner.system_code}.yaml", place, "a partner of one system", f"also in {home}.yaml")]
            )
    return systems


def load_system(settings: Settings, code: str | None = None) -> SystemConfig:
    """The system ``code``, by default the only one of the settings, with its practices from the reference data.

    Raises ContractError when the file is missing or wrong.
    """
    path = settings.systems_dir / f"{code or settings.system_label}.yaml"
    if not path.exists():
        found = ", ".join(sorted(item.stem for item in settings.systems_dir.glob("*.yaml"))) or "no system file"
        raise ContractError([Problem(path.name, "the file", f"a system file in {settings.systems_dir.name}/", found)])
    document = read_yaml(path)
    problems = system_problems(path.name, document)
    if problems:
        raise ContractError(problems)
    code = str(document["system_code"])
    partners = [
        Partner(
            str(item["code"]),
            str(item["name"]),
            item["type"],
            code,
            _day(str(item.get("valid_from") or "")),
            _day(str(item.get("valid_to") or "")),
            tuple(item.get(_ONLY) or ()),
        )
        for item in document["partners"]
    ]
    publication, paused = read_terms(document)
    return SystemConfig(
        system_code=code,
        name=str(document["name"]),
        icb_code=str(document["icb_code"]),
        places=tuple(Place(item["code"], item["name"], item["cassr_code"]) for item in document["places"]),
        feeds=tuple(document["feeds"]),
        partners=(*partners, *_practices(settings.reference_dir / "organisation.csv", code)),
        area_code=str(document.get("area_code") or document["icb_code"]),
        sample=dict(document.get("sample") or {}),
        publication=publication,
        paused=paused,
        earlier_versions=tuple(
            EarlierVersion(
                item["feed"],
                item["version"],
                date.fromisoformat(str(item["last_period_end"])),
                tuple(item.get("partners") or ()),
            )
            for item in document.get("earlier_versions") or ()
        ),
    )


def system_problems(file: str, document: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with a system file."""
    problems = [
        Problem(file, key, "one of " + ", ".join(sorted(_KEYS)), str(key)) for key in document if key not in _KEYS
    ]
    for key in sorted(_KEYS - _OPTIONAL - set(document)):
        problems.append(Problem(file, key, "a value", "nothing"))
    if problems:
        return problems
    seen: set[tuple[str, str]] = set()
    for index, item in enumerate(document["partners"]):
        place = f"partners[{index}]"
        if not isinstance(item, dict) or set(item) - _DATED - {_ONLY} != _PARTNER:
            wanted = "code, name and type, and where they apply valid_from, valid_to and feeds"
            problems.append(Problem(file, place, wanted, str(item)))
            continue
        problems += _date_problems(file, place, item)
        unknown = sorted(set(item.get(_ONLY) or ()) - set(document["feeds"]))
        if unknown:
            problems.append(Problem(file, f"{place}.feeds", "feeds of the system", ", ".join(unknown)))
        if not isinstance(item["code"], str):
            problems.append(Problem(file, f"{place}.code", "a quoted string", str(item["code"])))
        if item["type"] not in get_args(PartnerType):
            problems.append(Problem(file, f"{place}.type", "one of " + ", ".join(get_args(PartnerType)), item["type"]))
        identity = (str(item["type"]), str(item["code"]))
        if identity in seen:
            problems.append(Problem(file, place, "a partner listed once", f"{item['code']} twice"))
        seen.add(identity)
    problems += _version_problems(file, document)
    for index, item in enumerate(document["places"]):
        if not isinstance(item, dict) or not all(isinstance(item.get(k), str) for k in ("code", "name", "cassr_code")):
            problems.append(Problem(file, f"places[{index}]", "code, name and cassr_code as quoted strings", str(item)))
    return problems + terms_problems(file, document)


def _version_problems(file: str, document: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with a system's agreements on earlier versions of contracts."""
    problems = []
    for index, item in enumerate(document.get("earlier_versions") or ()):
        place = f"earlier_versions[{index}]"
        if not isinstance(item, dict) or set(item) - {"partners"} != _VERSION or not isinstance(item["version"], str):
            problems.append(
                Problem(file, place, "feed, version (quoted), last_period_end, and maybe partners", str(item))
            )
            continue
        if item["feed"] not in document["feeds"]:
            problems.append(Problem(file, f"{place}.feed", "a feed of the system", str(item["feed"])))
        try:
            date.fromisoformat(str(item["last_period_end"]))
        except ValueError:
            found = str(item["last_period_end"])
            problems.append(Problem(file, f"{place}.last_period_end", "a date like 2026-03-31", found))
    return problems


def _date_problems(file: str, place: str, item: Mapping[str, Any]) -> list[Problem]:
    problems = []
    for key in sorted(_DATED & set(item)):
        try:
            date.fromisoformat(str(item[key]))
        except ValueError:
            problems.append(Problem(file, f"{place}.{key}", "a date like 2026-04-01", str(item[key])))
    return problems


def _practices(path: Path, system_code: str) -> list[Partner]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Partner(
                row["organisation_code"],
                row["organisation_name"],
                "practice",
                system_code,
                _day(row.get("valid_from")),
                _day(row.get("valid_to")),
            )
            for row in csv.DictReader(file)
            if row["organisation_type"] == "practice" and row["system_code"] == system_code
        ]


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
