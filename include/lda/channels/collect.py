"""Collecting: bring what is new from every channel into landing, make it safe, and only then tell the other end.

For each file: download to a hidden part file, take off the wrapping, put it in ``landing/<partner>/`` by rename,
archive it and enter it in the ledger, note it as collected, acknowledge. A crash between any two steps is mended by
the next run: what is collected is not taken again, and what was not acknowledged is acknowledged then.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from lda.channels.config import Channel, ChannelError, FolderChannel, MeshChannel, SftpChannel, load_channels
from lda.channels.folder import FolderSource
from lda.channels.record import RunRecord
from lda.channels.source import Item, Source
from lda.channels.unwrap import unwrap
from lda.contracts import load_contracts, load_systems
from lda.landing import discover, landed_as
from lda.ledger import Ledger, utc_now
from lda.settings import PRIVATE_FILE, Settings
from lda.telemetry import about, masked
from lda.vault import check_access, private_folder

log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]
# Files that fail one after the other until we ask whether the other end is still there.
ASK_AFTER = 5


@dataclass(frozen=True)
class Collected:
    """One file that came: by which channel, for which partner, and where it was put."""

    channel: str
    partner: str
    name: str
    landing_paths: tuple[str, ...]


@dataclass
class CollectReport:
    """What a run brought. ``waiting`` counts files still being written; ``notices`` and ``problems`` are for people."""

    channels: int = 0
    collected: list[Collected] = field(default_factory=list)
    known: int = 0
    waiting: int = 0
    notices: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The report for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class _Told:
    """Where a run tells what it does: its report, its row among the ledger's runs, a progress bar."""

    report: CollectReport
    record: RunRecord
    progress: Progress | None


def collect(settings: Settings, only: Sequence[str] = (), progress: Progress | None = None) -> CollectReport:
    """Bring what is new from all channels, or from those named in ``only``.

    A channel that fails does not stop the others; the report says what was wrong with it, and so do the ledger's runs.
    Raises ChannelError when the file of channels cannot be used or a named channel is not in it.
    """
    report = CollectReport()
    record = RunRecord(settings, report, some=bool(only))
    with record.watched():
        _collect(settings, only, _Told(report, record, progress))
    return report


def _collect(settings: Settings, only: Sequence[str], told: _Told) -> None:
    channels = load_channels(settings)
    if unknown := sorted(set(only) - {channel.name for channel in channels}):
        names = ", ".join(channel.name for channel in channels) or "none"
        raise ChannelError(f"No channel is called {', '.join(unknown)}. Channels of {settings.channels_path}: {names}.")
    if not channels:
        return
    settings.make_folders()
    check_access(settings)
    with _one_collection(settings) as ledger:
        run = _Run(settings, ledger, told)
        run.make_safe()
        for channel in channels:
            if not only or channel.name in only:
                told.report.channels += 1
                run.take(channel)


@contextmanager
def _one_collection(settings: Settings) -> Iterator[Ledger]:
    """The ledger, for one collection at a time. An ingest may go on while files are on their way."""
    lock = FileLock(private_folder(settings.home / ".locks") / "collect.lock", timeout=settings.lock_timeout_seconds)
    try:
        lock.acquire()
    except Timeout:
        raise ChannelError(
            f"Another collection has been running for {settings.lock_timeout_seconds} seconds. Wait for it to end, "
            "then run: lda collect"
        ) from None
    ledger = Ledger(settings.ledger_address)
    try:
        ledger.create()
        yield ledger
    finally:
        ledger.close()
        lock.release()


