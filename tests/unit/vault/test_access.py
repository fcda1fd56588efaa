"""Whatever others can open of what holds people's details is found before a file is read."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from lda.channels import collect
from lda.direct_care import make_lists
from lda.intake import ingest, redrive
from lda.ledger import Ledger
from lda.refresh import start_refresh
from lda.settings import Settings
from lda.vault import AccessError, access, check_access, too_open

KEY = "k" * 40
FOLDERS = ("landing", "archive", "vault", "lake", "warehouse")
FILES = ("demo_pseudonym_key", "ledger.db", "ledger.db-wal", "ledger.db-shm")
PLACES = dict.fromkeys(FOLDERS, 0o700) | dict.fromkeys(FILES, 0o600)


@pytest.fixture
def production(tmp_path, monkeypatch) -> Iterator[Settings]:
    monkeypatch.chdir(tmp_path)
    settings = Settings(home=tmp_path / "home", environment="production", pseudonym_key=KEY, direct_care=True)
    settings.make_folders()
    settings.demo_key_path.touch(mode=0o600)
    ledger = Ledger(settings.ledger_address)
    ledger.create()
    ledger.note("looked", "home", "kept open, so that SQLite's journal is there")
    yield settings
    ledger.close()


def test_a_home_as_it_is_made_is_closed(production):
    assert too_open(production) == []
    check_access(production)
    assert {path.name for path in production.home.iterdir() if path.stat().st_mode & 0o077} == {"published"}


@pytest.mark.parametrize(("name", "expected"), PLACES.items())
@pytest.mark.parametrize("bit", [0o040, 0o010, 0o004, 0o001])
def test_each_place_that_others_can_open_stops_production_and_is_named_with_the_command_that_mends_it(
    production, name, expected, bit
):
    (production.home / name).chmod(expected | bit)
    with pytest.raises(AccessError) as raised:
        check_access(production)
    said = str(raised.value)
    assert f"{name}: permissions are {expected | bit:04o}, expected {expected:04o}." in said
    assert str(production.home) not in said
    command = said.split("Mend it with: ")[1]
    subprocess.run(["sh", "-c", command], env={"LDA_HOME": str(production.home), "PATH": "/usr/bin:/bin"}, check=True)
    check_access(production)


def test_the_restricted_part_of_a_publication_is_for_its_group_alone(production):
    restricted = production.published / "2026-03_x" / "restricted"
    restricted.mkdir(parents=True, mode=0o750)
    restricted.chmod(0o750)
    check_access(production)
    restricted.chmod(0o755)
    with pytest.raises(AccessError, match="2026-03_x/restricted: permissions are 0755, expected 0750"):
        check_access(production)


def test_the_demo_warns_and_goes_on(production, caplog):
    demo = production.model_copy(update={"environment": "demo"})
    demo.vault.chmod(0o755)
    check_access(demo)
    assert "vault: permissions are 0755, expected 0700" in caplog.text
    demo.make_folders()
    assert [one.path for one in too_open(demo)] == ["vault"], "making folders must not hide what was opened"


def test_an_env_file_counts_when_it_holds_the_key(production, tmp_path, monkeypatch):
    env_file = tmp_path / ".env"
    monkeypatch.setattr(access, "ENV_FILE", env_file)
    env_file.write_text("LDA_SYSTEM=llr\nLDA_PSEUDONYM_KEY=\n")
    env_file.chmod(0o644)
    assert too_open(production) == []
    env_file.write_text(f"LDA_PSEUDONYM_KEY={KEY}\n")
    assert [str(one).split("Mend it with: ")[1] for one in too_open(production)] == [f"chmod 600 {env_file}"]


@pytest.mark.parametrize(
    "start", [ingest, redrive, collect, start_refresh, lambda settings: make_lists(settings, "recall")]
)
def test_every_way_in_looks_first(production, start):
    (production.home / "channels.yaml").write_text(
        f"channels: [{{name: share, kind: folder, partner: RT5, folder: {production.home}}}]"
    )
    production.archive.chmod(0o750)
    with pytest.raises(AccessError, match="archive: permissions are 0750"):
        start(production)
