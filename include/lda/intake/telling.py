"""What watchers are told of an ingest: a log record and counts for each file, the lineage of each batch."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence

from lda.contracts import FeedContract
from lda.ledger import Verdict
from lda.telemetry import Dataset, Step, about, count

log = logging.getLogger(__name__)


def tell_verdict(verdict: Verdict) -> None:
    """Log a file's verdict by its id and count it: ``lda.files``, ``lda.rows`` and ``lda.rule.failures``."""
    record, account = verdict.file, verdict.account
    feed, partner = record.feed or "", record.partner_code or ""
    rows = {"accepted": account.accepted, "quarantined": account.quarantined, "repeated": account.repeated}
    with about(file=record.file_id[:16], feed=feed, partner=partner, status=record.status, **rows):
        log.info("File judged.")
    count("files", 1, feed=feed, partner=partner, status=record.status)
    for outcome, number in rows.items():
        count("rows", number, feed=feed, partner=partner, outcome=outcome)
    for result in verdict.rule_results:
        count("rule.failures", result.failures, feed=feed, partner=partner, rule=result.rule_code)


def tell_batch(step: Step, contract: FeedContract, verdicts: Sequence[Verdict]) -> None:
    """Tell each verdict of a batch, and in counts what it read from landing and wrote to the lake."""
    failures: Counter[str] = Counter()
    for verdict in verdicts:
        tell_verdict(verdict)
        failures.update({result.rule_code: result.failures for result in verdict.rule_results})
    received = sum(verdict.account.received for verdict in verdicts)
    accepted = [verdict for verdict in verdicts if verdict.file.status == "accepted"]
    written = None if contract.is_archive else sum(verdict.account.accepted for verdict in accepted)
    step.reads.append(Dataset(f"landing/{contract.feed}", received, len(verdicts), failures=dict(failures)))
    step.writes += [Dataset(f"lake/{table.name}", written, len(accepted)) for table in contract.tables]
