"""The national publication of the health check scheme: every practice of England, with all but our own invented.

Our own practices stand in it with the counts of the scheme's return, as the publisher shows them: exclusions left out,
and * for a denominator of less than two people beside somebody who chose not to have the check.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from lda.synthetic.derived_truth import NATIONAL
from lda.synthetic.health_checks import LDHC_FIELDS, MONTH_WEIGHTS
from lda.synthetic.layouts import landing_path, scheme_layout
from lda.synthetic.population import NATIONAL_STREAM
from lda.synthetic.recipes import RawRow
from lda.synthetic.writers import CsvFile, Extract, delivery

if TYPE_CHECKING:
    from lda.synthetic.families import Block, Made

FEED = "ldhc_national"
RANK = "ahc_national_rank"
OTHER_ICBS = 41
LATENCY = 45
HIDDEN = "*"
PUBLISHED = tuple(place for place, (_, field) in enumerate(LDHC_FIELDS) if field[:5] not in {"P_AGE", "PAT_A"})
COUNTED = ("LDHCMI034", "LDHCMI035")


class _Practice:
    """A practice of another ICB: how many people it has and which share of them will have had a check by 31 March."""

    def __init__(self, code: str, icb: str, sub_icb: str, random: np.random.Generator, share: float) -> None:
        self.code, self.icb, self.sub_icb = code, icb, sub_icb
        self.people = (int(random.integers(0, 6)), int(random.integers(15, 90)))
        self.declined = tuple(int(random.binomial(number, 0.05)) for number in self.people)
        self.share = float(np.clip(share + random.normal(0, 0.06), 0.2, 0.98))

    def counts(self, month: int) -> dict[tuple[str, str], int]:
        """What the scheme counts ``month`` months into the year (1 to 12), by indicator and field."""
        done, planned = self._done(month, self.share), self._done(month, self.share * 0.87)
        before = sum(self._done(month - 1, self.share)) if month > 1 else 0
        found = {("LDHC021", "Count"): sum(done) - before}
        for (child, adult), counted in ((COUNTED, done), (("LDHCMI036", "LDHCMI037"), planned)):
            for indicator, age in ((child, 0), (adult, 1)):
                found[indicator, "Denominator"] = self.people[age] - self.declined[age]
                found[indicator, "Numerator"] = counted[age]
                found[indicator, "HLTHCHKDEC"] = self.declined[age]
        return found

    def _done(self, month: int, share: float) -> list[int]:
        so_far = share * sum(MONTH_WEIGHTS[:month]) / sum(MONTH_WEIGHTS)
        return [int(so_far * (number - no)) for number, no in zip(self.people, self.declined, strict=True)]


class NationalPublication:
    """One file a month, and where our system stands in it."""

    def __init__(self, made: Made) -> None:
        self._made = made
        self._ranks: dict[date, int] = {}
        random = made.plan.random(0, NATIONAL_STREAM)
        self._others: list[_Practice] = []
        for number in range(1, OTHER_ICBS + 1):
            share = float(random.normal(0.78, 0.06))
            for part in range(int(random.integers(1, 4))):
                for _ in range(2):
                    code = f"Z{len(self._others) + 1:05d}"
                    self._others.append(_Practice(code, f"Z{number:02d}", f"Z{number:02d}{part + 1}", random, share))

    def take_block(self, block: Block) -> None:
        """The publication counts all people together."""

    def write(self) -> None:
        """Write the publication of every month and remember where our system stands."""
        made, shape = self._made, self._made.shapes[FEED]
        for month, end in enumerate(made.plan.ends):
            sender = made.plan.geography.lead_icb(end)
            path = landing_path(made.landing, sender, f"{FEED}_{sender}_{end.isoformat()[:7]}.csv")
            landed = path.relative_to(made.landing).as_posix()
            extract = Extract(path, landed, FEED, sender, end, delivery(end, LATENCY))
            made.files.extracts.append(extract)
            file = CsvFile(extract, shape, scheme_layout(shape))
            rows = list(self._rows(end, month))
            file.write_rows(made.icb.messer.rows(file, rows))
            file.close()
            self._rank(end, rows)

    def add_month(self, end: date) -> None:
        """Add our system's place, where the publication has an organisation that is the same area."""
        truth = self._made.truth
        if (NATIONAL, "system", truth.geography.system_area, "all", "All", end.isoformat()) in truth.cells:
            rank = self._ranks.get(end)
            if rank is not None:
                truth.add_figure(RANK, end, ("system", truth.geography.system_area), rank)

    def _rows(self, end: date, month: int) -> Iterator[RawRow]:
        geography = self._made.plan.geography
        icb_of = {place: icb for icb, places in geography.icbs(end) for place in places}
        places, sub_icbs, pcns = (
            geography.practice_places(end), geography.practice_sub_icbs(end), geography.practice_pcns(end),
        )  # fmt: skip
        table = self._made.scheme[month]
        for index, code in enumerate(geography.practices):
            icb = icb_of[int(places[index])]
            counts = {LDHC_FIELDS[place]: int(table[index, place]) for place in PUBLISHED}
            yield from _practice_rows(end, code, pcns[index], sub_icbs[index] or icb, icb, counts)
        for practice in self._others:
            counts = practice.counts((end.month - 4) % 12 + 1)
            yield from _practice_rows(end, practice.code, "U", practice.sub_icb, practice.icb, counts)

    def _rank(self, end: date, rows: list[RawRow]) -> None:
        """Our place among our kind, from the rows as published: a hidden denominator counts for nobody."""
        area = self._made.plan.geography.national_area(end)
        if area is None:
            return
        kind, code = area
        column = {"sub_icb": 6, "icb": 9}[kind]
        sides: dict[tuple[str, str, str], dict[str, int]] = defaultdict(dict)
        for row in rows:
            if row[15] in COUNTED and row[17] != HIDDEN:
                sides[str(row[column]), str(row[1]), str(row[15])][str(row[16])] = int(row[17])
        totals: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        for (organisation, _, _), known in sides.items():
            if "Denominator" in known:
                totals[organisation][0] += known["Numerator"]
                totals[organisation][1] += known["Denominator"]
        uptakes = {organisation: count / of for organisation, (count, of) in totals.items() if of}
        own = uptakes.get(code)
        if own is not None:
            self._ranks[end] = 1 + sum(uptake > own for uptake in uptakes.values())


def _practice_rows(
    end: date, code: str, pcn: str, sub_icb: str, icb: str, counts: dict[tuple[str, str], int]
) -> Iterator[RawRow]:
    """A practice's rows in the published order of columns."""
    year = end.year if end.month >= 4 else end.year - 1
    service = f"LDHC {year}/{(year + 1) % 100:02d}"
    network = "Unallocated" if pcn == "U" else f"Network {pcn}"
    for (indicator, field), count in counts.items():
        declined, denominator = counts.get((indicator, "HLTHCHKDEC"), 0), counts.get((indicator, "Denominator"), 0)
        hides = field in {"Denominator", "HLTHCHKDEC"} and denominator < 2 and declined > 0
        yield (
            service, code, f"Practice {code}", pcn, network, f"E38{sub_icb}", sub_icb, f"Sub-ICB {sub_icb}",
            f"E54{icb}", icb, f"ICB {icb}", "E40000000", "Y00", "A region", end.toordinal(), indicator, field,
            HIDDEN if hides else count,
        )  # fmt: skip
