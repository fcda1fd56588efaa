"""What an ingest did, in numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from lda.ledger import Verdict


@dataclass
class FeedReport:
    """Files by status and rows by fate of one feed."""

    files: int = 0
    by_status: dict[str, int] = field(default_factory=dict)
    received: int = 0
    accepted: int = 0
    quarantined: int = 0
    repeated: int = 0


@dataclass
class IngestReport:
    """Totals of one run. ``new_submissions`` are the ids of files in force that were not before.

    ``files`` counts the files judged or found unrecognised; ``seen_again`` counts known bytes that landed again.
    ``feedback`` says what partners were told of it: partners, documents and files, or the problem that kept it back;
    ``alerts`` whether the team's digest went out.
    """

    run_id: str = ""
    files: int = 0
    by_status: dict[str, int] = field(default_factory=dict)
    received: int = 0
    accepted: int = 0
    quarantined: int = 0
    repeated: int = 0
    seconds: float = 0.0
    by_feed: dict[str, FeedReport] = field(default_factory=dict)
    new_submissions: list[str] = field(default_factory=list)
    seen_again: int = 0
    unrecognised: list[str] = field(default_factory=list)
    seconds_by_step: dict[str, float] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    feedback: dict[str, Any] = field(default_factory=dict)
    alerts: dict[str, Any] = field(default_factory=dict)

    def add(self, feed: str, verdicts: Iterable[Verdict], in_force: Iterable[str]) -> None:
        """Count the verdicts on a batch of files."""
        part = self.by_feed.setdefault(feed, FeedReport())
        in_force = list(in_force)
        standing = set(in_force)
        for verdict in verdicts:
            status = verdict.file.status
            if status == "accepted" and verdict.file.file_id not in standing:
                status = "superseded"
            for target in (self, part):
                target.files += 1
                target.by_status[status] = target.by_status.get(status, 0) + 1
                target.received += verdict.account.received
                target.accepted += verdict.account.accepted
                target.quarantined += verdict.account.quarantined
                target.repeated += verdict.account.repeated
        self.new_submissions.extend(in_force)

    def add_unrecognised(self, file_ids: Iterable[str]) -> None:
        """Count files that no contract claims."""
        ids = list(file_ids)
        self.unrecognised.extend(ids)
        self.files += len(ids)
        if ids:
            self.by_status["unrecognised"] = self.by_status.get("unrecognised", 0) + len(ids)

    def join(self, other: IngestReport) -> None:
        """Add what an earlier run of the same command did."""
        for feed, theirs in other.by_feed.items():
            _add(self.by_feed.setdefault(feed, FeedReport()), theirs)
        _add(self, other)
        self.new_submissions[:0] = other.new_submissions
        self.unrecognised[:0] = other.unrecognised
        self.problems[:0] = other.problems

    def time(self, step: str, seconds: float) -> None:
        """Add seconds to a step."""
        self.seconds_by_step[step] = round(self.seconds_by_step.get(step, 0.0) + seconds, 3)

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON can hold it."""
        return asdict(self)


def _add(ours: FeedReport | IngestReport, theirs: FeedReport | IngestReport) -> None:
    for name in ("files", "received", "accepted", "quarantined", "repeated"):
        setattr(ours, name, getattr(ours, name) + getattr(theirs, name))
    for status, count in theirs.by_status.items():
        ours.by_status[status] = ours.by_status.get(status, 0) + count
