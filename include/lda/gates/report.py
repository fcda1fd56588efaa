"""What the gates said of a candidate."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Self

from lda.warehouse.candidate import quoted


class Unit(NamedTuple):
    """What is published or withheld as one: a measure of a system. In words ``system/measure``."""

    measure_id: str
    system_code: str

    def __str__(self) -> str:
        return f"{self.system_code}/{self.measure_id}"

    @classmethod
    def of(cls, words: str) -> Self:
        """The unit of ``system/measure``."""
        system_code, measure_id = words.split("/")
        return cls(measure_id, system_code)

    def is_among(self, asked: Collection[str]) -> bool:
        """Whether it is one of those a person named: ``measure`` means that of every system."""
        return self.measure_id in asked or str(self) in asked


def is_one_of(units: Collection[Unit]) -> str:
    """SQL that is true of rows of one of some units."""
    named = ", ".join(f"({quoted(unit.measure_id)}, {quoted(unit.system_code)})" for unit in sorted(units))
    return f"(measure_id, system_code) IN ({named})" if named else "false"


@dataclass(frozen=True)
class GateOutcome:
    """The verdict of one expectation: one when it passed, else one for each measure, feed or thing that failed it.

    ``subject`` names what failed in words (a measure, a feed, a table and column); ``detail`` is plain English and
    never holds a person's data. ``acceptable``: a person may decide to publish the measure all the same.
    """

    suite: str
    code: str
    scope: str
    success: bool
    detail: str
    subject: str = ""
    measure_id: str | None = None
    system_code: str | None = None
    feed: str | None = None
    observed: float | None = None
    acceptable: bool = False

    def as_row(self) -> dict[str, Any]:
        """The outcome as a row of the ledger's ``gate_result``."""
        row = asdict(self)
        for name in ("subject", "acceptable"):
            row.pop(name)
        return {**row, "expectation": row.pop("code")}


@dataclass(frozen=True)
class GateReport:
    """All outcomes, and what follows from them: what stops the publication, what is withheld, what to look at.

    ``units`` are the measures of each system that the candidate has. ``accepted`` are measures, or units in words,
    that a person has decided to publish.
    """

    outcomes: tuple[GateOutcome, ...]
    units: tuple[Unit, ...]
    accepted: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def system_failures(self) -> list[GateOutcome]:
        """Failures that stop the publication."""
        return [outcome for outcome in self.outcomes if not outcome.success and outcome.scope == "system"]

    @property
    def warnings(self) -> list[GateOutcome]:
        """Failures to look at, that hold nothing back."""
        return [outcome for outcome in self.outcomes if not outcome.success and outcome.scope == "warn"]

    @property
    def withheld(self) -> dict[Unit, list[str]]:
        """Unit → why it is withheld. An acceptable failure of an accepted one withholds nothing, and what one system
        fails withholds nothing of another."""
        reasons: dict[Unit, list[str]] = {}
        for outcome in self.outcomes:
            if outcome.success or outcome.scope != "measure" or outcome.measure_id is None:
                continue
            unit = Unit(outcome.measure_id, str(outcome.system_code))
            if not (outcome.acceptable and unit.is_among(self.accepted)):
                reasons.setdefault(unit, []).append(f"{outcome.code}: {outcome.detail}")
        return dict(sorted(reasons.items()))

    @property
    def published(self) -> list[Unit]:
        """Units that pass."""
        withheld = self.withheld
        return [unit for unit in self.units if unit not in withheld]

    @property
    def measures(self) -> list[str]:
        """Measures that at least one system publishes."""
        return sorted({unit.measure_id for unit in self.published})

    @property
    def stops(self) -> bool:
        """True when nothing may be published: a system failure, or no measure left."""
        return bool(self.system_failures) or not self.published

    @property
    def why_stopped(self) -> str:
        """What stops the publication, in words."""
        reasons = [f"{outcome.code}: {outcome.detail}" for outcome in self.system_failures]
        if not reasons:
            reasons = ["Every measure would be withheld:"]
            reasons += [f"{unit}: {' '.join(why)}" for unit, why in self.withheld.items()]
        return "The gates stopped the publication; the one in force stays as it is. " + " ".join(reasons)

    def counts(self) -> dict[str, int]:
        """How many expectations were judged, and how many failed by scope."""
        failed = {(outcome.scope, outcome.code) for outcome in self.outcomes if not outcome.success}
        judged = {outcome.code for outcome in self.outcomes}
        by_scope = {
            f"failed_{name}": sum(scope == name for scope, _ in failed) for name in ("system", "measure", "warn")
        }
        return {"judged": len(judged), "passed": len(judged) - len({code for _, code in failed}), **by_scope}

    def as_dict(self) -> dict[str, Any]:
        """The report for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The report as JSON gives it back."""
        return cls(
            outcomes=tuple(GateOutcome(**outcome) for outcome in data["outcomes"]),
            units=tuple(Unit(*unit) for unit in data["units"]),
            accepted=tuple(data["accepted"]),
            seconds=data["seconds"],
        )


def rows_for_ledger(outcomes: Iterable[GateOutcome]) -> list[dict[str, Any]]:
    """Outcomes as rows of the ledger's ``gate_result``."""
    return [outcome.as_row() for outcome in outcomes]
