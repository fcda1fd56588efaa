"""What could not be opened when it came is opened once the key is right, from the archive, and judged."""

from __future__ import annotations

import pytest
from pysequoia import Cert, encrypt

from lda.channels import collect, reopen
from lda.intake import ingest
from lda.ledger import Ledger
from lda.receive import redrive

pytestmark = pytest.mark.slow

TEXT = b"NHS Number,Patient ID\n"
NAME = "gp_ld_register_Y90001_2026-02.csv"


@pytest.fixture(scope="module")
def key() -> Cert:
    return Cert.generate("LDA warehouse <lda@example.org>")


@pytest.fixture
def sent(settings, channels, tmp_path, key, monkeypatch):
    """One encrypted file collected while the secret held another key."""
    monkeypatch.setenv("OUR_KEY", str(Cert.generate("Old <old@example.org>").secrets))
    folder = tmp_path / "share"
    folder.mkdir()
    (folder / f"{NAME}.pgp").write_bytes(encrypt(TEXT, recipients=[key], armor=False))
    entry = {"kind": "folder", "name": "share", "folder": str(folder), "partner": "Y90001"}
    channels({**entry, "decrypt_with": "OUR_KEY", "afterwards": "delete"})
    assert "could not be decrypted" in collect(settings).problems[0]
    assert not list(folder.iterdir()), "the other end was told, so only we have it"
    return settings


def statuses(settings) -> dict[str, str]:
    ledger = Ledger(settings.ledger_address)
    try:
        return {record.landing_path: record.status for record in ledger.files()}
    finally:
        ledger.close()


def test_a_file_is_opened_and_judged_once_the_key_is_right(sent, key, monkeypatch):
    monkeypatch.setenv("OUR_KEY", str(key.secrets))
    report = redrive(sent)
    assert (report.files, report.by_status) == (1, {"rejected": 1}), "read, and judged by the rules of its feed"
    assert statuses(sent) == {f"Y90001/{NAME}.pgp": "superseded", f"Y90001/{NAME}": "rejected"}
    assert (sent.landing / "Y90001" / NAME).read_bytes() == TEXT
    assert not list((sent.landing / "Y90001").glob(".*"))
    assert reopen(sent) == []
    assert ingest(sent).files == 0


def test_with_the_wrong_key_it_waits_unchanged(sent):
    assert reopen(sent) == []
    assert redrive(sent).files == 0
    assert statuses(sent) == {f"Y90001/{NAME}.pgp": "unrecognised"}


def test_without_any_key_it_waits_unchanged(sent, monkeypatch):
    monkeypatch.delenv("OUR_KEY")
    assert reopen(sent) == []
    assert statuses(sent) == {f"Y90001/{NAME}.pgp": "unrecognised"}


def test_one_put_in_landing_by_hand_is_tried_with_every_key(sent, key, monkeypatch):
    monkeypatch.setenv("OUR_KEY", str(key.secrets))
    (sent.landing / "RT5").mkdir()
    (sent.landing / "RT5" / "note.txt.asc").write_bytes(encrypt(b"hello", recipients=[key]))
    ingest(sent)
    assert set(reopen(sent)) == {f"Y90001/{NAME}", "RT5/note.txt"}
