"""The words of statistical process control in the Making Data Count manner, read from ``published``; none is computed.

Source: NHS England, Making Data Count. Improvement is blue, concern orange, common cause grey, and purple where neither
high nor low is better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lda.reporting.report.source import Figure

COMMON, IMPROVEMENT, CONCERN, NEUTRAL, PLAIN = "common", "improvement", "concern", "neutral", "plain"
KIND_WORDS = {
    COMMON: "usual variation",
    IMPROVEMENT: "unusual, and an improvement",
    CONCERN: "unusual, and a concern",
    NEUTRAL: "unusual, neither good nor bad",
    PLAIN: "figure",
}
RULE_WORDS = {
    "outside_limits": "beyond the limits",
    "trend": "in a steady rise or fall",
    "near_limit": "two of three close to a limit",
    "one_side_of_mean": "in a long run on one side of the mean",
}
MINIMUM_POINTS = 12


@dataclass(frozen=True)
class Icon:
    """A variation or assurance icon: the name of its drawing, a letter in it, and its meaning, short and in full."""

    name: str
    letter: str
    short: str
    words: str


def kind(text: str | None) -> str:
    """The kind of a point from its ``variation``: improvement, concern, neutral_high, neutral_low or common_cause."""
    if text is None:
        return PLAIN
    if text in (IMPROVEMENT, CONCERN):
        return text
    return NEUTRAL if text.startswith(NEUTRAL) else COMMON


def point_words(figure: Figure) -> str:
    """What a point says, and by which rule; empty when it is hidden or has no limits."""
    found = kind(figure.variation)
    if figure.value is None or found == PLAIN:
        return ""
    rule = RULE_WORDS.get(figure.spc_point_type or "")
    return f"{KIND_WORDS[found]}: {rule}" if rule and found != COMMON else KIND_WORDS[found]


def has_spc(figures: Sequence[Figure]) -> bool:
    """Whether any figure carries process limits."""
    return any(figure.spc_mean is not None for figure in figures)


def provisional(figures: Sequence[Figure]) -> bool:
    """Whether the latest limits rest on fewer points than Making Data Count asks for."""
    return has_spc(figures) and len(phases(figures)[-1]) < MINIMUM_POINTS


def phases(figures: Sequence[Figure]) -> list[list[Figure]]:
    """Figures with limits, split where the mean was worked out afresh (a rebase)."""
    found: list[list[Figure]] = []
    for figure in figures:
        if figure.spc_mean is None:
            continue
        if not found or found[-1][-1].spc_mean != figure.spc_mean:
            found.append([])
        found[-1].append(figure)
    return found


def variation_icon(figure: Figure | None) -> Icon | None:
    """The variation icon of a latest figure, or None when there is none to show."""
    if figure is None or not figure.variation:
        return None
    found = kind(figure.variation)
    if found == COMMON:
        return Icon(COMMON, "", "Usual variation", "Usual variation: no significant change")
    above = figure.value is not None and figure.spc_mean is not None and figure.value >= figure.spc_mean
    high = figure.variation == "neutral_high" or (above and figure.variation != "neutral_low")
    level = "high" if high else "low"
    short = {IMPROVEMENT: "Improvement", CONCERN: "Concern"}.get(found, "Change")
    words = {
        IMPROVEMENT: f"Significant improvement: figures are unusually {level}, which is good",
        CONCERN: f"Significant concern: figures are unusually {level}, which is a worry",
    }
    return Icon(found, level[0].upper(), short, words.get(found, f"Significant change: figures are unusually {level}"))


def assurance_icon(figure: Figure | None) -> Icon | None:
    """The assurance icon of a latest figure, or None when there is none to show."""
    if figure is None or not figure.assurance:
        return None
    return ASSURANCE.get(figure.assurance)


# What the limits say of usual figures, not of the next one: a month on target can stand beside "usually misses".
ASSURANCE = {
    "hit_or_miss": Icon("hit-or-miss", "?", "Hit or miss", "Hit or miss: the target may or may not be met next time"),
    "consistently_pass": Icon("pass", "P", "Usually meets", "Usual figures meet the target unless something changes"),
    "consistently_fail": Icon("fail", "F", "Usually misses", "Usual figures miss the target unless something changes"),
}
