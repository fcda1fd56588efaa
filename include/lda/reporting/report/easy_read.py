"""The Easy Read page: the same published figures in short sentences, plain numbers and pictures.

Follows usual Easy Read guidance: one idea a line, a picture beside each, large type, hard words explained, and
"7 out of 10 people" rather than a percentage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lda.reporting.report.changes import Comparison
from lda.reporting.report.source import Area, Definition, Figure
from lda.reporting.report.wording import due_day, long_day, month, number

PER = 10
# Tenths so close to the middle of two that neither is nearer.
HALFWAY = 0.05


@dataclass(frozen=True)
class Idea:
    """One sentence and its picture. When ``filled`` is set, that many of ten people are drawn instead of the icon.

    ``things`` draws dots, where what is counted is no people.
    """

    icon: str
    line: str
    filled: int | None = None
    things: bool = False
    strong: bool = False


@dataclass(frozen=True)
class Topic:
    """One measure: a heading and its ideas."""

    heading: str
    ideas: list[Idea]


def share_words(share: float) -> str:
    """A share as plain numbers: "7 out of 10", "about 7 out of 10", "7 or 8 out of 10", "fewer than 1 out of 10"."""
    if share <= 0 or share >= 1:
        return f"0 out of {PER}" if share <= 0 else f"All {PER} out of {PER}"
    tenths = share * PER
    near = round(tenths)
    if abs(tenths - near) < 1e-9:
        return f"{near} out of {PER}"
    if tenths < 0.5:
        return f"Fewer than 1 out of {PER}"
    if tenths > PER - 0.5:
        return f"More than {PER - 1} out of {PER}"
    low = int(tenths)
    if low and abs(tenths - low - 0.5) < HALFWAY:
        return f"{low} or {low + 1} out of {PER}"
    return f"About {near} out of {PER}"


def goal_words(target: float) -> str:
    """A goal that falls between two tenths is said as both: "7 or 8 out of 10"."""
    tenths = round(float(target) * PER, 6)
    if tenths.is_integer():
        return f"{'all ' if target >= 1 else ''}{tenths:.0f} out of {PER}"
    return f"between {int(tenths)} and {int(tenths) + 1} out of {PER}"


def intro(text: dict[str, Any], area: Area, when: str) -> list[Idea]:
    """The first ideas: what the report is, whom it is about, from when."""
    return [Idea(one["icon"], one["line"].format(area=area.name, month=when)) for one in text["intro"]]


def topics(text: dict[str, Any], comparison: Comparison, area: Area) -> list[Topic]:
    """Every measure that has Easy Read words and figures, for one system."""
    found = []
    for definition in comparison.now.measures:
        words = text["measures"].get(definition.measure_id)
        if words is None:
            continue
        figure = comparison.now.now(definition.measure_id, area)
        ideas = [Idea(one["icon"], one["line"]) for one in words["lines"]]
        found.append(Topic(words["heading"], ideas + _figure_ideas(text, words, definition, figure, comparison, area)))
    return found


def _figure_ideas(
    text: dict[str, Any],
    words: dict[str, Any],
    definition: Definition,
    figure: Figure | None,
    comparison: Comparison,
    area: Area,
) -> list[Idea]:
    phrases = text["phrases"]
    if figure is None or (figure.value is None and not figure.hidden):
        return [Idea("question", phrases["missing"])]
    if figure.value is None:
        return [Idea("lock", sentence) for sentence in _sentences(phrases["hidden"])]
    ideas = [_says(words, definition, figure)]
    if figure.target is not None and definition.unit == "proportion":
        ideas.append(Idea("goal", phrases["goal"].format(share=goal_words(figure.target))))
    if figure.target_status in ("met", "not_met"):
        met = figure.target_status == "met"
        ideas.append(Idea("met" if met else "not-met", phrases["met" if met else "not_met"]))
    if (due := due_day(figure)) is not None:
        ideas.append(Idea("calendar", phrases["not_due"].format(day=long_day(due))))
    movement = comparison.movement(definition, area)
    if movement is not None and movement.tone in ("better", "worse", "same"):
        ideas += [Idea(movement.tone, sentence) for sentence in _sentences(phrases[movement.tone])]
    return ideas


def _says(words: dict[str, Any], definition: Definition, figure: Figure) -> Idea:
    value = figure.value or 0
    if definition.unit == "proportion":
        line = words["says"].format(share=share_words(value))
        filled = min(PER, max(0, round(value * PER)))
        return Idea(words["icon"], line, filled, things=words.get("of") == "things", strong=True)
    # A rate is told as the number of people in it; what has none (an age, a number of things) as itself.
    people = value if definition.unit == "count" or figure.numerator is None else figure.numerator
    return Idea(words["icon"], words["says"].format(n=number(people or 0)), strong=True)


def _sentences(text: str) -> list[str]:
    return [f"{part.rstrip('.')}." for part in text.split(". ") if part]


def latest_month(comparison: Comparison, area: Area) -> str:
    """The month of a system's newest figures."""
    ends = [one.period_end for one in comparison.now.latest if one.system_code == area.system_code]
    return month(max(ends)) if ends else "this year"
