"""Reference data as an ICB sends it: mid-year population estimates and the organisations of the ODS.

The last release of the estimates is what the reference data holds, so every rate is as it would be without it; the
first has one council's 2017 wrong, which the last corrects.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path

from lda.synthetic.layouts import landing_path
from lda.synthetic.population import Plan
from lda.synthetic.profiles import AGE_BANDS
from lda.synthetic.writers import Cell, Extract, TruthFiles, delivery

POPULATION_HEADINGS = ("ladcode23", "laname23", "sex", "age", "year", "population")
FIRST_AGES, OLDEST = (0, 18, 25, 35, 45, 55, 65), 90
WRONG_YEAR = "2017"
WHOLE_TO_PART = 5
ODS_COLUMNS, OPENED, GP_PRACTICE = 27, "20130401", "4"
LATENCY = 12


class ReferenceReleases:
    """Writes the releases one ICB of the system hands on."""

    def __init__(self, plan: Plan, landing: Path, truth: TruthFiles) -> None:
        self._plan, self._landing, self._truth = plan, landing, truth

    def write(self) -> None:
        """Two releases of the estimates, if the sample is long enough, and one of the organisations."""
        first, last = self._plan.ends[0], self._plan.ends[-1]
        if self._plan.dirt and first != last:
            self._write("ons_population", first, self._estimates(wrong=True), {"wrong_population_year"})
        self._write("ons_population", last, self._estimates(wrong=False), {"corrected_population_year"})
        tags = {"quoted_cells", "renamed_organisation"}
        self._write("ods_organisations", last, self._organisations(last), tags, headed=False)

    def _estimates(self, *, wrong: bool) -> Iterator[Sequence[Cell]]:
        """A row for each council, sex, single year of age and year; the ages of a band are shared out evenly.

        Of a council of which the system holds a part, the release tells of the whole: more people than the part has.
        """
        geography = self._plan.geography
        bands: defaultdict[tuple[str, str, str, str], int] = defaultdict(int)
        for row in geography.population:
            bands[row["place_code"], row["year"], row["sex"], row["age_band"]] += int(row["population"])
        yield POPULATION_HEADINGS
        for (place, year, sex, band), residents in sorted(bands.items()):
            council = geography.council_areas[geography.places.index(place)]
            factor = 2 if wrong and place == geography.places[0] and year == WRONG_YEAR else 1
            factor *= 1 if council == place else WHOLE_TO_PART
            index = AGE_BANDS.index(band)
            ages = range(FIRST_AGES[index], FIRST_AGES[index + 1] if index + 1 < len(FIRST_AGES) else OLDEST + 1)
            for position, age in enumerate(ages):
                here = residents // len(ages) + (position < residents % len(ages))
                yield council, "", sex[0], age, year, here * factor

    def _organisations(self, end: date) -> Iterator[Sequence[Cell]]:
        """Every practice with the 27 cells of the ODS file; one has another name than the reference data knows."""
        geography = self._plan.geography
        place_of = geography.practice_places(end)
        for position, code in enumerate(geography.practices):
            cells: list[Cell] = [""] * ODS_COLUMNS
            name = "THE RENAMED SURGERY" if position == 0 else geography.practice_names[position].upper()
            cells[0], cells[1], cells[2], cells[3] = code, name, "Y60", geography.icb_of(int(place_of[position]), end)
            cells[4], cells[7], cells[9] = "1 HIGH STREET", "SAMPLETOWN", "LE81 1AA"
            cells[10], cells[12], cells[13], cells[21], cells[25] = OPENED, "A", "B", "0", GP_PRACTICE
            yield cells

    def _write(
        self, feed: str, end: date, lines: Iterable[Sequence[Cell]], tags: set[str], *, headed: bool = True
    ) -> None:
        code = self._plan.geography.lead_icb(end)
        path = landing_path(self._landing, code, f"{feed}_{code}_{end.isoformat()[:7]}.csv")
        landed = path.relative_to(self._landing).as_posix()
        extract = Extract(path, landed, feed, code, end, delivery(end, LATENCY), tags=tags)
        self._truth.extracts.append(extract)
        text = io.StringIO(newline="")
        rows = list(lines)
        csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_MINIMAL if headed else csv.QUOTE_ALL).writerows(rows)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.getvalue(), encoding="utf-8")
        extract.accepted = len(rows) - headed
        extract.stamp()
