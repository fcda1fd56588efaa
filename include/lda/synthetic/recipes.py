"""Ways in which rows go wrong, feed by feed.

A recipe makes a messy row from a good one. ``alter`` writes the same facts in another form; ``repeat`` sends the row
twice; ``extra`` sends a near-copy of a row, about nobody else, that exactly one known rule should quarantine. None of
them changes the right answer of a measure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from lda.synthetic.calendar import EXCEL_EPOCH, FIRST_SERIAL, NO_DAY, written
from lda.synthetic.layouts import FeedShape
from lda.synthetic.social_care import DUMMY_BIRTH
from lda.synthetic.writers import Cell

RawRow = Sequence[str | int | float]
IMPOSSIBLE_DAY = "31/02/2025"
# What names a row's person or thing besides an NHS number, in any feed.
NUMBERS_OF_THEIR_OWN = (
    "local_patient_id", "la_person_unique_identifier", "review_id", "action_id", "event_reference", "register_id",
    "referral_id", "employer_code", "team_code", "scheme_reference", "item_reference",
)  # fmt: skip


@dataclass
class Row:
    """A row being messed up: its facts (days as numbers), its cells as written and how the file writes a day."""

    shape: FeedShape
    facts: RawRow
    cells: list[Cell]
    day: Callable[[int], Cell]
    period_end: date
    spreadsheet: bool
    spare_number: Callable[[], str]
    spare_id: Callable[[], str]

    def fact(self, column: str) -> str | int | float:
        """The true value of a column."""
        return self.facts[self.shape.at(column)]

    def put(self, column: str, value: Cell) -> None:
        """Change a cell."""
        self.cells[self.shape.at(column)] = value

    def put_day(self, column: str, day: int) -> None:
        """Change a date cell."""
        self.put(column, self.day(day))

    @property
    def usable_number(self) -> str:
        """The NHS number if it is ten digits, else nothing."""
        place = self.shape.number
        number = "" if place is None else str(self.facts[place])
        return number if len(number) == 10 and number not in {"0000000000", "9999999999"} else ""


Make = Callable[[Row], bool]


@dataclass(frozen=True)
class Recipe:
    """A way to go wrong: its tag, what it does to the file, the rule that should catch it, and how to make it.

    ``make`` changes the row's cells and says whether it could.
    """

    tag: str
    kind: Literal["alter", "repeat", "extra"]
    make: Make
    rule: str = ""


def _number_spaced(row: Row) -> bool:
    number = row.usable_number
    row.put("nhs_number", f"{number[:3]} {number[3:6]} {number[6:]}")
    return bool(number)


def _number_dashed(row: Row) -> bool:
    number = row.usable_number
    row.put("nhs_number", f"{number[:3]}-{number[3:6]}-{number[6:]}")
    return bool(number)


def _number_float(row: Row) -> bool:
    number = row.usable_number
    if number:
        row.put("nhs_number", float(number) if row.spreadsheet else f"{number}.0")
    return bool(number)


def _other_dates(style: str) -> Make:
    def make(row: Row) -> bool:
        for place in row.shape.dates:
            row.cells[place] = written(style)[int(row.facts[place])]
        return True

    return make


def _serial_dates(row: Row) -> bool:
    changed = False
    for place in row.shape.dates:
        day = int(row.facts[place])
        if day - EXCEL_EPOCH >= FIRST_SERIAL:
            serial = day - EXCEL_EPOCH
            row.cells[place] = serial if row.spreadsheet else f"{serial}.0" if place % 2 else str(serial)
            changed = True
    return changed


def _blank_marker(row: Row) -> bool:
    blank = [place for place in row.shape.dates if row.facts[place] == NO_DAY]
    for position, place in enumerate(blank):
        row.cells[place] = ("N/A", "NULL", "tba")[position % 3]
    return bool(blank)


def _padded(row: Row) -> bool:
    for place, cell in enumerate(row.cells):
        if isinstance(cell, str) and cell:
            row.cells[place] = f" {cell} "
    return True


def _as_is(row: Row) -> bool:
    return bool(row.cells)


def _new_person(row: Row) -> None:
    """Make the row about nobody: a number nobody has and a local number of its own."""
    for column in NUMBERS_OF_THEIR_OWN:
        if column in row.shape.columns:
            row.put(column, row.spare_id())
    if "org_code" in row.shape.columns:
        row.put("org_code", f"Y8{int(row.spare_id().split('-')[1]) % 10_000:04d}")
    if row.shape.number is not None:
        row.put("nhs_number", row.spare_number())


def with_values(**changes: Cell) -> Make:
    """Other values in some columns."""

    def make(row: Row) -> bool:
        _new_person(row)
        for column, value in changes.items():
            row.put(column, value)
        return True

    return make


def bad_number(row: Row) -> bool:
    """An NHS number whose check digit is wrong."""
    _new_person(row)
    number = row.spare_number()
    row.put("nhs_number", number[:-1] + str((int(number[-1]) + 3) % 10))
    return True


def conflict(column: str, value: Cell) -> Make:
    """The same person and key again with other content; the first row stands."""

    def make(row: Row) -> bool:
        row.put(column, value)
        return bool(row.usable_number) and row.fact(column) != value

    return make


def with_days(**offsets: tuple[str, int]) -> Make:
    """Dates put so many days after (or before) another fact of the row; ``end`` is the end of the period."""

    def make(row: Row) -> bool:
        _new_person(row)
        for column, (base, offset) in offsets.items():
            start = row.period_end.toordinal() if base == "end" else int(row.fact(base))
            if start == NO_DAY:
                return False
            row.put_day(column, start + offset)
        return True

    return make


def also(make: Make, **changes: Cell) -> Make:
    """A change, and other values in some columns."""

    def both(row: Row) -> bool:
        done = make(row)
        for column, value in changes.items():
            row.put(column, value)
        return done

    return both


def _dummy_birth(row: Row) -> bool:
    _new_person(row)
    row.put_day("birth_date", DUMMY_BIRTH)
    return True


NUMBER_FORMS = (
    Recipe("nhs_number_spaces", "alter", _number_spaced),
    Recipe("nhs_number_float", "alter", _number_float),
    Recipe("nhs_number_dashes", "alter", _number_dashed),
)
DATE_FORMS = (
    Recipe("excel_serial", "alter", _serial_dates),
    Recipe("other_date_style", "alter", _other_dates("uk_time")),
    Recipe("blank_marker", "alter", _blank_marker),
)
REPEAT = Recipe("duplicate_in_file", "repeat", _as_is)
PADDED = Recipe("padded_cells", "alter", _padded)

RECIPES: dict[str, tuple[Recipe, ...]] = {
    "gp_ld_register": (
        NUMBER_FORMS[0],
        Recipe("invalid_nhs_number", "extra", bad_number, "GP-NHS_NUMBER-FORMAT"),
        NUMBER_FORMS[1],
        Recipe("impossible_date", "extra", with_values(ahc_date=IMPOSSIBLE_DAY), "GP-AHC_DATE-FORMAT"),
        DATE_FORMS[0],
        Recipe("end_before_start", "extra", with_days(removal_date=("register_date", -40)), "GP-01"),
        DATE_FORMS[1],
        REPEAT,
        DATE_FORMS[2],
        Recipe("conflicting_duplicate", "extra", conflict("local_patient_id", "SECOND"), "GP-KEY"),
        NUMBER_FORMS[2],
        Recipe("dummy_birth_date", "extra", _dummy_birth, "GP-02"),
        PADDED,
        Recipe("date_in_future", "extra", with_days(ahc_date=("end", 20)), "GP-03"),
        Recipe("wrong_organisation", "extra", with_values(practice_code="Y99998"), "GP-05"),
        Recipe("missing_required", "extra", with_values(birth_date=""), "GP-BIRTH_DATE-REQUIRED"),
    ),
    "ldhc": (
        Recipe("unknown_code", "extra", with_values(ind_code="LDHCMI099"), "LDHC-IND_CODE-VALUES"),
        REPEAT,
        Recipe("impossible_date", "extra", with_values(ach_date="20250231"), "LDHC-ACH_DATE-FORMAT"),
        DATE_FORMS[1],
        Recipe("negative_count", "extra", with_values(value=-1), "LDHC-VALUE-FORMAT"),
        PADDED,
        Recipe("wrong_period", "extra", with_days(ach_date=("end", -45)), "LDHC-01"),
    ),
    "inpatient_census": (
        Recipe("unknown_code", "extra", with_values(responsible_council="E06009999"), "IC-RESPONSIBLE_COUNCIL-VALUES"),
        NUMBER_FORMS[1],
        Recipe("invalid_nhs_number", "extra", bad_number, "IC-NHS_NUMBER-FORMAT"),
        REPEAT,
        Recipe(
            "end_before_start",
            "extra",
            also(
                with_days(admission_date=("end", -5), first_admission_date=("end", -5), discharge_date=("end", -10)),
                planned_discharge_date="",
            ),
            "IC-01",
        ),
        DATE_FORMS[0],
        Recipe(
            "impossible_date",
            "extra",
            with_values(planned_discharge_date=IMPOSSIBLE_DAY),
            "IC-PLANNED_DISCHARGE_DATE-FORMAT",
        ),
        NUMBER_FORMS[0],
        Recipe("stay_after_spell", "extra", with_days(first_admission_date=("admission_date", 3)), "IC-02"),
        DATE_FORMS[1],
    ),
    "leder": (
        Recipe("invalid_nhs_number", "extra", bad_number, "LD-NHS_NUMBER-FORMAT"),
        DATE_FORMS[0],
        Recipe("unknown_code", "extra", with_values(review_type="Thematic"), "LD-REVIEW_TYPE-VALUES"),
        NUMBER_FORMS[0],
        Recipe("end_before_start", "extra", with_days(completion_date=("notification_date", -10)), "LD-01"),
        REPEAT,
        Recipe("impossible_date", "extra", with_values(completion_date=IMPOSSIBLE_DAY), "LD-COMPLETION_DATE-FORMAT"),
        NUMBER_FORMS[1],
        Recipe("death_after_notification", "extra", with_days(death_date=("notification_date", 3)), "LD-02"),
    ),
    "cld": (
        NUMBER_FORMS[0],
        Recipe("end_before_start", "extra", with_days(event_end_date=("event_start_date", -3)), "CLD-01"),
        DATE_FORMS[0],
        Recipe(
            "impossible_date",
            "extra",
            with_values(event_type="Service", event_end_date=IMPOSSIBLE_DAY),
            "CLD-EVENT_END_DATE-FORMAT",
        ),
        NUMBER_FORMS[1],
        Recipe(
            "unknown_code",
            "extra",
            also(with_days(event_end_date=("event_start_date", 1)), event_type="Servise"),
            "CLD-EVENT_TYPE-VALUES",
        ),
        DATE_FORMS[1],
        REPEAT,
        DATE_FORMS[2],
        Recipe("no_end_date", "extra", with_values(event_type="Assessment", event_end_date=""), "CLD-02"),
        Recipe(
            "date_in_future",
            "extra",
            also(with_days(event_start_date=("end", 10)), event_type="Service", event_end_date=""),
            "CLD-03",
        ),
        PADDED,
        Recipe("wrong_organisation", "extra", with_values(la_code="999"), "CLD-04"),
        Recipe(
            "missing_required",
            "extra",
            with_values(la_person_unique_identifier=""),
            "CLD-LA_PERSON_UNIQUE_IDENTIFIER-REQUIRED",
        ),
    ),
}