class _Run:
    """One run over the channels."""

    def __init__(self, settings: Settings, ledger: Ledger, told: _Told) -> None:
        self._settings, self._ledger = settings, ledger
        self._report, self._record, self._progress = told.report, told.record, told.progress
        self._contracts, self._systems = load_contracts(settings), load_systems(settings)
        self._landed: dict[Item, list[Path]] = {}

    def make_safe(self) -> None:
        """Archive everything that lies in landing and enter it in the ledger, while no ingest does."""
        from lda.intake import one_ingest  # imports pandas

        with one_ingest(self._settings):
            discover(self._settings, self._ledger, self._contracts, self._systems)

    def take(self, channel: Channel) -> None:
        """Bring what is new from one channel."""
        self._landed = {}
        try:
            with _open(channel) as source:
                known = self._ledger.collected(channel.name)
                items = self._finished(source)
                try:
                    self._take_all(channel, source, items, known)
                finally:
                    self._settle(channel, source)
        except Exception as error:
            self._problem(channel, error)

    def _take_all(
        self, channel: Channel, source: Source, items: Sequence[Item], known: Mapping[tuple[str, str], bool]
    ) -> None:
        """Bring items one by one. One that fails does not stop the others, unless the other end has gone away."""
        failed = 0
        for number, item in enumerate(items):
            if self._progress:
                self._progress(channel.name, number, len(items))
            told = known.get((item.key, item.state))
            self._report.known += told is not None
            try:
                if told is None:
                    self._take_one(channel, source, item)
                elif not told:
                    self._tell(channel, source, item)
                failed = 0
            except Exception as error:
                self._problem(channel, error, item)
                failed += 1
                if failed % ASK_AFTER == 0:
                    source.listing()  # raises when it has

    def _problem(self, channel: Channel, error: Exception, item: Item | None = None) -> None:
        about = f"{channel.name}: {item.name}" if item else channel.name
        words = str(error) if isinstance(error, ChannelError) else f"{about}: {type(error).__name__}: {error}"
        log.warning("%s", words)
        self._report.problems.append(words)

    def _finished(self, source: Source) -> list[Item]:
        """What is there and has not changed for a while; what changed meanwhile is left for the next run."""
        first = source.listing()
        if not first or not source.may_grow or self._settings.channel_quiet_seconds <= 0:
            return list(first)
        time.sleep(self._settings.channel_quiet_seconds)
        seen = {(item.key, item.state) for item in first}
        second = source.listing()
        finished = [item for item in second if (item.key, item.state) in seen]
        self._report.waiting += len(second) - len(finished)
        return finished

    def _take_one(self, channel: Channel, source: Source, item: Item) -> None:
        """Bring one item into landing. Two files of one name are made safe one after the other."""
        if item.notice:
            self._report.notices.append(masked(f"{channel.name}: {item.notice}"))
            with about(channel=channel.name, message=item.key):
                log.warning("A message we sent was not delivered. The team's digest says which and why.")
            self._record.keep_notices()
            self._landed[item] = []
            return
        if item.problem:
            raise ChannelError(f"{channel.name}: {item.problem}")
        folder = private_folder(self._settings.landing / item.partner)
        part, scratch = _places(folder, channel, item)
        source.fetch(item, part)
        size = part.stat().st_size
        if item.size not in {-1, size}:
            part.unlink()
            raise ChannelError(
                f"{channel.name}: {item.name}: expected {item.size:,} bytes, got {size:,}. It will be taken again."
            )
        scratch.mkdir(mode=0o700, exist_ok=True)
        try:
            files = self._unwrapped(channel, item, part, scratch)
            taken = {path for paths in self._landed.values() for path in paths}
            if taken & {folder / name for name, _ in files}:
                self._settle(channel, source)
            self._landed[item] = [self._put(path, folder / name, item) for name, path in files]
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
            part.unlink(missing_ok=True)

    def _put(self, source: Path, target: Path, item: Item) -> Path:
        """Move a whole file to its place in landing in one step; what stood there is in the archive already.

        It keeps the time it was sent, which decides which of two versions counts, but for a nanosecond where another
        file that was seen at this place has that very time.
        """
        with source.open("rb") as file:
            os.fsync(file.fileno())
        source.chmod(PRIVATE_FILE)
        if item.modified_ns:
            seen = self._ledger.sighting(landed_as(self._settings.landing, target))
            sent = min(item.modified_ns, time.time_ns())
            sent += seen is not None and seen.modified_ns == sent
            os.utime(source, ns=(sent, sent))
        os.replace(source, target)  # noqa: PTH105 (the one atomic step)
        return target

    def _unwrapped(self, channel: Channel, item: Item, part: Path, scratch: Path) -> list[tuple[str, Path]]:
        """The files within an item; the item as it came when it cannot be opened safely, and a problem told."""
        try:
            return unwrap(self._settings, self._contracts, channel.decrypt_with, item.name, part, scratch)
        except ChannelError as error:
            self._report.problems.append(f"{channel.name}: {error} It is kept as it came, as an unrecognised file.")
            return [(item.name, part)]

    def _settle(self, channel: Channel, source: Source) -> None:
        """Make safe what was put in landing, note it, and tell the other end."""
        self.make_safe()
        landed, self._landed = self._landed, {}
        for item, paths in landed.items():
            names = tuple(landed_as(self._settings.landing, path) for path in paths)
            if not all(self._is_entered(path, name) for path, name in zip(paths, names, strict=True)):
                self._report.problems.append(
                    f"{channel.name}: {item.name} came but could not be archived; it was not acknowledged and will be "
                    "taken again. Is there room on the disk?"
                )
                continue
            self._ledger.record_collected(channel.name, item.key, item.state, names, utc_now())
            if not item.notice:
                self._report.collected.append(Collected(channel.name, item.partner, item.name, names))
            try:
                self._tell(channel, source, item)
            except Exception as error:
                self._problem(channel, error, item)

    def _is_entered(self, path: Path, name: str) -> bool:
        """True when what was last seen, and so archived, at a place is what lies there now, and not what lay there."""
        stat, seen = path.stat(), self._ledger.sighting(name)
        return seen is not None and (seen.size_bytes, seen.modified_ns) == (stat.st_size, stat.st_mtime_ns)

    def _tell(self, channel: Channel, source: Source, item: Item) -> None:
        source.done(item)
        self._ledger.record_done(channel.name, item.key, item.state, utc_now())


def _places(folder: Path, channel: Channel, item: Item) -> tuple[Path, Path]:
    """Where a file is downloaded to and opened, hidden. What was begun of it in an earlier state is removed: it cannot
    be gone on with, and nobody would ever look for it."""
    name, state = (
        hashlib.sha256("\n".join(words).encode()).hexdigest()[:16]
        for words in ((channel.name, item.key), (item.state,))
    )
    part, scratch = (folder / f".{name}-{state}.{ending}" for ending in ("part", "open"))
    for begun in set(folder.glob(f".{name}-*")) - {part, scratch}:
        if begun.is_dir():
            shutil.rmtree(begun)
        else:
            begun.unlink()
    return part, scratch


@contextmanager
def _open(channel: Channel) -> Iterator[Source]:
    """The other end of a channel. Libraries of the network channels are loaded when one is used."""
    match channel:
        case FolderChannel():
            yield FolderSource(channel)
        case SftpChannel():
            from lda.channels.sftp import SftpSource

            with closing(SftpSource(channel)) as server:
                yield server
        case MeshChannel():
            from lda.channels.mesh import MeshSource

            with closing(MeshSource(channel)) as mailboxes:
                yield mailboxes
