"""What is told of a submission: its state in words, the rules that failed, what to put right first, and the trend.

Everything comes from the ledger; messages and remedies are those of the data contract and of the file rules.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from lda.contracts import Expected, FeedContract, FileRule, RuleSpec
from lda.ledger import RowAccount, RuleResult, ToldFile

FILE, ROW, WARN = "file", "row", "warn"
SCOPE_ORDER = {FILE: 0, ROW: 1, WARN: 2}
SCOPE_WORDS = {FILE: "Stopped the file", ROW: "Row kept out", WARN: "Warning"}
STATUS_WORDS = {
    "accepted": "Accepted",
    "superseded": "Replaced by a later file",
    "rejected": "Rejected",
    "unrecognised": "Not recognised",
}
PAST_RETENTION = "No longer kept"
# What a partner can do next. The team's own next steps, with its commands, are those of ``lda files``.
NEXT_STEPS = {
    "accepted": "The rows that were kept out do not count. Put them right and send the whole file again.",
    "superseded": "A later file for the same period counts instead. There is nothing to do.",
    "rejected": "Nothing in it counts. Put right what is listed first and send the whole file again.",
    "unrecognised": (
        "We could not tell what it is, so nothing in it counts. Check the name of the file and its column headings "
        "against what was agreed for the data set, and send it again."
    ),
}
NO_LONGER_KEPT = (
    "We keep this data for a stated time, which is over, so it does not count any more. There is nothing to do."
)
SOUND = "It counts. There is nothing to do."
ONLY_WARNED = "Every row counts. Please look at the warnings before the next file."
FIX_FIRST = 3
CODES_NAMED = 30
TREND = 12
# So much of a file's id is in the names of its documents.
ID_IN_NAME = 12


@dataclass(frozen=True)
class RuleWords:
    """A rule as a partner reads it."""

    message: str
    remedy: str


@dataclass(frozen=True)
class Finding:
    """A rule that failed in a submission: how often, where first, what it means and what to do."""

    code: str
    scope: str
    column: str | None
    failures: int
    first_row: int | None
    message: str
    remedy: str
    detail: str

    @property
    def kind(self) -> str:
        """What its failing does, in words."""
        return SCOPE_WORDS[self.scope]


@dataclass(frozen=True)
class SubmissionFeedback:
    """Everything told of one file. ``findings`` are in the order in which to put them right."""

    told: ToldFile
    feed_name: str
    findings: list[Finding] = field(default_factory=list)

    @property
    def file_id(self) -> str:
        """The file's id: the SHA-256 of its bytes."""
        return self.told.file.file_id

    @property
    def name(self) -> str:
        """The file's name as it was sent."""
        return PurePosixPath(self.told.file.landing_path).name

    @property
    def period(self) -> str:
        """The last day of the period it is for; empty when its name gives none."""
        end = self.told.file.period_end
        return end.isoformat() if end else ""

    @property
    def status(self) -> str:
        """Its state in words: of a file that ended for its age that alone, whatever it was before."""
        if self.told.file.is_past_retention:
            return PAST_RETENTION
        return STATUS_WORDS[self.told.file.status]

    @property
    def next_step(self) -> str:
        """What the partner should do next."""
        if self.told.file.is_past_retention:
            return NO_LONGER_KEPT
        if self.told.file.status == "accepted" and not self.errors:
            return ONLY_WARNED if self.findings else SOUND
        return NEXT_STEPS[self.told.file.status]

    @property
    def no_rows(self) -> str:
        """What to say where no row is listed as kept out."""
        return "The whole file was rejected." if self.told.file.status == "rejected" else "No row was kept out."

    @property
    def account(self) -> RowAccount:
        """Its row account; all zero when no row was read."""
        return self.told.account or RowAccount()

    @property
    def failed_share(self) -> float | None:
        """Share of its rows that were kept out because a rule failed; None when no row was read."""
        return self.account.quarantined / self.account.received if self.account.received else None

    @property
    def errors(self) -> list[Finding]:
        """Findings that stopped the file or kept rows out."""
        return [one for one in self.findings if one.scope != WARN]

    @property
    def warnings(self) -> list[Finding]:
        """Findings that were loaded all the same."""
        return [one for one in self.findings if one.scope == WARN]

    @property
    def warned(self) -> int:
        """Warnings that rows raised, whether the row was loaded or kept out by another rule."""
        return sum(one.failures for one in self.warnings)

    @property
    def fix_first(self) -> list[Finding]:
        """The few findings whose mending brings most: what stopped the file, then what kept most rows out."""
        return (self.errors or self.warnings)[:FIX_FIRST]

    @property
    def stem(self) -> str:
        """Path of its documents in the outbox, without ending."""
        return f"{self.told.file.feed}/{self.period or 'no-period'}-{self.file_id[:ID_IN_NAME]}"


