"""Candidates to run dbt on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from scratch_candidate import Candidate, failures


@pytest.fixture(scope="session")
def new_candidate(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Candidate]:
    """Makes scratch candidates."""
    return lambda: Candidate(tmp_path_factory.mktemp("candidate"))


@pytest.fixture(scope="session")
def empty_candidate(new_candidate: Callable[[], Candidate]) -> Candidate:
    """A candidate built from a lake that nobody has sent anything to."""
    candidate = new_candidate()
    candidate.make_sources()
    assert failures(candidate.dbt("build", "--exclude-resource-type", "unit_test")) == []
    return candidate
