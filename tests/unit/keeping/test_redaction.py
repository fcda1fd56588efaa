"""A workbook from which a person's rows were taken out is still the workbook that was sent."""

from __future__ import annotations

import python_calamine
import xlsxwriter

from lda.contracts import load_contracts
from lda.intake.header import Labels
from lda.intake.records import open_source
from lda.keeping.redaction import Needles, redact
from lda.settings import Settings

PERSON, OTHER = "9434765919", "9434765870"


def test_sheets_that_were_hidden_are_hidden_again_and_the_same_rows_are_read(tmp_path):
    settings = Settings()
    contract = load_contracts(settings)["dsr"]
    header = [column.name for column in contract.table.columns]
    at = header.index("nhs_number")
    source, target = tmp_path / "source.xlsx", tmp_path / "target.xlsx"
    book = xlsxwriter.Workbook(str(source))
    for name, people in (("last month", [PERSON, OTHER, OTHER]), ("this month", [OTHER, PERSON])):
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, header)
        for number, person in enumerate(people, start=1):
            sheet.write_row(number, 0, ["x"] * len(header))
            sheet.write_string(number, at, person)
        if name == "last month":
            sheet.hide()
        else:
            sheet.set_first_sheet()
            sheet.activate()
    book.close()
    found = redact(settings, source, target, contract, Needles(PERSON, {}), tmp_path / "scratch")
    assert (dict(found.rows), found.elsewhere) == ({"dsr": [3]}, 1)
    seen = python_calamine.SheetVisibleEnum
    shown = [sheet.visible for sheet in python_calamine.load_workbook(str(target)).sheets_metadata]
    assert shown == [seen.Hidden, seen.Visible]
    opened, _ = open_source(target, Labels(contract.table))
    assert [row[at] for row in opened.records() if any(row)] == ["nhs_number", OTHER]
