"""What people are told: who is late, where a file is, how a refresh went."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import html5lib
import pytest
from rich.console import Console, RenderableType

from lda.contracts import Pause, Systems, load_system, load_systems
from lda.ledger.publications import utc_now
from lda.ledger.records import FileRecord, RowAccount, RuleResult, Verdict
from lda.ledger.trail import audit_line
from lda.reporting import (
    file_totals,
    find_files,
    last_gates,
    last_run_summary,
    list_files,
    print_last_run,
    refresh_summary,
    status_board,
)
from lda.reporting.alerts.watch import LATE, REJECTED, watch
from lda.reporting.render import board_view, files_table, refresh_view, story_view
from lda.reporting.status_page import grid_of, write_status_page

FEED = "inpatient_census"
MOMENT = datetime.fromisoformat("2026-05-20T09:00:00")


def drawn(view: RenderableType) -> str:
    console = Console(width=200, no_color=True, highlight=False)
    with console.capture() as captured:
        console.print(view)
    return captured.get()


@pytest.fixture
def arrive(ledger):
    """Records that a file came from the ICB for a month and what became of it."""

    def record(
        name: str, period: date, status: str = "accepted", days: int = 10, *failed: RuleResult, feed: str = FEED,
        partner: str = "QK1",
    ) -> str:  # fmt: skip
        delivered = datetime(period.year, period.month, period.day) + timedelta(days=days)  # noqa: DTZ001
        seen = FileRecord(
            file_id=name * 8, status="received", landing_path=f"QK1/{name}.xlsx", size_bytes=1,
            delivered_at=delivered, received_at=delivered, feed=feed, partner_code=partner, system_code="llr",
            period_start=period.replace(day=1), period_end=period, version=1, lake_path=f"{feed}/{name}.parquet",
        )  # fmt: skip
        ledger.register([seen], [], [], delivered)
        if status != "received":
            account = RowAccount(5, 3, 1, 1, 2) if status == "accepted" else RowAccount()
            judged = replace(seen, status=status)
            ledger.record([Verdict(judged, account, failed, ("Judged.",))], delivered)
        return seen.file_id

    return record


JANUARY, FEBRUARY, MARCH = date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)
EMPTY_FILE = RuleResult("FILE-EMPTY", "error", "file", 1, detail="Expected data rows, found none.")


def icb(board):
    return next(one for one in board.partners if one.feed == FEED)


def test_the_board_shows_what_is_missing_late_and_due_since(settings, arrive):
    arrive("a", JANUARY, "accepted", 60)
    arrive("b", MARCH)
    board = status_board(settings, MOMENT)
    state = icb(board)
    assert state.state == "received"
    assert state.last_period == "2026-03-31"
    assert state.missing_periods == ["2026-02-28"]
    assert state.late_periods == ["2026-01-31"]
    feed = next(one for one in board.feeds if one.feed == FEED)
    assert (feed.expected, feed.received, feed.stale, feed.missing) == (1, 1, 0, 0)
    assert feed.note == "Nothing received since March 2026; 1 month has fallen due, ending 2026-04-30."
    shown = drawn(board_view(board))
    assert "2026-02-28" in shown
    assert "Nothing received yet." in shown


def test_the_board_is_quiet_about_periods_of_which_nobody_sent_anything(settings, arrive):
    arrive("a", JANUARY)
    arrive("p", JANUARY, feed="ons_population")
    arrive("q", date(2026, 12, 31), feed="ods_organisations")
    board = status_board(settings, MOMENT + timedelta(days=365))
    assert icb(board).missing_periods == []
    note = next(one.note for one in board.feeds if one.feed == FEED)
    assert "Nothing received since January 2026" in note
    assert "have fallen due, the first ending 2026-02-28" in note


def test_a_feed_whose_only_sender_stops_is_late_while_another_feed_goes_on(settings, ledger, arrive, tmp_path):
    """Due ten days after the month, late after the grace, escalated later; what is not due yet is not asked for."""
    arrive("a", JANUARY)
    for number, period in enumerate((JANUARY, FEBRUARY, MARCH)):
        arrive(f"l{number}", period, feed="leder")
    assert (icb(status_board(settings, datetime.fromisoformat("2026-03-05T09:00:00"))).state) == "received"
    board = status_board(settings, MOMENT)
    state = icb(board)
    assert (state.state, state.chase, state.missing_periods) == ("stale", "escalated", ["2026-02-28", "2026-03-31"])
    feed = next(one for one in board.feeds if one.feed == FEED)
    assert (feed.expected, feed.stale, feed.last_period) == (1, 1, "2026-01-31")
    (late,) = [one for one in watch(settings, ledger) if one.topic == LATE]
    assert late.subject == f"{FEED}/QK1" and "late and escalated, last period 2026-01-31" in late.words
    grid = grid_of(board, feed)
    assert [row.cells for row in grid.rows] == [("received", "missing", "missing")]
    arrive("b", MARCH)
    assert icb(status_board(settings, MOMENT)).state == "received"


def test_what_comes_by_the_quarter_or_year_never_came_or_is_paused_is_not_late_for_a_month(
    settings, arrive, monkeypatch
):
    """A quarter is owed when it is over and due, a population a year after the last, and nothing of what never came."""
    december = date(2025, 12, 31)
    for number, period in enumerate((december, JANUARY, FEBRUARY)):
        arrive(f"l{number}", period, feed="leder")
    for council in ("508", "509", "510"):
        arrive(f"c{council}", december, feed="cld", partner=council)
    arrive("p1", date(2025, 1, 31), feed="ons_population")
    arrive("p2", december, feed="ons_population")
    arrive("t", december, feed="mhsds", partner="RT5")
    systems = load_systems(settings)
    pause = Pause(partner="RT5", type="trust", first=JANUARY, reason="New records system", feeds=("mhsds",))
    paused = Systems(tuple(replace(one, paused=(pause,)) for one in systems))
    monkeypatch.setattr("lda.reporting.board.load_systems", lambda _: paused)
    states = {(one.feed, one.state, one.chase, *one.missing_periods) for one in status_board(settings, MOMENT).partners}
    assert states == {
        ("leder", "received", ""), ("cld", "received", ""), ("ons_population", "received", ""),
        ("mhsds", "paused", ""),
    }  # fmt: skip
    arrive("l4", MARCH, feed="leder")
    late = {(one.feed, one.state, *one.missing_periods) for one in status_board(settings, MOMENT).partners if one.chase}
    assert late == {("cld", "stale", "2026-03-31")}, "the quarter is over, and due on 30 April"


def test_files_that_stay_unfinished_in_landing_are_told(settings, ledger):
    """Nothing takes them in, so nothing else would ever say that they are there."""
    folder = settings.landing / "QK1"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("leder_QK1_2026-02.csv.tmp", ".hidden.csv", "leder_QK1_2026-02.csv"):
        (folder / name).write_text("x")
    board = status_board(settings, MOMENT)
    assert board.unfinished == ["QK1/.hidden.csv", "QK1/leder_QK1_2026-02.csv.tmp"]
    shown = " ".join(drawn(board_view(board)).split())
    assert "2 files in landing whose names say that they are still being delivered" in shown
    assert "QK1/.hidden.csv" in shown


def test_a_partner_behind_the_others_is_stale_and_then_missing(settings, ledger):
    practices = [one.code for one in load_system(settings).partners if one.type == "practice"][:2]

    def send(practice: str, period: date) -> None:
        at = datetime(period.year, period.month, period.day)  # noqa: DTZ001
        seen = FileRecord(
            file_id=f"{practice}{period}", status="received", landing_path=f"{practice}/{period}.csv", size_bytes=1,
            delivered_at=at, received_at=at, feed="gp_ld_register", partner_code=practice, system_code="llr",
            period_start=period.replace(day=1), period_end=period, version=1, lake_path="x.parquet",
        )  # fmt: skip
        ledger.register([seen], [], [], at)
        ledger.record([Verdict(replace(seen, status="accepted"), RowAccount(1, 1))], at)

    send(practices[0], date(2025, 10, 31))
    send(practices[1], date(2025, 10, 31))
    send(practices[1], date(2025, 12, 31))
    states = {one.partner_code: one.state for one in status_board(settings, MOMENT).partners}
    assert [states[one] for one in practices] == ["stale", "received"]
    send(practices[1], MARCH)
    board = status_board(settings, MOMENT)
    states = {one.partner_code: one.state for one in board.partners}
    assert [states[one] for one in practices] == ["missing", "received"]
    assert states.keys() > set(practices)


def test_a_rejected_file_is_on_the_board_with_its_reason_until_it_is_replaced(settings, arrive):
    arrive("a", JANUARY)
    arrive("bad", FEBRUARY, "rejected", 10, EMPTY_FILE)
    (rejected,) = status_board(settings, MOMENT).rejections
    assert rejected.landing_path == "QK1/bad.xlsx"
    assert rejected.reasons == ["FILE-EMPTY: Expected data rows, found none."]
    assert "Expected data rows, found none." in drawn(board_view(status_board(settings, MOMENT)))
    arrive("good", FEBRUARY, "accepted", 20)
    assert status_board(settings, MOMENT).rejections == []


def test_a_rejected_correction_is_told_though_what_it_was_to_correct_is_in_force(settings, ledger, arrive):
    arrive("first", JANUARY, "accepted", 10)
    arrive("second", JANUARY, "rejected", 20, EMPTY_FILE)
    third = arrive("third", JANUARY, "rejected", 22, EMPTY_FILE)
    board = status_board(settings, MOMENT)
    assert [one.landing_path for one in board.rejections] == ["QK1/second.xlsx", "QK1/third.xlsx"]
    assert (icb(board).state, next(one for one in board.feeds if one.feed == FEED).rejected) == ("received", 2)
    (told,) = [one for one in watch(settings, ledger) if one.topic == REJECTED]
    assert (told.subject, told.state) == (f"{FEED}/QK1/2026-01-31", third[:12])
    assert "rejected for FILE-EMPTY" in told.words
    arrive("older", JANUARY, "accepted", 15)
    assert len(status_board(settings, MOMENT).rejections) == 2, "what came before it replaces no correction"
    arrive("fourth", JANUARY, "accepted", 30)
    assert status_board(settings, MOMENT).rejections == []
    assert REJECTED not in {one.topic for one in watch(settings, ledger)}


def test_the_board_as_a_page_has_a_cell_for_every_partner_and_period(settings, arrive, tmp_path):
    arrive("a", JANUARY)
    arrive("bad", FEBRUARY, "rejected", 10, EMPTY_FILE)
    arrive("c", MARCH, "accepted", 40)
    board = status_board(settings, MOMENT)
    grid = grid_of(board, next(one for one in board.feeds if one.feed == FEED))
    assert grid.periods == ("2026-01-31", "2026-02-28", "2026-03-31")
    assert [row.cells for row in grid.rows] == [("received", "rejected", "late")]
    write_status_page(board, tmp_path / "status.html")
    page = html5lib.HTMLParser(strict=True).parse((tmp_path / "status.html").read_text(encoding="utf-8"))
    words = "".join(page.itertext())
    assert "QK1/bad.xlsx" in words
    assert "came late" in words


def test_what_came_since_the_publication_in_force_is_marked_and_a_file_names_the_publications_it_is_in(
    settings, ledger, arrive, tmp_path
):
    known = [arrive("a", JANUARY), arrive("b", FEBRUARY)]
    arrive("c", MARCH)
    moment = MOMENT.isoformat()
    manifest = {
        "publication_id": "2026-02_x", "run_id": "r", "system_code": "llr", "period_end": "2026-02-28", "as_of": moment,
        "published_at": moment, "inputs_hash": "h", "files_in": {FEED: {"file_ids": known}, "opt_out": {"files": 1}},
    }  # fmt: skip
    ledger.book.record_release(manifest, "published", MOMENT, audit_line("released", "2026-02_x"))
    board = status_board(settings, MOMENT, "2026-02_x")
    assert icb(board).unpublished_periods == ["2026-03-31"]
    grid = grid_of(board, next(one for one in board.feeds if one.feed == FEED))
    assert [row.cells for row in grid.rows] == [("received", "received", "unpublished")]
    write_status_page(board, tmp_path / "status.html")
    assert "received, not in the publication in force" in (tmp_path / "status.html").read_text(encoding="utf-8")
    assert icb(status_board(settings, MOMENT)).unpublished_periods == [], "nothing is published yet"
    told = {name: find_files(settings, f"QK1/{name}.xlsx")[0].publications for name in "ac"}
    assert told == {"a": ["2026-02_x"], "c": []}
    assert "2026-02_x" in drawn(story_view(find_files(settings, "QK1/a.xlsx")[0]))


def test_files_are_listed_with_their_rows_and_filtered(settings, arrive):
    arrive("a", JANUARY)
    arrive("bad", FEBRUARY, "rejected", 10, EMPTY_FILE)
    listed = list_files(settings)
    assert [one["status"] for one in listed] == ["accepted", "rejected"]
    assert [listed[0][name] for name in ("received", "accepted", "quarantined", "repeated")] == [5, 3, 1, 1]
    assert [one["landing_path"] for one in list_files(settings, status="rejected")] == ["QK1/bad.xlsx"]
    assert list_files(settings, feed="ldhc") == list_files(settings, partner="Y90001") == []
    assert "QK1/bad.xlsx" in drawn(files_table(listed))


def test_a_file_s_story_says_what_failed_where_and_what_to_do(settings, arrive):
    failed = RuleResult("INP-01", "error", "row", 2, "discharge_date", 17, "Two rows.")
    arrive("a", JANUARY, "accepted", 10, failed)
    (story,) = find_files(settings, "QK1/a.xlsx")
    assert story == find_files(settings, "aaaa")[0]
    (rule,) = story.rules
    assert (rule.code, rule.failures, rule.first_row) == ("INP-01", 2, 17)
    assert [event["status"] for event in story.history] == ["received", "accepted"]
    shown = drawn(story_view(story))
    for words in ("INP-01", "17", "received 5, accepted 3, quarantined 1, repeated 1", "Next: It counts."):
        assert words in shown
    assert find_files(settings, "nowhere") == []


def test_a_rejected_file_s_story_gives_the_remedy_of_the_file_rule(settings, arrive):
    arrive("bad", FEBRUARY, "rejected", 10, EMPTY_FILE)
    (story,) = find_files(settings, "bad")
    assert story.rules[0].message == "The file has no data rows."
    assert story.rules[0].remedy.startswith("Send the extract again")
    assert "send it again" in story.next_step


def test_what_is_wrong_is_said_once(settings, arrive):
    """The ledger keeps the rule's words with what was found, so that a reworded rule does not change the past."""
    detail = "The file has no data rows. There is a header."
    arrive("bad", FEBRUARY, "rejected", 10, RuleResult("FILE-EMPTY", "error", "file", 1, detail=detail))
    shown = drawn(story_view(find_files(settings, "bad")[0]))
    assert (shown.count("no data rows"), shown.count("There is a header")) == (1, 1)


