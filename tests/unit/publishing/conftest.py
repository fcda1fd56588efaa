"""A tiny candidate, published."""

from __future__ import annotations

import pytest
from verdicts import verdict

from lda.gates import GateOutcome
from lda.publishing import publish


@pytest.fixture
def release(settings, ledger, make_candidate):
    """Publishes a tiny candidate, with SQL that changes it first and what the gates found."""

    def run(run_id: str = "run-1", *failures: GateOutcome, after: str = ""):
        return publish(settings, ledger, make_candidate(run_id, after=after), verdict(*failures))

    return run
