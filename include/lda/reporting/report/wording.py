"""Numbers, dates and states in plain British English."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta

from lda.reporting.report.source import Baseline, Definition, Figure, Standing

HIDDEN_TEXT = "fewer than 5 or hidden to protect people"
NO_FIGURE = "no figure"
PER_MILLION = "per million people"
TYPE_NAMES = {
    "system": ("system", "systems"),
    "place": ("place", "places"),
    "neighbourhood": ("neighbourhood", "neighbourhoods"),
    "pcn": ("primary care network", "primary care networks"),
    "pcn_current": ("primary care network on today's boundaries", "primary care networks on today's boundaries"),
    "practice": ("GP practice", "GP practices"),
    "sub_icb": ("sub-ICB area", "sub-ICB areas"),
    "icb": ("integrated care board", "integrated care boards"),
    "icb_current": ("integrated care board on today's boundaries", "integrated care boards on today's boundaries"),
}
BREAKDOWN_NAMES = {
    "sex": "Sex",
    "age_band": "Age",
    "ethnicity_group": "Ethnic group",
    "deprivation_quintile": "Deprivation",
    "commissioner_type": "Who pays for the care",
    "legal_status_group": "Legal status",
    "distance_band": "Distance from home",
    "length_of_stay_band": "Length of stay",
    "cause_group": "Cause of death",
    "dsr_rating": "Rating on the support register",
    "known_from": "Known from",
    "restraint_type": "Type of restriction",
    "employer_type": "Kind of employer",
    "programme_workstream": "Workstream",
    "supported_accommodation_type": "Type of accommodation",
}
# Areas restated on today's boundaries: of these kinds, and with this at the end of their names.
CURRENT, CURRENT_NAME = "_current", " (current boundaries)"
RANK, MONEY = "rank", "pounds"
UNIT_NAMES = {
    "proportion": "percentage", "count": "number", RANK: "place in a ranking", MONEY: "£", f"{MONEY} a week": "£ a week"
}  # fmt: skip
BETTER_WORDS = {"neutral": "neither higher nor lower"}
NOT_DUE = "Not due yet"
STATUS_WORDS = {"met": "On target", "not_met": "Off target", "not_due": NOT_DUE}


def number(value: float, digits: int = 0) -> str:
    """A number with thousands separated: 6,455, 31.4 or −4.4. Whole numbers have no decimals."""
    whole = digits == 0 or float(value).is_integer()
    # Adding nothing turns a negative nought into nought.
    return f"{round(value, digits) + 0.0:,.{0 if whole else digits}f}".replace("-", "−")


def shown(value: float | None, unit: str, *, exact: bool = False) -> str:
    """A value in its unit: 72%, 6,455, 31 per million people. ``exact`` keeps one decimal."""
    if value is None:
        return NO_FIGURE
    return " ".join(part for part in value_and_unit(value, unit, exact=exact) if part)


def is_share_of(unit: str) -> bool:
    """True for shares of something that the unit names, like "of the March 2019 number"."""
    return unit.startswith("of ")


def ordinal(value: float) -> str:
    """A place: 1st, 22nd, 113th."""
    whole = round(value)
    ending = "th" if whole % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(whole % 10, "th")
    return f"{whole:,}{ending}"


def _half_up(value: float) -> int:
    return int(value + 0.5)


def value_and_unit(value: float, unit: str, *, exact: bool = False) -> tuple[str, str]:
    """A value for large type and its unit for small: ("34.9", "per million people"), ("72%", "")."""
    if unit == "proportion" or is_share_of(unit):
        share = f"{value * 100:.1f}%" if exact else f"{_half_up(value * 100)}%"
        return share, "" if unit == "proportion" else unit
    if unit == "count":
        return number(value, 1 if exact else 0), ""
    if unit == RANK:
        return ordinal(value), ""
    size = number(value, 1 if exact or abs(value) < 100 else 0)
    return (f"£{size}", unit.removeprefix(MONEY).strip()) if unit.startswith(MONEY) else (size, unit)


def figure_text(figure: Figure | None, unit: str, *, exact: bool = False) -> str:
    """What a figure says, or that it is hidden, or that there is none."""
    if figure is None:
        return NO_FIGURE
    return HIDDEN_TEXT if figure.hidden else shown(figure.value, unit, exact=exact or just_missed(figure, unit))


def just_missed(figure: Figure, unit: str) -> bool:
    """True when a figure misses its target and would read as if it met it: 74.8% where the target is 75%."""
    return figure.target_status == "not_met" and shown(figure.value, unit) == shown(figure.target, unit)


def difference(now: float, before: float, unit: str) -> str:
    """The size of a change, without its direction: 3.2 points (of a percentage), 45, 2.5 per million people."""
    size = abs(now - before)
    if unit == "proportion" or is_share_of(unit):
        return f"{size * 100:.1f} points" if size >= 0.0005 else "less than 0.1 points"
    if unit == RANK:
        return counted(size, "place")
    if unit != "count" and 0 < size < 0.05:
        return f"less than {shown(0.1, unit)}"
    return shown(size, unit)


def month(day: date) -> str:
    """A period by its last day: March 2026."""
    return f"{day:%B %Y}"


def short_month(day: date) -> str:
    """A period in a table: Mar 2026."""
    return f"{day:%b %Y}"


def long_day(day: date) -> str:
    """A day in a sentence: 1 April 2025."""
    return f"{day.day} {day:%B %Y}"


def financial_year(start: date) -> str:
    """The year that starts on a day: 2025/26, or 2025 when it starts in January."""
    return f"{start.year}" if start.month == 1 else f"{start.year}/{(start.year + 1) % 100:02d}"


def type_name(kind: str, *, many: bool = False) -> str:
    """What a kind of area is called."""
    one, several = TYPE_NAMES.get(kind, (kind.replace("_", " "), f"{kind.replace('_', ' ')}s"))
    return several if many else one


def breakdown_name(kind: str) -> str:
    """What a breakdown is called."""
    return BREAKDOWN_NAMES.get(kind, kind.replace("_", " ").capitalize())


def unit_words(unit: str) -> str:
    """What a measure's unit is called where it is defined."""
    return UNIT_NAMES.get(unit, unit)


