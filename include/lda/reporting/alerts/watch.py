"""What alerts watch, as it stands now. Read from the ledger and from the publication in force; it names no person.

Topics: ``failure`` (a refresh, ingest or collection that failed, or any other step of the schedule: see
``lda.reporting.alerts.steps``), ``approval`` (a publication that waits for a person),
``deadline`` (a monthly deadline whose refresh has not ended), ``unpublished`` (a month that could not be published by
its deadline), ``undelivered`` (a message that we sent by MESH),
``rejected`` (a submission, or a correction of one in force, that nothing later has replaced),
``late`` (a partner whose own data is not there for the latest period due), ``withheld`` (a measure of a system),
``special_cause`` (unusual variation of a headline measure in a system).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import yaml

from lda.contracts import STANDING_WORDS, load_contracts
from lda.ledger import Ledger
from lda.ledger.publications import FAILED
from lda.publishing import current_publication
from lda.publishing.folder import PUBLIC, PUBLIC_DATABASE
from lda.publishing.manifest import withheld_units
from lda.reporting import status_board
from lda.reporting.board import RECEIVED, Board
from lda.settings import Settings

FAILURE, REJECTED, LATE, WITHHELD, SPECIAL_CAUSE = "failure", "rejected", "late", "withheld", "special_cause"
APPROVAL, DEADLINE, UNPUBLISHED, UNDELIVERED = "approval", "deadline", "unpublished", "undelivered"
# Runs that are steps of the schedule with no run of their own.
STEP = "step"
# What is not published when a month is not: the same thing from month to month.
MONTHLY = "monthly publication"
HEADLINES = Path(__file__).parents[1] / "report" / "text" / "headlines.yaml"
SUBJECT, STATE = 200, 200


@dataclass(frozen=True)
class Watched:
    """One thing worth telling: its topic, what it is about, its state, and the sentence that tells it."""

    topic: str
    subject: str
    state: str
    words: str

    @property
    def key(self) -> tuple[str, str]:
        """Topic and subject: the same thing next time."""
        return self.topic, self.subject


def watch(settings: Settings, ledger: Ledger) -> list[Watched]:
    """Everything worth telling as it stands now, by topic."""
    board = status_board(settings)
    found = [
        *_failures(settings, ledger),
        *_waits(settings, ledger),
        *_undelivered(settings, ledger),
        *_rejected(board),
        *_late(board),
        *_published(settings),
    ]
    return [Watched(one.topic, one.subject[:SUBJECT], one.state[:STATE], one.words) for one in found]


def headlines() -> list[str]:
    """The measures a board reads first."""
    return list(yaml.safe_load(HEADLINES.read_text(encoding="utf-8")))


def _failures(settings: Settings, ledger: Ledger) -> list[Watched]:
    """The last refresh, ingest and collection, when they did not end well, and each step of the schedule whose last
    end was a failure. Steps are named; errors' own words are not."""
    found = []
    for run in _last_runs(settings, ledger):
        of_feeds = f" of {run['feeds']}" if run["feeds"] else ""
        subject, named = run["kind"] + of_feeds, f"The {run['kind']} {run['run_id']}{of_feeds}"
        summary: dict[str, Any] = run["summary"] or {}
        if run["status"] == FAILED:
            step = summary.get("failed_step") or "run"
            words = f"{named} failed at the step {step}. The publication in force is unchanged."
            found.append(Watched(FAILURE, subject, f"failed at {step}", words))
        elif summary.get("problems"):
            count = len(summary["problems"])
            words = f"{named} could not take in everything ({count} problems). See: lda status"
            found.append(Watched(FAILURE, subject, "problems", words))
    for run in ledger.book.ended_runs(settings.system_label, kind=STEP, status=FAILED):
        subject = f"step {run['summary']['step']} of {run['summary']['dag']}"
        words = f"The {subject} failed. The publication in force is unchanged. Its log in Airflow says what to do."
        found.append(Watched(FAILURE, subject, FAILED, words))
    return found


def _last_runs(settings: Settings, ledger: Ledger) -> list[dict[str, Any]]:
    """The last refresh and collection, and of each choice of feeds the last ingest, but where later ones of all of
    these feeds ended well. One feed's success says nothing of another's, and one that failed has mended nothing."""
    found = [run for kind in ("refresh", "collect") if (run := ledger.book.last_run(kind, settings.system_label))]
    every = set(load_contracts(settings))
    known: set[str] = set()
    for run in ledger.book.last_by_feeds("ingest", settings.system_label):
        own = set(run["feeds"].split(",")) & every if run["feeds"] else every
        if own - known:
            found.append(run)
        if run["status"] != FAILED and not (run["summary"] or {}).get("problems"):
            known |= own
    return found


