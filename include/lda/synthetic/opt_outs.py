"""People who opted out of uses beyond their own care, and the lists of them that come back each month.

Whether somebody opts out follows from the NHS number alone, so every family of feeds can ask without knowing the
others. Some opt out before the sample opens, some later, and some change their mind: a list is complete each time,
and the last one holds for everything that is published, whatever month it is about.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from datetime import date
from pathlib import Path
from typing import Protocol, TypeVar
from zlib import crc32

from lda.synthetic.layouts import landing_path
from lda.synthetic.population import SPARE_FROM, NumberSource, Plan
from lda.synthetic.writers import Extract, TruthFiles, delivery

FEED = "opt_out"
LATENCY = 5
# Of a thousand people, those who opted out and stay so, and those who took it back before the last list.
OPTED_OUT, TOOK_BACK, PER = 25, 3, 1000
STRANGERS, STRANGERS_FROM = 60, SPARE_FROM * 3
BAD_NUMBERS = ("0000000000", "9434765910", "not known")


class HasNumber(Protocol):
    """Anything sent under an NHS number; blank when it was sent without."""

    @property
    def nhs(self) -> str:
        """The NHS number as sent."""


Thing = TypeVar("Thing", bound=HasNumber)


class OptOuts:
    """Who of the people made so far has opted out, and of which place they are."""

    def __init__(self, months: int) -> None:
        self._months = months
        self._draws: dict[str, int] = {}
        self._places: dict[str, int] = {}

    def take(self, people: Iterable[tuple[str, int]]) -> None:
        """Let people decide, once each: NHS number and index of the place. Of no known place (-1) is whoever nobody has
        told of one."""
        for number, place in people:
            if number and (draw := crc32(number.encode())) % PER < OPTED_OUT + TOOK_BACK:
                self._draws[number] = draw
                if self._places.setdefault(number, place) < 0:
                    self._places[number] = place

    def __contains__(self, number: object) -> bool:
        """True for somebody on the last list, whom no figure counts."""
        draw = self._draws.get(str(number))
        return draw is not None and (draw % PER < OPTED_OUT)

    def kept(self, things: Iterable[Thing]) -> list[Thing]:
        """The things that figures may count."""
        return [thing for thing in things if thing.nhs not in self]

    def listed(self, month: int, places: Container[int]) -> list[str]:
        """Numbers on a month's list of the ICB that holds these places."""
        last = self._months - 1
        return sorted(
            number
            for number, draw in self._draws.items()
            if self._places[number] in places and _is_on(draw, month, last)
        )


def _is_on(draw: int, month: int, last: int) -> bool:
    changes = draw // PER % (last + 1)
    return changes <= month if draw % PER < OPTED_OUT else month < changes


class OptOutLists:
    """Writes the ICBs' lists: mostly sound, sometimes with lines that are no NHS number, blank lines or CRLF."""

    def __init__(self, plan: Plan, landing: Path, truth: TruthFiles) -> None:
        self._plan, self._landing, self._truth = plan, landing, truth
        source = NumberSource(plan.geography.number_block, STRANGERS_FROM)
        # Of each ICB that sends a month's list, by its turn.
        most = max(len(self._senders(end)) for end in plan.ends)
        self._strangers = [[source.take() for _ in range(STRANGERS + len(plan.ends))] for _ in range(most)]

    def write(self, opt_outs: OptOuts) -> None:
        """One list for each ICB and month, of its own people; one month is first sent without most of the people."""
        dirty = self._plan.dirt > 0
        resubmitted = len(self._plan.ends) - 1 if dirty else -1
        for month, end in enumerate(self._plan.ends):
            before = self._senders(self._plan.ends[month - 1]) if month else {}
            for turn, (icb, places) in enumerate(self._senders(end).items()):
                # People nobody else knows; one more each month, so that no two lists are the same bytes.
                strangers = self._strangers[turn][: STRANGERS + month]
                numbers = sorted([*opt_outs.listed(month, places), *strangers])
                if month == resubmitted:
                    # It is rejected, because it lost so many, where the sender had a list in force.
                    status = "rejected" if icb in before else "superseded"
                    self._list(icb, end, numbers[::3], month, 1, status)
                    self._list(icb, end, numbers, month, 2)
                else:
                    self._list(icb, end, numbers, month, 1)

    def _senders(self, end: date) -> dict[str, list[int]]:
        """The ICBs of a month and the places whose people each lists, the leading ICB first: it lists the people of no
        known place too."""
        lead = self._plan.geography.lead_icb(end)
        held = dict(self._plan.geography.icbs(end))
        return {lead: [*held.pop(lead), -1], **held}

    def _list(
        self, code: str, end: date, numbers: list[str], month: int, version: int, status: str = "accepted"
    ) -> None:
        name = f"{FEED}_{code}_{end.isoformat()[:7]}{f'_v{version}' if version > 1 else ''}.dat"
        path = landing_path(self._landing, code, name)
        landed = path.relative_to(self._landing).as_posix()
        extract = Extract(path, landed, FEED, code, end, delivery(end, LATENCY + 3 * (version - 1)), status)
        self._truth.extracts.append(extract)
        newline = "\n"
        if version > 1 or status != "accepted":
            extract.tags.add("resubmission")
        lines = list(numbers)
        extract.accepted = len(numbers)
        if self._plan.dirt and status == "accepted":
            if month % 3 == 1:
                newline = "\r\n"
                extract.tags.add("crlf")
            if month % 2 == 0:
                self._mess(extract, lines, len(numbers) // 2)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes("".join(f"{line},{newline}" if line else newline for line in lines).encode())
        extract.stamp()

    def _mess(self, extract: Extract, lines: list[str], middle: int) -> None:
        """A heading, blank lines, a number twice, and lines that are no NHS number."""
        extract.tags.update({"blank_lines", "header_row"})
        lines[middle:middle] = ["", ""]
        lines.insert(0, "NHS Number")
        lines.append(lines[1])
        extract.repeated += 1
        self._truth.tag_row(extract, len(lines), "repeated_row")
        for text in BAD_NUMBERS:
            lines.append(text)
            extract.quarantined += 1
            rule = "OO-NHS_NUMBER-REQUIRED" if text == BAD_NUMBERS[0] else "OO-NHS_NUMBER-FORMAT"
            self._truth.tag_row(extract, len(lines), "invalid_nhs_number", rule)
