"""Collecting from a folder: nothing is lost, nothing taken twice, nothing acknowledged before it is safe."""

from __future__ import annotations

import itertools
import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from filelock import FileLock

from lda.channels import ChannelError, collect
from lda.channels.folder import FolderSource
from lda.intake import IntakeError
from lda.landing import archive_path
from lda.ledger import Ledger
from lda.vault import private_folder

GOOD = "NHS Number,Date of Birth\n9434765919,1980-01-01\n"
NAME = "gp_ld_register_Y90001_2026-03.csv"
SENT = 1_767_225_600_123_456_789
MORNING = datetime.fromisoformat("2026-04-20T06:00:00")


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


@pytest.mark.parametrize("afterwards", ["move", "delete"])
@pytest.mark.parametrize("correction", ["another size, later", "same size later", "gone"])
def test_a_correction_sent_while_we_collect_is_left_for_the_next_run(
    settings, channels, share, monkeypatch, afterwards, correction
):
    file, other = share / "Y90001" / NAME, share / "Y90001" / f"z{NAME}"
    file.write_text("first")
    os.utime(file, ns=(SENT, SENT))
    other.write_text("other")
    channels(folder_channel(share, afterwards=afterwards, **({"moved_to": "done"} if afterwards == "move" else {})))
    body = "right" if correction.startswith("same") else "corrected"

    def fetch(self, item, target, real=FolderSource.fetch):
        real(self, item, target)
        if item.name == other.name:
            file.unlink()
            if correction != "gone":
                file.write_text(body)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(FolderSource, "fetch", fetch)
        report = collect(settings)
    assert (len(report.collected), report.problems) == (2, [])
    assert not other.exists(), "what is as it was fetched is moved or deleted"
    assert (settings.landing / "Y90001" / NAME).read_text() == "first"
    if correction == "gone":
        return
    assert file.read_text() == body
    again = collect(settings)
    assert ([item.name for item in again.collected], again.problems) == ([NAME], [])
    assert (settings.landing / "Y90001" / NAME).read_text() == body
    assert not file.exists()
    kept = {path.read_text() for path in settings.archive.rglob("*") if path.is_file()}
    assert kept == {"first", "other", body}


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
    for number, words in enumerate(("first", "other")):
        folder = tmp_path / f"share{number}"
        folder.mkdir()
        (folder / NAME).write_text(words)
        os.utime(folder / NAME, ns=(SENT, SENT))
        shares.append({"kind": "folder", "name": f"share{number}", "folder": str(folder), "partner": "Y90001"})
    channels(*shares)
    assert len(collect(settings).collected) == 2
    kept = {path.read_bytes() for path in settings.archive.rglob("*") if path.is_file()}
    assert kept == {b"first", b"other"}, "also of one size and time"


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


def test_a_file_that_cannot_be_had_does_not_stop_the_others(settings, channels, share, monkeypatch):
    for name in ("a.csv", "b.csv", "c.csv"):
        (share / "Y90001" / name).write_text(name)
    channels(folder_channel(share, afterwards="delete"))

    def fetch(self, item, target, real=FolderSource.fetch):
        if item.name == "b.csv":
            raise PermissionError("locked by another program")
        real(self, item, target)

    with monkeypatch.context() as locked:
        locked.setattr(FolderSource, "fetch", fetch)
        report = collect(settings)
    assert [item.name for item in report.collected] == ["a.csv", "c.csv"]
    assert report.problems == ["share: b.csv: PermissionError: locked by another program"]
    assert [path.name for path in (share / "Y90001").iterdir()] == ["b.csv"]
    assert [item.name for item in collect(settings).collected] == ["b.csv"]


@pytest.mark.parametrize("gone", [True, False])
def test_when_files_fail_in_a_row_the_channel_goes_on_unless_the_other_end_is_gone(
    settings, channels, share, monkeypatch, gone
):
    names = ["0.csv", *(f"bad{number}.csv" for number in range(7)), "good.csv"]
    for name in names:
        (share / "Y90001" / name).write_text(name)
    channels(folder_channel(share))
    tried = []

    def fetch(self, item, target, real=FolderSource.fetch):
        tried.append(item.name)
        if item.name.startswith("bad"):
            raise OSError("it cannot be read")
        real(self, item, target)

    def listing(self, real=FolderSource.listing):
        if gone and len(tried) > 3:
            raise OSError("the share went away")
        return real(self)

    monkeypatch.setattr(FolderSource, "fetch", fetch)
    monkeypatch.setattr(FolderSource, "listing", listing)
    report = collect(settings)
    assert [item.name for item in report.collected] == (["0.csv"] if gone else ["0.csv", "good.csv"])
    assert tried == (names[:6] if gone else names)
    assert len(report.problems) == (6 if gone else 7)
    assert ("the share went away" in report.problems[-1]) is gone