def plan(**values: object) -> dict:
    base = {
        "run_id": "refresh-1", "message": "Published.", "publication_id": None, "period_end": "2026-03-31",
        "as_of": "2026-04-20T09:00:00", "seconds": {"dbt": 1.25}, "published": True,
        "gates": {"judged": 37, "passed": 36, "failed_system": 0, "failed_measure": 1, "failed_warn": 0},
    }  # fmt: skip
    return {**base, **values}


GATE = {
    "suite": "coverage", "expectation": "COVERAGE-FLOOR", "scope": "measure", "measure_id": "checks", "feed": None,
    "success": False, "observed": 0.4, "detail": "Fewer than half.",
}  # fmt: skip


def test_the_summary_adds_up_files_rows_gates_and_seconds(settings, ledger, arrive):
    arrive("a", JANUARY)
    arrive("bad", FEBRUARY, "rejected", 10, EMPTY_FILE)
    ledger.book.start_run("refresh-1", "refresh", "llr", utc_now())
    ledger.book.record_gates("refresh-1", [GATE])
    summary = refresh_summary(settings, ledger, plan())
    assert summary["files"] == {"accepted": 1, "rejected": 1}
    assert summary["rows"] == {"received": 5, "accepted": 3, "quarantined": 1, "repeated": 1}
    assert file_totals(ledger)["rows"] == summary["rows"]
    assert summary["gates"]["failures"] == [
        {"code": "COVERAGE-FLOOR", "scope": "measure", "detail": "Fewer than half."}
    ]
    shown = drawn(refresh_view(summary))
    for words in ("36 of 37 passed; failed: 1 measure", "Fewer than half.", "dbt 1.2", "Where to look next"):
        assert words in shown
    assert [gate["expectation"] for gate in last_gates(settings)] == ["COVERAGE-FLOOR"]


