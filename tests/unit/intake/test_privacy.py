"""No identifier is ever outside the archive and the vault: not in the lake, the ledger, a log or an error."""

from __future__ import annotations

import logging
import stat

from lda.intake import ingest, redrive

from .conftest import csv_bytes, gp_row, nhs_number

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
