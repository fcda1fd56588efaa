"""The ICB's monthly files: scheme return (CSV), inpatient census and LeDeR reviews (XLSX), and files nobody claims."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


class IcbExtracts:
    """Writes the ICB's files from what all blocks together hold."""

    def __init__(
        self, plan: Plan, shapes: dict[str, FeedShape], landing: Path, truth: TruthFiles, messer: Messer
    ) -> None:
        self._plan, self._shapes, self._landing, self._truth, self.messer = plan, shapes, landing, truth, messer

    def _extract(self, feed: str, end: date, version: int = 1, days: int = 0) -> Extract:
        code = self._plan.geography.icb_code
        path = landing_path(self._landing, code, icb_file(feed, code, end.isoformat()[:7], version))
        landed = path.relative_to(self._landing).as_posix()
        extract = Extract(path, landed, feed, code, end, delivery(end, LATENCY[feed] + days))
        self._truth.extracts.append(extract)
        return extract

    def scheme_returns(self, counts: Sequence[Counts]) -> None:
        """One CSV for each month; ``counts`` has one array a month, practices by LDHC fields."""
        shape = self._shapes["ldhc"]
        for end, table in zip(self._plan.ends, counts, strict=True):
            file = CsvFile(self._extract("ldhc", end), shape, scheme_layout(shape))
            year = end.year if end.month >= 4 else end.year - 1
            service = f"LDHC {year}/{(year + 1) % 100:02d}"
            rows: list[RawRow] = [
                (service, code, end.toordinal(), indicator, field, int(table[practice, column]), "Y")
                for practice, code in enumerate(self._plan.geography.practices)
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
        """One workbook for each month with the rows as they are at its end."""
        dirty = self._plan.dirt > 0
        resubmitted = max(0, len(self._plan.ends) - 2) if feed == "inpatient_census" and dirty else -1
        for month, end in enumerate(self._plan.ends):
            style = _style(month) if dirty else PLAIN
            extract = self._extract(feed, end, 2 if month == resubmitted else 1, 3 if month == resubmitted else 0)
            words = f"{title}, {MONTH_NAMES[end.month - 1]} {end.year}"
            file = XlsxFile(extract, self._shapes[feed], style, words)
            file.save(self.messer.rows(file, rows_at(end), repeat_header=style.repeated_header, at_least=1))
            if month == resubmitted:
                extract.tags.add("resubmission")

    def _first_census(self, stays: Sequence[Stay], end: date) -> None:
        extract = self._extract("inpatient_census", end)
        file = XlsxFile(extract, self._shapes["inpatient_census"], PLAIN, "")
        rows = []
        for facts in census_rows(self._plan, stays, end)[::2]:
            cells: list[Cell] = list(facts)
            for place in file.shape.dates:
                cells[place] = file.day(int(facts[place]))
            rows.append(cells)
        extract.accepted = len(rows)
        extract.status = "superseded"
        extract.tags.add("resubmission")
        file.save(rows)

    def unclaimed(self) -> None:
        """Files that no contract claims."""
        if not self._plan.dirt:
            return
        geography, end = self._plan.geography, self._plan.ends[-1]
        for partner, name, text in (
            (
                geography.icb_code,
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
