"""The steps of a refresh: what is new, what stops it, and that each step is safe to repeat."""

from __future__ import annotations

import itertools
import shutil
import time
from dataclasses import replace
from datetime import date, timedelta

import pytest
from pydantic import SecretStr

from lda import refresh as steps
from lda.approve import answer, approve, refuse
from lda.intake import IngestReport
from lda.publishing import PublicationError, current_publication, list_publications, rollback
from lda.refresh import GatesStopped, RefreshError, refresh, start_refresh
from lda.reporting import last_run_summary
from lda.reporting.alerts import AlertReport
from lda.stops import ApprovalAwaited
from lda.warehouse import TransformError
from lda.warehouse.build import still_needed

pytestmark = pytest.mark.slow

MARCH = date(2026, 3, 31)


SUITES = ("reconciliation_ledger", "coverage", "identifiers")


@pytest.fixture
def settings(settings):
    """A project with three of the publication suites: what the steps do does not depend on how many there are."""
    folder = settings.home / "expectations" / "publication"
    folder.mkdir(parents=True)
    for name in SUITES:
        shutil.copy(settings.expectations_dir / "publication" / f"{name}.json", folder)
    (settings.home / "dbt_project").mkdir()
    shutil.copy(settings.dbt_dir / "dbt_project.yml", settings.home / "dbt_project")
    return settings.model_copy(update={"project_dir": settings.home})


@pytest.fixture
def world(monkeypatch, make_candidate):
    """Refreshes with a hand-made candidate; ``hash`` says what the inputs are, ``after`` what is broken, ``approval``
    whether a person has to approve."""

    class World:
        hash = "inputs 1"
        after = ""
        approval = False
        built = 0

    def build_candidate(settings, ledger, run_id, period_end, as_of, previous=()):
        World.built += 1
        made = replace(make_candidate(run_id, after=World.after), inputs_hash=World.hash, approval=World.approval)
        made.save()
        return made

    # Runs of one second have no order; here each has its own.
    clock = itertools.count()
    began = steps.utc_now() - timedelta(hours=1)
    monkeypatch.setattr(steps, "utc_now", lambda: began + timedelta(seconds=next(clock)))
    monkeypatch.setattr(steps, "latest_periods", lambda *_: {"llr": MARCH})
    monkeypatch.setattr(steps, "in_force", lambda *_: [])
    monkeypatch.setattr(steps, "inputs_hash", lambda *_: World.hash)
    monkeypatch.setattr(steps, "build_candidate", build_candidate)
    monkeypatch.setattr("lda.receive.receive", lambda *_, **__: IngestReport())
    return World


def test_one_call_publishes_and_the_next_says_nothing_is_new(settings, ledger, world):
    said = []
    first = refresh(settings, say=said.append)
    assert (first.status, first.summary["measures"]["published"]) == ("published", 3)
    assert said == ["Reading what is new", "Building the candidate", "Judging the candidate", "Publishing"]
    assert set(first.summary["seconds"]) == {"ingest", "gates", "publish"}
    folder = current_publication(settings).path
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    second = refresh(settings)
    assert second.status == "nothing_new"
    assert first.publication_id in second.message
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    assert world.built == 1
    assert [run["status"] for run in ledger.book.runs("llr")] == ["succeeded", "nothing_new"]


def test_new_inputs_make_a_new_publication(settings, world):
    first = refresh(settings).publication_id
    world.hash = "inputs 2"
    second = refresh(settings).publication_id
    assert first != second
    assert current_publication(settings).publication_id == second


def test_a_roll_back_stands_until_something_is_new(settings, world):
    first = refresh(settings).publication_id
    world.hash = "inputs 2"
    refresh(settings)
    rollback(settings)
    again = refresh(settings)
    assert (again.status, again.publication_id) == ("nothing_new", first)
    world.hash = "inputs 3"
    assert refresh(settings).status == "published"


