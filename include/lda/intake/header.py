"""Matches a file's header with a contract: which cell is which column, and which row is the header."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lda.contracts import TableSpec, normalise

# Title rows above a header are looked through up to this row.
SEARCH_ROWS = 40


@dataclass(frozen=True)
class HeaderMatch:
    """A header row: its place, its cells, and the position of each contract column found in it.

    ``row_number`` counts from 1 as in a spreadsheet and is 0 where the file has no header. ``width`` is the number of
    cells up to the last labelled one. ``repeated`` are contract columns that several cells are labelled as.
    """

    row_number: int
    cells: tuple[str, ...]
    positions: Mapping[str, int]
    repeated: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """Cells up to the last that has a label."""
        return max((index + 1 for index, cell in enumerate(self.cells) if cell.strip()), default=0)

    @property
    def unknown(self) -> list[str]:
        """Labels that belong to no column of the contract."""
        known = set(self.positions.values())
        return [cell.strip() for index, cell in enumerate(self.cells) if cell.strip() and index not in known]


class Labels:
    """What the header cells of a feed may say, by column."""

    def __init__(self, table: TableSpec) -> None:
        self.table = table
        self._columns = {
            normalise(label): column.name for column in table.columns for label in (column.name, *column.synonyms)
        }

    def match(self, row_number: int, cells: Sequence[str]) -> HeaderMatch:
        """The columns found in a row; of several cells with labels of one column the first is its place."""
        positions: dict[str, int] = {}
        repeated: dict[str, None] = {}
        for index, cell in enumerate(cells):
            column = self._columns.get(normalise(cell)) if cell else None
            if column is not None and positions.setdefault(column, index) != index:
                repeated[column] = None
        return HeaderMatch(row_number, tuple(cells), positions, tuple(repeated))

    def find(self, records: Iterable[Sequence[str]]) -> HeaderMatch | None:
        """The first row with the most columns of the contract; None when no row has two (or the only one).

        A table without a header has its columns in the contract's order from the first row on.
        """
        if self.table.headerless:
            names = tuple(column.name for column in self.table.columns)
            return HeaderMatch(0, names, {name: position for position, name in enumerate(names)})
        best: HeaderMatch | None = None
        for number, cells in enumerate(records, start=1):
            # Once a row has all that is required, the header has been found: below it is data.
            if number > SEARCH_ROWS or (best and not self.missing(best)):
                break
            match = self.match(number, cells)
            if best is None or len(match.positions) > len(best.positions):
                best = match
        least = min(2, len(self.table.columns))
        return best if best and len(best.positions) >= least else None

    def missing(self, match: HeaderMatch | None) -> list[str]:
        """Required columns that the header does not have."""
        found = match.positions if match else {}
        return [name for name in self.table.required_columns if name not in found]
