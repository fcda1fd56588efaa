"""Take the pictures of the report that docs/ shows, in a real Chromium: python scripts/screenshots.py REPORT_FOLDER.

REPORT_FOLDER is `published/current/public/report` below LDA_HOME, or what `lda report` wrote. Chromium is the machine's
own (Debian's package chromium), or LDA_CHROMIUM names one.
"""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, sync_playwright

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
# A browser on a closed network: no first-run pages, no calls home.
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
DESK, PHONE = (1280, 1500), (390, 1200)


@dataclass(frozen=True)
class Shot:
    """One picture: its name, the page, where on the page to look, the window, light or dark."""

    name: str
    page: str
    look_at: str = "main"
    window: tuple[int, int] = DESK
    mode: Literal["light", "dark"] = "light"


SHOTS = [
    Shot("report", "index.html"),
    Shot("report-dark", "index.html", mode="dark"),
    Shot("report-phone", "index.html", window=PHONE),
    Shot("measure", "measure-ahc-uptake-register.html"),
    Shot("inequality", "inequality.html"),
    Shot("safeguards", "theme-safeguards.html"),
    Shot("leder", "theme-leder.html", look_at=".grid"),
    Shot("data-quality", "data-quality.html"),
    Shot("easy-read", "easy-read.html", look_at="#hard"),
]


def take(browser: Browser, report: Path, shot: Shot) -> Path:
    """One picture, saved below docs/images."""
    width, height = shot.window
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=shot.mode)
    page = context.new_page()
    page.goto((report / shot.page).resolve().as_uri())
    if shot.look_at != "main":
        page.locator(shot.look_at).evaluate("one => window.scrollTo(0, one.getBoundingClientRect().top + scrollY - 24)")
    path = IMAGES / f"{shot.name}.png"
    page.screenshot(path=path)
    context.close()
    return path


def main() -> int:
    """Take every picture; 1 when there is no report or no Chromium."""
    if len(sys.argv) != 2 or not (Path(sys.argv[1]) / "index.html").is_file():
        print(__doc__, file=sys.stderr)
        return 1
    chromium = os.environ.get("LDA_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        print("No Chromium found. Install Debian's package chromium, or set LDA_CHROMIUM.", file=sys.stderr)
        return 1
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for shot in SHOTS:
            path = take(browser, Path(sys.argv[1]), shot)
            print(f"{path.relative_to(IMAGES.parents[1])}  {path.stat().st_size // 1024} KB")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
