"""Finds what has landed, archives what is new and enters it in the ledger."""

from __future__ import annotations

import hashlib
import logging
import os
import stat
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from lda.contracts import FeedContract, Systems
from lda.landing.archive import archive_landed, files_of
from lda.landing.recognition import Claim, claims, claims_of
from lda.ledger import FileRecord, Ledger, Sighting, another_id, utc_now
from lda.ledger.records import ACCEPTED, RECEIVED, SubmissionKey
from lda.settings import Settings
from lda.stops import DiskFull, disk_is_full

log = logging.getLogger(__name__)

UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload")
# Characters of a landed path in the ledger.
LONGEST_PATH = 1000
# Files entered in the ledger in one transaction.
BATCH = 5_000


@dataclass
class Discovery:
    """What one look at the landing folder found, as file ids and landed paths; ``unreadable`` says why, by path."""

    new: list[str] = field(default_factory=list)
    unrecognised: list[str] = field(default_factory=list)
    seen_again: list[str] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Landed:
    """A file, or a folder that is one submission, in the landing folder that the ledger does not know in this state."""

    path: Path
    landing_path: str
    size_bytes: int
    modified_ns: int


def discover(
    settings: Settings,
    ledger: Ledger,
    contracts: Mapping[str, FeedContract],
    systems: Systems,
    progress: Callable[[str, int, int], None] | None = None,
) -> Discovery:
    """Archive and register every new file in landing; a file nobody claims becomes ``unrecognised``.

    A file whose size and modification time have not changed since it was last seen is not read again. Files still
    being delivered (hidden, ``.part``, ``.tmp``) are left alone.
    """
    known = ledger.sightings()
    archives = {feed: contract for feed, contract in contracts.items() if contract.is_archive}
    found = Discovery()
    everything = _landed(settings.landing, lambda name: bool(claims(name, archives)), found)
    landed = [item for item in everything if not _unchanged(item, known.get(item.landing_path))]

    def enter(item: Landed, file_id: str, at: datetime) -> FileRecord:
        return _record(item, file_id, claims_of(item.landing_path, contracts), contracts, systems, at)

    for start in range(0, len(landed), BATCH):
        part = landed[start : start + BATCH]
        if progress:
            progress("landing", start, len(landed))
        _take_in(settings, ledger, part, enter, found)
    if progress and landed:
        progress("landing", len(landed), len(landed))
    return found


def _landed(folder: Path, is_submission: Callable[[str], bool], found: Discovery) -> Iterator[Landed]:
    """Files below ``landing`` in order of path, and folders whose name makes them one submission.

    A partner's files are in its own folder; one that is in none is nobody's, and listed all the same. What is no file
    is left alone: a pipe would be waited at for ever, and a link could show one partner's rows to another in its
    feedback. A folder that cannot be opened is told in ``found``.
    """

    def closed(error: OSError) -> None:
        _not_taken_in(found, landed_as(folder, Path(error.filename)), error)

    for root, folders, names in os.walk(folder, onerror=closed):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and not Path(root, name).is_symlink())
        for name in [name for name in folders if is_submission(name)]:
            folders.remove(name)
            if whole := _landed_folder(folder, Path(root, name)):
                yield whole
        for name in sorted(names):
            if _is_unfinished(name):
                continue
            if file := _landed_file(folder, Path(root, name)):
                yield file


def _not_taken_in(found: Discovery, landing_path: str, error: OSError) -> None:
    """Note what could not be read, in the machine's own words for it."""
    found.unreadable[landing_path] = error.strerror or type(error).__name__
    log.warning("Could not take in %s: %s. It will be tried again.", landing_path, found.unreadable[landing_path])


def unfinished(landing: Path) -> list[str]:
    """Files in landing that are left alone because their names say that they are still being delivered, in order.

    One that stays is forgotten, or misnamed: it is never taken in.
    """
    names = (Path(root, name) for root, _, names in os.walk(landing) for name in names)
    return sorted(landed_as(landing, path) for path in names if _is_unfinished(path.name))


def _is_unfinished(name: str) -> bool:
    return name.startswith(".") or name.lower().endswith(UNFINISHED)


def is_as_taken_in(landing: Path, seen: Sighting) -> bool:
    """True while what lies at a landed path is what was last taken in from there, by size and time; only that is in the
    archive. False for a later delivery under the same name, and for nothing."""
    path = landing / seen.landing_path
    whole = path.is_dir() and not path.is_symlink()
    item = _landed_folder(landing, path) if whole else _landed_file(landing, path)
    return item is not None and _unchanged(item, seen)


def _landed_file(landing: Path, path: Path) -> Landed | None:
    """A file as one landed thing; None for what is no file, or is gone."""
    try:
        known = path.lstat()
    except OSError:
        return None
    if not stat.S_ISREG(known.st_mode):
        return None
    return Landed(path, landed_as(landing, path), known.st_size, known.st_mtime_ns)


def _landed_folder(landing: Path, path: Path) -> Landed | None:
    """A folder as one landed thing; None while any of its files is still being delivered."""
    files = files_of(path)
    if not files or any(file.name.lower().endswith(UNFINISHED) for file in files):
        return None
    try:
        every = [file.stat() for file in files]
    except OSError:
        return None
    size, modified = sum(one.st_size for one in every), max(one.st_mtime_ns for one in every)
    return Landed(path, landed_as(landing, path), size, modified)


