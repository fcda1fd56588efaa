"""The archive is checked by hashing it again: damage, loss and strangers are told."""

from __future__ import annotations

import pytest

from lda.landing import archive_file, archive_path, check_archive
from lda.ledger import FileRecord, Ledger, Sighting, utc_now
from lda.settings import Settings


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(home=tmp_path)


@pytest.fixture
def book(settings):
    ledger = Ledger(settings.ledger_address)
    ledger.create()
    yield ledger
    ledger.close()


def received(settings, ledger, name: str) -> str:
    source = settings.home / name
    source.write_text(name)
    file_id, size = archive_file(settings, source)
    at = utc_now()
    record = FileRecord(file_id, "received", name, size, at, at)
    ledger.register([record], [Sighting(name, size, 1, file_id)], [], at)
    return file_id


def test_damage_loss_and_strangers_are_told(settings, book):
    fine, damaged, lost = (received(settings, book, name) for name in ("fine", "damaged", "lost"))
    assert check_archive(settings, book).sound
    path = archive_path(settings, damaged)
    path.chmod(0o600)
    path.write_text("other bytes")
    archive_path(settings, lost).unlink()
    (settings.home / "stranger").write_text("never entered")
    stranger, _ = archive_file(settings, settings.home / "stranger")
    report = check_archive(settings, book)
    assert (report.damaged, report.missing, report.unknown, report.sound) == ([damaged], [lost], [stranger], False)
    assert report.files == 3
    assert fine not in report.damaged
