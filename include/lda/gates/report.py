"""What the gates said of a candidate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self


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
    """All outcomes, and what follows from them: what stops the publication, what is withheld, what to look at."""

    outcomes: tuple[GateOutcome, ...]
    measures: tuple[str, ...]
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
    def withheld(self) -> dict[str, list[str]]:
        """Measure → why it is withheld. An acceptable failure of an accepted measure withholds nothing."""
        reasons: dict[str, list[str]] = {}
        for outcome in self.outcomes:
            if outcome.success or outcome.scope != "measure" or outcome.measure_id is None:
                continue
            if not (outcome.acceptable and outcome.measure_id in self.accepted):
                reasons.setdefault(outcome.measure_id, []).append(f"{outcome.code}: {outcome.detail}")
        return dict(sorted(reasons.items()))

    @property
    def published(self) -> list[str]:
        """Measures that pass."""
        withheld = self.withheld
        return [measure for measure in self.measures if measure not in withheld]

    @property
    def stops(self) -> bool:
        """True when nothing may be published: a system failure, or no measure left."""
        return bool(self.system_failures) or not self.published

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
            measures=tuple(data["measures"]),
            accepted=tuple(data["accepted"]),
            seconds=data["seconds"],
        )


def rows_for_ledger(outcomes: Iterable[GateOutcome]) -> list[dict[str, Any]]:
    """Outcomes as rows of the ledger's ``gate_result``."""
    return [outcome.as_row() for outcome in outcomes]
