"""A home in which a late file restated a month: two publications, and copies of it to try things on."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from lda.publishing import current_publication
from lda.refresh import PUBLISHED, refresh
from lda.settings import Settings
from lda.synthetic import synthesise


def refreshed(settings: Settings) -> str:
    """The publication that a refresh puts in force."""
    assert refresh(settings).status == PUBLISHED
    return current_publication(settings).publication_id


@pytest.fixture(scope="session")
def world(tmp_path_factory) -> dict[str, Any]:
    """A publication without February's health check return, and the one after it came; ``untouched`` is a copy of the
    home as it was then, for whoever changes it."""
    settings = Settings(home=tmp_path_factory.mktemp("restatement") / "home")
    synthesise(settings, system="llr", months=3, seed=7, scale=0.05, dirt=0)
    (late,) = settings.landing.rglob("ldhc_QK1_2026-02.csv")
    aside = settings.home.parent / late.name
    shutil.move(late, aside)
    before = refreshed(settings)
    shutil.move(aside, late)
    after = refreshed(settings)
    untouched = shutil.copytree(settings.home, settings.home.parent / "untouched", symlinks=True)
    return {"settings": settings, "before": before, "after": after, "untouched": Path(untouched)}
