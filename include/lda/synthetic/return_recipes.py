"""Ways in which rows of the smaller returns go wrong, feed by feed (see ``recipes``)."""

from __future__ import annotations

from lda.synthetic.recipes import (
    DATE_FORMS,
    IMPOSSIBLE_DAY,
    NUMBER_FORMS,
    PADDED,
    REPEAT,
    Recipe,
    also,
    bad_number,
    with_days,
    with_values,
)

RETURN_RECIPES: dict[str, tuple[Recipe, ...]] = {
    "leder_action": (
        Recipe("unknown_code", "extra", with_values(theme="Dentistry"), "LA-THEME-VALUES"),
        DATE_FORMS[0],
        Recipe("end_before_start", "extra", with_days(due_date=("raised_date", -10)), "LA-02"),
        REPEAT,
        Recipe("impossible_date", "extra", with_values(completion_date=IMPOSSIBLE_DAY), "LA-COMPLETION_DATE-FORMAT"),
        PADDED,
        Recipe("missing_required", "extra", with_values(due_date=""), "LA-DUE_DATE-REQUIRED"),
        Recipe("date_in_future", "extra", with_days(raised_date=("end", 5), due_date=("end", 50)), "LA-03"),
    ),
    "dsr": (
        NUMBER_FORMS[0],
        Recipe("unknown_code", "extra", with_values(rating="Purple"), "DSR-RATING-VALUES"),
        DATE_FORMS[0],
        Recipe("invalid_nhs_number", "extra", bad_number, "DSR-NHS_NUMBER-FORMAT"),
        NUMBER_FORMS[1],
        Recipe("end_before_start", "extra", with_days(date_added=("end", -5), date_removed=("end", -10)), "DSR-01"),
        REPEAT,
        Recipe("date_in_future", "extra", also(with_days(last_review_date=("end", 5)), date_removed=""), "DSR-02"),
        DATE_FORMS[1],
        Recipe("impossible_date", "extra", with_values(date_removed=IMPOSSIBLE_DAY), "DSR-DATE_REMOVED-FORMAT"),
        PADDED,
        Recipe("wrong_period", "extra", with_days(date_added=("end", -90), date_removed=("end", -40)), "DSR-03"),
        Recipe("missing_required", "extra", with_values(responsible_council=""), "DSR-RESPONSIBLE_COUNCIL-REQUIRED"),
    ),
}
