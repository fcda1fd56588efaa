"""The digest: what is new, what is over, since the last one. Nothing changed, no digest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lda.reporting.alerts.watch import (
    APPROVAL,
    DEADLINE,
    FAILURE,
    LATE,
    REJECTED,
    SPECIAL_CAUSE,
    UNDELIVERED,
    UNPUBLISHED,
    WITHHELD,
    Watched,
)

MOST_LINES = 30
NEW_HEADINGS = {
    FAILURE: "New failures",
    DEADLINE: "Missed deadlines",
    UNPUBLISHED: "Not published by the deadline",
    APPROVAL: "Waiting for approval",
    UNDELIVERED: "Messages not delivered",
    REJECTED: "New rejections",
    WITHHELD: "Withheld measures",
    LATE: "Late partners",
    SPECIAL_CAUSE: "Unusual variation in headline measures",
}
OVER = {
    FAILURE: "The {subject} works again.",
    DEADLINE: "{subject}: its refresh has ended.",
    UNPUBLISHED: "The {subject} is there again.",
    APPROVAL: "{subject} no longer waits for approval.",
    REJECTED: "{subject}: the rejected submission has been replaced.",
    LATE: "{subject}: sends in time again.",
    WITHHELD: "{subject} is published again.",
}
OVER_HEADING = "Recovered"


@dataclass(frozen=True)
class Digest:
    """A title and plain text, ready to send."""

    title: str
    body: str


def make_digest(system: str, told: Mapping[tuple[str, str], str], now: Sequence[Watched]) -> Digest | None:
    """The digest of what changed from ``told`` to ``now``; None when nothing did.

    Unusual variation that ends is no news: a headline measure is then back to its usual variation. Nor is it when a
    message that was not delivered is forgotten.
    """
    sections: dict[str, list[str]] = {heading: [] for heading in NEW_HEADINGS.values()}
    for one in now:
        if told.get(one.key) != one.state:
            sections[NEW_HEADINGS[one.topic]].append(one.words)
    standing = {one.key for one in now}
    sections[OVER_HEADING] = [
        OVER[topic].format(subject=subject) for topic, subject in sorted(told.keys() - standing) if topic in OVER
    ]
    filled = {heading: lines for heading, lines in sections.items() if lines}
    if not filled:
        return None
    counts = ", ".join(f"{heading.lower()} {len(lines)}" for heading, lines in filled.items())
    body = "\n\n".join(_section(heading, lines) for heading, lines in filled.items())
    return Digest(f"LDA warehouse, {system}: {counts}", f"{body}\n\nMore: lda status, lda publications --gates\n")


def _section(heading: str, lines: Sequence[str]) -> str:
    shown = [f"- {line}" for line in lines[:MOST_LINES]]
    if len(lines) > MOST_LINES:
        shown.append(f"- and {len(lines) - MOST_LINES} more")
    return "\n".join([heading, *shown])
