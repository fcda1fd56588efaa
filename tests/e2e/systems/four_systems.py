"""What the tests of all four systems share: which they are, and what would be published of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lda.gates import GateReport
from lda.warehouse.candidate import open_candidate

SYSTEMS = ("coventry_warwickshire", "hertfordshire", "leeds", "llr")
# The system that is late, and is built alone too.
ALONE = "llr"
LAST, LATE = "2026-05", "2026-03"


@dataclass(frozen=True)
class World:
    """One home with the files of all systems, what would be published of all of them and of one alone, and the gates'
    verdict on the first."""

    home: Path
    together: Path
    alone: Path
    verdict: GateReport
    periods: dict[str, str]

    def rows(self, query: str, database: Path | None = None) -> list[tuple]:
        with open_candidate(database or self.together) as connection:
            return connection.execute(query).fetchall()
