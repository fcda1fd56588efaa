"""Actions agreed when a LeDeR review is complete: what they are about, whose they are, when due and when done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from lda.synthetic.calendar import NO_DAY
from lda.synthetic.mortality import ReviewRow
from lda.synthetic.population import ACTION_STREAM, Random

if TYPE_CHECKING:
    from lda.synthetic.families import Block, Made

THEMES = (
    "Minority ethnic communities", "Respiratory conditions", "Cancer", "Do not attempt resuscitation decisions",
    "Epilepsy", "Early signs of deterioration", "Constipation", "Annual health checks", "Overmedication (STOMP)",
    "Reasonable adjustments",
)  # fmt: skip
OWNERS = ("ICB", "NHS trust", "Council", "Primary care", "Care provider")


@dataclass(frozen=True)
class Action:
    """One action; ``done`` is 0 when it is not done by the end of the sample."""

    action_id: str
    review_id: str
    place: int
    theme: str
    owner: str
    raised: int
    due: int
    done: int


class ReviewActions:
    """Actions after reviews; a family of its own, because it says nothing of any person."""

    def __init__(self, made: Made) -> None:
        self._made = made
        self._actions: list[Action] = []

    def take_block(self, block: Block) -> None:
        """Actions are made from the reviews of all blocks."""

    def write(self) -> None:
        """Write a workbook a month with every action agreed so far."""
        random = self._made.plan.random(0, ACTION_STREAM)
        # Reviews of earlier years have left actions, so that no month has none.
        for place in range(2 * len(self._made.plan.geography.places)):
            earlier = self._made.first_day - int(random.integers(30, 200))
            self._actions.append(self._agreed(random, f"LR000{place + 1:05d}", place // 2, earlier))
        for review in self._made.reviews:
            if NO_DAY < review.completed <= self._made.plan.last:
                for _ in range(int(random.integers(0, 3))):
                    self._actions.append(self._agreed(random, review.review_id, review.place, review.completed))
        self._made.icb.workbooks("leder_action", "LeDeR actions", self._rows)

    def _agreed(self, random: Random, review_id: str, place: int, completed: int) -> Action:
        raised = completed + int(random.integers(0, 15))
        due = raised + int(random.choice((90, 180, 270)))
        # Most are done around their due date, a few long after.
        done = max(
            raised + 7,
            due + int(random.normal(-10, 45)) + (int(random.integers(30, 200)) if random.random() < 0.2 else 0),
        )
        return Action(
            f"AC{len(self._actions) + 1:06d}", review_id, place, str(random.choice(THEMES)), str(random.choice(OWNERS)),
            raised, due, done,
        )  # fmt: skip

    def _rows(self, end: date) -> list[ReviewRow]:
        """Every action agreed by the month end, as known then, in the contract's column order; dates as day numbers."""
        cut, geography = end.toordinal(), self._made.plan.geography
        rows: list[ReviewRow] = []
        for action in self._actions:
            if action.raised > cut:
                continue
            done = action.done if action.done <= cut else NO_DAY
            status = "Completed" if done else "In progress" if cut - action.raised > 30 else "Not started"
            rows.append([
                action.action_id, action.review_id, geography.council_areas[action.place], action.theme, action.owner,
                action.raised, action.due, status, done,
            ])  # fmt: skip
        return rows

    def add_month(self, end: date) -> None:
        """Add open actions and, of those, the ones whose due date has come."""
        cut, truth = end.toordinal(), self._made.truth
        with self._made.told(end, "leder_action"):
            for action in self._actions:
                if action.raised <= cut < action.done:
                    truth.add_group(
                        "leder_actions_overdue", end, action.place, {"action_theme": action.theme}, action.due <= cut
                    )