def test_the_summary_names_the_systems_that_are_behind(settings, ledger):
    months = {"leeds": "2026-03-31", "llr": "2026-02-28"}
    behind = refresh_summary(settings, ledger, plan() | {"period_end": "2026-03-31", "periods": months})
    assert behind["periods"] == months
    assert "2026-03-31 (llr 2026-02-28) as of" in drawn(refresh_view(behind))
    level = behind | {"periods": dict.fromkeys(months, "2026-03-31")}
    before = {name: value for name, value in behind.items() if name != "periods"}
    for summary in (level, before):
        assert "2026-03-31 as of" in drawn(refresh_view(summary))


def test_the_last_run_is_told_whatever_its_end(settings, ledger, capsys):
    assert last_run_summary(settings) == {}
    print_last_run(settings)
    assert "No refresh has run yet" in capsys.readouterr().out
    for run_id, values in {
        "refresh-1": {"published": True},
        "refresh-2": {"published": False, "message": "Nothing new since x."},
        "refresh-3": {"published": False, "failed_step": "build", "message": "dbt failed."},
    }.items():
        ledger.book.start_run(run_id, "refresh", "llr", utc_now())
        summary = refresh_summary(settings, ledger, plan(run_id=run_id, **values))
        ledger.book.end_run(run_id, "whatever", summary, utc_now())
        assert last_run_summary(settings)["run_id"] == run_id
    print_last_run(settings)
    assert "dbt failed." in capsys.readouterr().out