def test_a_system_failure_stops_and_leaves_the_publication_in_force(settings, ledger, world):
    first = refresh(settings).publication_id
    world.hash, world.after = "inputs 2", "DELETE FROM staging.stg_gp WHERE n = 1"
    stopped = refresh(settings)
    assert (stopped.status, stopped.publication_id) == ("stopped", None)
    assert "RECONCILE-STAGING" in stopped.message
    assert stopped.summary["gates"]["failed_system"] == 1
    assert current_publication(settings).publication_id == first
    last = ledger.book.last_run("refresh", "llr")
    assert (last["status"], last["summary"]["failed_step"]) == ("failed", "judge")
    failed = [gate["expectation"] for gate in ledger.book.last_gates("llr") if not gate["success"]]
    assert failed == ["RECONCILE-STAGING"]


@pytest.mark.parametrize("mended_by", ["roll back", "refresh"])
def test_a_publication_in_force_that_is_damaged_can_be_replaced(settings, world, mended_by):
    first = refresh(settings).publication_id
    world.hash = "inputs 2"
    second = refresh(settings).publication_id
    (settings.published / second / "publication.json").unlink()
    with pytest.raises(PublicationError, match="lda rollback"):
        current_publication(settings)
    if mended_by == "roll back":
        assert rollback(settings, first).publication_id == first
        assert [one["in_force"] for one in list_publications(settings)] == [False, True]
    else:
        time.sleep(1.1)  # a publication is named after the second it is as of
        assert refresh(settings).status == "published"
    assert current_publication(settings).publication_id != second


def test_a_withheld_measure_is_named_and_may_be_accepted(settings, world):
    world.after = "UPDATE mart.measure_value SET coverage = 0.4 WHERE measure_id = 'checks'"
    first = refresh(settings)
    assert [(one["measure_id"], one["system_code"]) for one in first.summary["measures"]["withheld"]] == [
        ("checks", "llr")
    ]
    assert "1 withheld" in first.message
    assert refresh(settings).status == "nothing_new"
    accepted = refresh(settings, accept=["llr/checks"])
    assert accepted.status == "published"
    assert accepted.summary["measures"]["withheld"] == []
    assert current_publication(settings).manifest["accepted_measures"] == ["llr/checks"]


def test_steps_may_be_repeated_one_by_one(settings, world):
    plan = start_refresh(settings, "2026-03", "2026-04-20T10:00:00+01:00")
    assert (plan["period_end"], plan["as_of"], plan["nothing_new"]) == ("2026-03-31", "2026-04-20T09:00:00", False)
    plan = steps.build(settings, steps.build(settings, plan))
    plan = steps.judge(settings, steps.judge(settings, plan))
    plan = steps.release(settings, steps.release(settings, plan))
    told = steps.tell(settings, steps.tell(settings, plan))
    assert told["summary"]["status"] == "published"
    assert current_publication(settings).publication_id == plan["publication_id"]


def test_a_failed_step_is_recorded_with_its_reason(settings, ledger, world, monkeypatch):
    def broken(*_):
        raise TransformError("dbt failed: model people")

    monkeypatch.setattr(steps, "build_candidate", broken)
    plan = start_refresh(settings)
    with pytest.raises(TransformError):
        steps.build(settings, plan)
    last = ledger.book.last_run("refresh", "llr")
    assert last["status"] == "failed"
    assert last["summary"]["message"] == "dbt failed: model people"


def test_a_digest_that_cannot_go_out_is_told_in_the_summary_and_fails_nothing(settings, world):
    urls = settings.model_copy(update={"alert_urls": SecretStr("json://127.0.0.1:9/")})
    done = refresh(urls)
    assert done.status == "published"
    assert done.summary["alerts"]["sent"] == 0 and len(done.summary["alerts"]["problems"]) == 1
    assert last_run_summary(settings)["alerts"] == done.summary["alerts"]


def test_a_refresh_that_stops_sends_the_digest_too(settings, world, monkeypatch):
    sent = []
    monkeypatch.setattr(steps, "send_digest", lambda _: sent.append(1) or AlertReport())
    refresh(settings)
    world.hash, world.after = "inputs 2", "DELETE FROM staging.stg_gp WHERE n = 1"
    assert refresh(settings).status == "stopped"
    assert len(sent) == 2


