"""Encrypted and zipped files are opened safely, and what cannot be opened is kept as it came."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pysequoia import Cert, encrypt

from lda.channels import collect
from lda.channels.source import NAME_LENGTH, safe_name

TEXT = b"a,b\n1,2\n"


@pytest.fixture
def send(settings, channels, tmp_path):
    """Sends one file through a folder channel; returns the report."""

    def run(name: str, body: bytes, **more: object):
        folder = tmp_path / "share"
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(body)
        channels({"kind": "folder", "name": "share", "folder": str(folder), "partner": "QK1", **more})
        return collect(settings)

    return run


@pytest.fixture(scope="module")
def key() -> Cert:
    return Cert.generate("LDA warehouse <lda@example.org>")


def landed(settings) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (settings.landing / "QK1").iterdir()}


def zipped(*members: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members:
            archive.writestr(name, body)
    return buffer.getvalue()


def damaged(archive: bytes) -> bytes:
    """The same ZIP with another byte at the start of its first member's packed data."""
    start = 30 + int.from_bytes(archive[26:28], "little") + int.from_bytes(archive[28:30], "little")
    return archive[:start] + bytes([archive[start] ^ 0xFF]) + archive[start + 1 :]


def test_a_zip_with_nothing_to_take_is_kept_as_it_came(settings, send, tmp_path):
    body = zipped((".hidden", TEXT), ("__MACOSX/one.csv", b"junk"))
    report = send("empty.zip", body, afterwards="delete")
    assert len(report.problems) == 1 and "holds no file" in report.problems[0]
    assert landed(settings) == {"empty.zip": body}
    assert {path.read_bytes() for path in settings.archive.rglob("*") if path.is_file()} == {body}
    assert list((tmp_path / "share").iterdir()) == []


def test_members_named_like_unfinished_files_are_taken_under_another_name(settings, send):
    report = send("extracts.zip", zipped(("b.tmp", TEXT), ("c.PART", TEXT * 2)))
    assert report.problems == []
    assert landed(settings) == {"b.tmp.file": TEXT, "c.PART.file": TEXT * 2}
    assert len(report.collected) == 1


def test_a_transport_zip_is_opened(settings, send):
    body = zipped(("extracts/one.csv", TEXT), ("__MACOSX/one.csv", b"junk"), ("two.csv", TEXT * 2))
    assert send("extracts.zip", body).problems == []
    assert landed(settings) == {"one.csv": TEXT, "two.csv": TEXT * 2}


def test_a_submission_of_several_tables_stays_a_zip(settings, send):
    body = zipped(("MHS000Header.csv", TEXT))
    send("mhsds_RT5_2026-03.zip", body)
    assert landed(settings) == {"mhsds_RT5_2026-03.zip": body}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (zipped(("../../etc/passwd", TEXT)), "leads out of the archive"),
        (zipped(("a.csv", b"0" * 30_000_000)), "times its size"),
        (zipped(("x/a.csv", TEXT), ("y/a.csv", TEXT)), "two files called a.csv"),
        (b"PK not a zip", "could not be opened as a ZIP"),
        (damaged(zipped(("a.csv", TEXT * 1000))), "could not be opened as a ZIP"),
    ],
)
def test_an_unsafe_zip_is_kept_as_it_came(settings, send, body, words):
    report = send("extracts.zip", body)
    assert words in report.problems[0]
    assert landed(settings) == {"extracts.zip": body}


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"archive_members": 2}, "It holds 3 files; 2 are allowed."),
        ({"archive_bytes": 23}, "Unpacked it is 24 bytes; 23 are allowed."),
        ({"archive_members": 3, "archive_bytes": 24}, ""),
    ],
)
def test_a_zip_of_more_files_or_bytes_than_allowed_is_kept_as_it_came(settings, channels, tmp_path, limits, words):
    body = zipped(*((name, TEXT) for name in ("a.csv", "b.csv", "c.csv")))
    folder = tmp_path / "share"
    folder.mkdir()
    (folder / "extracts.zip").write_bytes(body)
    channels({"kind": "folder", "name": "share", "folder": str(folder), "partner": "QK1"})
    report = collect(settings.model_copy(update=limits))
    if words:
        assert len(report.problems) == 1 and words in report.problems[0]
        assert landed(settings) == {"extracts.zip": body}
    else:
        assert report.problems == []
        assert landed(settings) == dict.fromkeys(("a.csv", "b.csv", "c.csv"), TEXT)


def test_an_encrypted_file_is_decrypted(settings, send, key, monkeypatch):
    monkeypatch.setenv("OUR_KEY", str(key.secrets))
    body = encrypt(TEXT, recipients=[key], armor=False)
    assert send("census.csv.pgp", body, decrypt_with="OUR_KEY").problems == []
    assert landed(settings) == {"census.csv": TEXT}


def test_what_is_encrypted_to_somebody_else_is_kept_and_told(settings, send, key, monkeypatch):
    monkeypatch.setenv("OUR_KEY", str(key.secrets))
    body = encrypt(TEXT, recipients=[Cert.generate("Somebody else <else@example.org>")], armor=False)
    report = send("census.csv.pgp", body, decrypt_with="OUR_KEY")
    assert "could not be decrypted" in report.problems[0]
    assert landed(settings) == {"census.csv.pgp": body}


def test_decryption_never_writes_more_than_is_allowed(settings, send, key, monkeypatch, tmp_path):
    monkeypatch.setenv("OUR_KEY", str(key.secrets))
    monkeypatch.setenv("LDA_ARCHIVE_BYTES", "100000")
    from lda.channels.decrypt import decrypt

    bomb = tmp_path / "bomb.pgp"
    bomb.write_bytes(encrypt(b"0" * 2_000_000, recipients=[key], armor=False))
    with pytest.raises(Exception, match="more than the 100,000 bytes"):
        decrypt(bomb, tmp_path / "plain", str(key.secrets), 100_000)
    assert not (tmp_path / "plain").exists()


@pytest.mark.slow
@given(st.text(max_size=400))
def test_a_safe_name_stays_in_its_folder(name):
    plain = safe_name(name)
    assert plain
    assert len(plain) <= NAME_LENGTH
    assert "/" not in plain and "\\" not in plain and not plain.startswith(".")
    assert plain.isprintable()
    assert Path(plain).name == plain
    assert safe_name(plain) == plain
