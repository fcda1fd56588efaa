"""Deaths and their LeDeR reviews: notification, initial and focused review, holds that stop the clock, completion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from lda.synthetic.calendar import NO_DAY, add_months, completed_years, financial_year_start
from lda.synthetic.codes import (
    CAUSE_GROUPS,
    ETHNIC_CODES,
    ETHNIC_GROUP,
    FOCUSED_REASONS,
    HOLD_REASONS,
    NOT_STATED,
    QUINTILE_LABELS,
    SEX_CODES,
    SEX_WORDS,
)
from lda.synthetic.population import MORTALITY_STREAM, People, Plan, Random
from lda.synthetic.truth import Truth, age_band

REVIEW_MONTHS = 6
MEASURES = {"Initial": "leder_initial_within_six_months", "Focused": "leder_focused_within_six_months"}


@dataclass(frozen=True)
class Review:
    """One review of a death. ``known`` is the day it first appears in the extract; days are 0 when there was none."""

    review_id: str
    nhs: str
    sex: int
    ethnicity: int
    postcode: str
    quintile: int
    place: int
    notified: int
    died: int
    age: int
    kind: str
    reason: str
    known: int
    hold_start: int
    hold_end: int
    hold_reason: str
    completed: int
    cause: str
    avoidable: str
    grade: int
    restricted: str

    @property
    def known_as(self) -> str:
        """What the person is known by: the NHS number, else the review."""
        return self.nhs or self.review_id

    def as_known(self, cut: int) -> Review:
        """The review as it stood on day ``cut``: nothing that happened later."""
        hold_start = self.hold_start if self.hold_start <= cut else NO_DAY
        return replace(
            self,
            hold_start=hold_start,
            hold_end=self.hold_end if self.hold_end <= cut else NO_DAY,
            hold_reason=self.hold_reason if hold_start else "",
            completed=self.completed if self.completed <= cut else NO_DAY,
        )


def make_reviews(plan: Plan, block: int, people: People) -> list[Review]:
    """Reviews of everybody with a learning disability in the block who died aged 4 or over."""
    random = plan.random(block, MORTALITY_STREAM)
    died = np.flatnonzero(people.death_day[: people.registered] != NO_DAY)
    reviews: list[Review] = []
    for person in sorted((int(index) for index in died), key=lambda index: (people.death_day[index], index)):
        first = _initial(random, plan, people, person, f"LR{block + 1:03d}{len(reviews) + 1:05d}")
        if first.age < 4 or first.notified > plan.last:
            continue
        reviews.append(first)
        minority = ETHNIC_GROUP[first.ethnicity] not in {"White", NOT_STATED}
        if random.random() < (0.75 if minority else 0.28):
            reviews.append(_focused(random, first, minority, f"LR{block + 1:03d}{len(reviews) + 1:05d}"))
    return [review for review in reviews if review.known <= plan.last]


def _initial(random: Random, plan: Plan, people: People, person: int, review_id: str) -> Review:
    died = int(people.death_day[person])
    area = plan.geography.areas[people.area_on(person, died)]
    known = bool(people.address_known[person])
    notified = died + int(random.integers(1, 31))
    review = Review(
        review_id=review_id,
        nhs="" if random.random() < 0.03 else people.nhs[person],
        sex=int(people.sex[person]),
        ethnicity=int(people.ethnicity[person]),
        postcode=area.postcodes[people.postcode[person]] if known else "",
        quintile=area.quintile if known else 0,
        place=area.place,
        notified=notified,
        died=died,
        age=completed_years(int(people.birth[person]), died),
        kind="Initial",
        reason="",
        known=notified,
        hold_start=NO_DAY,
        hold_end=NO_DAY,
        hold_reason="",
        completed=NO_DAY,
        cause=str(random.choice(CAUSE_GROUPS)),
        avoidable="Y" if random.random() < 0.4 else "N",
        grade=int(random.integers(1, 7)),
        restricted="Y" if random.random() < 0.08 else "N",
    )
    return _worked(random, review, typical=125, hold_chance=0.15)


def _focused(random: Random, first: Review, minority: bool, review_id: str) -> Review:
    reason = FOCUSED_REASONS[2] if minority else str(random.choice(FOCUSED_REASONS[:2]))
    known = first.notified + int(random.integers(20, 100))
    review = replace(first, review_id=review_id, kind="Focused", reason=reason, known=known)
    return _worked(random, review, typical=165, hold_chance=0.3)


def _worked(random: Random, review: Review, typical: int, hold_chance: float) -> Review:
    """The review with its holds and completion; work goes on only while it is not on hold."""
    work = int(typical * random.lognormal(0, 0.4))
    if random.random() >= hold_chance:
        completed = max(review.known, review.notified + work)
        return replace(review, hold_start=NO_DAY, hold_end=NO_DAY, hold_reason="", completed=completed)
    hold_start = review.known + int(random.integers(5, max(6, work // 2)))
    hold_end = hold_start + int(random.integers(20, 420))
    return replace(
        review,
        hold_start=hold_start,
        hold_end=hold_end,
        hold_reason=str(random.choice(HOLD_REASONS)),
        completed=max(hold_end + 5, review.notified + work + (hold_end - hold_start)),
    )


def _status(review: Review, cut: int) -> str:
    if review.completed:
        return "Completed"
    if review.hold_start and not review.hold_end:
        return "On hold"
    return "Not started" if cut - review.notified < 14 else "In progress"


ReviewRow = list[str | int | float]


def review_rows(plan: Plan, reviews: Sequence[Review], end: date) -> list[ReviewRow]:
    """Every review notified so far, as known at the month end, in the contract's column order; dates as day numbers."""
    cut = end.toordinal()
    rows: list[ReviewRow] = []
    for whole in reviews:
        if whole.known > cut:
            continue
        review = whole.as_known(cut)
        done = bool(review.completed)
        rows.append([
            review.review_id, review.nhs, SEX_CODES[review.sex], ETHNIC_CODES[review.ethnicity], review.postcode,
            plan.geography.council_areas[review.place], review.notified, review.died, review.age, review.kind,
            review.reason, _status(review, cut), review.hold_start, review.hold_end, review.hold_reason,
            review.completed, review.cause if done else "", review.avoidable if done else "",
            review.grade if done else "", review.restricted,
        ])  # fmt: skip
    return rows


def add_review_measures(truth: Truth, reviews: Sequence[Review], end: date) -> None:
    """Reviews due in the financial year so far and, of those, completed by their deadline.

    The deadline is six months after notification plus the days on hold; a review on hold is not due.
    """
    cut, start = end.toordinal(), financial_year_start(end).toordinal()
    for whole in reviews:
        if whole.known > cut:
            continue
        review = whole.as_known(cut)
        on_hold = review.hold_start and not review.hold_end and not review.completed
        deadline = add_months(review.notified, REVIEW_MONTHS)
        if review.hold_start:
            deadline += (review.hold_end or cut) - review.hold_start
        if on_hold or not start <= deadline <= cut:
            continue
        traits = {
            "sex": SEX_WORDS[review.sex],
            "age_band": age_band(review.age),
            "ethnicity_group": ETHNIC_GROUP[review.ethnicity],
            "deprivation_quintile": QUINTILE_LABELS[review.quintile],
        }
        in_time = NO_DAY < review.completed <= deadline
        truth.add_person(MEASURES[review.kind], end, review, traits, in_time)
