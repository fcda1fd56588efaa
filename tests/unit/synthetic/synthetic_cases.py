"""A small history and a small sample, as the tests of the synthetic room read them."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path

from lda.synthetic import SynthesisReport
from lda.synthetic.council_returns import SentRow
from lda.synthetic.health_checks import HealthEvents, RegisterView
from lda.synthetic.hospital import Stay
from lda.synthetic.mortality import Review
from lda.synthetic.population import People, Plan
from lda.synthetic.social_care import Client

Row = dict[str, str]


def read_rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@dataclass
class History:
    """What happened to one small block of people, made as the generator makes it."""

    plan: Plan
    people: People
    health: HealthEvents
    views: list[RegisterView]
    stays: list[Stay]
    reviews: list[Review]
    clients: list[Client]
    sent: list[list[SentRow]] = field(default_factory=list)


@dataclass
class Sample:
    """A small sample on disk with its truth read back."""

    home: Path
    report: SynthesisReport
    files: list[Row]
    rows: list[Row]
    measures: list[Row]

    def path(self, landed: str) -> Path:
        return self.home / "landing" / landed

    def cell(self, measure: str, where: str, code: str, period: str, what: str = "All") -> tuple[int, int]:
        for row in self.measures:
            if (row["measure_id"], row["geography_type"], row["geography_code"], row["breakdown_value"]) == (
                measure,
                where,
                code,
                what,
            ) and row["period_end"] == period:
                return int(row["numerator"]), int(row["denominator"] or 0)
        raise AssertionError(f"the truth has no cell {measure} {where} {code} {what} {period}")
