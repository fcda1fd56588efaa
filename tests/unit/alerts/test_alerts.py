"""The team hears of what changed, once, by e-mail and webhook; nobody hears of a person, and nothing fails for it."""

from __future__ import annotations

import email
import email.policy
import json
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from aiosmtpd.controller import Controller
from pydantic import SecretStr
from tiny import UNITS

import lda.reporting.alerts.send as sending
from lda.channels import collect
from lda.channels.folder import FolderSource
from lda.channels.source import Item
from lda.ledger import utc_now
from lda.ledger.trail import audit_line
from lda.publishing import current_publication
from lda.receive import receive
from lda.reporting.alerts import (
    send_digest,
    tell_failed_step,
    tell_missed_deadline,
    tell_unpublished,
    tell_working_step,
)
from lda.reporting.alerts.digest import make_digest
from lda.reporting.alerts.watch import Watched, headlines, watch


class Mailbox:
    """A real SMTP server on this machine that keeps what it gets, or refuses."""

    def __init__(self) -> None:
        self.messages: list[email.message.EmailMessage] = []
        self.refuses = False

    async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802 (aiosmtpd's name)
        if self.refuses:
            return "554 no thank you"
        self.messages.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 ok"

    @property
    def texts(self) -> list[str]:
        return [message.get_body(("plain",)).get_content() for message in self.messages]


class Hook:
    """A real HTTP server on this machine that keeps what it gets, or refuses."""

    def __init__(self) -> None:
        self.bodies: list[dict] = []
        self.status = 200
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if hook.status == 200:
                    hook.bodies.append(json.loads(body))
                self.send_response(hook.status)
                self.end_headers()

            def log_message(self, *_args) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"json://user:hook-secret@127.0.0.1:{self.server.server_port}/alerts"


@pytest.fixture
def mail() -> Iterator[tuple[Mailbox, str]]:
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, f"mailto://127.0.0.1:{port}/?from=lda@example.org&to=team@example.org&mode=insecure"
    controller.stop()


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def watched(monkeypatch) -> list[Watched]:
    """What stands now: the test changes the list."""
    standing: list[Watched] = []
    monkeypatch.setattr(sending, "watch", lambda *_: list(standing))
    return standing


def to(settings, *urls: str):
    return settings.model_copy(update={"alert_urls": SecretStr(" ".join(urls))})


LATE = Watched("late", "gp/Y90001", "stale", "High Street (Y90001), gp: stale.")
REJECTED = Watched("rejected", "gp/Y90002/2026-03-31", "abc", "Low Street (Y90002), gp: rejected for FILE-EMPTY.")


def test_off_by_default(settings, watched):
    watched.append(LATE)
    assert send_digest(settings).as_dict() == {"channels": 0, "sent": 0, "problems": []}


def test_a_digest_goes_out_by_smtp_and_webhook_and_only_on_change(settings, watched, mail, hook):
    box, address = mail
    both = to(settings, address, hook.url)
    assert send_digest(both).sent == 0, "nothing stands, nothing is sent"
    watched += [LATE, REJECTED]
    assert send_digest(both).as_dict() == {"channels": 2, "sent": 2, "problems": []}
    assert send_digest(both).sent == 0
    assert len(box.messages) == len(hook.bodies) == 1, "one digest, whatever it holds"
    assert box.messages[0]["subject"] == "LDA warehouse, llr: new rejections 1, late partners 1"
    for text in (box.texts[0], hook.bodies[0]["message"]):
        assert "- High Street (Y90001), gp: stale." in text and "rejected for FILE-EMPTY" in text
    watched[:] = [LATE]
    assert send_digest(both).sent == 2
    assert "Recovered\n- gp/Y90002/2026-03-31" in hook.bodies[1]["message"]
    assert "Y90001" not in hook.bodies[1]["message"], "what stands unchanged is not told again"
    watched[:] = [Watched("late", LATE.subject, "missing", "now missing")]
    send_digest(both)
    assert "now missing" in hook.bodies[2]["message"]


def test_a_channel_that_is_down_gets_what_it_missed_and_the_other_is_not_told_twice(
    settings, watched, mail, hook, caplog
):
    box, address = mail
    both = to(settings, address, hook.url)
    watched.append(LATE)
    hook.status = 500
    report = send_digest(both)
    assert (report.sent, len(report.problems), len(box.messages)) == (1, 1, 1)
    assert "channel 2" in report.problems[0] and "channel 2" in caplog.text
    assert "hook-secret" not in caplog.text + str(report.problems) + str(settings)
    hook.status = 200
    assert send_digest(both).as_dict() == {"channels": 2, "sent": 1, "problems": []}
    assert (len(box.messages), len(hook.bodies)) == (1, 1)


@pytest.mark.parametrize("address", ["json://127.0.0.1:9/", "mailto://127.0.0.1:9/?to=a@b.org&from=a@b.org", "x://y"])
def test_a_server_that_is_not_there_or_an_address_that_is_none_fails_nothing(settings, watched, address):
    watched.append(LATE)
    report = send_digest(to(settings, address))
    assert report.sent == 0 and len(report.problems) == 1


def test_a_digest_that_cannot_be_made_fails_nothing(settings, monkeypatch, hook):
    def broken(*_):
        raise RuntimeError("943 476 5919")

    monkeypatch.setattr(sending, "watch", broken)
    report = send_digest(to(settings, hook.url))
    assert report.problems == ["The digest could not be made (RuntimeError). The next run tries again."]


def test_long_lists_are_cut_and_counted():
    many = [Watched("late", f"gp/{n}", "stale", f"practice {n}") for n in range(35)]
    digest = make_digest("llr", {}, many)
    assert "late partners 35" in digest.title
    assert "- practice 29\n- and 5 more" in digest.body


def test_a_rejected_file_and_its_replacement_are_told_without_its_name_or_rows(settings, hook):
    urls = to(settings, hook.url)
    folder = settings.landing / "Y90001"
    folder.mkdir(parents=True)
    (folder / "gp_ld_register_Y90001_2026-02.csv").write_text("NHS Number\n9434765919\n", encoding="utf-8")
    assert receive(urls).alerts["sent"] == 1
    text = hook.bodies[0]["message"]
    assert "New rejections" in text and "Y90001" in text and "FILE-COLUMNS" in text
    assert "9434765919" not in text and ".csv" not in text
    assert receive(urls).alerts == {"channels": 1, "sent": 0, "problems": []}


def test_a_failed_refresh_is_told_and_so_is_that_it_works_again(settings, ledger, hook):
    urls = to(settings, hook.url)
    ledger.book.start_run("refresh-1", "refresh", "llr", utc_now())
    ledger.book.end_run("refresh-1", "failed", {"failed_step": "build", "message": "secret words"}, utc_now())
    send_digest(urls)
    assert "The refresh refresh-1 failed at the step build." in hook.bodies[0]["message"]
    assert "secret words" not in hook.bodies[0]["message"]
    ledger.book.end_run("refresh-1", "succeeded", {}, utc_now())
    send_digest(urls)
    assert "The refresh works again." in hook.bodies[1]["message"]


def test_one_feeds_ingest_says_nothing_of_anothers(settings, ledger, hook):
    """Each feed has a DAG of its own, and they run by turns."""
    urls, at = to(settings, hook.url), utc_now()

    def ended(number: int, status: str, summary: dict, feeds: list[str] | None = None) -> int:
        ledger.book.start_run(f"ingest-{number}", "ingest", "llr", at + timedelta(minutes=number), feeds)
        ledger.book.end_run(f"ingest-{number}", status, summary, at + timedelta(minutes=number))
        return send_digest(urls).sent

    assert ended(1, "failed", {}, ["ldhc"]) == 1
    assert "- The ingest ingest-1 of ldhc failed at the step run." in hook.bodies[0]["message"]
    assert ended(2, "nothing_new", {}, ["leder"]) == 0, "another feed's success is no recovery"
    assert ended(3, "nothing_new", {}, ["ldhc", "leder"]) == 1
    assert "Recovered\n- The ingest of ldhc works again." in hook.bodies[1]["message"]
    assert ended(4, "succeeded", {"problems": ["One file."]}, ["mhsds"]) == 1
    assert ended(5, "failed", {}) == 1, "of every feed, so also of that one"
    told = hook.bodies[3]["message"]
    assert "- The ingest ingest-5 failed" in told and "The ingest of mhsds works again" not in told
    assert ended(6, "succeeded", {}, ["ldhc"]) == 0, "one feed's success leaves the others to be told of"
    assert ended(7, "succeeded", {}) == 1
    assert "The ingest works again." in hook.bodies[4]["message"]


def test_a_step_that_has_no_run_of_its_own_is_told_once_and_so_is_that_it_works_again(settings, ledger, hook):
    urls = to(settings, hook.url)
    begun = datetime.now(UTC) - timedelta(seconds=5)
    step = ("lda_housekeeping", "keep_house")
    assert tell_working_step(urls, *step) is None, "nothing had failed"
    assert [tell_failed_step(urls, *step, begun).sent for _ in range(2)] == [1, 0]
    text = hook.bodies[0]["message"]
    assert "New failures\n- The step keep_house of lda_housekeeping failed." in text
    assert tell_working_step(urls, "lda_refresh", "serve") is None, "another step's end says nothing of it"
    assert send_digest(urls).sent == 0
    assert tell_working_step(urls, *step).sent == 1
    assert "Recovered\n- The step keep_house of lda_housekeeping works again." in hook.bodies[1]["message"]
    assert tell_failed_step(urls, *step).sent == 1, "it may fail again"
    assert ledger.book.last_run("refresh", "llr") is None


@pytest.mark.parametrize(("status", "summary"), [("failed", {}), ("nothing_new", {"problems": ["One channel."]})])
def test_a_step_whose_own_run_says_that_it_failed_is_not_told_twice(settings, ledger, hook, status, summary):
    urls = to(settings, hook.url)
    begun = datetime.now(UTC)
    ledger.book.start_run("collect-1", "collect", "llr", utc_now())
    ledger.book.end_run("collect-1", status, summary, utc_now())
    assert tell_failed_step(urls, "lda_collect", "collect_new_files", begun).sent == 1
    assert "- The collect collect-1 " in hook.bodies[0]["message"] and "step collect_new" not in str(hook.bodies)
    later = begun + timedelta(minutes=1)
    assert tell_failed_step(urls, "lda_refresh", "serve", later).sent == 1, "what failed before it began was another"
    assert "step serve of lda_refresh" in hook.bodies[1]["message"]


def test_a_ledger_that_cannot_be_had_fails_no_step(settings, monkeypatch, caplog):
    def broken(*_):
        raise RuntimeError("943 476 5919")

    monkeypatch.setattr("lda.reporting.alerts.steps.Ledger", broken)
    assert tell_failed_step(settings, "lda_refresh", "serve").problems == []
    assert tell_working_step(settings, "lda_refresh", "serve") is None
    assert "could not be noted in the ledger (RuntimeError)" in caplog.text and "943" not in caplog.text


def test_a_publication_that_waits_for_a_person_is_told_until_it_is_answered(settings, ledger, hook):
    urls = to(settings, hook.url)
    summary = {"publication_id": "2026-03_x", "message": "Publication 2026-03_x waits. lda publications approve"}
    ledger.book.start_run("refresh-1", "refresh", "llr", utc_now())
    ledger.book.end_run("refresh-1", "awaiting_approval", summary, utc_now())
    assert [send_digest(urls).sent for _ in range(2)] == [1, 0]
    assert "Waiting for approval\n- Publication 2026-03_x waits." in hook.bodies[0]["message"]
    ledger.book.end_run("refresh-1", "succeeded", summary, utc_now())
    send_digest(urls)
    assert "2026-03_x no longer waits for approval." in hook.bodies[1]["message"]


def test_a_missed_deadline_is_told_once_by_the_same_channels_until_a_refresh_has_ended(settings, ledger, hook):
    urls = to(settings, hook.url)
    late = {
        "dag_run": {"dag_run_id": "scheduled__2026-04-18T05:00:00+00:00", "run_type": "scheduled"},
        "deadline": {"id": "1", "deadline_time": "2026-04-18T09:00:00+00:00"},
    }
    backfill = {**late, "dag_run": {**late["dag_run"], "run_type": "backfill"}}
    assert tell_missed_deadline(urls, backfill) is None and hook.bodies == []
    assert [tell_missed_deadline(urls, late).sent for _ in range(2)] == [1, 0]
    text = hook.bodies[0]["message"]
    assert "Missed deadlines" in text and "had not come to its end by 2026-04-18 09:00 UTC" in text
    ledger.book.start_run("refresh-1", "refresh", "llr", utc_now())
    assert send_digest(urls).sent == 0, "a refresh that has begun has not ended"
    ledger.book.end_run("refresh-1", "succeeded", {}, utc_now())
    send_digest(urls)
    assert "deadline-2026-04-18T09:00: its refresh has ended." in hook.bodies[1]["message"]


def test_a_message_that_was_not_delivered_is_told_once_though_no_file_came(
    settings, ledger, hook, tmp_path, monkeypatch, caplog
):
    urls = to(settings, hook.url)
    words = "A message we sent was not delivered (message ABC123): not collected by 943 476 5919"
    inbox = [Item("X26ABC1/M1", "M1.dat", "unknown", "M1", notice=words)]

    def done(*_) -> None:
        assert [one.topic for one in watch(settings, ledger)] == ["undelivered"], "kept before it is acknowledged"
        inbox.clear()

    monkeypatch.setattr(FolderSource, "may_grow", False)
    monkeypatch.setattr(FolderSource, "listing", lambda _: list(inbox))
    monkeypatch.setattr(FolderSource, "done", done)
    settings.channels_path.parent.mkdir(parents=True, exist_ok=True)
    channel = {"kind": "folder", "name": "mesh", "folder": str(tmp_path)}
    settings.channels_path.write_text(json.dumps({"channels": [channel]}), encoding="utf-8")
    report = collect(urls)
    assert (report.collected, report.problems, inbox) == ([], [], [])
    assert "A message we sent was not delivered." in caplog.text and "ABC123" not in caplog.text
    assert collect(urls).notices == []
    assert [send_digest(urls).sent for _ in range(2)] == [1, 0], "it is told whichever run sends the digest"
    told = "- mesh: A message we sent was not delivered (message ABC123): not collected by [hidden]"
    assert f"Messages not delivered\n{told}" in hook.bodies[0]["message"]


def test_a_month_not_published_by_its_deadline_is_told_once_for_each_and_when_it_is_there(settings, ledger, hook):
    urls = to(settings, hook.url)
    march, april = date(2026, 3, 31), date(2026, 4, 30)
    assert [tell_unpublished(urls, ledger, march, "2 of 9 came.").sent for _ in range(2)] == [1, 0]
    assert tell_unpublished(urls, ledger, march, "3 of 9 came.").sent == 0
    assert "Not published by the deadline\n- March 2026 was not published" in hook.bodies[0]["message"]
    assert tell_unpublished(urls, ledger, april, "Nothing has come.").sent == 1
    assert "Recovered" not in hook.bodies[1]["message"]
    manifest = {
        "publication_id": "2026-04_x", "run_id": "r", "system_code": "llr", "period_end": "2026-04-30",
        "as_of": "2026-05-20T09:00:00", "published_at": "2026-05-20T09:00:00", "inputs_hash": "h",
    }  # fmt: skip
    ledger.book.record_release(manifest, "published", utc_now(), audit_line("released", "2026-04_x"))
    assert send_digest(urls).sent == 1
    assert "Recovered\n- The monthly publication is there again." in hook.bodies[2]["message"]
    assert tell_unpublished(urls, ledger, april, "Withdrawn.") is None


def test_withheld_measures_and_special_causes_come_from_the_publication_in_force(
    settings, ledger, make_candidate, monkeypatch
):
    from lda.gates import GateOutcome, GateReport
    from lda.publishing import publish

    monkeypatch.setattr("lda.reporting.alerts.watch.headlines", lambda: ["inpatients", "checks"])
    columns = """
        ALTER TABLE published.measure_value ADD COLUMN is_latest_period BOOLEAN;
        ALTER TABLE published.measure_value ADD COLUMN variation VARCHAR;
        ALTER TABLE published.measure_value ADD COLUMN spc_point_type VARCHAR;
        UPDATE published.measure_value SET is_latest_period = period_end = DATE '2026-03-31',
            variation = CASE measure_id WHEN 'inpatients' THEN 'concern' WHEN 'register' THEN 'improvement'
                        ELSE 'common_cause' END, spc_point_type = 'outside_limits';
    """
    failed = GateOutcome("coverage", "COVERAGE", "measure", False, "Few partners.", "", "checks", "llr")
    report = GateReport((failed,), UNITS)
    publish(settings, ledger, make_candidate("run-1", after=columns), report)
    assert current_publication(settings) is not None
    found = {(one.topic, one.subject, one.state) for one in watch(settings, ledger)}
    assert ("special_cause", "inpatients/QK1", "concern") in found
    assert ("withheld", "llr/checks", "withheld") in found
    assert not any(subject.startswith("register") for _, subject, _ in found), "not a headline measure"


def test_headline_measures_are_in_the_catalogue(settings):
    import csv

    with (settings.reference_dir / "measure_catalogue.csv").open(encoding="utf-8", newline="") as file:
        known = {row["measure_id"] for row in csv.DictReader(file)}
    assert set(headlines()) <= known
