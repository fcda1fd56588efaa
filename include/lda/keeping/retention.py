"""Retention: what may go because its time is over, place by place, and why the rest stays.

The days are settings (``keep_*_days``); a legal hold wins over all of them. What is in force, and what a publication
that is kept was made of, does not go by days, so that a kept publication can be made again. What is past the retention
of its feed goes from every place, also that (``lda.keeping.expiry``).
"""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from lda.contracts import FeedContract, load_contracts
from lda.keeping.backup import standing_still
from lda.keeping.expiry import Expired, expire, find_expired
from lda.keeping.held import identifier_files, keep_rows, source
from lda.landing import archive_path, is_as_taken_in
from lda.ledger import RETENTION, FileRecord, Hold, Ledger, held_by, utc_now
from lda.publishing import PruneReport, remove_publications
from lda.reporting.feedback import ID_IN_NAME
from lda.settings import Settings
from lda.vault import literal

ROWS = "rows"
TOO_EARLY, FOR_GOOD = "its time is not over", "kept for good"


@dataclass
class Place:
    """One place: for how many days things stay, what goes (name and reason), how many of that are past the retention
    of their feed, and how many stay, by reason."""

    days: int | str
    going: dict[str, str] = field(default_factory=dict)
    staying: Counter[str] = field(default_factory=Counter)
    size_bytes: int = 0
    by_feed: int = 0


@dataclass
class RetentionReport:
    """What went (or would go) and what stayed, by place, and publications."""

    applied: bool
    places: dict[str, Place] = field(default_factory=dict)
    publications: PruneReport = field(default_factory=lambda: PruneReport(False))
    cannot_be_made_again: list[str] = field(default_factory=list)

    @property
    def size_bytes(self) -> int:
        """Bytes that are free now (or would be)."""
        return self.publications.freed_bytes + sum(place.size_bytes for place in self.places.values())

    def as_dict(self) -> dict[str, Any]:
        """The report for JSON."""
        places = {name: {**vars(place), "staying": dict(place.staying)} for name, place in self.places.items()}
        told = {"applied": self.applied, "places": places, "publications": self.publications.as_dict()}
        return {**told, "cannot_be_made_again": self.cannot_be_made_again, "size_bytes": self.size_bytes}


def prune(settings: Settings, *, apply: bool = False, at: datetime | None = None) -> RetentionReport:
    """Remove what may go as of a moment, by default now; without ``apply`` only say what and why."""
    with standing_still(settings) as ledger:
        report = RetentionReport(apply, publications=remove_publications(settings, ledger, apply=apply))
        work = _Prune(settings, ledger, report, at or utc_now())
        for look in (
            work.rows,
            work.landing,
            work.superseded,
            work.archive,
            work.quarantine,
            work.identifiers,
            work.documents,
            work.candidates,
            work.runs,
        ):
            look()
        if apply:
            for name, place in report.places.items():
                if place.going and name != ROWS:
                    by_feed = f", {place.by_feed} of them past their feed's retention" if place.by_feed else ""
                    after = f" after {place.days} days" if isinstance(place.days, int) else ""
                    ledger.note("pruned", name, f"{len(place.going)}{after}{by_feed}")
    return report


