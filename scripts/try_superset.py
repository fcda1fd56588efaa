"""Import the shipped dashboard into a real Superset and look at every chart of it: make try-superset PICTURE=file.png.

What LDA_HOME publishes is served from a PostgreSQL of its own and from the DuckDB file. The bundle of each mart is
imported through Superset's REST API, each dashboard is opened in Chromium, every chart's request for data is held to
account, and a publication is told to Superset, which must then ask the mart again. Everything runs on this machine,
in a folder that is removed afterwards.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Page, Response, sync_playwright
from pydantic import SecretStr

from lda.cli.serving import write_dashboard
from lda.publishing import current_publication
from lda.serving.local import local_server
from lda.serving.serve import serve
from lda.serving.superset import tell_superset
from lda.settings import Settings

BIN = Path(__file__).resolve().parents[1] / ".venv-superset" / "bin"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
USER, MARTS = "admin", ("postgres", "duckdb")
WAIT = 300
CONFIG = """
SECRET_KEY = {key!r}
SQLALCHEMY_DATABASE_URI = "sqlite:///{home}/superset.db"
TALISMAN_ENABLED = False
DATA_CACHE_CONFIG = {{"CACHE_TYPE": "FileSystemCache", "CACHE_DIR": "{home}/cache", "CACHE_DEFAULT_TIMEOUT": 86400}}
"""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running_superset(home: Path, password: str) -> Iterator[str]:
    """A Superset with its own data in ``home``, for the length of a block: its address."""
    config = home / "superset_config.py"
    config.write_text(CONFIG.format(key=secrets.token_hex(32), home=home))
    environment = {**os.environ, "SUPERSET_CONFIG_PATH": str(config), "SUPERSET_HOME": str(home)}
    account = ["--username", USER, "--firstname", "A", "--lastname", "B", "--email", "a@example.org"]
    with (home / "log").open("w") as log:
        for step in (["db", "upgrade"], ["fab", "create-admin", *account, "--password", password], ["init"]):
            print("▸ superset", *step[:2])
            command = [str(BIN / "superset"), *step]
            subprocess.run(command, env=environment, stdout=log, stderr=log, check=True)  # noqa: S603
        url = f"http://127.0.0.1:{free_port()}"
        serving = ["-w", "1", "-k", "gthread", "--threads", "4", "--timeout", str(WAIT), "-b", url.split("//")[1]]
        command = [str(BIN / "gunicorn"), *serving, "superset.app:create_app()"]
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)  # noqa: S603
        try:
            _until_it_answers(url, server)
            yield url
        finally:
            server.terminate()
            server.wait(30)


def _until_it_answers(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if requests.get(f"{url}/health", timeout=5).ok:
                return
        except requests.RequestException:
            time.sleep(1)
    raise SystemExit(f"Superset did not answer at {url} within {WAIT} s.")


def signed_in(url: str, password: str) -> requests.Session:
    """A session of the administrator, as Superset's API wants it."""
    session = requests.Session()
    account = {"username": USER, "password": password, "provider": "db", "refresh": False}
    token = session.post(f"{url}/api/v1/security/login", json=account, timeout=WAIT).json()["access_token"]
    session.headers.update({"Authorization": f"Bearer {token}", "Referer": url})
    session.headers["X-CSRFToken"] = session.get(f"{url}/api/v1/security/csrf_token/", timeout=WAIT).json()["result"]
    return session


def import_bundle(session: requests.Session, url: str, path: Path, passwords: dict[str, str]) -> None:
    """Import a dashboard's ZIP as *Dashboards → Import* does; ends the program when Superset refuses it."""
    with path.open("rb") as file:
        answer = session.post(
            f"{url}/api/v1/dashboard/import/",
            files={"formData": (path.name, file, "application/zip")},
            data={"passwords": json.dumps(passwords), "overwrite": "true"},
            timeout=WAIT,
        )
    if not answer.ok:
        raise SystemExit(f"Superset refused {path.name}: {answer.status_code} {answer.text[:500]}")


def chart_requests(page: Page, address: str, charts: int) -> list[Response]:
    """Open a dashboard, go down it, and give the answers to its charts' requests for data."""
    answers: list[Response] = []
    page.on("response", lambda one: answers.append(one) if "/api/v1/chart/data" in one.url else None)
    page.goto(address, timeout=WAIT * 1000)
    page.wait_for_selector("[data-test='chart-container'], .chart-container", timeout=WAIT * 1000)
    deadline = time.monotonic() + WAIT
    while len(answers) < charts and time.monotonic() < deadline:
        page.mouse.wheel(0, 600)
        page.wait_for_timeout(500)
    page.wait_for_timeout(3000)
    return answers


