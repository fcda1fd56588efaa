"""The sample report in a real Chromium, from the file system as a reader opens it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit" / "report"))

import sample

from lda.reporting.report import write_report

# A test browser on a closed network: no first-run pages, no calls home.
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


# Measures of the report of several systems: by year, with limits, hidden in small areas, with a target and without.
SEVERAL = ["ahc_uptake_register", "inpatients_over_two_years", "cetr_in_date", "ld_register_size"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """An open Chromium; closed after the module, because it keeps an event loop running in the test process."""
    found = os.environ.get("LDA_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        if os.environ.get("CI"):
            pytest.fail("No Chromium: CI must install one (Debian package chromium) or set LDA_CHROMIUM.")
        pytest.skip("no Chromium on this machine; install Debian's package chromium or set LDA_CHROMIUM")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Path:
    base = tmp_path_factory.mktemp("browser")
    rows = sample.figures([sample.System()])
    before = [dict(row) for row in rows if row["period_end"].isoformat() < "2026-03-01"]
    published, previous = sample.write(base / "now.duckdb", rows), sample.write(base / "before.duckdb", before)
    write_report(published, sample.manifest(), previous, base / "site")
    _several_systems(base)
    return base / "site"


def _several_systems(base: Path) -> None:
    """A report of two systems, one with neighbourhoods, in folder ``several`` of the site."""
    leeds = sample.System(
        "leeds",
        "QWO",
        "Leeds",
        [("E08000035", "Leeds", 1.0)],
        practices=12,
        neighbourhoods=[("LDS01", "Armley", 0.3), ("LDS02", "Beeston and Middleton", 0.02)],
    )
    rows = sample.figures([sample.System(practices=12), leeds], months=13, measures=SEVERAL)
    published = sample.write(base / "several.duckdb", rows, SEVERAL)
    write_report(published, sample.manifest(), None, base / "site" / "several")


@pytest.fixture
def open_page(browser, site):
    """Opens a page of the report; keyword arguments are those of a browser context."""
    contexts: list[BrowserContext] = []

    def open_one(name: str, **options):
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.goto((site / name).as_uri(), wait_until="load")
        return page

    yield open_one
    for context in contexts:
        context.close()