def _waits(settings: Settings, ledger: Ledger) -> list[Watched]:
    """The publication that waits for a person's approval; a monthly deadline since which no refresh has ended well; the
    last month that could not be published by its deadline, until it or a later one is."""
    found = []
    run = ledger.book.awaiting_approval(settings.system_label)
    summary: dict[str, Any] = (run or {}).get("summary") or {}
    if summary:
        found.append(Watched(APPROVAL, summary["publication_id"], "waits", summary["message"]))
    missed, last = (ledger.book.last_run(kind, settings.system_label) for kind in (DEADLINE, "refresh"))
    ended = last is not None and last["status"] in {"succeeded", "nothing_new"}
    if missed and not (last and ended and last["ended_at"] >= missed["ended_at"]):
        found.append(Watched(DEADLINE, missed["run_id"], "missed", missed["summary"]["message"]))
    noted = ledger.book.last_run(UNPUBLISHED, settings.system_label)
    lacks: dict[str, Any] = (noted or {}).get("summary") or {}
    published = [row["period_end"].isoformat() for row in ledger.book.publications(settings.system_label)]
    if lacks and not any(end >= lacks["period_end"] for end in published):
        found.append(Watched(UNPUBLISHED, MONTHLY, lacks["period_end"], lacks["message"]))
    return found


def _undelivered(settings: Settings, ledger: Ledger) -> list[Watched]:
    """Messages of ours that were not delivered, as long as the ledger keeps the runs that were told of them."""
    runs = ledger.book.runs(settings.system_label)
    notices = {notice[:SUBJECT]: notice for run in runs for notice in (run["summary"] or {}).get("notices", [])}
    return [Watched(UNDELIVERED, subject, UNDELIVERED, words) for subject, words in sorted(notices.items())]


def _rejected(board: Board) -> list[Watched]:
    """What waits to be replaced, once for each submission: several files rejected for it are told by the last."""
    names = {(one.feed, one.partner_code): one.partner_name for one in board.partners}
    found: dict[str, Watched] = {}
    for one in board.rejections:
        codes = ", ".join(reason.partition(":")[0] for reason in one.reasons)
        partner, feed = one.partner_code or "unknown", one.feed or "unknown"
        name = names.get((feed, partner), partner)
        words = f"{name} ({partner}), {feed}, period to {one.period_end or 'unknown'}: rejected for {codes}."
        subject = f"{feed}/{partner}/{one.period_end}"
        found[subject] = Watched(REJECTED, subject, one.file_id[:12], words)
    return list(found.values())


def _late(board: Board) -> list[Watched]:
    return [
        Watched(
            LATE,
            f"{one.feed}/{one.partner_code}",
            f"{one.state} {one.chase}".strip(),
            f"{one.partner_name} ({one.partner_code}), {one.feed}: {one.state}, "
            f"{STANDING_WORDS[one.chase]}, last period {one.last_period or 'never received'}.",
        )
        for one in board.partners
        if one.state != RECEIVED and one.chase
    ]


def _published(settings: Settings) -> list[Watched]:
    """Withheld measures and special causes of the publication in force; nothing before the first."""
    publication = current_publication(settings)
    if publication is None:
        return []
    found = []
    for unit, reasons in withheld_units(publication.manifest).items():
        found.append(Watched(WITHHELD, str(unit), "withheld", f"{unit} is withheld. {' '.join(reasons)}"))
    return found + _special_causes(publication.path / PUBLIC / PUBLIC_DATABASE)


def _special_causes(database: Path) -> list[Watched]:
    """Unusual variation of headline measures, from the public figures: what is hidden there is not told here."""
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(
            """
            SELECT v.measure_id, d.name, v.geography_name, v.geography_code, v.period_end, v.variation,
                v.spc_point_type
            FROM published.measure_value AS v
            JOIN published.measure_definition AS d ON d.measure_id = v.measure_id
            WHERE v.geography_type = 'system' AND v.breakdown_type = 'all' AND v.is_latest_period
                AND v.value IS NOT NULL AND v.variation IS NOT NULL AND v.variation <> 'common_cause'
                AND list_contains(?, v.measure_id)
            ORDER BY v.measure_id, v.geography_code
            """,
            [headlines()],
        ).fetchall()
    return [
        Watched(
            SPECIAL_CAUSE,
            f"{measure}/{code}",
            variation,
            f"{name}, {area}, {end:%B %Y}: {variation.replace('_', ' ')} ({str(rule).replace('_', ' ')}).",
        )
        for measure, name, area, code, end, variation, rule in rows
    ]
