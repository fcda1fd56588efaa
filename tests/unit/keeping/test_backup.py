"""A backup is whole, costs what is new, and is put back whole or not at all."""

from __future__ import annotations

import shutil
import stat
import sys
from datetime import datetime

import pytest
from intake.conftest import HEADER, csv_bytes, gp_row

from lda.intake import ingest
from lda.keeping import BackupError, backup, elsewhere, restore
from lda.landing import check_archive
from lda.ledger import Ledger
from lda.settings import Settings, SettingsError

pytestmark = pytest.mark.slow


@pytest.fixture
def used(settings) -> Settings:
    """A home with two accepted files, one row in quarantine and a publication folder with its link."""
    put(settings, "2026-01", [gp_row(1), gp_row(2)])
    put(settings, "2026-02", [gp_row(1), gp_row(2), gp_row(3, **{"LD Register Date": "never"})])
    ingest(settings)
    folder = settings.published / "2026-02_x"
    folder.mkdir()
    (folder / "figures.csv").write_text("1\n")
    (folder / "figures.csv").chmod(0o444)
    (settings.published / "current").symlink_to("2026-02_x")
    (folder / "publication.json").write_text("{}")
    return settings


def put(settings: Settings, month: str, rows: list[list[str]]) -> None:
    path = settings.landing / "Y90001" / f"gp_ld_register_Y90001_{month}.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(csv_bytes([HEADER, *rows]))


def tree(settings: Settings) -> dict[str, tuple[int, bytes | str]]:
    """Every kept file and folder of a home with its permissions and content."""
    found: dict[str, tuple[int, bytes | str]] = {}
    for name in ("landing", "archive", "vault", "lake", "published"):
        for path in [settings.home / name, *(settings.home / name).rglob("*")]:
            content = str(path.readlink()) if path.is_symlink() else "" if path.is_dir() else path.read_bytes()
            found[path.relative_to(settings.home).as_posix()] = (stat.S_IMODE(path.lstat().st_mode), content)
    found.pop("vault/scratch", None)  # work in progress
    return found


def rows(settings: Settings) -> dict[str, list[object]]:
    ledger = Ledger(settings.ledger_address)
    try:
        return {"files": ledger.files(), "accounts": [ledger.account(one.file_id) for one in ledger.files()]}
    finally:
        ledger.close()


def test_what_is_put_back_is_what_was_there_and_an_ingest_finds_nothing_new(used, tmp_path):
    before, told = tree(used), rows(used)
    key = used.demo_key_path.read_bytes()
    made = backup(used, tmp_path / "backups")
    shutil.rmtree(used.home)
    used.home.mkdir()
    with pytest.raises(BackupError, match="key is kept apart"):
        restore(Settings(home=used.home), tmp_path / "backups")
    used.demo_key_path.write_bytes(key)
    report = restore(used, tmp_path / "backups")
    assert report.files == made.files
    assert tree(used) == before
    assert rows(used) == told
    ledger = Ledger(used.ledger_address)
    assert check_archive(used, ledger).sound
    assert [line["action"] for line in ledger.trail()] == ["restored"]
    ledger.close()
    assert ingest(used).files == 0


def test_the_key_is_in_no_backup(used, tmp_path):
    folder = tmp_path / "backups"
    backup(used, folder)
    key = used.demo_key_path.read_bytes()
    assert not [path for path in folder.rglob("*") if path.is_file() and key in path.read_bytes()]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o700 for path in folder.iterdir())


def test_a_second_backup_copies_what_is_new_alone_and_old_ones_go(used, tmp_path, monkeypatch):
    first = backup(used, tmp_path / "backups")
    put(used, "2026-03", [gp_row(7)])
    ingest(used)
    later = datetime.fromisoformat("2027-01-01T00:00:00")
    monkeypatch.setattr(sys.modules["lda.keeping.backup"], "utc_now", lambda: later)
    second = backup(used, tmp_path / "backups", keep=1)
    # landing, archive, lake and the identifiers of the new file
    assert (second.new_files, second.files) == (4, first.files + 4)
    assert [path.name for path in (tmp_path / "backups").iterdir()] == ["20270101T000000"]
    home = elsewhere(used, tmp_path / "tried")
    restore(home, tmp_path / "backups")
    assert tree(home) == tree(used)


@pytest.mark.parametrize("harm", ["change", "remove"])
def test_a_damaged_backup_is_told_of_and_nothing_is_put_back(used, tmp_path, harm):
    folder = tmp_path / "backups"
    made = backup(used, folder)
    victim = next(path for path in folder.rglob("*.parquet"))
    if harm == "change":
        content = bytearray(victim.read_bytes())
        content[len(content) // 2] ^= 1
        victim.write_bytes(content)
    else:
        victim.unlink()
    home = elsewhere(used, tmp_path / "new")
    with pytest.raises(BackupError, match=f"1 of {made.files} files .* missing or damaged"):
        restore(home, folder)
    assert not home.home.exists()


def test_a_backup_is_not_put_over_what_is_there(used, tmp_path):
    backup(used, tmp_path / "backups")
    before = tree(used)
    with pytest.raises(BackupError, match="is not empty"):
        restore(used, tmp_path / "backups")
    assert tree(used) == before


def test_a_restore_that_was_stopped_is_done_again(used, tmp_path, monkeypatch):
    backup(used, tmp_path / "backups")
    home = elsewhere(used, tmp_path / "new")

    def full(*_: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(sys.modules["lda.keeping.restore"], "_put_ledger", full)
        with pytest.raises(OSError, match="disk full"):
            restore(home, tmp_path / "backups")
    restore(home, tmp_path / "backups")
    assert tree(home) == tree(used)


def test_another_key_is_refused_by_a_restore_and_by_an_ingest(used, tmp_path):
    backup(used, tmp_path / "backups")
    other = Settings(home=tmp_path / "new", pseudonym_key="another key of more than 32 characters")
    with pytest.raises(BackupError, match="not the one in force when the backup was made"):
        restore(other, tmp_path / "backups")
    wrong = Settings(home=used.home, pseudonym_key="another key of more than 32 characters")
    with pytest.raises(SettingsError, match=r"not the one in force since .* no file was read"):
        ingest(wrong)


def test_a_backup_inside_the_home_is_refused(used):
    with pytest.raises(BackupError, match="one inside the other"):
        backup(used, used.home / "backups")
