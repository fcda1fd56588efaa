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
MINIMUM_POINTS = 12


@dataclass(frozen=True)
class Icon:
    """A variation or assurance icon: the name of its drawing, a letter in it, and its meaning, short and in full."""

    name: str
    letter: str
    short: str
    words: str


def kind(text: str | None) -> str:
    """The kind of a point or of variation, from the words of ``spc_point_type`` or ``variation``."""
    if text is None:
        return PLAIN
    lowered = text.lower()
    for word, found in (("improv", IMPROVEMENT), ("concern", CONCERN), ("neutral", NEUTRAL), ("special", NEUTRAL)):
        if word in lowered:
            return found
    return COMMON


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
    lowered = figure.variation.lower()
    high = "high" in lowered or (
        "low" not in lowered
        and figure.value is not None
        and figure.spc_mean is not None
        and figure.value >= figure.spc_mean
    )
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
    lowered = figure.assurance.lower()
    if "hit" in lowered or "miss" in lowered or "inconsist" in lowered:
        return Icon("hit-or-miss", "?", "Hit or miss", "Hit or miss: the target may or may not be met next time")
    if "pass" in lowered:
        return Icon("pass", "P", "Will meet", "The target will be met consistently unless something changes")
    if "fail" in lowered:
        return Icon("fail", "F", "Will miss", "The target will not be met unless something changes")
    return None
