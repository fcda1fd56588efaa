"""The right answers about deaths and what their reviews found, from the generator's own reviews."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from lda.synthetic.calendar import add_months, financial_year_start
from lda.synthetic.codes import ETHNIC_GROUP, QUINTILE_LABELS, SEX_WORDS
from lda.synthetic.mortality import REVIEW_MONTHS, Review
from lda.synthetic.truth import Truth, age_band

GOOD_GRADE = 4


def add_mortality_measures(truth: Truth, reviews: Sequence[Review], end: date) -> None:
    """Backlog, deaths and age at death, and of the deaths reviewed since 1 April cause, avoidability and quality."""
    cut, start = end.toordinal(), financial_year_start(end).toordinal()
    known = [review.as_known(cut) for review in reviews if review.known <= cut]
    for review in known:
        if not review.completed and _deadline_has_come(review, cut):
            truth.add_person("leder_backlog", end, review, _traits(review), 1)
        if review.kind == "Initial" and start <= review.died <= cut:
            traits = _traits(review)
            truth.add_person("leder_deaths", end, review, traits, 1)
            del traits["age_band"]
            truth.add_value("leder_median_age_at_death", end, review, traits, review.age)
    for review in _one_a_death([review for review in known if review.completed >= start]):
        traits = _traits(review)
        truth.add_person("leder_avoidable", end, review, traits, review.avoidable == "Y")
        truth.add_person("leder_quality_of_care_good", end, review, traits, review.grade >= GOOD_GRADE)
        truth.add_person("leder_deaths_by_cause", end, review, traits | {"cause_group": review.cause}, 1)


def _deadline_has_come(review: Review, cut: int) -> bool:
    """Six months after notification plus the days on hold; a review on hold is not due."""
    if review.hold_start and not review.hold_end:
        return False
    held = review.hold_end - review.hold_start if review.hold_start else 0
    return add_months(review.notified, REVIEW_MONTHS) + held <= cut


def _one_a_death(reviews: Sequence[Review]) -> list[Review]:
    """The focused review of each death or, without one, the initial. A death without an NHS number has one of each."""
    chosen: dict[str, Review] = {}
    for review in reviews:
        person = review.nhs or review.review_id
        if person not in chosen or review.kind == "Focused":
            chosen[person] = review
    return list(chosen.values())


def _traits(review: Review) -> dict[str, str]:
    return {
        "sex": SEX_WORDS[review.sex],
        "age_band": age_band(review.age),
        "ethnicity_group": ETHNIC_GROUP[review.ethnicity],
        "deprivation_quintile": QUINTILE_LABELS[review.quintile],
    }
