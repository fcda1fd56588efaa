"""Nothing but a whole publication is ever in force: failures, crashes, second writers, readers and roll back."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from tiny import units
from verdicts import LOST_ROWS, LOW_COVERAGE, fingerprint, verdict

from lda.ledger.publications import PublicationBook
from lda.publishing import (
    PublicationError,
    current_publication,
    last_published,
    list_publications,
    one_writer,
    publish,
    rollback,
    verify_folder,
)
from lda.publishing import folder as folder_module
from lda.publishing import release as release_module
from lda.publishing.tables import TableError, published_type

pytestmark = pytest.mark.slow


def test_a_system_failure_leaves_the_publication_in_force_byte_for_byte(settings, release):
    before = release()
    marks = fingerprint(before.path)
    with pytest.raises(PublicationError, match="gates stopped"):
        release("run-2", LOST_ROWS)
    assert current_publication(settings).publication_id == before.publication_id
    assert fingerprint(before.path) == marks
    assert sorted(path.name for path in settings.published.iterdir()) == [before.publication_id, "current"]


def test_an_identifier_in_a_public_file_is_caught_although_the_candidate_was_clean(
    settings, ledger, make_candidate, monkeypatch
):
    candidate = make_candidate()
    report = verdict()
    candidate.descriptions["published.measure_value"]["value"] = "Ask about 943 476 5919."
    with pytest.raises(PublicationError, match="NHS number") as caught:
        publish(settings, ledger, candidate, report)
    assert "476" not in str(caught.value)
    assert list(settings.published.iterdir()) == []


@pytest.mark.parametrize("step", ["verify_folder", "switch_to"])
def test_a_crash_before_the_switch_leaves_the_old_publication_and_can_be_repeated(
    settings, ledger, release, make_candidate, monkeypatch, step
):
    before = release()
    marks = fingerprint(before.path)
    candidate = make_candidate("run-2")
    report = verdict()

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(release_module, step, crash)
        publish(settings, ledger, candidate, report)
    assert current_publication(settings).publication_id == before.publication_id
    assert fingerprint(before.path) == marks
    after = publish(settings, ledger, candidate, report)
    assert current_publication(settings).publication_id == after.publication_id
    assert sorted(path.name for path in settings.published.iterdir()) == sorted(
        [before.publication_id, after.publication_id, "current"]
    )
    assert [event["publication_id"] for event in ledger.book.events()] == [before.publication_id, after.publication_id]


def test_publishing_the_same_candidate_twice_changes_nothing(settings, ledger, make_candidate):
    candidate = make_candidate()
    report = verdict()
    first = publish(settings, ledger, candidate, report)
    marks = fingerprint(first.path)
    publish(settings, ledger, candidate, report)
    assert fingerprint(first.path) == marks
    assert len(ledger.book.events()) == len(ledger.book.publications("llr")) == 1


def test_a_reader_who_opened_the_old_publication_goes_on_reading_it(settings, release):
    release()
    path = settings.published / "current" / "restricted" / "lda_mart.duckdb"
    reader = duckdb.connect(str(path.resolve()), read_only=True)
    old = reader.execute("SELECT DISTINCT publication_id FROM published.measure_value").fetchone()
    new = release("run-2").publication_id
    assert reader.execute("SELECT DISTINCT publication_id FROM published.measure_value").fetchone() == old
    reader.close()
    with duckdb.connect(str(path.resolve()), read_only=True) as again:
        assert again.execute("SELECT DISTINCT publication_id FROM published.measure_value").fetchone() == (new,)


def test_roll_back_goes_to_the_publication_before_and_never_to_one_rolled_back_from(settings, ledger, release):
    a, b, c = (release(f"run-{letter}").publication_id for letter in "abc")
    assert rollback(settings).publication_id == b
    assert (settings.published / "current").resolve().name == b
    d = release("run-d").publication_id
    assert rollback(settings).publication_id == b
    assert rollback(settings, to=c).publication_id == c
    assert rollback(settings, to=a).publication_id == a
    listed = {one["publication_id"]: one for one in list_publications(settings)}
    assert set(listed) == {a, b, c, d}
    assert [name for name, one in listed.items() if one["in_force"]] == [a]
    assert [event["event"] for event in listed[b]["events"]] == ["published", "rolled_back_to", "rolled_back_to"]
    assert [line["subject"] for line in ledger.trail("released")] == [a, b, c, d]
    assert [line["subject"] for line in ledger.trail("rolled_back")] == [b, b, c, a]


def test_roll_back_refuses_what_it_cannot_stand_behind(settings, release):
    with pytest.raises(PublicationError, match="no earlier publication"):
        rollback(settings)
    first = release("run-a")
    with pytest.raises(PublicationError, match="no earlier publication"):
        rollback(settings)
    with pytest.raises(PublicationError, match="in force already"):
        rollback(settings, to=first.publication_id)
    second = release("run-b").publication_id
    with pytest.raises(PublicationError, match="There is no publication"):
        rollback(settings, to="../elsewhere")
    (settings.published / "elsewhere").mkdir()
    for wanted in ("current", "elsewhere"):
        with pytest.raises(PublicationError, match=f"There is no publication {wanted}"):
            rollback(settings, to=wanted)
    damaged = first.path / "public" / "measures.csv"
    damaged.chmod(0o644)
    damaged.write_bytes(damaged.read_bytes() + b"x")
    with pytest.raises(PublicationError, match="checksum differs"):
        rollback(settings)
    assert current_publication(settings).publication_id == second


def test_wrong_permissions_are_found(release):
    publication = release()
    (publication.path / "restricted" / "lda_mart.duckdb").chmod(0o444)
    with pytest.raises(PublicationError, match="permissions 444; expected 440"):
        verify_folder(publication.path)


def test_a_second_writer_waits_and_then_says_why(settings, release):
    def second() -> str:
        with pytest.raises(PublicationError, match="Another refresh has been writing") as caught, one_writer(settings):
            pass
        return str(caught.value)

    with one_writer(settings), ThreadPoolExecutor(1) as other:
        assert release().publication_id, "whoever holds the lock may take it again"
        assert "then try again" in other.submit(second).result()
    assert release("run-2").publication_id


def test_a_withheld_measure_is_compared_with_the_last_publication_that_published_it(settings, ledger, release):
    first = release("run-a")
    second = release("run-b", LOW_COVERAGE)
    compared = {earlier.path.parents[1].name: earlier.units for earlier in last_published(settings, ledger)}
    assert compared == {
        second.publication_id: frozenset(units("inpatients", "register")),
        first.publication_id: frozenset(units("checks")),
    }


def test_types_that_bi_tools_cannot_read_are_replaced_or_refused():
    assert published_type("t.c", "HUGEINT") == "BIGINT"
    assert published_type("t.c", "ENUM('a', 'b')") == "VARCHAR"
    assert published_type("t.c", "DECIMAL(18,3)") == "DECIMAL(18,3)"
    for kind in ("VARCHAR[]", "STRUCT(a INTEGER)", "MAP(VARCHAR, INTEGER)"):
        with pytest.raises(TableError, match=r"t\.c is of type"):
            published_type("t.c", kind)


def test_an_unfinished_folder_is_closed_to_others_while_it_is_written(settings, ledger, make_candidate, monkeypatch):
    candidate = make_candidate()
    report = verdict()
    modes = []

    def look(folder: Path, *_: object) -> None:
        modes.append(stat.S_IMODE(folder.parent.stat().st_mode))
        raise PublicationError("stop here")

    monkeypatch.setattr(folder_module, "write_figures", look)
    with pytest.raises(PublicationError, match="stop here"):
        publish(settings, ledger, candidate, report)
    assert modes == [0o700]
    assert list(settings.published.iterdir()) == []


def test_the_audit_trail_names_who_released_also_when_they_were_stopped_after_the_switch(
    settings, ledger, make_candidate, monkeypatch
):
    monkeypatch.setattr(folder_module, "write_report", lambda *_: [])

    def stop(*_: object) -> None:
        raise OSError("power cut")

    candidate = make_candidate("run-1")
    with monkeypatch.context() as patched, pytest.raises(OSError, match="power cut"):
        patched.setattr(PublicationBook, "record_release", stop)
        publish(settings, ledger, candidate, verdict(), actor="analyst.one")
    publish(settings, ledger, candidate, verdict(), actor="analyst.one")
    earlier = replace(make_candidate("run-2"), as_of=candidate.as_of - timedelta(days=1))
    publish(settings, ledger, earlier, verdict(), actor="analyst.two")
    monkeypatch.setenv("LDA_ACTOR", "the schedule")
    publish(settings, ledger, make_candidate("run-3"), verdict())
    lines = [(line["action"], line["actor"]) for line in ledger.trail()]
    assert lines == [("released", "analyst.one"), ("released_beside", "analyst.two"), ("released", "the schedule")]
