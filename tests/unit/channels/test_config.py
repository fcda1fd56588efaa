"""The file of channels: every fault is named with its place, and no secret stands in it."""

from __future__ import annotations

import pytest

from lda.channels import ChannelError, load_channels
from lda.channels.config import secret

FOLDER = {"kind": "folder", "name": "share", "folder": "inbox"}
SFTP = {
    "kind": "sftp",
    "name": "trust",
    "host": "sftp.example.org",
    "user": "lda",
    "folder": "out",
    "partner": "RT5",
    "host_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGx",
    "password": "TRUST_PASSWORD",
}


def test_without_a_file_there_are_no_channels(settings):
    assert load_channels(settings) == []


def test_channels_are_read_by_kind(settings, channels):
    channels(FOLDER, SFTP)
    assert [(channel.kind, channel.name) for channel in load_channels(settings)] == [
        ("folder", "share"),
        ("sftp", "trust"),
    ]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"host_key": "not a key"}, "host_key"),
        ({"password": None}, "password or private_key"),
        ({"private_key": "TRUST_KEY"}, "password or private_key"),
        ({"afterwards": "move"}, "moved_to"),
        ({"moved_to": "done"}, "moved_to"),
        ({"partner": "../RT5"}, "partner"),
        ({"shared_key": "x"}, "shared_key"),
    ],
)
def test_a_fault_is_told_with_its_place(settings, channels, change, place):
    channels({**SFTP, **change})
    with pytest.raises(ChannelError, match=place):
        load_channels(settings)


def test_names_are_used_once(settings, channels):
    channels(FOLDER, {**SFTP, "name": "share"})
    with pytest.raises(ChannelError, match="twice: share"):
        load_channels(settings)


def test_a_secret_is_a_variable_or_a_file(monkeypatch, tmp_path):
    monkeypatch.delenv("ONE_SECRET", raising=False)
    with pytest.raises(ChannelError, match="ONE_SECRET is not set"):
        secret("ONE_SECRET")
    (tmp_path / "secret").write_text("from the file\n")
    monkeypatch.setenv("ONE_SECRET_FILE", str(tmp_path / "secret"))
    assert secret("ONE_SECRET") == "from the file"
    monkeypatch.setenv("ONE_SECRET", "from the variable")
    assert secret("ONE_SECRET") == "from the variable"
