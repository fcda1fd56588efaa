"""A small home with every feed in it, and copies of it to try things on."""

from __future__ import annotations

import shutil

import pytest

from lda.intake import ingest
from lda.settings import Settings


@pytest.fixture(scope="session")
def sample(tmp_path_factory) -> Settings:
    """A month of every feed at a fiftieth of LLR's size, with mess, ingested."""
    from lda.synthetic import synthesise

    settings = Settings(home=tmp_path_factory.mktemp("erasure") / "home")
    synthesise(settings, system="llr", months=1, seed=5, scale=0.02, dirt=0.1)
    ingest(settings)
    return settings


@pytest.fixture
def used(sample, tmp_path) -> Settings:
    shutil.copytree(sample.home, tmp_path / "home", symlinks=True)
    return Settings(home=tmp_path / "home")
