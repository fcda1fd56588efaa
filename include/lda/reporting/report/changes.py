"""What changed since last time: targets crossed, movements beyond chance, restated and withheld measures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from lda.reporting.report import spc
from lda.reporting.report.source import Area, Definition, Figure, Published
from lda.reporting.report.wording import difference, direction, figure_text, month, shown

BETTER, WORSE, NOTE, SAME = "better", "worse", "note", "same"


@dataclass(frozen=True)
class Change:
    """One thing that changed, in a sentence. ``tone`` is better, worse or note."""

    measure_id: str
    measure_name: str
    area: Area
    tone: str
    text: str


@dataclass(frozen=True)
class Movement:
    """A figure beside an earlier one, in words, and compared with when.

    ``tone`` is better or worse only when chance would hardly give the difference (the 95 % intervals do not meet);
    otherwise it is same, so that nobody acts on noise.
    """

    tone: str
    text: str
    since: str


class Comparison:
    """Compares a publication with the one before, or with the month before when there is none."""

    def __init__(self, now: Published, before: Published | None) -> None:
        self.now, self.before = now, before

    @property
    def words(self) -> str:
        """What "last time" means."""
        if self.before is not None:
            return "Compared with the publication before this one."
        return "There is no earlier publication, so figures are compared with the month before."

    def earlier(self, definition: Definition, area: Area) -> Figure | None:
        """The figure to compare the latest with.

        A measure counted from the start of a year is compared with the same month a year earlier: against last month
        it would always look like progress, and in the first month of a year like a collapse.
        """
        history = self.now.history(definition.measure_id, area)
        if not history:
            return None
        last = history[-1].period_end
        if self.now.year_to_date(definition.measure_id):
            wanted = (last.year - 1, last.month)
            return next((one for one in history if (one.period_end.year, one.period_end.month) == wanted), None)
        since = self._last_time(definition, area)
        found = [one for one in history if one.period_end < last and (since is None or one.period_end <= since)]
        return found[-1] if found else None

    def _last_time(self, definition: Definition, area: Area) -> date | None:
        if self.before is None:
            return None
        history = self.before.history(definition.measure_id, area)
        latest = history[-1].period_end if history else None
        now = self.now.history(definition.measure_id, area)[-1].period_end
        return latest if latest is not None and latest < now else None

    def movement(self, definition: Definition, area: Area) -> Movement | None:
        """How the latest figure stands beside the earlier one; None when either is hidden or missing."""
        now, earlier = self.now.now(definition.measure_id, area), self.earlier(definition, area)
        if now is None or earlier is None or now.value is None or earlier.value is None:
            return None
        when = f"since {month(earlier.period_end)}"
        if now.value == earlier.value:
            return Movement(SAME, "no change", when)
        tone = direction(now.value, earlier.value, definition.better_is) if beyond_chance(now, earlier) else SAME
        way = "up" if now.value > earlier.value else "down"
        return Movement(tone, f"{way} {difference(now.value, earlier.value, definition.unit)}", when)

    def changes(self, areas: list[Area]) -> list[Change]:
        """Everything worth telling of some areas, measure by measure."""
        found: list[Change] = []
        for definition in self.now.measures:
            for area in areas:
                found += self._of(definition, area)
        return found

    def _of(self, definition: Definition, area: Area) -> list[Change]:
        now, earlier = self.now.now(definition.measure_id, area), self.earlier(definition, area)
        if now is None:
            return []
        found = []
        if earlier is not None:
            found += _together(
                self._crossed(definition, now, earlier) or self._moved(definition, now, earlier),
                _special(definition.unit, now, earlier),
            )
        found += self._restated(definition, area)
        return [Change(definition.measure_id, definition.name, area, tone, text) for tone, text in found]

    def _crossed(self, definition: Definition, now: Figure, earlier: Figure) -> list[tuple[str, str]]:
        judged = {now.target_status, earlier.target_status} == {"met", "not_met"}
        if not judged:
            return []
        tone, words = (BETTER, "now on target") if now.target_status == "met" else (WORSE, "no longer on target")
        before = shown(earlier.value, definition.unit)
        return [(tone, f"{words}: {figure_text(now, definition.unit)}, was {before} in {month(earlier.period_end)}.")]

    def _moved(self, definition: Definition, now: Figure, earlier: Figure) -> list[tuple[str, str]]:
        """A movement that chance would hardly give: the two 95 % intervals do not meet."""
        if now.value is None or earlier.value is None or not beyond_chance(now, earlier):
            return []
        tone = direction(now.value, earlier.value, definition.better_is)
        way = "up" if now.value > earlier.value else "down"
        text = f"{way} from {shown(earlier.value, definition.unit)} in {month(earlier.period_end)} to "
        text += f"{figure_text(now, definition.unit)}, more than chance would give."
        return [(tone if tone in (BETTER, WORSE) else NOTE, text)]

    def _restated(self, definition: Definition, area: Area) -> list[tuple[str, str]]:
        if self.before is None:
            return []
        old = {one.period_end: one for one in self.before.history(definition.measure_id, area)}
        changed = [
            one
            for one in self.now.history(definition.measure_id, area)
            if one.period_end in old
            and (one.value, one.hidden) != (old[one.period_end].value, old[one.period_end].hidden)
        ]
        if not changed:
            return []
        last = changed[-1]
        was, now = (
            "hidden" if one.hidden else shown(one.value, definition.unit, exact=True)
            for one in (old[last.period_end], last)
        )
        earlier = f", and {len(changed) - 1} earlier" if len(changed) > 1 else ""
        return [(NOTE, f"figure for {month(last.period_end)}{earlier} restated: now {now}, was {was}.")]


def beyond_chance(one: Figure, other: Figure) -> bool:
    """Whether the 95 % intervals of two figures do not meet; False when either has none."""
    bounds = (one.lower_95, one.upper_95, other.lower_95, other.upper_95)
    if any(bound is None for bound in bounds):
        return False
    return (one.lower_95 or 0) > (other.upper_95 or 0) or (other.lower_95 or 0) > (one.upper_95 or 0)


def _together(told: list[tuple[str, str]], special: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """A change and the unusual variation it shows as one entry, when both are good or both are bad news."""
    if len(told) == len(special) == 1 and told[0][0] == special[0][0]:
        return [(told[0][0], f"{told[0][1]} {special[0][1][0].upper()}{special[0][1][1:]}")]
    return told + special


def _special(unit: str, now: Figure, earlier: Figure) -> list[tuple[str, str]]:
    """Special-cause variation that was not there before."""
    kind = spc.kind(now.variation)
    if now.variation is None or kind == spc.COMMON or kind == spc.kind(earlier.variation):
        return []
    icon = spc.variation_icon(now)
    if icon is None or now.value is None:
        return []
    tone = {spc.IMPROVEMENT: BETTER, spc.CONCERN: WORSE}.get(kind, NOTE)
    rule = spc.RULE_WORDS.get(now.spc_point_type or "")
    level = "high" if icon.letter == "H" else "low"
    text = f"{figure_text(now, unit)} is unusually {level}"
    return [(tone, f"{text}: {rule}." if rule else f"{text}.")]


def withheld_name(published: Published, withheld: Mapping[str, Any]) -> str:
    """The name of what is withheld; where there are several systems, with that of its system."""
    measures = {definition.measure_id: definition.name for definition in published.definitions}
    systems = {area.system_code: area.name for area in published.systems}
    name = measures.get(withheld["measure_id"], withheld["measure_id"])
    system = withheld.get("system_code", "")
    return f"{name}, {systems.get(system, system)}" if system and systems.keys() - {system} else name


def measures_come_and_gone(now: Published, before: Published | None, manifest: Mapping[str, Any]) -> list[str]:
    """Measures that are new, gone or withheld, in sentences."""
    names = {definition.measure_id: definition.name for definition in now.definitions}
    told, hidden = [], set()
    for one in manifest.get("withheld_measures") or []:
        hidden.add(one["measure_id"])
        reasons = " ".join(one.get("reasons", []))
        told.append(f"{withheld_name(now, one)} is withheld this time. {reasons}".strip())
    if before is None:
        return told
    names = {definition.measure_id: definition.name for definition in before.definitions} | names
    here, there = ({one.measure_id for one in published.measures} for published in (now, before))
    told += [f"{names[one]} is new." for one in sorted(here - there)]
    return told + [f"{names[one]} is no longer published." for one in sorted(there - here - hidden)]
