"""What the gates said of tiny candidates, and what folders hold to the byte."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tiny import UNITS

from lda.gates import GateOutcome, GateReport


def fingerprint(folder: Path) -> dict[str, tuple[str, int]]:
    """SHA-256 and modification time of every file below a folder."""
    return {
        str(path.relative_to(folder)): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def verdict(*failures: GateOutcome) -> GateReport:
    """What the gates said of a tiny candidate: that it is sound, but for some failures."""
    passed = GateOutcome(suite="keys", code="KEYS-UNIQUE", scope="measure", success=True, detail="Passed.")
    return GateReport((passed, *failures), UNITS)


LOW_COVERAGE = GateOutcome(
    suite="coverage", code="COVERAGE-FLOOR", scope="measure", success=False, measure_id="checks", system_code="llr",
    detail="Fewer than half of the expected partners are in the latest figure.",
)  # fmt: skip
LOST_ROWS = GateOutcome(
    suite="reconciliation_ledger", code="RECONCILE-LAKE", scope="system", success=False, detail="Rows are lost."
)
