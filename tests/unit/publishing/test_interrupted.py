"""A refresh or roll back that is killed anywhere: the next run comes to the same end as if nothing had happened."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from tiny import UNITS

from lda import refresh as steps
from lda.gates import GateOutcome, GateReport
from lda.intake import IngestReport
from lda.ledger.publications import PublicationBook
from lda.ledger.records import FileRecord, RowAccount, Verdict
from lda.publishing import (
    PublicationError,
    current_publication,
    last_published,
    one_writer,
    prune_publications,
    rollback,
)
from lda.publishing import folder as folder_module
from lda.publishing import release as release_module
from lda.publishing import switch as switch_module
from lda.receive import awaits_refresh
from lda.refresh import RefreshError, refresh, start_refresh
from lda.stops import DiskFull

pytestmark = pytest.mark.slow

MARCH = date(2026, 3, 31)
AT = datetime.fromisoformat("2026-04-20T09:00:00")
PASSED = GateOutcome(suite="keys", code="KEYS-UNIQUE", scope="measure", success=True, detail="Passed.")
SOUND = GateReport((PASSED,), UNITS)


class Killed(BaseException):
    """Stands for a kill: nothing in the program catches it."""


@pytest.fixture
def world(monkeypatch, make_candidate):
    """Refreshes with a hand-made candidate, passing gates and a small report; ``hash`` says what the inputs are."""

    class World:
        hash = "inputs 1"

    def build_candidate(settings, ledger, run_id, period_end, as_of, previous=()):
        made = replace(make_candidate(run_id), inputs_hash=World.hash, structure={"tables": {}})
        made.save()
        return made

    def write_report(_database, _manifest, _previous, folder):
        folder.mkdir()
        (folder / "index.html").write_text("<p>The report</p>")

    monkeypatch.setattr(folder_module, "write_report", write_report)
    monkeypatch.setattr(steps, "latest_periods", lambda *_: {"llr": MARCH})
    monkeypatch.setattr(steps, "in_force", lambda *_: [])
    monkeypatch.setattr(steps, "rules_fingerprint", lambda *_: "rules")
    monkeypatch.setattr(steps, "inputs_hash", lambda *_: World.hash)
    monkeypatch.setattr(steps, "build_candidate", build_candidate)
    monkeypatch.setattr(steps, "judge_candidate", lambda *_: SOUND)
    monkeypatch.setattr("lda.receive.receive", lambda *_, **__: IngestReport())
    return World


def killed_at(patched, where, name, *, after: bool) -> None:
    """Kill the program before, or after, it does a thing."""
    real = getattr(where, name)

    def kill(*arguments, **options):
        if after:
            real(*arguments, **options)
        raise Killed

    patched.setattr(where, name, kill)


@pytest.mark.parametrize(
    ("where", "name", "doing"),
    [
        (steps, "build_candidate", "build the candidate"),
        (folder_module, "_write_json", "write the publication"),
        (folder_module, "write_report", "write the publication"),
    ],
)
def test_a_full_disk_is_told_with_what_to_do_and_with_room_the_same_refresh_publishes(
    settings, ledger, world, monkeypatch, no_room, where, name, doing
):
    first = refresh(settings).publication_id
    files = {path: path.read_bytes() for path in settings.published.rglob("*") if path.is_file()}
    world.hash = "inputs 2"
    with monkeypatch.context() as patched:
        patched.setattr(where, name, lambda *_, **__: Path(no_room()).write_text("figures"))
        with pytest.raises(DiskFull, match=f"no room to {doing}.* Make room") as raised:
            refresh(settings)
    assert {path: path.read_bytes() for path in settings.published.rglob("*") if path.is_file()} == files
    assert {path.name for path in settings.published.iterdir()} == {first, "current"}
    # Runs of one second are in no order: this one may stand before the first.
    failed = [run["summary"]["message"] for run in ledger.book.runs("llr") if run["status"] == "failed"]
    assert failed == [str(raised.value)]
    assert refresh(settings).status == "published"


POINTS = [
    (release_module, "write_publication", False),
    (release_module, "write_publication", True),
    (release_module, "verify_folder", True),
    (Path, "rename", True),
    (release_module, "switch_to", False),
    (release_module, "switch_to", True),
    (PublicationBook, "record_release", False),
    (PublicationBook, "record_release", True),
]


@pytest.mark.parametrize(("where", "name", "after"), POINTS)
def test_a_refresh_killed_between_any_two_writes_is_made_good_by_the_next(
    settings, ledger, world, monkeypatch, where, name, after
):
    first = refresh(settings).publication_id
    world.hash = "inputs 2"
    with monkeypatch.context() as patched, pytest.raises(Killed):
        killed_at(patched, where, name, after=after)
        refresh(settings)
    switched = current_publication(settings).publication_id != first
    again = refresh(settings)
    assert again.status == ("nothing_new" if switched else "published")
    second = current_publication(settings).publication_id
    assert ledger.book.standing() == [first, second]
    assert [row["publication_id"] for row in ledger.book.publications("llr")] == [first, second]
    assert [line["subject"] for line in ledger.trail("released")] == [first, second]
    assert [earlier.path.parents[1].name for earlier in last_published(settings, ledger)] == [second]
    assert {path.name for path in settings.published.iterdir()} == {first, second, "current"}
    assert refresh(settings).status == "nothing_new"
    assert rollback(settings).publication_id == first


@pytest.mark.parametrize(
    ("where", "name", "after"),
    [
        (switch_module, "switch_to", False),
        (switch_module, "switch_to", True),
        (PublicationBook, "record_release", True),
    ],
)
@pytest.mark.parametrize("next_run", ["refresh", "rollback"])
def test_a_roll_back_killed_between_any_two_writes_is_made_good(
    settings, ledger, world, monkeypatch, where, name, after, next_run
):
    made = []
    for number in (1, 2, 3):
        world.hash = f"inputs {number}"
        made.append(refresh(settings).publication_id)
    with monkeypatch.context() as patched, pytest.raises(Killed):
        killed_at(patched, where, name, after=after)
        rollback(settings)
    rolled = current_publication(settings).publication_id == made[1]
    assert rolled is after
    if next_run == "refresh":
        assert refresh(settings).status == "nothing_new"
        assert ledger.book.standing() == made[: 2 if rolled else 3]
    else:
        assert rollback(settings).publication_id == made[0 if rolled else 1]
        assert ledger.book.standing() == made[: 1 if rolled else 2]


def test_pruning_after_a_crash_keeps_where_a_roll_back_goes(settings, world, monkeypatch):
    for number in (1, 2):
        world.hash = f"inputs {number}"
        second = refresh(settings).publication_id
    world.hash = "inputs 3"
    with monkeypatch.context() as patched, pytest.raises(Killed):
        killed_at(patched, PublicationBook, "record_release", after=False)
        refresh(settings)
    kept = prune_publications(settings.model_copy(update={"keep_publications": 1})).kept
    assert kept[second] == "a roll back would go to it"


def test_a_folder_of_a_run_that_the_ledger_does_not_know_is_left_alone(settings, world):
    folder = refresh(settings).publication_id
    stranger = settings.published / "2026-04_20260520T090000_abcdef"
    shutil.copytree(settings.published / folder, stranger)
    manifest = stranger / "publication.json"
    manifest.chmod(0o600)
    manifest.write_text(manifest.read_text().replace('"run_id": "refresh-', '"run_id": "elsewhere-'))
    world.hash = "inputs 2"
    refresh(settings)
    assert stranger.is_dir()


def test_from_the_decision_to_the_switch_nobody_else_writes(settings, world, monkeypatch):
    """Asked while candidates are judged, when no step of its own holds the lock."""
    waited = []

    def other() -> None:
        with pytest.raises(PublicationError, match="Another refresh has been writing"), one_writer(settings):
            pass
        waited.append(True)

    def judge_candidate(*_):
        with ThreadPoolExecutor(1) as threads:
            threads.submit(other).result()
        return SOUND

    monkeypatch.setattr(steps, "judge_candidate", judge_candidate)
    assert refresh(settings.model_copy(update={"lock_timeout_seconds": 0})).status == "published"
    assert waited == [True]


def test_a_candidate_that_was_judged_beside_another_publication_is_not_released(settings, ledger, world):
    first = refresh(settings).publication_id
    world.hash = "inputs 2"
    plan = steps.judge(settings, steps.build(settings, start_refresh(settings)))
    assert ledger.book.in_state("refresh", "running") == [plan["run_id"]]
    world.hash = "inputs 3"
    second = refresh(settings).publication_id
    with pytest.raises(RefreshError, match=f"Publication {first} was in force .* now it is {second}"):
        steps.release(settings, plan)
    assert current_publication(settings).publication_id == second
    assert ledger.book.in_state("refresh", "running") == []


def arrive(ledger, name: str, at: datetime, status: str = "accepted") -> None:
    """A file that is judged at a moment."""
    record = FileRecord(
        file_id=name, status="received", landing_path=f"Y90001/{name}.csv", size_bytes=1, delivered_at=at,
        received_at=at, feed="gp", partner_code="Y90001", system_code="llr", period_start=MARCH.replace(day=1),
        period_end=MARCH, version=1, lake_path=f"gp/{name}.parquet",
    )  # fmt: skip
    if ledger.file(name) is None:
        ledger.register([record], [], [], at)
    account = RowAccount(received=3, accepted=3) if status == "accepted" else RowAccount()
    ledger.record([Verdict(replace(record, status=status), account, (), ("Judged.",))], at)


def test_what_an_ingest_accepted_awaits_a_refresh_also_when_it_was_killed_after_that(
    settings, ledger, world, monkeypatch
):
    moments = iter(AT + timedelta(seconds=seconds) for seconds in range(1000))
    monkeypatch.setattr("lda.refresh.utc_now", lambda: next(moments))
    assert not awaits_refresh(settings, "gp")
    arrive(ledger, "a", AT - timedelta(seconds=1))
    assert awaits_refresh(settings, "gp"), "whoever asks: the run that accepted it, or its retry, which finds nothing"
    assert not awaits_refresh(settings, "cld")
    refresh(settings)
    assert not awaits_refresh(settings, "gp")
    arrive(ledger, "a", next(moments), "rejected")
    assert awaits_refresh(settings, "gp"), "what was withdrawn is news too"
