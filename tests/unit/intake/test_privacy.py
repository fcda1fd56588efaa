"""No identifier is ever outside the archive and the vault: not in the lake, the ledger, a log or an error."""

from __future__ import annotations

import logging
import stat

import duckdb
import pytest

from lda.contracts import load_contracts
from lda.intake import ingest, redrive
from lda.intake.cleaning import UNLISTED, cleaned, trimmed
from lda.intake.reference import Reference
from lda.settings import Settings

from .conftest import csv_bytes, gp_row, nhs_number

SETTINGS = Settings()
CONTRACTS = load_contracts(SETTINGS)
# Reference data names organisations, as they publish themselves.
ABOUT_PEOPLE = sorted(feed for feed, contract in CONTRACTS.items() if contract.role != "reference")
NAMED = "Jane Smith 943 476 5919"

ROWS = [
    gp_row(1),
    gp_row(2, DOB="1981-13-01"),
    gp_row(3, **{"NHS Number": nhs_number(3)[:9] + "x"}),
    gp_row(4, **{"NHS Number": nhs_number(1), "Patient ID": "LOCAL777777"}),
    gp_row(5)[:6],
    gp_row(6, Postcode="LE81 1AAX"),
    *(gp_row(seed) for seed in range(7, 13)),
]
IDENTIFIERS = [
    *(nhs_number(seed) for seed in range(1, 13)),
    nhs_number(3)[:9],
    *(f"LOCAL{seed:06d}" for seed in (1, 2, 3, 4, 5, 6, 777777)),
    "LE81 1AA",
    "LE811AA",
    "1981-13-01",
]


def test_identifiers_stay_in_the_archive_and_the_vault(settings, land, home, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    land(ROWS)
    land(csv_bytes([["x"], *ROWS]), "2026-01")
    told: list[str] = []
    report = ingest(settings, progress=lambda *step: told.append(str(step)))
    redrive(settings)
    home.ledger.close()
    texts = [caplog.text, str(report.as_dict()), str(told), *capfd.readouterr()]
    places = [path for path in settings.home.rglob("*") if path.is_file()]
    closed = (settings.archive, settings.vault, settings.landing)
    open_files = [path for path in places if not any(path.is_relative_to(folder) for folder in closed)]
    assert any(path.suffix == ".parquet" for path in open_files) and settings.home / "ledger.db" in open_files
    for identifier in IDENTIFIERS:
        assert not [text for text in texts if identifier in text], identifier
        assert not [path for path in open_files if identifier.encode() in path.read_bytes()], identifier


@pytest.mark.slow
@pytest.mark.parametrize("feed", ABOUT_PEOPLE)
@pytest.mark.parametrize("text", [NAMED, NAMED.upper(), "9434765919", "943 476 5919", "jane.smith@example.org"])
def test_no_column_of_a_feed_hands_on_what_identifies_somebody(feed, text):
    """Whatever column it is typed into: listed, free, a date or a number."""
    with duckdb.connect() as connection:
        Reference(SETTINGS).install(connection, CONTRACTS[feed])
        for table in CONTRACTS[feed].tables:
            for column in table.columns:
                if column.is_identifier:
                    continue
                source = f"(SELECT {trimmed('given')} AS t_{column.name} FROM (SELECT ?::VARCHAR AS given))"
                value = f"SELECT CAST({cleaned(column).value} AS VARCHAR) FROM {source}"
                (found,) = connection.execute(value, [text]).fetchall()[0]
                assert "9434765919" not in str(found).replace(" ", ""), (table.name, column.name)
                assert "jane" not in str(found).lower(), (table.name, column.name)


def test_a_text_that_is_no_code_is_told_of_and_stays_out_of_the_lake(settings, land, home):
    path = land([gp_row(1, Sex=NAMED, Ethnicity=NAMED), gp_row(2, Sex="female")])
    ingest(settings)
    assert home.account(path) == ("accepted", 2, 2, 0, 0)
    assert home.rules(path) == {"GP-SEX-VALUES": 1, "GP-ETHNIC_CATEGORY-VALUES": 1}
    assert home.lake(path, "sex, ethnic_category") == [(UNLISTED, UNLISTED), ("female", "A")]
    for place in (settings.lake, settings.vault / "identifiers"):
        assert not [one for one in place.rglob("*.parquet") if b"Jane" in one.read_bytes()]


def test_the_mart_knows_what_the_lake_holds_of_a_text_that_is_no_code():
    project = (SETTINGS.dbt_dir / "dbt_project.yml").read_text(encoding="utf-8")
    assert f"cld_unmapped: {UNLISTED}\n" in project
    codes = (SETTINGS.reference_dir / "code_list.csv").read_text(encoding="utf-8")
    assert UNLISTED.lower() not in codes.lower()


def test_the_scan_would_find_an_identifier(settings, land):
    """The vault, by the same scan, does hold what must not be elsewhere: so the scan can fail."""
    land(ROWS)
    ingest(settings)
    held = b"".join(path.read_bytes() for path in settings.vault.rglob("*.parquet"))
    assert nhs_number(1).encode() in held
    assert b"1981-13-01" in held


def test_only_the_owner_can_open_what_identifies(settings, land):
    land(ROWS)
    ingest(settings)
    for folder in (settings.archive, settings.vault):
        for path in (folder, *folder.rglob("*")):
            allowed = 0o700 if path.is_dir() else 0o600
            assert stat.S_IMODE(path.stat().st_mode) & ~allowed == 0, path