@pytest.mark.parametrize(
    ("error", "told"),
    [("Input/output error", "could not be archived"), ("No space left on device", "The disk is full")],
)
def test_new_bytes_that_could_not_be_archived_are_not_taken_for_those_seen_before(
    settings, channels, share, monkeypatch, error, told
):
    file = share / "Y90001" / NAME
    channels(folder_channel(share, afterwards="delete"))
    file.write_text("before")
    assert len(collect(settings).collected) == 1
    file.write_text("after!")
    with monkeypatch.context() as full:

        def fail(*_):
            raise OSError(error)

        full.setattr("lda.landing.discovery.archive_landed", fail)
        report = collect(settings)
    assert report.collected == []
    assert told in report.problems[0]
    assert file.exists()
    assert len(collect(settings).collected) == 1
    assert not file.exists()
    kept = {path.read_bytes() for path in settings.archive.rglob("*") if path.is_file()}
    assert kept == {b"before", b"after!"}


def last_run(settings) -> tuple[str, str, int, list[str]] | None:
    """Id, status, files and problems of the last run over all channels that the ledger has."""
    ledger = Ledger(settings.ledger_address)
    try:
        ledger.create()
        run = ledger.book.last_run("collect", settings.system_label)
        return run and (run["run_id"], run["status"], run["summary"]["collected"], run["summary"]["problems"])
    finally:
        ledger.close()


def test_the_ledger_has_the_runs_that_tell_something_and_the_one_after_which_all_is_well(
    settings, channels, share, tmp_path, monkeypatch
):
    seconds = itertools.count()
    monkeypatch.setattr("lda.channels.record.utc_now", lambda: MORNING + timedelta(seconds=next(seconds)))
    channels(folder_channel(share))
    collect(settings)
    assert last_run(settings) is None, "nothing came, nothing was wrong"
    (share / "Y90001" / NAME).write_text(GOOD)
    collect(settings)
    assert last_run(settings)[1:] == ("succeeded", 1, [])
    settings.channels_path.write_text("channels: [")
    with pytest.raises(ChannelError):
        collect(settings)
    assert last_run(settings)[1] == "failed"
    channels({"kind": "folder", "name": "gone", "folder": str(tmp_path / "nowhere")}, folder_channel(share))
    report = collect(settings)
    assert last_run(settings)[1:] == ("nothing_new", 0, report.problems) and report.problems
    collect(settings, only=["share"])
    assert last_run(settings)[3] == report.problems, "one channel alone says nothing of the others"
    channels(folder_channel(share))
    collect(settings)
    works_again = last_run(settings)
    assert works_again[1:] == ("nothing_new", 0, [])
    collect(settings)
    assert last_run(settings) == works_again, "what goes on working leaves no row"


def test_hidden_folders_are_left_alone(settings, channels, share):
    (share / ".snapshot").mkdir()
    (share / ".snapshot" / NAME).write_text("yesterday")
    channels(folder_channel(share))
    report = collect(settings)
    assert (report.collected, report.problems) == ([], [])


def test_a_file_keeps_the_time_it_was_sent(settings, channels, share):
    file = share / "Y90001" / NAME
    file.write_text(GOOD)
    os.utime(file, ns=(SENT, SENT))
    channels(folder_channel(share))
    collect(settings)
    assert (settings.landing / "Y90001" / NAME).stat().st_mtime_ns == SENT
    ledger = Ledger(settings.ledger_address)
    try:
        assert [record.delivered_at.isoformat() for record in ledger.files()] == ["2026-01-01T00:00:00.123456"]
    finally:
        ledger.close()


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [("collect", ChannelError, "Another collection"), ("ingest", IntakeError, "Another ingest")],
)
def test_one_collection_at_a_time_and_none_enters_files_while_an_ingest_does(
    settings, channels, share, name, error, words
):
    (share / "Y90001" / NAME).write_text(GOOD)
    channels(folder_channel(share))
    hasty = settings.model_copy(update={"lock_timeout_seconds": 0})
    private_folder(settings.home / ".locks")
    with FileLock(settings.home / ".locks" / f"{name}.lock"), pytest.raises(error, match=words):
        collect(hasty)
    assert len(collect(hasty).collected) == 1