def landed_as(landing: Path, path: Path) -> str:
    """A landed path as the ledger has it, relative to landing.

    Bytes of a name that are not UTF-8 are written out, and the end of a path too long for the ledger is a hash of it.
    """
    text = path.relative_to(landing).as_posix().encode(errors="backslashreplace").decode()
    if len(text) <= LONGEST_PATH:
        return text
    mark = hashlib.sha256(text.encode()).hexdigest()[:16]
    return f"{text[: LONGEST_PATH - len(mark) - 1]}~{mark}"


def _unchanged(item: Landed, seen: Sighting | None) -> bool:
    return seen is not None and seen.size_bytes == item.size_bytes and seen.modified_ns == item.modified_ns


def _take_in(
    settings: Settings,
    ledger: Ledger,
    part: list[Landed],
    enter: Callable[[Landed, str, datetime], FileRecord],
    found: Discovery,
) -> None:
    at = utc_now()
    archived: list[tuple[Landed, str]] = []
    for item in part:
        try:
            content_hash, size = archive_landed(settings, item.path)
        except OSError as error:
            if disk_is_full(error):
                raise DiskFull(f"archive {item.landing_path}") from error
            _not_taken_in(found, item.landing_path, error)
            continue
        if size == item.size_bytes:  # otherwise it is still being written: next time
            archived.append((item, content_hash))
    known = ledger.files_of_bytes({content_hash for _, content_hash in archived})
    new: list[FileRecord] = []
    seen: list[Sighting] = []
    again: list[tuple[str, str]] = []
    entries = [(item, enter(item, content_hash, at)) for item, content_hash in archived]
    rivals = Rivals(ledger, [entry for _, entry in entries if known.get(entry.file_id)])
    # Names that say what a file is come first, so that a copy under a name that says nothing is the repeat.
    for item, entry in sorted(entries, key=lambda pair: (pair[1].feed is None, pair[1].order)):
        same = known.setdefault(entry.file_id, [])
        record = _repeated(entry, same)
        if record is None or rivals.came_between(record, entry):
            record = _as_a_file_of_its_own(entry, same) if same else entry
            same.append(record)
            new.append(record)
            rivals.add(record)
        else:
            again.append((record.file_id, item.landing_path))
        seen.append(Sighting(item.landing_path, item.size_bytes, item.modified_ns, record.file_id))
    ledger.register(new, seen, again, at)
    found.new.extend(record.file_id for record in new)
    found.unrecognised.extend(record.file_id for record in new if record.status == "unrecognised")
    found.seen_again.extend(path for _, path in again)


class Rivals:
    """Other bytes that came for the same feed, partner and period, and have not been turned away."""

    def __init__(self, ledger: Ledger, repeats: Sequence[FileRecord]) -> None:
        self._by_key: dict[SubmissionKey, list[FileRecord]] = defaultdict(list)
        for record in ledger.files_for([one.submission_key for one in repeats if one.feed]):
            self.add(record)

    def add(self, record: FileRecord) -> None:
        """Note a file."""
        if record.status in {RECEIVED, ACCEPTED}:
            self._by_key[record.submission_key].append(record)

    def came_between(self, earlier: FileRecord, again: FileRecord) -> bool:
        """True when other bytes replaced a file, or are about to, before its bytes came again: they replace back."""
        return any(
            one.archived_as != again.file_id and earlier.order < one.order <= again.order
            for one in self._by_key[again.submission_key]
        )


def _as_a_file_of_its_own(record: FileRecord, same: Sequence[FileRecord]) -> FileRecord:
    """The record of bytes that are known already, as another submission or as one that was replaced."""
    before = sum(1 for one in same if one.submission_key == record.submission_key)
    own_id = another_id(record.file_id, record.submission_key, before)
    return replace(record, file_id=own_id, content_hash=record.file_id)


def _repeated(record: FileRecord, same: Sequence[FileRecord]) -> FileRecord | None:
    """The file that a landed one is a repeat of, among those of the same bytes.

    The same bytes for the same feed, partner and period are one file, however often they come, until other bytes
    replace them (``Rivals``); under a name that says nothing of these they are a repeat of the first. Under another
    feed, partner or period they are a file of their own: a practice whose extract did not change has still sent one
    for the month.
    """
    if record.feed is None:
        return same[0] if same else None
    own = [one for one in same if one.submission_key == record.submission_key]
    return max(own, key=lambda one: one.order, default=None)


def _record(
    item: Landed,
    file_id: str,
    found: list[Claim],
    contracts: Mapping[str, FeedContract],
    systems: Systems,
    at: datetime,
) -> FileRecord:
    claim = found[0] if found else None
    start, end = claim.period if claim and claim.period else (None, None)
    return FileRecord(
        file_id=file_id,
        status="received" if claim else "unrecognised",
        landing_path=item.landing_path,
        size_bytes=item.size_bytes,
        delivered_at=_moment(item.modified_ns),
        received_at=at,
        feed=claim.feed if claim else None,
        partner_code=claim.partner_code if claim else None,
        system_code=systems.system_of(
            claim.partner_code if claim else None, contracts[claim.feed].partner_type if claim else None
        ),
        period_start=start,
        period_end=end,
        version=claim.version if claim else None,
    )


def _moment(nanoseconds: int) -> datetime:
    """A file system's time in UTC, to the microsecond: two files of one second have an order."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None, microsecond=rest // 1000)