class _Prune:
    """One look at every place."""

    def __init__(self, settings: Settings, ledger: Ledger, report: RetentionReport, at: datetime) -> None:
        self._settings, self._ledger, self._report, self._at = settings, ledger, report, at
        self._holds: list[Hold] = ledger.holds()
        self._files = ledger.files()
        self._needed_files, self._needed_paths = self._needed()
        self._contracts: dict[str, FeedContract] = load_contracts(settings)
        self._expired: Expired = find_expired(settings, ledger, self._contracts, self._kept(), self._at)

    def _needed(self) -> tuple[set[str], set[str]]:
        """File ids and lake paths of what is in force and of what every kept publication was made of."""
        moments = [self._at, *(row["as_of"] for row in self._kept())]
        needed = [one for moment in moments for one in self._ledger.in_force(moment)]
        return {one.file_id for one in needed}, {one.lake_path for one in needed}

    def _kept(self) -> list[dict[str, Any]]:
        """The publications that stay, of whatever systems: a ledger may hold those of others than are served now.
        One on hold is among them, also where its folder is elsewhere."""
        gone = set(self._report.publications.removed)
        held = {*self._settings.legal_hold, *(one.publication_id for one in self._holds)}
        return [
            row
            for row in self._ledger.book.publications()
            if row["publication_id"] not in gone
            and (row["publication_id"] in held or (self._settings.published / row["publication_id"]).is_dir())
        ]

    def rows(self) -> None:
        """Submissions past the retention of their feed: those in force end, before any of their files goes."""
        months = self._settings.keep_rows_months
        place = self._report.places[ROWS] = Place(f"{months} months" if isinstance(months, int) else months)
        place.staying = self._expired.staying
        for one, words in self._expired.standing.items():
            place.going[f"{one.feed} {one.partner_code} {one.period_end}"] = words
        self._report.cannot_be_made_again = list(self._expired.publications)
        if self._report.applied:
            expire(self._ledger, self._expired)

    def _place(self, name: str, days: int | str) -> Place | None:
        """The report of a place, or None where everything stays for good."""
        place = self._report.places[name] = Place(days)
        return place if isinstance(days, int) or self._expired.files else None

    def _stays(self, place: Place, since: datetime, record: FileRecord | None, *, needed: bool = False) -> str:
        """Why something stays; empty when it may go. Of what is of no file in the ledger nothing is known, so any
        hold on files holds it."""
        if self._is_expired(record):
            return ""
        if not isinstance(place.days, int):
            return FOR_GOOD
        if since > self._at - timedelta(days=int(place.days)):
            return TOO_EARLY
        if needed:
            return "in force, or a kept publication is made of it"
        facts = (
            {name: getattr(record, name) for name in ("feed", "partner_code", "period_end", "file_id")}
            if record
            else {}
        )
        held = held_by(self._holds, **facts)
        return f"legal hold {held.hold_id}: {held.words}" if held else ""

    def _is_expired(self, record: FileRecord | None) -> bool:
        return record is not None and record.file_id in self._expired.files

    def _settle(self, place: Place, name: str, why: str, size: int, record: FileRecord | None = None) -> bool:
        """Note what becomes of something; True when it is to be removed now."""
        if why:
            place.staying[why] += 1
            return False
        expired = self._expired.files.get(record.file_id) if record else None
        place.by_feed += expired is not None
        place.going[name] = expired or f"older than {place.days} days"
        place.size_bytes += size
        return self._report.applied

    def landing(self) -> None:
        """Landed files that are in the archive. What was delivered since under the name of one is not."""
        place = self._place("landing", self._settings.keep_landing_days)
        by_id = {record.file_id: record for record in self._files}
        for path, seen in sorted(self._ledger.sightings().items()) if place else ():
            landed, record = self._settings.landing / path, by_id.get(seen.file_id)
            if place is None or record is None or not landed.exists():
                continue
            archived = archive_path(self._settings, record.archived_as).exists() or self._is_expired(record)
            why = self._stays(place, record.received_at, record) if archived else "not in the archive"
            if not is_as_taken_in(self._settings.landing, seen):
                why = "changed since it was taken in"
            if self._settle(place, path, why, seen.size_bytes, record):
                shutil.rmtree(landed) if landed.is_dir() else landed.unlink()

    def superseded(self) -> None:
        """Files of the lake that nothing in force and no kept publication is made of, or that are past their feed's
        retention."""
        place = self._place("lake", self._settings.keep_superseded_days)
        by_id = {record.file_id: record for record in self._files}
        written = {one.lake_path: one for one in (*self._ledger.superseded(), *self._expired.standing)}
        for one in written.values() if place else ():
            path, record = self._settings.lake / one.lake_path, by_id.get(one.file_id)
            if place is None or not path.exists():
                continue
            ended = one.superseded_at or one.accepted_at
            why = self._stays(place, ended, record, needed=one.lake_path in self._needed_paths)
            if self._settle(place, one.lake_path, why, _size(path), record):
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def archive(self) -> None:
        """Archived bytes of files of which none is waiting, in force, needed or held."""
        place = self._place("archive", self._settings.keep_archive_days)
        by_bytes: dict[str, list[FileRecord]] = defaultdict(list)
        for record in self._files:
            by_bytes[record.archived_as].append(record)
        for name, records in sorted(by_bytes.items()) if place else ():
            path = archive_path(self._settings, name)
            if place is None or not path.exists():
                continue
            reasons = [
                "not judged yet"
                if record.status == "received"
                else self._stays(place, record.received_at, record, needed=record.file_id in self._needed_files)
                for record in records
            ]
            if self._settle(place, name, next(filter(None, reasons), ""), _size(path), records[0]):
                self._ledger.record_archive_change(name, None, RETENTION, utc_now())
                path.unlink()

    def quarantine(self) -> None:
        """Quarantined rows, and which rows only raised a warning, one file for each file they came in."""
        place = self._place("quarantine", self._settings.keep_quarantine_days)
        by_start = {record.file_id[:16]: record for record in self._files}
        kept = [path for name in ("quarantine", "warned") for path in _files_in(self._settings.vault / name)]
        for path in kept if place else ():
            record = by_start.get(path.stem)
            if place is None or record is None:
                continue
            name = path.relative_to(self._settings.vault).as_posix()
            if self._settle(place, name, self._stays(place, record.received_at, record), _size(path), record):
                path.unlink()

    def identifiers(self) -> None:
        """Identifiers of accepted rows: many files' are in one, so rows go and not files."""
        place = self._place("identifiers", self._settings.keep_identifiers_days)
        if place is None:
            return
        paths = [
            path
            for contract in self._contracts.values()
            for table in contract.tables
            for path in identifier_files(self._settings, table)
        ]
        with duckdb.connect() as connection:
            there = {
                str(row[0])
                for path in paths
                for row in connection.execute(f"SELECT DISTINCT _file_id FROM {source([path])}").fetchall()
            }
            going = [
                record.file_id
                for record in self._files
                if record.file_id in there
                and self._settle(place, record.file_id, self._stays(place, record.received_at, record), 0, record)
            ]
            if not going:
                return
            listed = ", ".join(literal(file_id) for file_id in going)
            for path in paths:
                before = _size(path)
                keep_rows(path, f"t._file_id NOT IN ({listed})", connection)
                place.size_bytes += before - _size(path)

    def documents(self) -> None:
        """Feedback documents and lists for direct care, by the time they were written."""
        by_start = {record.file_id[:ID_IN_NAME]: record for record in self._files}
        for name, folder, days in (
            ("outbox", self._settings.outbox, self._settings.keep_outbox_days),
            ("care lists", self._settings.vault / "direct_care", self._settings.keep_care_lists_days),
        ):
            place = self._place(name, days)
            for path in _files_in(folder) if place else ():
                if place is None or path.name == "index.html":
                    continue
                record = by_start.get(path.stem[-ID_IN_NAME:]) if name == "outbox" else None
                why = self._stays(place, _written(path), record)
                if self._settle(place, path.relative_to(folder).as_posix(), why, _size(path), record):
                    path.unlink()

    def candidates(self) -> None:
        """Candidate databases but the last. They are made again from the lake, so a hold on files is not on them."""
        place = self._place("candidates", self._settings.keep_candidates_days)
        made = sorted(self._settings.warehouse.glob("*.duckdb"), key=_written)
        for path in made if place else ():
            if place is None or not isinstance(place.days, int):
                continue
            early = TOO_EARLY if _written(path) > self._at - timedelta(days=place.days) else ""
            why = "the last one" if path == made[-1] else early
            if self._settle(place, path.name, why, _size(path)):
                for part in self._settings.warehouse.glob(f"{path.stem}.*"):
                    part.unlink()

    def runs(self) -> None:
        """Runs and their gate verdicts, but the last of each kind and those of kept publications."""
        place = self._place("runs", self._settings.keep_runs_days)
        if place is None:
            return
        kept = {row["run_id"] for row in self._kept()}
        runs = self._ledger.book.runs(self._settings.system_label)
        kept |= {run["run_id"] for run in {run["kind"]: run for run in runs}.values()}
        going = [
            run["run_id"]
            for run in runs
            if self._settle(
                place, run["run_id"], self._stays(place, run["started_at"], None, needed=run["run_id"] in kept), 0
            )
        ]
        self._ledger.book.forget_runs(going)


def _files_in(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith("."))


def _size(path: Path) -> int:
    if not path.exists():
        return 0
    return sum(one.stat().st_size for one in _files_in(path)) if path.is_dir() else path.stat().st_size


def _written(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)
