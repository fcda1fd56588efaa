"""The councils' quarterly Client Level Data files."""

from __future__ import annotations

from collections.abc import Container, Sequence
from pathlib import Path

from lda.synthetic.council_returns import CouncilWriter, SentRow, is_release_1
from lda.synthetic.geography import Geography
from lda.synthetic.layouts import FeedShape, council_file, council_layout, landing_path
from lda.synthetic.mess import Messer, Note
from lda.synthetic.population import People, Plan
from lda.synthetic.recipes import RawRow
from lda.synthetic.writers import CsvFile, Extract, TruthFiles, delivery

FEED = "cld"
PRACTICE_ELSEWHERE = "F89999"
SENTINELS = frozenset({"0000000000", "9999999999"})


class CouncilExtracts:
    """All council files of a sample, written block by block. The first council sends its last quarter twice."""

    def __init__(self, plan: Plan, shape: FeedShape, landing: Path, truth: TruthFiles) -> None:
        self._plan, self._shape, self._landing, self._truth = plan, shape, landing, truth
        self._files: dict[tuple[int, int], CsvFile] = {}

    @property
    def _geography(self) -> Geography:
        return self._plan.geography

    def _resubmitted(self, council: int, quarter: int) -> bool:
        return self._plan.dirt > 0 and council == 0 and quarter == len(self._plan.quarters) - 1

    def _open(self, council: int, quarter: int, version: int, days: int) -> CsvFile:
        end = self._plan.quarters[quarter]
        code = self._geography.councils[council]
        release_1 = is_release_1(self._plan, council, quarter)
        path = landing_path(self._landing, code, council_file(code, end.strftime("%Y%m%d"), version, release_1))
        landed = path.relative_to(self._landing).as_posix()
        extract = Extract(path, landed, FEED, code, end, delivery(end, days))
        self._truth.extracts.append(extract)
        return CsvFile(extract, self._shape, council_layout(self._shape, council, release_1))

    def open_files(self) -> None:
        """Start every file."""
        for quarter in range(len(self._plan.quarters)):
            for council in range(len(self._geography.councils)):
                again = self._resubmitted(council, quarter)
                file = self._open(council, quarter, 2 if again else 1, 29 if again else 20 + council)
                if again:
                    file.extract.tags.add("resubmission")
                if council == 2:
                    file.extract.tags.add("stated_period_wrong")
                self._files[(council, quarter)] = file

    def write_block(
        self,
        block: int,
        people: People,
        quarter: int,
        sent: Sequence[SentRow],
        messer: Messer,
        opted_out: Container[str],
    ) -> None:
        """Write one block's rows of one quarter into every council's file. Services of those who opted out lack the NHS
        number where another row of the person has it."""
        writer = CouncilWriter(self._geography, people)
        end = self._plan.quarters[quarter]
        for council in range(len(self._geography.councils)):
            file = self._files[(council, quarter)]
            release_1 = is_release_1(self._plan, council, quarter)
            mine = [row for row in sent if row.client.council == council]
            rows: list[RawRow] = [writer.cells(row, end, release_1) for row in mine]
            self._leave_out_numbers(mine, rows, opted_out)
            if self._plan.dirt and self._geography.is_part_of_council(council):
                rows += [self._elsewhere(row) for row in rows[::3]]
            if block == 0 and self._resubmitted(council, quarter):
                self._first_version(rows, council, quarter)
            file.write_rows(messer.rows(file, rows, _notes(mine), repeat_header=self._repeats_header(block, quarter)))

    def _elsewhere(self, row: RawRow) -> RawRow:
        """The same event of somebody else, in the part of the council's area that is not in the system."""
        cells = list(row)
        for column in ("la_person_unique_identifier", "event_reference"):
            cells[self._shape.at(column)] = f"E{cells[self._shape.at(column)]}"
        for column, value in (("nhs_number", ""), ("gp_practice_code", PRACTICE_ELSEWHERE), ("postcode", "")):
            cells[self._shape.at(column)] = value
        return cells

    def _leave_out_numbers(self, mine: Sequence[SentRow], rows: list[RawRow], opted_out: Container[str]) -> None:
        """Take the NHS number out of service rows of those who opted out and have it in another row of the file."""
        told = {row.client.local_id for row in mine if row.event.kind != "Service" and row.client.nhs in opted_out}
        number = self._shape.at("nhs_number")
        for position, row in enumerate(mine):
            if row.event.kind == "Service" and row.client.local_id in told:
                cells = list(rows[position])
                cells[number] = ""
                rows[position] = cells

    def _repeats_header(self, block: int, quarter: int) -> bool:
        return block == 0 and self._plan.dirt > 0 and quarter % 3 == 0

    def _first_version(self, rows: list[RawRow], council: int, quarter: int) -> None:
        """A resubmitted file's first version: every other event missing."""
        file = self._open(council, quarter, 1, 15)
        for row in rows[::2]:
            cells = list(row)
            for place in self._shape.dates:
                cells[place] = file.dates[int(cells[place])]
            file.write_rows([cells])
        file.extract.accepted = len(rows[::2])
        file.extract.status = "superseded"
        file.extract.tags.add("resubmission")
        file.close()

    def close(self) -> None:
        """Finish every file."""
        dirty = self._plan.dirt > 0
        for (council, quarter), file in self._files.items():
            file.close(dirty and (council + quarter) % 4 == 1, dirty and (council + quarter) % 3 == 2)


def _notes(rows: Sequence[SentRow]) -> list[Note]:
    """Tags for rows whose facts are messy in themselves, once for each event."""
    notes = []
    for position, row in enumerate(rows):
        text = row.client.nhs_text
        if text in SENTINELS:
            notes.append(Note(position, "sentinel_nhs_number"))
        elif text.isdigit() and not row.client.nhs:
            notes.append(Note(position, "invalid_nhs_number_warned"))
        elif row.event.repeat:
            notes.append(Note(position, "same_event_twice"))
    return notes
