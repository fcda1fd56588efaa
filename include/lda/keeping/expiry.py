"""Expiry: whose rows are past the retention of their feed, also while they are in force, and what that costs.

Counted from the end of a submission's period, in months: a contract's ``slaProperties`` say ``retention``, or else
the setting ``keep_rows_months`` holds for every feed that is about people. Then everything of the file goes: rows of
the lake, identifiers, quarantine, archived and landed bytes, feedback. Source: UK GDPR, Article 5(1)(e), storage
limitation.

That wins over being able to make a publication again; a publication's figures stay. Which can no longer be made again
is told and recorded. A legal hold keeps the rows: on the file, or on a publication that is made of it. They are not in
force any more all the same: of one partner on hold its old months would stand alone, and everybody else's be missing.
A publication reads what stood as of its own moment, so one on hold can still be made again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from lda.contracts import FeedContract, add_periods
from lda.ledger import CANNOT_BE_MADE_AGAIN, FileRecord, Hold, Ledger, Submission, held_by, utc_now
from lda.settings import Settings
from lda.warehouse.inputs import in_force, known_periods

LAST_LIST = "the latest list of its sender"
# A file named for a year long past by a typing mistake is the only copy of what was meant: somebody has to see it.
DAYS_AT_LEAST = 30
JUST_CAME = f"received less than {DAYS_AT_LEAST} days ago"


@dataclass(frozen=True)
class Expired:
    """Files that go because they are past the retention of their feed, with the reason in words; files past it that a
    hold keeps: they have ended all the same; submissions in force that end, with what becomes of their rows; why files
    past it stay, counted; publications that cannot be made again without what goes."""

    files: dict[str, str] = field(default_factory=dict)
    on_hold: frozenset[str] = frozenset()
    standing: dict[Submission, str] = field(default_factory=dict)
    staying: Counter[str] = field(default_factory=Counter)
    publications: tuple[str, ...] = ()


def months_kept(settings: Settings, contract: FeedContract) -> int | None:
    """Months that a feed's rows stay after their period; None for good. Feeds about nobody have no end of their own."""
    if contract.retention_months is not None:
        return contract.retention_months
    about_people = any(table.person_key or table.identifier_columns for table in contract.tables)
    return settings.keep_rows_months if about_people and isinstance(settings.keep_rows_months, int) else None


def find_expired(
    settings: Settings,
    ledger: Ledger,
    contracts: Mapping[str, FeedContract],
    kept: Sequence[Mapping[str, Any]],
    at: datetime,
) -> Expired:
    """What is past its feed's retention at a moment, and is to go.

    :param kept: rows of the publications that stay (``publication_id``, ``system_code``, ``as_of``, ``manifest``).
    """
    months = {name: kept_for for name, one in contracts.items() if (kept_for := months_kept(settings, one)) is not None}
    if not months:
        return Expired()
    standing, holds = ledger.in_force(at), ledger.holds()
    made_of = {row["publication_id"]: _made_of(settings, ledger, row) for row in kept}
    on_hold = {*settings.legal_hold, *(one.publication_id for one in holds)}
    held = {file_id: name for name, files in made_of.items() if name in on_hold for file_id in files}
    lists = _latest_lists(contracts, standing)
    found: dict[str, str] = {}
    kept_back: dict[str, str] = {}
    staying: Counter[str] = Counter()
    for record in ledger.files():
        if record.feed not in months or record.period_end is None or record.status == "received":
            continue
        if add_periods(record.period_end, "month", months[record.feed]) >= at.date():
            continue
        if record.received_at > at - timedelta(days=DAYS_AT_LEAST):
            staying[JUST_CAME] += 1
            continue
        over = f"its period ended more than {months[record.feed]} months ago"
        hold = _hold(record, holds, held)
        if hold or record.file_id in lists:
            staying[hold or LAST_LIST] += 1
        if record.file_id in lists:
            continue
        if hold:
            kept_back[record.file_id] = f"{over}; in force until now; its rows stay: {hold}"
        else:
            found[record.file_id] = over
    past = kept_back | {file_id: f"{over}; in force until now" for file_id, over in found.items()}
    return Expired(
        found,
        frozenset(kept_back),
        {one: past[one.file_id] for one in standing if one.file_id in past},
        staying,
        tuple(name for name, files in made_of.items() if files & found.keys()),
    )


def expire(ledger: Ledger, expired: Expired) -> None:
    """End the files and their submissions, and put into the audit trail how many submissions of which feed, and which
    publications cannot be made again from now on. Files are removed after that, so that nothing in force is ever
    without its rows."""
    ledger.end_files(expired.files.keys() | expired.on_hold, utc_now())
    if expired.standing:
        counts = Counter(one.feed for one in expired.standing)
        words = ", ".join(f"{feed} {count}" for feed, count in sorted(counts.items()))
        ledger.note("pruned", "rows", f"submissions in force past their feed's retention: {words}")
    told = {line["subject"] for line in ledger.trail("pruned") if CANNOT_BE_MADE_AGAIN in (line["detail"] or "")}
    for name in expired.publications:
        if name not in told:
            words = f"{CANNOT_BE_MADE_AGAIN}: rows it was made of are past their feed's retention; its figures stay"
            ledger.note("pruned", name, words)


def _made_of(settings: Settings, ledger: Ledger, row: Mapping[str, Any]) -> set[str]:
    """File ids of what a publication was made of, by its own systems, whichever are served now.

    Of a system that has no file any more it is all that was in force, which may be more: nothing is freed by that.
    """
    own = settings.model_copy(update={"system": row["system_code"]})
    if all((settings.systems_dir / f"{code}.yaml").exists() for code in own.systems):
        found = in_force(own, ledger, row["as_of"], known_periods(row["manifest"]))
    else:
        found = [one for one in ledger.in_force(row["as_of"]) if one.system_code in own.systems]
    return {one.file_id for one in found}


def _latest_lists(contracts: Mapping[str, FeedContract], standing: Sequence[Submission]) -> set[str]:
    """File ids of every partner's latest submission of a feed that figures are not made of: an opt-out list, or
    reference data, holds until the next one comes."""
    latest: dict[tuple[str, str], Submission] = {}
    for one in standing:
        if one.feed in contracts and contracts[one.feed].role != "figures":
            before = latest.get((one.feed, one.partner_code))
            latest[one.feed, one.partner_code] = max(before or one, one, key=lambda item: item.period_end)
    return {one.file_id for one in latest.values()}


def _hold(record: FileRecord, holds: Sequence[Hold], held: Mapping[str, str]) -> str:
    """What holds something that is past its time; empty when nothing does."""
    named = {name: getattr(record, name) for name in ("feed", "partner_code", "period_end", "file_id")}
    hold = held_by(holds, **named)
    if hold:
        return f"legal hold {hold.hold_id}: {hold.words}"
    return f"publication {held[record.file_id]}, on legal hold, is made of it" if record.file_id in held else ""
