"""The ICBs' monthly files: scheme return (CSV), inpatient census and LeDeR reviews (XLSX), and files nobody claims."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from lda.synthetic.calendar import MONTH_NAMES
from lda.synthetic.health_checks import LDHC_FIELDS
from lda.synthetic.hospital import Stay, census_rows
from lda.synthetic.layouts import FeedShape, icb_file, landing_path, scheme_layout
from lda.synthetic.mess import Messer
from lda.synthetic.mortality import Review, review_rows
from lda.synthetic.population import Plan
from lda.synthetic.recipes import RawRow
from lda.synthetic.writers import Cell, CsvFile, Extract, SheetStyle, TruthFiles, XlsxFile, delivery

Counts = np.ndarray[Any, np.dtype[np.int64]]
LATENCY = {
    "ldhc": 20, "inpatient_census": 7, "leder": 11, "leder_action": 12, "dsr": 8, "training": 16,
    "keyworker": 12, "programme": 6,
}  # fmt: skip
DATE_HABITS = ("real", "text", "real", "serial")
PLAIN = SheetStyle()
# What an ICB that has just taken places over does not send for its first month.
NOT_YET_SENT = frozenset({"leder", "leder_action", "keyworker"})
# The column that says which council, and so which ICB, a row belongs to.
COUNCIL = "responsible_council"


class IcbExtracts:
    """Writes the files of the system's ICBs from what all blocks together hold."""

    def __init__(
        self, plan: Plan, shapes: dict[str, FeedShape], landing: Path, truth: TruthFiles, messer: Messer
    ) -> None:
        self._plan, self._shapes, self._landing, self._truth, self.messer = plan, shapes, landing, truth, messer
        # ICBs whose file of a feed and month held nobody: a file without rows is rejected.
        self._nobody: defaultdict[tuple[str, date], set[str]] = defaultdict(set)

    def _extract(self, feed: str, end: date, code: str, version: int = 1, days: int = 0) -> Extract:
        path = landing_path(self._landing, code, icb_file(feed, code, end.isoformat()[:7], version))
        landed = path.relative_to(self._landing).as_posix()
        extract = Extract(path, landed, feed, code, end, delivery(end, LATENCY[feed] + days))
        self._truth.extracts.append(extract)
        return extract

    def scheme_returns(self, counts: Sequence[Counts]) -> None:
        """One CSV for each ICB and month; ``counts`` has one array a month, practices by LDHC fields."""
        shape, geography = self._shapes["ldhc"], self._plan.geography
        for end, table in zip(self._plan.ends, counts, strict=True):
            year = end.year if end.month >= 4 else end.year - 1
            service = f"LDHC {year}/{(year + 1) % 100:02d}"
            place_of = geography.practice_places(end)
            for icb, places in geography.icbs(end):
                file = CsvFile(self._extract("ldhc", end, icb), shape, scheme_layout(shape))
                rows: list[RawRow] = [
                    (service, code, end.toordinal(), indicator, field, int(table[practice, column]), "Y")
                    for practice, code in enumerate(geography.practices)
                    if place_of[practice] in places
                    for column, (indicator, field) in enumerate(LDHC_FIELDS)
                ]
                file.write_rows(self.messer.rows(file, rows))
                file.close()

    def censuses(self, stays: Sequence[Stay]) -> None:
        """One workbook for each month; the last month but one is first sent with half the people."""
        self.workbooks("inpatient_census", "Inpatient census", lambda end: census_rows(self._plan, stays, end))
        if self._plan.dirt:
            self._first_census(stays, self._plan.ends[max(0, len(self._plan.ends) - 2)])

    def reviews(self, reviews: Sequence[Review]) -> None:
        """One workbook for each month with every review notified so far."""
        self.workbooks("leder", "LeDeR reviews", lambda end: review_rows(self._plan, reviews, end))

    def workbooks(self, feed: str, title: str, rows_at: Callable[[date], Sequence[RawRow]]) -> None:
        """One workbook for each ICB and month with the rows as they are at its end."""
        dirty = self._plan.dirt > 0
        resubmitted = max(0, len(self._plan.ends) - 2) if feed == "inpatient_census" and dirty else -1
        for month, end in enumerate(self._plan.ends):
            style = _style(month) if dirty else PLAIN
            again = month == resubmitted
            for icb, rows in self._by_icb(feed, rows_at(end), end):
                if icb in self._late(feed, end):
                    self._missing(feed, end, icb)
                    continue
                extract = self._extract(feed, end, icb, 2 if again else 1, 3 if again else 0)
                words = f"{title}, {MONTH_NAMES[end.month - 1]} {end.year}"
                file = XlsxFile(extract, self._shapes[feed], style, words)
                file.save(self.messer.rows(file, rows, repeat_header=style.repeated_header, at_least=1))
                if again:
                    extract.tags.add("resubmission")
                if not rows:
                    self._rejected(extract)

    def silent(self, feed: str, end: date) -> dict[str, list[int]]:
        """The ICBs of which nothing of a feed is known for the month, with the places they hold: what they owe is
        late, or held nobody. Known once the feed is written."""
        unheard = self._late(feed, end) | self._nobody[feed, end]
        return {icb: places for icb, places in self._plan.geography.icbs(end) if icb in unheard}

    def _late(self, feed: str, end: date) -> set[str]:
        """An ICB that took over places in the month is late with some returns; the one that leads is not."""
        geography, ends = self._plan.geography, self._plan.ends
        month = ends.index(end)
        if not self._plan.dirt or feed not in NOT_YET_SENT or not month:
            return set()
        before = {icb for icb, _ in geography.icbs(ends[month - 1])}
        return {icb for icb, _ in geography.icbs(end)} - before - {geography.lead_icb(end)}

    def _rejected(self, extract: Extract) -> None:
        extract.status = "rejected"
        extract.tags.add("empty_file")
        if extract.period_end is not None:
            self._nobody[extract.feed, extract.period_end].add(extract.partner)

    def _missing(self, feed: str, end: date, icb: str) -> None:
        extract = self._extract(feed, end, icb)
        extract.status, extract.landing_path = "missing", ""
        extract.tags.add("missing_file")

    def _by_icb(self, feed: str, rows: Sequence[RawRow], end: date) -> Iterator[tuple[str, Sequence[RawRow]]]:
        """The rows of each ICB that holds a part of the system, by council; rows without one are the lead's."""
        geography, shape = self._plan.geography, self._shapes[feed]
        if COUNCIL not in shape.columns:
            yield geography.lead_icb(end), rows
            return
        column = shape.at(COUNCIL)
        for icb, places in geography.icbs(end):
            codes = {geography.council_areas[place] for place in places}
            yield icb, [row for row in rows if row[column] in codes]

    def _first_census(self, stays: Sequence[Stay], end: date) -> None:
        for icb, found in self._by_icb("inpatient_census", census_rows(self._plan, stays, end), end):
            extract = self._extract("inpatient_census", end, icb)
            file = XlsxFile(extract, self._shapes["inpatient_census"], PLAIN, "")
            rows = []
            for facts in found[::2]:
                cells: list[Cell] = list(facts)
                for place in file.shape.dates:
                    cells[place] = file.day(int(facts[place]))
                rows.append(cells)
            extract.accepted = len(rows)
            extract.status = "superseded"
            extract.tags.add("resubmission")
            if not rows:
                self._rejected(extract)
            file.save(rows)

    def unclaimed(self) -> None:
        """Files that no contract claims."""
        if not self._plan.dirt:
            return
        geography, end = self._plan.geography, self._plan.ends[-1]
        icb = geography.lead_icb(end)
        for partner, name, text in (
            (
                icb,
                "Programme board minutes.txt",
                f"Minutes of the programme board of {geography.system_name}. Nobody's data.\n",
            ),
            (
                geography.practices[0],
                "staff_rota.csv",
                f"week,monday,tuesday\n1,AB,CD\n2,CD,AB\n{geography.practices[0]},,\n",
            ),
        ):
            path = landing_path(self._landing, partner, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            landed = path.relative_to(self._landing).as_posix()
            extract = Extract(path, landed, "", partner, None, delivery(end, 6), "unrecognised", {"unclaimed_file"})
            extract.stamp()
            self._truth.extracts.append(extract)


def _style(month: int) -> SheetStyle:
    return SheetStyle(
        title=month % 2 == 0,
        totals=month % 3 == 1,
        blank_tail=month % 4 == 1,
        repeated_header=month % 5 == 2,
        dates=DATE_HABITS[month % len(DATE_HABITS)],
    )
