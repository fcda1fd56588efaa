"""SFTP against a real server on loopback: the pinned key, both ways in, resuming, moving after landing."""

from __future__ import annotations

import os
import stat
from pathlib import PurePosixPath
from types import SimpleNamespace

import asyncssh
import pytest

from lda.channels import collect
from lda.channels.config import SftpChannel
from lda.channels.sftp import SftpSource

NAME = "inpatient_census_QK1_2026-03.csv"
TEXT = b"a,b\n" + b"1,2\n" * 100_000


@pytest.fixture
def channel(sftp_server, monkeypatch) -> dict[str, object]:
    monkeypatch.setenv("SFTP_PASSWORD", "open sesame")
    monkeypatch.setenv("SFTP_KEY", sftp_server.user_key)
    (sftp_server.folder / "out" / NAME).write_bytes(TEXT)
    return {
        "kind": "sftp",
        "name": "icb",
        "host": "127.0.0.1",
        "port": sftp_server.port,
        "user": "lda",
        "host_key": sftp_server.host_key,
        "folder": "/out",
        "partner": "QK1",
        "password": "SFTP_PASSWORD",
    }


@pytest.mark.parametrize("way_in", ["password", "private_key"])
def test_files_come_by_password_and_by_key_and_are_moved(settings, channels, channel, sftp_server, way_in):
    if way_in == "private_key":
        channel = {**channel, "password": None, "private_key": "SFTP_KEY"}
    channels({**channel, "afterwards": "move", "moved_to": "taken"})
    report = collect(settings)
    assert report.problems == []
    assert (settings.landing / "QK1" / NAME).read_bytes() == TEXT
    assert not (sftp_server.folder / "out" / NAME).exists()
    assert (sftp_server.folder / "out" / "taken" / NAME).read_bytes() == TEXT
    assert collect(settings).collected == []


@pytest.mark.parametrize("afterwards", ["move", "delete"])
def test_a_correction_sent_while_we_collect_is_left_for_the_next_run(
    settings, channels, channel, sftp_server, monkeypatch, afterwards
):
    channels({**channel, "afterwards": afterwards, **({"moved_to": "taken"} if afterwards == "move" else {})})
    file = sftp_server.folder / "out" / NAME
    os.utime(file, (1_767_225_600, 1_767_225_600))
    corrected = TEXT.replace(b"1,2", b"3,4")

    def fetch(self, item, target, real=SftpSource.fetch):
        real(self, item, target)
        file.write_bytes(corrected)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(SftpSource, "fetch", fetch)
        report = collect(settings)
    assert (len(report.collected), report.problems) == (1, [])
    assert (settings.landing / "QK1" / NAME).read_bytes() == TEXT
    assert file.read_bytes() == corrected, "of one size, but later"
    again = collect(settings)
    assert (len(again.collected), again.problems) == (1, [])
    assert (settings.landing / "QK1" / NAME).read_bytes() == corrected
    assert not file.exists()


def test_a_server_with_another_key_is_refused(settings, channels, channel):
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    channels({**channel, "host_key": other})
    report = collect(settings)
    assert report.collected == []
    assert "another host key than the pinned one" in report.problems[0]


def test_a_wrong_password_is_a_clear_problem(settings, channels, channel, monkeypatch):
    monkeypatch.setenv("SFTP_PASSWORD", "wrong")
    channels(channel)
    report = collect(settings)
    assert "icb: 127.0.0.1 could not be used" in report.problems[0]
    assert "wrong" not in report.problems[0]


def test_a_broken_download_goes_on_where_it_stopped(channel, sftp_server, tmp_path):
    source = SftpSource(SftpChannel(**channel))
    try:
        [item] = source.listing()
        target = tmp_path / "download"
        target.write_bytes(TEXT[:300_000])
        source.fetch(item, target)
    finally:
        source.close()
    assert target.read_bytes() == TEXT
    assert min(sftp_server.reads) == 300_000


@pytest.mark.parametrize("corrected", [False, True])
def test_of_a_broken_download_nothing_is_left_whether_or_not_the_file_was_corrected(
    settings, channels, channel, sftp_server, monkeypatch, corrected
):
    channels(channel)
    landing = settings.landing / "QK1"
    with monkeypatch.context() as broken:

        def fetch(self, item, target):
            target.write_bytes(TEXT[:300_000])
            raise ConnectionError("cut off")

        broken.setattr(SftpSource, "fetch", fetch)
        assert "cut off" in collect(settings).problems[0]
    [begun] = landing.iterdir()
    assert begun.name.startswith(".") and begun.read_bytes() == TEXT[:300_000]
    wanted = TEXT.replace(b"1,2", b"3,4") + b"5,6\n" if corrected else TEXT
    if corrected:
        (sftp_server.folder / "out" / NAME).write_bytes(wanted)
    assert collect(settings).problems == []
    assert {path.name: path.read_bytes() for path in landing.iterdir()} == {NAME: wanted}
    assert min(sftp_server.reads) == (0 if corrected else 300_000)


def test_folders_named_after_partners(settings, channels, channel, sftp_server):
    (sftp_server.folder / "out" / "RT5").mkdir()
    (sftp_server.folder / "out" / "RT5" / "mhsds_RT5_2026-03.csv").write_text("x")
    channels({**channel, "partner": None})
    assert [(item.partner, item.name) for item in collect(settings).collected] == [("RT5", "mhsds_RT5_2026-03.csv")]


def test_names_of_a_hostile_server_stay_in_landing(channel):
    folder = SimpleNamespace(filename="x/../../../etc", st_mode=stat.S_IFDIR)
    file = SimpleNamespace(filename="x/../../passwd", st_mode=stat.S_IFREG, st_size=1, st_mtime=7)
    source = object.__new__(SftpSource)
    source._channel, source._folder = SftpChannel(**{**channel, "partner": None}), PurePosixPath("out")
    source._sftp = SimpleNamespace(listdir_attr=lambda path: [folder] if path == "out" else [file])
    [item] = source.listing()
    assert (item.partner, item.name, item.modified_ns) == ("etc", "passwd", 7_000_000_000)
