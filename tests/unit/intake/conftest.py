"""Partners' files by hand: a GP register with sound rows, and ways to spoil it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import pytest

from lda.ledger import Ledger
from lda.settings import Settings

LABELS = """
NHS Number,Patient ID,DOB,Sex,Ethnicity,Postcode,LSOA,Practice Code,LD Register Date,LD Removal Date,
Autism Date,AHC Date,AHC Declined,HAP Date,RA Flag,Date of Death
"""
HEADER = LABELS.replace("\n", "").split(",")


def nhs_number(seed: int) -> str:
    """A valid NHS number, by the rule as the NHS Data Dictionary writes it; the next one where there is none."""
    digits = [int(digit) for digit in f"{400_000_000 + seed * 7_919_003 % 99_999_999:09d}"]
    check = 11 - sum(weight * digit for weight, digit in zip(range(10, 1, -1), digits, strict=True)) % 11
    return nhs_number(seed + 1_000_003) if check == 10 else "".join(map(str, [*digits, check % 11]))


def gp_row(seed: int, **changes: str) -> list[str]:
    """One sound row of a GP register in the order of HEADER; ``changes`` are by header label."""
    row = dict.fromkeys(HEADER, "")
    row |= {
        "NHS Number": nhs_number(seed),
        "Patient ID": f"LOCAL{seed:06d}",
        "DOB": f"19{60 + seed % 40}-0{1 + seed % 9}-1{seed % 10}",
        "Sex": "M" if seed % 2 else "F",
        "Ethnicity": "A",
        "Postcode": "LE81 1AA",
        "Practice Code": "Y90001",
        "LD Register Date": "2015-06-01",
        "AHC Date": "2025-11-20",
    }
    return list((row | changes).values())


def csv_bytes(rows: Sequence[Sequence[str]], delimiter: str = ",", end: str = "\n", encoding: str = "utf-8") -> bytes:
    """Rows as delimited text; cells that need it are quoted."""

    def cell(text: str) -> str:
        special = any(mark in text for mark in (delimiter, '"', "\n", "\r"))
        return '"' + text.replace('"', '""') + '"' if special else text

    return "".join(delimiter.join(map(cell, row)) + end for row in rows).encode(encoding)


@pytest.fixture
def land(settings) -> Callable[..., Path]:
    """Puts a GP register into landing, by month and version, from rows or from bytes."""

    def put(
        content: Sequence[Sequence[str]] | bytes, month: str = "2026-02", version: str = "", practice: str = "Y90001"
    ) -> Path:
        path = settings.landing / practice / f"gp_ld_register_{practice}_{month}{version}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else csv_bytes([HEADER, *content]))
        return path

    return put


class Home:
    """Questions about what an ingest left behind."""

    def __init__(self, settings: Settings, ledger: Ledger) -> None:
        self.settings, self.ledger = settings, ledger

    def file(self, path: Path):
        """The ledger's record of a landed file."""
        landed = path.relative_to(self.settings.landing).as_posix()
        return next(item for item in self.ledger.files() if item.landing_path == landed)

    def account(self, path: Path) -> tuple[str, int, int, int, int]:
        """Status, received, accepted, quarantined and repeated."""
        record = self.file(path)
        account = self.ledger.account(record.file_id)
        return record.status, account.received, account.accepted, account.quarantined, account.repeated

    def rules(self, path: Path) -> dict[str, int]:
        """Failures by rule code."""
        return {item.rule_code: item.failures for item in self.ledger.rule_results(self.file(path).file_id)}

    def lake(self, path: Path, columns: str = "*") -> list[tuple]:
        """Rows of a file's lake file, in order of row number."""
        parquet = self.settings.lake / self.file(path).lake_path
        return duckdb.execute(f"SELECT {columns} FROM '{parquet}' ORDER BY _row_number").fetchall()

    def quarantine(self, path: Path, columns: str = "_row_number, rule_codes") -> list[tuple]:
        """Rows of a file's quarantine, in order of row number."""
        record = self.file(path)
        parquet = self.settings.vault / "quarantine" / str(record.feed) / f"{record.file_id[:16]}.parquet"
        return duckdb.execute(f"SELECT {columns} FROM '{parquet}' ORDER BY _row_number").fetchall()


@pytest.fixture
def home(settings, ledger) -> Home:
    """What an ingest left behind."""
    return Home(settings, ledger)
