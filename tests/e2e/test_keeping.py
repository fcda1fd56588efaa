"""Keeping the warehouse, on a small home that has been through a refresh: back up, lose everything, put it back."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from lda.keeping import backup, elsewhere, restore
from lda.landing import check_archive
from lda.ledger import Ledger
from lda.refresh import NOTHING_NEW, refresh
from lda.settings import Settings

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def refreshed(tmp_path_factory) -> Settings:
    """Three months at a twenty-fifth of LLR's size, published."""
    from lda.synthetic import synthesise

    settings = Settings(home=tmp_path_factory.mktemp("keeping") / "home")
    synthesise(settings, system="llr", months=3, seed=5, scale=0.04)
    assert refresh(settings).status == "published"
    return settings


@pytest.fixture
def home(refreshed, tmp_path) -> Settings:
    """A copy of the refreshed home."""
    shutil.copytree(refreshed.home, tmp_path / "home", symlinks=True)
    return Settings(home=tmp_path / "home")


def publications(settings: Settings) -> dict[str, str]:
    """SHA-256 of every published file."""
    paths = [path for path in settings.published.rglob("*") if path.is_file()]
    return {str(path.relative_to(settings.published)): digest(path) for path in paths}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_home_that_was_lost_comes_back_whole_and_a_refresh_finds_nothing_new(home, tmp_path):
    before, current = publications(home), (home.published / "current").resolve().name
    key = elsewhere(home, home.home)  # the key, kept apart
    backup(home, tmp_path / "backups")
    shutil.rmtree(home.home)
    restore(key, tmp_path / "backups")
    ledger = Ledger(key.ledger_address)
    assert check_archive(key, ledger).sound
    ledger.close()
    report = refresh(key)
    assert (report.status, report.publication_id) == (NOTHING_NEW, current)
    assert publications(key) == before
