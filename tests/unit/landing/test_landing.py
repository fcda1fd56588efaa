"""What lands is archived once by its content, recognised by its name and never changed."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import time
from datetime import date, datetime

import pytest

from lda.contracts import load_contracts, load_systems
from lda.landing import archive_path, claims, discover, discovery, is_as_taken_in
from lda.landing.archive import archive_file

GP_FILE = "gp_ld_register_Y90001_2026-03.csv"


@pytest.fixture
def look(settings, ledger):
    contracts, system = load_contracts(settings), load_systems(settings)
    return lambda: discover(settings, ledger, contracts, system)


def land(settings, name: str, content: bytes, partner: str = "Y90001"):
    path = settings.landing / partner / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


def test_a_file_is_known_by_its_bytes_and_archived_read_only(settings, ledger, look):
    land(settings, GP_FILE, b"content")
    (file_id,) = look().new
    assert file_id == hashlib.sha256(b"content").hexdigest()
    archived = archive_path(settings, file_id)
    assert archived.read_bytes() == b"content"
    assert stat.S_IMODE(archived.stat().st_mode) == 0o400
    assert stat.S_IMODE(archived.parent.stat().st_mode) == 0o700
    record = ledger.file(file_id)
    assert (record.feed, record.partner_code, record.period_end) == ("gp_ld_register", "Y90001", date(2026, 3, 31))
    assert record.landing_path == f"Y90001/{GP_FILE}"


def test_looking_again_reads_nothing_and_changes_nothing(settings, ledger, look, monkeypatch):
    land(settings, GP_FILE, b"content")
    look()

    def read_again(*arguments):
        raise AssertionError("an unchanged file was read again")

    monkeypatch.setattr("lda.landing.discovery.archive_landed", read_again)
    found = look()
    assert (found.new, found.seen_again) == ([], [])


def test_the_same_bytes_twice_are_one_file(settings, ledger, look):
    land(settings, GP_FILE, b"content")
    land(settings, "copy of " + GP_FILE, b"content")
    found = look()
    assert len(found.new) == 1
    assert len(found.seen_again) == 1
    assert len(ledger.files()) == 1
    assert [path for path in settings.archive.rglob("*") if path.is_file()] == [archive_path(settings, found.new[0])]


def test_the_same_bytes_for_another_month_are_archived_once_and_a_file_of_their_own(settings, ledger, look):
    land(settings, GP_FILE, b"content")
    land(settings, GP_FILE.replace("03", "04"), b"content")
    found = look()
    first, second = (ledger.file(file_id) for file_id in found.new)
    assert (first.period_end, second.period_end) == (date(2026, 3, 31), date(2026, 4, 30))
    assert first.file_id == hashlib.sha256(b"content").hexdigest() == second.content_hash != second.file_id
    assert "came before" in ledger.history(second.file_id)[0]["detail"]
    land(settings, GP_FILE.replace("03.csv", "04_v2.csv"), b"content")
    land(settings, "copy of " + GP_FILE, b"content")
    again = look()
    assert (again.new, len(again.seen_again), len(ledger.files())) == ([], 2, 2)
    assert "seen again" in ledger.history(second.file_id)[-1]["detail"]
    assert [path for path in settings.archive.rglob("*") if path.is_file()] == [archive_path(settings, first.file_id)]


@pytest.mark.parametrize(("one_path", "looks"), [(True, True), (False, True), (False, False)])
def test_a_sender_who_goes_back_to_earlier_bytes_is_taken_at_their_word(settings, ledger, look, one_path, looks):
    """A, then B, then A again: under one name, or as versions; seen one by one, or all at once."""
    names = [GP_FILE] * 3 if one_path else [GP_FILE, *(GP_FILE.replace(".csv", f"_v{n}.csv") for n in (2, 3))]
    found = []
    for second, (name, content) in enumerate(zip(names, (b"A", b"B", b"A"), strict=True)):
        os.utime(land(settings, name, content), ns=(0, 10**18 + second * 10**9))
        found += look().new if looks else []
    found += look().new
    first, other, again = (ledger.file(file_id) for file_id in found)
    assert again.archived_as == first.file_id != again.file_id
    assert max((first, other, again), key=lambda one: one.order) == again
    os.utime(settings.landing / "Y90001" / names[2], ns=(0, 2 * 10**18))
    assert look().new == []


def test_earlier_bytes_found_again_behind_what_replaced_them_are_a_repeat(settings, ledger, look):
    for name, content, second in ((GP_FILE, b"A", 0), (GP_FILE.replace(".csv", "_v2.csv"), b"B", 1)):
        os.utime(land(settings, name, content), ns=(0, 10**18 + second * 10**9))
    look()
    os.utime(land(settings, GP_FILE, b"A", "elsewhere"), ns=(0, 2 * 10**18))
    found = look()
    assert (found.new, len(found.seen_again)) == ([], 1)


def test_two_files_of_one_second_have_an_order(settings, ledger, look):
    for part, name in ((750_000_999, "02"), (250_000_000, "01")):
        os.utime(land(settings, GP_FILE.replace("03", name), name.encode()), ns=(0, 10**18 + part))
    look()
    assert [one.delivered_at.microsecond for one in ledger.files()] == [250_000, 750_000]


def test_a_sender_whose_clock_is_ahead_is_replaced_by_what_comes_later(settings, ledger, look, monkeypatch):
    path = land(settings, GP_FILE, b"wrong")
    os.utime(path, ns=(0, time.time_ns() + 10**18))
    monkeypatch.setattr(discovery, "utc_now", lambda: datetime.fromisoformat("2026-04-10T09:00:00"))
    first = ledger.file(look().new[0])
    later = datetime.fromisoformat("2026-04-11T09:00:00+00:00")
    os.utime(land(settings, GP_FILE, b"right"), (later.timestamp(), later.timestamp()))
    monkeypatch.setattr(discovery, "utc_now", lambda: later.replace(tzinfo=None))
    second = ledger.file(look().new[0])
    assert first.delivered_at > second.delivered_at
    assert max(first, second, key=lambda one: one.order) == second


def test_what_is_no_file_is_left_alone_and_a_closed_folder_is_told(settings, ledger, look, monkeypatch):
    land(settings, GP_FILE, b"fine")
    os.mkfifo(settings.landing / "Y90001" / GP_FILE.replace("03", "02"))
    theirs = land(settings, GP_FILE.replace("Y90001", "Y90002"), b"another's people", "Y90002")
    (settings.landing / "Y90001" / GP_FILE.replace("03", "01")).symlink_to(theirs)
    assert len(look().new) == 2
    real = os.scandir

    def sometimes(folder):
        if str(folder).endswith("Y90002"):
            raise PermissionError(13, "Permission denied", str(folder))
        return real(folder)

    monkeypatch.setattr(os, "scandir", sometimes)
    assert look().unreadable == {"Y90002": "Permission denied"}


def test_a_file_in_no_partner_s_folder_is_listed_and_nobody_s_until_it_is_moved(settings, ledger, look):
    path = settings.landing / GP_FILE
    path.write_bytes(b"content")
    (file_id,) = look().unrecognised
    assert ledger.file(file_id).landing_path == GP_FILE
    assert "no partner's folder" in ledger.history(file_id)[-1]["detail"]
    path.rename(land(settings, GP_FILE, b""))
    (moved,) = look().new
    assert (ledger.file(moved).feed, ledger.file(moved).archived_as) == ("gp_ld_register", file_id)


def test_bytes_nobody_claimed_are_taken_when_they_come_under_a_name_that_is_claimed(settings, ledger, look):
    land(settings, "my register.csv", b"content")
    look()
    land(settings, GP_FILE, b"content")
    (file_id,) = look().new
    assert {(one.status, one.feed) for one in ledger.files()} == {
        ("unrecognised", None),
        ("received", "gp_ld_register"),
    }
    assert ledger.file(file_id).archived_as == hashlib.sha256(b"content").hexdigest()


def test_the_id_of_a_file_does_not_depend_on_how_often_it_is_looked_for(settings, ledger, look, monkeypatch):
    for month in ("03", "04"):
        land(settings, GP_FILE.replace("03", month), b"content")
    with monkeypatch.context() as patch:
        patch.setattr(type(ledger), "register", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            look()
    found = look().new
    assert len(set(found)) == 2
    assert look().new == []


def test_a_path_with_new_bytes_is_a_new_file(settings, ledger, look):
    path = land(settings, GP_FILE, b"content")
    look()
    path.write_bytes(b"corrected")
    os.utime(path, ns=(1, 1))
    assert len(look().new) == 1
    assert len(ledger.files()) == 2


def test_files_still_on_their_way_are_left_alone(settings, ledger, look):
    for name in (f".{GP_FILE}", f"{GP_FILE}.part", f"{GP_FILE}.tmp"):
        land(settings, name, b"half")
    assert look().new == []


def test_a_file_nobody_claims_waits_visibly(settings, ledger, look):
    path = land(settings, "holiday photos.zip", b"zip")
    (file_id,) = look().unrecognised
    assert path.exists() and archive_path(settings, file_id).exists()
    assert ledger.file(file_id).status == "unrecognised"
    assert [event["status"] for event in ledger.history(file_id)] == ["received", "unrecognised"]


def test_an_unreadable_file_does_not_stop_the_others(settings, ledger, look, monkeypatch):
    real = discovery.archive_landed
    bad = land(settings, GP_FILE, b"locked")
    land(settings, GP_FILE.replace("03", "02"), b"fine")

    def sometimes(folder, path):
        if path == bad:
            raise OSError(errno.EIO, "Input/output error")
        return real(folder, path)

    monkeypatch.setattr(discovery, "archive_landed", sometimes)
    found = look()
    assert len(found.new) == 1
    assert found.unreadable == {f"Y90001/{GP_FILE}": "Input/output error"}
    monkeypatch.setattr(discovery, "archive_landed", real)
    assert len(look().new) == 1


@pytest.mark.parametrize(
    ("name", "feed", "partner", "end", "version"),
    [
        ("gp_ld_register_Y90001_2025-02.csv", "gp_ld_register", "Y90001", date(2025, 2, 28), 1),
        ("GP_LD_Register_y90001_2025-02_v3.TXT", "gp_ld_register", "Y90001", date(2025, 2, 28), 3),
        ("LD Register Export Y90002 202502 v2.csv", "gp_ld_register", "Y90002", date(2025, 2, 28), 2),
        ("inpatient_census_QK1_2025-12.xlsx", "inpatient_census", "QK1", date(2025, 12, 31), 1),
        ("cld_r1_508_20250630.csv", "cld", "508", date(2025, 6, 30), 1),
        ("cld_508_20250501.csv", "cld", "508", date(2025, 6, 30), 1),
    ],
)
def test_names_state_feed_partner_period_and_version(settings, name, feed, partner, end, version):
    (claim,) = claims(name, load_contracts(settings))
    assert (claim.feed, claim.partner_code, claim.period[1], claim.version) == (feed, partner, end, version)


def test_a_name_with_an_impossible_month_is_claimed_without_a_period(settings):
    (claim,) = claims("leder_QK1_2025-13.xlsx", load_contracts(settings))
    assert claim.period is None


def test_archived_bytes_and_their_name_are_on_the_disk_before_anybody_is_told(settings, tmp_path, monkeypatch):
    landed, steps = tmp_path / "a.csv", []
    landed.write_bytes(b"bytes")

    def fsync(handle: int, real=os.fsync) -> None:
        steps.append(os.fstat(handle).st_ino)
        real(handle)

    def replace(source, target, real=os.replace) -> None:
        steps.append("named")
        real(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    content_hash, _ = archive_file(settings, landed)
    archived = archive_path(settings, content_hash)
    written, *names = (path.stat().st_ino for path in (archived, archived.parent, settings.archive))
    assert steps == [written, "named", *names]


def test_what_was_taken_in_is_told_from_what_was_delivered_since(settings, ledger, look):
    file = land(settings, GP_FILE, b"content")
    folder = land(settings, "MHS001.csv", b"content", "Y90001/MHSDS_RT5_2026-03").parent
    look()
    seen = ledger.sightings()
    assert set(seen) == {f"Y90001/{GP_FILE}", "Y90001/MHSDS_RT5_2026-03"}
    assert all(is_as_taken_in(settings.landing, one) for one in seen.values())
    file.write_bytes(b"kontent")
    (folder / "MHS002.csv").write_bytes(b"more")
    assert not any(is_as_taken_in(settings.landing, one) for one in seen.values())
    look()
    assert all(is_as_taken_in(settings.landing, one) for one in ledger.sightings().values())
    (folder / "MHS003.csv.part").touch()
    file.unlink()
    file.symlink_to(folder / "MHS001.csv")
    assert not any(is_as_taken_in(settings.landing, one) for one in ledger.sightings().values())
