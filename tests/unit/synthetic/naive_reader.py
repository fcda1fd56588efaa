"""Reads the sample's files back the plain way, one dict a row, leaving out the rows the truth says are quarantined.

Nothing here comes from the generator or the warehouse: it is a second opinion on both.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from python_calamine import CalamineWorkbook
from synthetic_cases import Sample

from lda.settings import Settings

# What partners call their own number of a person.
OWN_NUMBERS = ("local_patient_id", "la_person_unique_identifier", "register_id", "review_id")
BLANKS = {"", "n/a", "null", "tba"}
Fact = Any
Rows = list[dict[str, Fact]]


@dataclass
class Submission:
    partner: str
    period_end: str
    rows: Rows


def label(text: object) -> str:
    return re.sub(r"[^a-z0-9]", "", str(text).lower())


def columns_of(feed: str) -> tuple[dict[str, str], set[str]]:
    contract = yaml.safe_load((Settings().contracts_dir / f"{feed}.odcs.yaml").read_text(encoding="utf-8"))
    names, dates = {}, set()
    for column in contract["schema"][0]["properties"]:
        words = [column["name"]]
        for item in column.get("customProperties", []):
            if item["property"] == "synonyms":
                words += item["value"]
        names.update({label(word): column["name"] for word in words})
        if column["logicalType"] == "date":
            dates.add(column["name"])
    return names, dates


def day_of(cell: object) -> date | None:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = str(cell).strip()
    if text.lower() in BLANKS:
        return None
    if re.fullmatch(r"\d{5}(\.0)?", text):
        return date(1899, 12, 30) + timedelta(days=int(float(text)))
    text = text.split(" ")[0]
    for style in ("%Y-%m-%d", "%d/%m/%Y", "%d-%b-%Y", "%Y%m%d"):
        try:
            return datetime.strptime(text, style).date()  # noqa: DTZ007 - a day has no time zone
        except ValueError:
            continue
    raise ValueError(f"not a date: {text}")


def valid_number(text: str) -> bool:
    if not re.fullmatch(r"\d{10}", text) or text in {"0000000000", "9999999999"}:
        return False
    total = sum(int(digit) * (10 - place) for place, digit in enumerate(text[:9]))
    return (11 - total % 11) % 11 == int(text[9])


def number_of(cell: object) -> str:
    text = f"{cell:.0f}" if isinstance(cell, float) else str(cell)
    text = re.sub(r"[ -]|\.0$", "", text.strip())
    return text if valid_number(text) else ""


def lines_of(path: Path) -> list[list[Any]]:
    if path.suffix == ".xlsx":
        return CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python(skip_empty_area=False)
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252")
    head = text.split("\n")[0]
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=";" if head.count(";") > 3 else ","))


def opted_out(sample: Sample) -> set[str]:
    """Everybody on the last opt-out list that counts, read from its file line by line."""
    lists = [row for row in sample.files if row["feed"] == "opt_out" and row["expected_status"] == "accepted"]
    last = max(lists, key=lambda row: row["period_end"])
    lines = sample.path(last["landing_path"]).read_text(encoding="utf-8").splitlines()
    return {text for line in lines if valid_number(text := line.rstrip(","))}


def read_feed(sample: Sample, feed: str) -> list[Submission]:
    """Accepted submissions of a feed, each with its good rows as dicts of contract names, and ``_row``.

    People who opted out are left out of them once the rows have been counted.
    """
    gone = opted_out(sample)
    names, dates = columns_of(feed)
    bad = {(row["landing_path"], int(row["row_number"])) for row in sample.rows if row["expected_rule_code"]}
    found = []
    for file in sample.files:
        if file["feed"] != feed or file["expected_status"] != "accepted":
            continue
        rows: Rows = []
        seen: set[tuple[str, ...]] = set()
        header: list[str | None] = []
        for number, line in enumerate(lines_of(sample.path(file["landing_path"])), start=1):
            if sum(label(cell) in names for cell in line) > 5:
                header = [names.get(label(cell)) for cell in line]
                continue
            first = next((str(cell) for cell in line if str(cell).strip()), "")
            key = tuple(map(str, line))
            skip = not first or first.lower().startswith("total") or key in seen
            if not header or skip or (file["landing_path"], number) in bad:
                continue
            seen.add(key)
            row = {name: cell for name, cell in zip(header, line, strict=True) if name}
            for name, cell in row.items():
                row[name] = day_of(cell) if name in dates else cell.strip() if isinstance(cell, str) else cell
            if "nhs_number" in row:
                row["nhs_number"] = number_of(row["nhs_number"])
            rows.append({**row, "_row": number})
        assert len(rows) == int(file["accepted"]), file["landing_path"]
        found.append(Submission(file["partner_code"], file["period_end"], rows))
    return without_opted_out(found, gone)


def without_opted_out(submissions: list[Submission], gone: set[str]) -> list[Submission]:
    """Leave out rows under the NHS number of somebody who opted out, and rows without one under a number of the
    partner's own that stands beside such an NHS number in another row."""
    rows = [(one.partner, row) for one in submissions for row in one.rows]
    own = {(partner, row.get(name)) for partner, row in rows if row.get("nhs_number") in gone for name in OWN_NUMBERS}

    def stays(partner: str, row: dict[str, Any]) -> bool:
        if row.get("nhs_number"):
            return row["nhs_number"] not in gone
        return not any(row.get(name) and (partner, row[name]) in own for name in OWN_NUMBERS)

    return [replace(one, rows=[row for row in one.rows if stays(one.partner, row)]) for one in submissions]
