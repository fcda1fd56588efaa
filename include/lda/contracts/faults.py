"""Collects what is wrong with one contract, with the small checks that every part of it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, get_args

from open_data_contract_standard.model import CustomProperty

from lda.contracts.model import Problem


class Faults:
    """Collects the problems of one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def add(self, place: str, expected: str, found: object) -> None:
        """Note a problem."""
        self.problems.append(Problem(self.file, place, expected, str(found)))

    def require(self, ok: bool, place: str, expected: str, found: object) -> bool:
        """Note a problem unless ``ok``; returns ``ok``."""
        if not ok:
            self.add(place, expected, "nothing" if found is None else found)
        return ok

    def one_of(self, value: object, allowed: Iterable[str], place: str) -> bool:
        """Note a problem unless ``value`` is one of ``allowed``."""
        allowed = list(allowed)
        return self.require(value in allowed, place, "one of " + ", ".join(allowed), value)


def choice(value: object, kind: Any, place: str, faults: Faults) -> Any:
    """The value, which must be one of a Literal type's."""
    faults.one_of(value, get_args(kind), place)
    return value


def number(value: object, limits: tuple[float, float], place: str, faults: Faults, kind: Callable[[Any], Any]) -> Any:
    """The value as a number, which must be within the limits; 0 when it is not."""
    low, high = limits
    good = isinstance(value, int | float) and not isinstance(value, bool)
    good = good and low <= float(str(value)) <= high and (kind is float or isinstance(value, int))
    words = "a whole number" if kind is int else "a number"
    faults.require(good, place, f"{words} from {low:g} to {high:g}", value)
    return kind(str(value)) if good else kind(0)


def unique(values: Iterable[str], place: str, expected: str, faults: Faults) -> None:
    """Note a problem for every value that comes a second time."""
    seen: set[str] = set()
    for value in values:
        faults.require(value not in seen, place, expected, f"{value} twice")
        seen.add(value)


def custom_values(items: list[CustomProperty] | None, allowed: set[str], place: str, faults: Faults) -> dict[str, Any]:
    """The custom properties of a place by name; those not in ``allowed``, or there twice, are faults."""
    values: dict[str, Any] = {}
    for item in items or []:
        here = f"{place}.customProperties.{item.property}"
        if not faults.require(item.property in allowed, here, "one of " + ", ".join(sorted(allowed)), item.property):
            continue
        faults.require(item.property not in values, here, "one value", "two")
        values[str(item.property)] = item.value
    return values