def test_gates_that_stop_raise_in_a_step_so_that_its_task_fails(settings, world):
    world.after = "DELETE FROM staging.stg_gp"
    plan = steps.build(settings, start_refresh(settings))
    with pytest.raises(GatesStopped, match="RECONCILE-STAGING"):
        steps.judge(settings, plan)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"period_end": "2026-13"}, "Write it like 2026-03"),
        ({"period_end": "2099-01"}, "was not over"),
        ({"as_of": "yesterday"}, "Write it like 2026-04-20T09:00:00"),
        ({"as_of": "2099-01-01T00:00:00"}, "still to come"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_with_what_can(settings, world, asked, expected):
    with pytest.raises(RefreshError, match=expected):
        start_refresh(settings, **asked)


def test_where_a_person_approves_a_refresh_ends_before_it_publishes_and_says_how_to_go_on(settings, ledger, world):
    world.approval = True
    waits = refresh(settings)
    assert (waits.status, current_publication(settings)) == ("awaiting_approval", None)
    assert f"lda publications approve {waits.publication_id}" in waits.message
    assert waits.summary["status"] == last_run_summary(settings)["status"] == "awaiting_approval"
    assert ledger.book.last_run("refresh", "llr")["status"] == "awaiting_approval"
    again = refresh(settings)
    assert (again.status, world.built) == ("nothing_new", 1), "the same figures are not made and asked for twice"
    assert f"lda publications approve {waits.publication_id}" in again.message
    assert still_needed(ledger, "another") == [waits.run_id], "what waits is not removed by the next build"


def test_an_approved_publication_is_released_and_the_audit_says_who(settings, ledger, world, monkeypatch):
    world.approval = True
    waits = refresh(settings)
    with pytest.raises(RefreshError, match=f"What waits for approval is {waits.publication_id}, not 2020-01"):
        approve(settings, "2020-01")
    monkeypatch.setenv("LDA_ACTOR", "A. Director")
    done = approve(settings, waits.publication_id, "board paper 12")
    assert (done.status, done.summary["status"]) == ("published", "published")
    assert current_publication(settings).publication_id == waits.publication_id
    lines = [(line["action"], line["actor"], line["detail"]) for line in ledger.trail("approved", "released")]
    assert lines == [("approved", "A. Director", "board paper 12"), ("released", "A. Director", None)]
    assert ledger.book.awaiting_approval("llr") is None
    with pytest.raises(RefreshError, match="No publication waits"):
        approve(settings)
    assert refresh(settings).status == "nothing_new"


def test_a_refused_publication_is_not_released_and_the_next_refresh_asks_again(settings, ledger, world):
    first = refresh(settings).publication_id
    world.hash, world.approval = "inputs 2", True
    waits = refresh(settings)
    refused = refuse(settings, None, "Leicester's figures are wrong")
    assert refused.publication_id == waits.publication_id and "refused" in refused.message
    assert current_publication(settings).publication_id == first
    last = ledger.book.last_run("refresh", "llr")
    assert (last["status"], last["summary"]["status"]) == ("refused", "refused")
    with pytest.raises(RefreshError, match="No publication waits"):
        approve(settings)
    assert refresh(settings).status == "awaiting_approval"


def test_no_step_releases_what_nobody_approved_or_somebody_refused(settings, ledger, world):
    world.approval = True
    plan = steps.propose(settings, steps.judge(settings, steps.build(settings, start_refresh(settings))))
    with pytest.raises(ApprovalAwaited, match="was not approved yet"):
        steps.release(settings, plan)
    answer(settings, plan, False, "no", "viewer")
    with pytest.raises(ApprovalAwaited, match="was refused by viewer"):
        steps.release(settings, plan)
    ledger.note("approved", f"{plan['publication_id']} (refresh-of-another-run)")
    with pytest.raises(ApprovalAwaited, match="was refused by viewer"):
        steps.release(settings, plan)
    assert current_publication(settings) is None
    published = steps.release(settings, answer(settings, plan, True, "yes", "admin"))
    assert current_publication(settings).publication_id == published["publication_id"]
    with pytest.raises(RefreshError, match="was published already"):
        answer(settings, plan, False, "too late")


def test_what_waited_is_not_published_after_another_came_between(settings, world):
    world.approval = True
    waits = refresh(settings)
    world.approval, world.hash = False, "inputs 2"
    refresh(settings)
    with pytest.raises(RefreshError, match="No publication waits"):
        approve(settings, waits.publication_id)
