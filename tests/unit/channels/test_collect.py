"""Collecting from a folder: nothing is lost, nothing taken twice, nothing acknowledged before it is safe."""

from __future__ import annotations

from pathlib import Path

import pytest

from lda.channels import ChannelError, collect
from lda.channels.folder import FolderSource
from lda.landing import archive_path
from lda.ledger import Ledger

GOOD = "NHS Number,Date of Birth\n9434765919,1980-01-01\n"
NAME = "gp_ld_register_Y90001_2026-03.csv"


@pytest.fixture
def share(tmp_path: Path) -> Path:
    folder = tmp_path / "share"
    (folder / "Y90001").mkdir(parents=True)
    return folder


def folder_channel(share: Path, **more: object) -> dict[str, object]:
    return {"kind": "folder", "name": "share", "folder": str(share), **more}


def known(settings) -> set[str]:
    ledger = Ledger(settings.ledger_address)
    try:
        return {sighting.file_id for sighting in ledger.sightings().values()}
    finally:
        ledger.close()


def test_files_of_partners_folders_are_landed_archived_and_entered(settings, channels, share):
    (share / "Y90001" / NAME).write_text(GOOD)
    (share / "Y90001" / "still.csv.part").write_text("half")
    (share / "Y90001" / ".hidden.csv").write_text("hidden")
    (share / "Y90001" / "link.csv").symlink_to(share / "Y90001" / NAME)
    channels(folder_channel(share))
    report = collect(settings)
    assert report.problems == []
    assert [item.landing_paths for item in report.collected] == [(f"Y90001/{NAME}",)]
    assert (settings.landing / "Y90001" / NAME).read_text() == GOOD
    assert all(archive_path(settings, file_id).exists() for file_id in known(settings))
    assert (share / "Y90001" / NAME).exists()


def test_a_second_run_finds_nothing_new_and_a_changed_file_is_taken_again(settings, channels, share):
    file = share / "Y90001" / NAME
    file.write_text(GOOD)
    channels(folder_channel(share))
    assert len(collect(settings).collected) == 1
    again = collect(settings)
    assert (again.collected, again.known) == ([], 1)
    file.write_text(GOOD + "9434765870,1981-01-01\n")
    assert len(collect(settings).collected) == 1
    assert len(known(settings)) == 1
    assert (settings.landing / "Y90001" / NAME).read_text() == file.read_text()


@pytest.mark.parametrize("afterwards", ["move", "delete"])
def test_a_file_is_moved_or_deleted_only_when_it_is_safe(settings, channels, share, monkeypatch, afterwards):
    file = share / "Y90001" / NAME
    file.write_text(GOOD)
    channels(folder_channel(share, afterwards=afterwards, **({"moved_to": "done"} if afterwards == "move" else {})))
    told = []

    def done(self, item, real=FolderSource.done):
        ids = known(settings)
        assert ids and all(archive_path(settings, file_id).exists() for file_id in ids)
        told.append(item.key)
        real(self, item)

    monkeypatch.setattr(FolderSource, "done", done)
    collect(settings)
    assert told == [f"Y90001/{NAME}"]
    assert not file.exists()
    assert (share / "done" / "Y90001" / NAME).exists() is (afterwards == "move")
    assert collect(settings).collected == []


def test_what_could_not_be_acknowledged_is_acknowledged_by_the_next_run(settings, channels, share, monkeypatch):
    file = share / "Y90001" / NAME
    file.write_text(GOOD)
    channels(folder_channel(share, afterwards="delete"))
    with monkeypatch.context() as broken:

        def fail(self, item):
            raise OSError("the share went away")

        broken.setattr(FolderSource, "done", fail)
        report = collect(settings)
    assert "the share went away" in report.problems[0]
    assert file.exists()
    again = collect(settings)
    assert (again.collected, again.known, again.problems) == ([], 1, [])
    assert not file.exists()


def test_a_file_that_changes_while_we_look_is_left_for_the_next_run(settings, channels, share, monkeypatch):
    file = share / "Y90001" / NAME
    file.write_text(GOOD)
    channels(folder_channel(share))
    patient = settings.model_copy(update={"channel_quiet_seconds": 0.01})
    monkeypatch.setattr("time.sleep", lambda _: file.write_text(GOOD + "more"))
    report = collect(patient)
    assert (report.collected, report.waiting) == ([], 1)
    monkeypatch.setattr("time.sleep", lambda _: None)
    assert len(collect(patient).collected) == 1


def test_two_files_of_one_name_are_both_kept(settings, channels, tmp_path):
    shares = []
    for number, words in enumerate(("first", "second")):
        folder = tmp_path / f"share{number}"
        folder.mkdir()
        (folder / NAME).write_text(words)
        shares.append({"kind": "folder", "name": f"share{number}", "folder": str(folder), "partner": "Y90001"})
    channels(*shares)
    assert len(collect(settings).collected) == 2
    kept = {path.read_bytes() for path in settings.archive.rglob("*") if path.is_file()}
    assert kept == {b"first", b"second"}


def test_one_bad_channel_does_not_stop_the_others(settings, channels, share, tmp_path):
    (share / "Y90001" / NAME).write_text(GOOD)
    gone = {"kind": "folder", "name": "gone", "folder": str(tmp_path / "nowhere")}
    channels(gone, folder_channel(share))
    report = collect(settings)
    assert len(report.collected) == 1
    assert len(report.problems) == 1
    assert "gone: expected a folder" in report.problems[0]


def test_a_named_channel_must_exist(settings, channels, share):
    channels(folder_channel(share))
    with pytest.raises(ChannelError, match="No channel is called trust"):
        collect(settings, only=["trust"])
