"""Keeping the warehouse, on a home that has been through every DAG: back up, lose everything, put it back."""

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


@pytest.fixture
def home(journey, tmp_path) -> Settings:
    """A copy of the journey's home."""
    return journey.copied(tmp_path / "home").settings


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
