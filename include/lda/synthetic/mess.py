"""Puts the mess into a file's rows and keeps account of it, row by row."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from lda.synthetic.population import MESS_STREAM, SPARE_FROM, NumberSource, Plan
from lda.synthetic.recipes import RECIPES, RawRow, Recipe, Row
from lda.synthetic.return_recipes import RETURN_RECIPES
from lda.synthetic.writers import Cell, CsvFile, TruthFiles, XlsxFile

EXTRA_SHARE = 3


@dataclass(frozen=True)
class Note:
    """A tag for a row whose own facts are messy, such as an unusable NHS number: position among the rows, and tag."""

    position: int
    tag: str


class Messer:
    """Messes up about ``dirt`` of the rows it is given, going round each feed's recipes so that all of them occur."""

    def __init__(self, plan: Plan, block: int, truth: TruthFiles) -> None:
        self._random = plan.random(block, MESS_STREAM)
        self._dirt, self._truth = plan.dirt, truth
        self._numbers = NumberSource(plan.geography.number_block + block, SPARE_FROM)
        self._prefix, self._ids = f"X{block + 1}", 0
        known = RECIPES | RETURN_RECIPES
        self._queues: dict[str, deque[Recipe]] = {feed: deque(recipes) for feed, recipes in known.items()}

    def rows(
        self,
        file: CsvFile | XlsxFile,
        rows: Sequence[RawRow],
        notes: Sequence[Note] = (),
        *,
        repeat_header: bool = False,
        at_least: int = 0,
    ) -> list[Sequence[Cell]]:
        """The rows as the file will hold them, messy ones included; counts them and tags them in the truth.

        ``at_least`` rows are messy if there are enough and there is any dirt. An empty row stands for repeated
        headings. The caller writes the result to the file at once, so that row numbers stay right.
        """
        extract, dates, day = file.extract, file.shape.dates, file.day
        spreadsheet = isinstance(file, XlsxFile)
        chosen = self._chosen(file.shape.feed, len(rows), at_least)
        room = _room(file.shape.quarantine_share, len(rows))
        tags: Mapping[int, str] = {note.position: note.tag for note in notes}
        header_before = len(rows) // 2 if repeat_header and rows else -1
        out: list[Sequence[Cell]] = []
        above = extract.lines
        for position, facts in enumerate(rows):
            if position == header_before:
                out.append(())
                extract.tags.add("repeated_header")
            cells: list[Cell] = list(facts)
            for place in dates:
                cells[place] = day(facts[place])  # type: ignore[arg-type]
            if position in tags:
                self._truth.tag_row(extract, above + len(out) + 1, tags[position])
            if position not in chosen:
                out.append(cells)
                extract.accepted += 1
                continue
            row = Row(file.shape, facts, cells, day, _period(file), spreadsheet, self._numbers.take, self._spare_id)
            room -= self._mess(file, row, out, above, extras=room > 0)
        if spreadsheet:
            extract.lines += len(out)
        return out

    def _chosen(self, feed: str, count: int, at_least: int) -> set[int]:
        if not self._dirt or not count or feed not in self._queues:
            return set()
        wanted = max(int(self._random.binomial(count, self._dirt)), at_least)
        wanted = min(wanted, max(count // EXTRA_SHARE, 1) if count > 1 else 0)
        return {int(position) for position in self._random.choice(count, wanted, replace=False)}

    def _mess(self, file: CsvFile | XlsxFile, row: Row, out: list[Sequence[Cell]], above: int, *, extras: bool) -> int:
        """Add the row and what its recipe makes of it; the number of rows to quarantine this adds."""
        extract = file.extract
        clean = list(row.cells)
        recipe = self._next(row, extras=extras)
        extract.accepted += 1
        if recipe is None:
            out.append(clean)
            return 0
        if recipe.kind != "alter":
            out.append(clean)
        out.append(row.cells)
        self._truth.tag_row(extract, above + len(out), recipe.tag, recipe.rule)
        extract.quarantined += recipe.kind == "extra"
        extract.repeated += recipe.kind == "repeat"
        return int(recipe.kind == "extra")

    def _next(self, row: Row, *, extras: bool) -> Recipe | None:
        """The first recipe in the feed's queue that suits the row and file; it goes to the back of the queue."""
        queue = self._queues[row.shape.feed]
        clean = list(row.cells)
        for recipe in list(queue):
            row.cells = list(clean)
            if (extras or recipe.kind != "extra") and recipe.make(row):
                queue.remove(recipe)
                queue.append(recipe)
                return recipe
        row.cells = clean
        return None

    def _spare_id(self) -> str:
        self._ids += 1
        return f"{self._prefix}-{self._ids}"


def _room(share: float, good: int) -> int:
    """How many rows beside ``good`` ones may be quarantined without the whole file being rejected."""
    return math.floor(share * good / (1 - share) + 1e-9)


def _period(file: CsvFile | XlsxFile) -> date:
    if file.extract.period_end is None:
        raise ValueError("a file without a period cannot hold rows")
    return file.extract.period_end
