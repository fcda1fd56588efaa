"""Candidates to run dbt on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from scratch_candidate import Candidate, failures


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test here builds models with dbt, so none is among the fast ones."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def new_candidate(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Candidate]:
    """Makes scratch candidates."""
    return lambda: Candidate(tmp_path_factory.mktemp("candidate"))


@pytest.fixture(scope="session")
def empty_candidate(new_candidate: Callable[[], Candidate]) -> Candidate:
    """A candidate built from a lake that nobody has sent anything to."""
    candidate = new_candidate()
    candidate.make_sources()
    assert failures(candidate.dbt("build", "--exclude-resource-types", "unit_test", "exposure")) == []
    return candidate