def hold_to_account(mart: str, page: Page, answers: list[Response], charts: int) -> list[dict[str, Any]]:
    """Every chart asked, was answered without an error, and has rows; what they asked, to ask it again."""
    bad = [f"{one.status} {one.text()[:300]}" for one in answers if one.status != 200]
    bad += [f"no rows: {one.request.post_data}" for one in answers if one.ok and not one.json()["result"][0]["data"]]
    bad += [one.inner_text()[:300] for one in page.locator(".ant-alert-error, [data-test='error-message']").all()]
    if bad or len(answers) != charts:
        raise SystemExit(f"{mart}: {len(answers)} of {charts} charts asked for data; {len(bad)} wrong: {bad[:3]}")
    print(f"✓ {mart}: {charts} charts imported, each answered with rows")
    return [json.loads(one.request.post_data or "{}") for one in answers]


def look(url: str, password: str, charts: int, picture: Path | None) -> list[dict[str, Any]]:
    """Open both dashboards as a person would; what the charts of the first asked."""
    with sync_playwright() as playwright:
        chromium = os.environ.get("LDA_CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        context = browser.new_context(viewport={"width": 1280, "height": 1500})
        page = context.new_page()
        page.goto(f"{url}/login/", timeout=WAIT * 1000)
        page.fill("#username", USER)
        page.fill("#password", password)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda address: "/login" not in address, timeout=WAIT * 1000)
        page.close()
        asked = []
        for mart in MARTS:
            page = context.new_page()
            answers = chart_requests(page, f"{url}/superset/dashboard/lda-headlines-{mart}/", charts)
            asked.append(hold_to_account(mart, page, answers, charts))
            if picture and mart == MARTS[0]:
                page.mouse.wheel(0, -100_000)
                page.wait_for_timeout(2000)
                page.screenshot(path=picture, clip={"x": 0, "y": 0, "width": 1280, "height": 970})
            page.close()
        browser.close()
    return asked[0]


def from_cache(session: requests.Session, url: str, asked: dict[str, Any]) -> bool:
    """Whether Superset answers a chart's request from its cache."""
    answer = session.post(f"{url}/api/v1/chart/data", json={**asked, "force": False}, timeout=WAIT)
    answer.raise_for_status()
    return bool(answer.json()["result"][0]["is_cached"])


def main() -> int:
    """Try it; ends with a message when anything is not as it should be."""
    settings = Settings()
    publication = current_publication(settings)
    if publication is None:
        raise SystemExit(f"Nothing has been published in {settings.home} yet. Run: make refresh")
    picture = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    home, password = Path(tempfile.mkdtemp(prefix="lda-superset-")), secrets.token_urlsafe(12)
    try:
        aside = settings.model_copy(update={"home": home})
        with local_server(aside, free_port()) as server:
            served = settings.model_copy(update={"publish_dsn": SecretStr(server.owner), "superset_url": None})
            serve(served)
            reader = server.reader.replace("postgresql:", "postgresql+psycopg2:")
            uris = {"postgres": reader, "duckdb": None}
            charts = {
                mart: 2 * len(write_dashboard(settings, home / f"{mart}.zip", mart, uris[mart])) + 1 for mart in MARTS
            }
            with running_superset(home, password) as url:
                session = signed_in(url, password)
                secret = {"databases/lda_postgres.yaml": reader.split(":")[2].split("@")[0]}
                for mart in (*MARTS, *MARTS):
                    import_bundle(session, url, home / f"{mart}.zip", secret if mart == "postgres" else {})
                print("✓ both bundles imported, and imported again")
                asked = look(url, password, charts["postgres"], picture)
                try_notice(session, url, password, asked, publication.publication_id)
    finally:
        if "--keep" not in sys.argv:
            shutil.rmtree(home, ignore_errors=True)
    return 0


def try_notice(
    session: requests.Session, url: str, password: str, asked: list[dict[str, Any]], publication_id: str
) -> None:
    """Tell Superset of a publication: charts that came from its cache are asked of the mart again, once."""
    before = [from_cache(session, url, one) for one in asked]
    report = tell_superset(url, USER, password, publication_id)
    after = [from_cache(session, url, one) for one in asked]
    again = tell_superset(url, USER, password, publication_id)
    told = (all(before), report.datasets, report.told, any(after), again.told)
    if told != (True, len(MARTS), len(MARTS), False, 0):
        raise SystemExit(f"the notice did not do what it should (cached, datasets, told, cached after, again): {told}")
    print(f"✓ told of {publication_id}: {len(asked)} charts came from the cache before and from the mart after it")


if __name__ == "__main__":
    sys.exit(main())