@dataclass(frozen=True)
class PartnerFeedback:
    """One sender: its submissions by feed, newest period first; those of no feed under an empty name.

    ``next_due`` is, by feed, what it is expected to send after the latest period it sent.
    """

    code: str
    name: str
    feeds: dict[str, list[SubmissionFeedback]]
    next_due: dict[str, Expected] = field(default_factory=dict)

    def trend(self, feed: str) -> list[SubmissionFeedback]:
        """A feed's latest submissions that were judged, oldest first: one for each file."""
        judged = [one for one in self.feeds.get(feed, []) if one.told.account is not None]
        return list(reversed(judged[:TREND]))


def words_of(
    contract: FeedContract | None, file_rules: Sequence[FileRule], codes: Callable[[str, str], Collection[str]]
) -> dict[str, RuleWords]:
    """Every rule a feed's files are held to, by code: the contract and the file rules are the one definition.

    :param codes: the codes that a column may have, by its name and its code list; a partner does not have the list.
    """
    versions = (*contract.earlier, contract) if contract else ()
    rules: list[FileRule | RuleSpec] = [*file_rules, *(rule for version in versions for rule in version.rules)]
    words = {rule.code: RuleWords(rule.message, rule.remedy) for rule in rules}
    for table in (table for version in versions for table in version.tables):
        lists = {column.name: column.code_list for column in table.columns if column.code_list}
        for rule in table.rules:
            if rule.kind == "values" and rule.column in lists:
                listed = _listed(codes(rule.column, lists[rule.column]))
                words[rule.code] = RuleWords(rule.message, f"{rule.remedy} {listed}")
    return words


def _listed(codes: Collection[str]) -> str:
    """A code list in words, or how long it is."""
    if len(codes) > CODES_NAMED:
        return f"The list has {len(codes)} codes; ask us for it."
    return f"The list: {'; '.join(sorted(codes))}."


def sender(told: ToldFile) -> str:
    """Whose outbox a file's feedback goes to: the folder of landing it came in.

    A file named after another organisation goes back to whoever sent it, never to the one named.
    """
    parts = PurePosixPath(told.file.landing_path).parts
    return parts[0] if len(parts) > 1 else told.file.partner_code or "unknown"


def submission(
    told: ToldFile, failed: Sequence[RuleResult], feed_name: str, words: Mapping[str, RuleWords]
) -> SubmissionFeedback:
    """What is told of a file. A rule that the contract no longer has is told in the words the ledger kept."""
    findings = [_finding(one, words.get(one.rule_code)) for one in failed]
    findings.sort(key=lambda one: (SCOPE_ORDER[one.scope], -one.failures, one.code))
    return SubmissionFeedback(told, feed_name, findings)


def _finding(result: RuleResult, words: RuleWords | None) -> Finding:
    detail = result.detail or ""
    message = words.message if words else detail
    return Finding(
        code=result.rule_code,
        scope=result.scope,
        column=result.column_name,
        failures=result.failures,
        first_row=result.first_row,
        message=message,
        remedy=words.remedy if words else "",
        detail=detail.removeprefix(message).strip(),
    )
