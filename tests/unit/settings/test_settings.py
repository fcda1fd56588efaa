"""Settings: folders mean the same everywhere, and production never runs without its secret."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import lda
from lda.reporting.settings_page import settings_page
from lda.settings import PROJECT_DIR, Settings, SettingsError


def test_a_relative_home_is_made_absolute_so_that_every_process_means_the_same_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = Settings(home="data")
    monkeypatch.chdir("/")
    assert settings.lake == tmp_path / "data" / "lake"


def test_the_page_of_settings_is_that_of_today_and_says_all_of_each():
    """Otherwise: lda settings"""
    page = settings_page()
    assert (PROJECT_DIR / "docs" / "settings.md").read_text(encoding="utf-8") == page
    for name, field in Settings.model_fields.items():
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `LDA_{name.upper()}` |")]
        cells = [cell.strip() for cell in row.strip("|").split(" | ")]
        assert len(cells) == 4 and cells[2] and cells[3] == field.description, name
    assert str(PROJECT_DIR) not in page, "a default of one machine"
    assert "| `LDA_KEEP_ROWS_MONTHS` | keep | `keep` or whole number, at least 13 |" in page
    assert "| `LDA_LEAST_SHARE_DUE` | 0.5 | number, more than 0, at most 1 |" in page
    assert "| `LDA_LOCK_TIMEOUT_SECONDS` | 600 | whole number, at least 0 |" in page


def test_a_job_that_does_not_stand_in_the_checkout_has_the_checkout_s_settings(tmp_path):
    """cron starts in its user's home: a demo made there, and backed up every night, would look like success."""
    code = "from lda.settings import Settings; one = Settings(); print(one.environment, one.home, one.channels_path)"
    checkout, elsewhere = tmp_path / "checkout", tmp_path / "elsewhere"
    package = checkout / "include" / "lda"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    shutil.copy(Path(lda.__file__).parent / "settings.py", package)
    (checkout / ".env").write_text("LDA_ENVIRONMENT=production\nLDA_HOME=data/real\nLDA_CHANNELS_FILE=ways.yaml\n")
    elsewhere.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LDA_")}
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=elsewhere, env={**environment, "PYTHONPATH": str(package.parent)},
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert told.split() == ["production", str(checkout / "data" / "real"), str(checkout / "ways.yaml")]
    assert not list(elsewhere.iterdir())


def test_production_without_a_key_stops_and_says_how_to_make_one(tmp_path):
    with pytest.raises(SettingsError, match=r"LDA_PSEUDONYM_KEY is not set.*openssl rand -hex 32"):
        _ = Settings(home=tmp_path, environment="production").token_key
    assert not list(tmp_path.iterdir())


def test_a_short_key_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="shorter than 32"):
        _ = Settings(home=tmp_path, pseudonym_key="secret").token_key


def test_the_demo_makes_one_key_and_keeps_it_for_its_owner_alone(tmp_path):
    first = Settings(home=tmp_path).token_key
    assert len(first) >= 32
    assert Settings(home=tmp_path).token_key == first
    assert stat.S_IMODE((tmp_path / "demo_pseudonym_key").stat().st_mode) == 0o600


@pytest.mark.parametrize("left", ["", "short"])
def test_a_demo_key_that_is_none_is_refused(tmp_path, left):
    (tmp_path / "demo_pseudonym_key").write_text(left)
    with pytest.raises(SettingsError, match="fewer than 32"):
        _ = Settings(home=tmp_path).token_key
    assert (tmp_path / "demo_pseudonym_key").read_text() == left


def test_a_first_start_that_is_killed_leaves_no_key_and_the_next_makes_one(tmp_path, monkeypatch):
    def kill(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("lda.settings.os.fsync", kill)
        _ = Settings(home=tmp_path).token_key
    assert len(Settings(home=tmp_path).token_key) >= 32


def test_of_two_first_starts_one_key_is_kept(tmp_path, monkeypatch):
    other = "o" * 64
    real = Path.hardlink_to

    def too_late(self, target):
        self.write_text(other)
        real(self, target)

    monkeypatch.setattr(Path, "hardlink_to", too_late)
    assert Settings(home=tmp_path).token_key == other.encode()
    assert [path.name for path in tmp_path.iterdir()] == ["demo_pseudonym_key"]


def test_the_key_does_not_show_when_settings_are_printed(tmp_path):
    assert "k" * 32 not in repr(Settings(home=tmp_path, pseudonym_key="k" * 32))


def test_folders_that_hold_identifiers_are_closed_to_others(tmp_path):
    settings = Settings(home=tmp_path)
    settings.make_folders()
    for folder in (settings.landing, settings.archive, settings.vault):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