def better_words(better_is: str) -> str:
    """Which way is better, where a measure is defined."""
    return BETTER_WORDS.get(better_is, better_is)


def status_text(figure: Figure | None, definition: Definition) -> str:
    """Where a figure stands against its target, in words."""
    if figure is None:
        return "No figure"
    if figure.hidden:
        return "Hidden"
    if figure.target_status in STATUS_WORDS:
        return STATUS_WORDS[figure.target_status]
    return "No target" if definition.better_is != "neutral" else "For information"


def target_text(figure: Figure | None, definition: Definition) -> str:
    """A target with its direction: at least 75%, no more than 30 per million people. Empty without a target.

    One that is not due yet says when it is: at least 75% by 31 March 2027.
    """
    if figure is None or figure.target is None:
        return ""
    unit = definition.unit
    # A figure of 40 misses a target of 39.6, which must not read as 40.
    exact = just_missed(figure, unit) and shown(figure.value, unit, exact=True) == shown(figure.value, unit)
    target = shown(figure.target, unit, exact=exact)
    if (due := due_day(figure)) is not None:
        target += f" by {long_day(due)}"
    if unit == RANK:
        return f"{target} or better"
    return {"higher": "at least ", "lower": "no more than "}.get(definition.better_is, "") + target


def due_day(figure: Figure) -> date | None:
    """The last day of the year that a figure counts up in, where its target is due then and not before."""
    start = figure.period_start
    if figure.target_status != "not_due" or start is None:
        return None
    return date(start.year + 1, start.month, 1) - timedelta(days=1)


def standing_text(figure: Figure | None, standing: Standing | None) -> str:
    """A figure's place in the country: 7th of 106 sub-ICB areas, quarter 1 of 4, in the top third."""
    if figure is None or figure.national_rank is None:
        return ""
    place = ordinal(figure.national_rank)
    if standing is None:
        return place
    third = "in" if standing.is_top_third else "not in"
    kind = type_name(standing.organisation_type, many=True)
    of = f"{number(standing.organisations_ranked)} {kind}"
    return f"{place} of {of}, quarter {standing.national_quartile} of 4, {third} the top third"


def earlier_text(baselines: Iterable[Baseline], unit: str) -> str:
    """Earlier figures beside today's: 71% in March 2023 (to be confirmed). A share of a number is beside the number."""
    of = "count" if is_share_of(unit) else unit
    return joined(
        f"{shown(one.value, of)} in {month(one.baseline_date)}{' (to be confirmed)' if '[L]' in one.source else ''}"
        for one in baselines
    )


def direction(now: float, before: float, better_is: str) -> str:
    """Whether a change is better, worse, or just up or down."""
    if now == before:
        return "same"
    up = now > before
    if better_is in ("higher", "lower"):
        return "better" if up == (better_is == "higher") else "worse"
    return "up" if up else "down"


def joined(items: Iterable[str]) -> str:
    """A list as words: a, b and c."""
    found = list(items)
    if len(found) < 2:
        return "".join(found)
    return f"{', '.join(found[:-1])} and {found[-1]}"


def counted(count: float, one: str, many: str | None = None) -> str:
    """A count with its noun: 1 measure, 3 measures."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def slug(text: str) -> str:
    """A text as part of a file name or anchor: lower-case letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "x"
