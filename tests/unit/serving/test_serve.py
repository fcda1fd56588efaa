"""Serving the publication in force: what is on, what a failure leaves, roll back, and the local server."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr

from lda.publishing.switch import switch_to
from lda.serving import ServingError, serve, serving_is_on
from lda.serving.local import local_server
from lda.settings import Settings

pytestmark = pytest.mark.slow


@pytest.fixture
def home(tmp_path, publication):
    """Settings of a home with two small publications, the second in force."""
    settings = Settings(home=tmp_path, lock_timeout_seconds=1)
    for publication_id in ("r1", "r2"):
        (publication(publication_id) / "publication.json").write_text(json.dumps({"publication_id": publication_id}))
    switch_to(settings, "r2")
    return settings


def served(dsn: str) -> list[tuple]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        query = "SELECT publication_id FROM mart.fct_contact UNION SELECT publication_id FROM published.fct_figure"
        return connection.execute(query).fetchall()


def test_nothing_is_served_until_a_setting_says_where(home):
    assert not serving_is_on(home)
    assert serve(home).as_dict() == {"publication_id": None, "postgres": None, "superset": None}


def test_what_is_in_force_is_served_and_a_roll_back_too(home, dsn):
    settings = home.model_copy(update={"publish_dsn": SecretStr(dsn)})
    report = serve(settings)
    assert report.publication_id == "r2"
    assert report.postgres.changed
    assert served(dsn) == [("r2",)]
    assert not serve(settings).postgres.changed
    switch_to(settings, "r1")
    assert serve(settings).postgres.changed
    assert served(dsn) == [("r1",)]


def test_a_database_out_of_reach_leaves_the_files_alone_and_can_be_made_good(home, dsn):
    unreachable = home.model_copy(update={"publish_dsn": SecretStr("postgresql://127.0.0.1:1/none")})
    before = {path: path.stat().st_mtime_ns for path in home.published.rglob("*") if path.is_file()}
    with pytest.raises(ServingError, match="publication in files is not touched"):
        serve(unreachable)
    assert {path: path.stat().st_mtime_ns for path in home.published.rglob("*") if path.is_file()} == before
    assert (home.published / "current").resolve().name == "r2"
    assert serve(home.model_copy(update={"publish_dsn": SecretStr(dsn)})).postgres.changed


def test_serving_before_the_first_publication_says_so(tmp_path):
    settings = Settings(home=tmp_path, publish_dsn=SecretStr("postgresql://127.0.0.1:1/none"))
    with pytest.raises(ServingError, match="Run: lda refresh"):
        serve(settings)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_the_local_server_asks_for_passwords_and_keeps_its_data(publication):
    # Not below pytest's own folder: as root the server runs as another user, who could not reach it there.
    home = Path(tempfile.mkdtemp(prefix="lda-serve-"))
    try:
        settings = Settings(home=home)
        shutil.copytree(publication("r1"), settings.published / "r1")
        (settings.published / "r1" / "publication.json").write_text("{}")
        switch_to(settings, "r1")
        port = free_port()
        with local_server(settings, port) as server:
            assert stat.S_IMODE((home / "postgres_logins.json").stat().st_mode) == 0o600
            assert serve(settings.model_copy(update={"publish_dsn": SecretStr(server.owner)})).postgres.changed
            assert served(server.analyst) == [("r1",)]
            with psycopg.connect(server.reader, autocommit=True) as reader:
                assert reader.execute("SELECT DISTINCT publication_id FROM published.fct_figure").fetchall() == [
                    ("r1",)
                ]
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    reader.execute("SELECT * FROM mart.dim_person")
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    reader.execute("CREATE TEMPORARY TABLE mine (n int)")
            for wrong in (make_conninfo(server.reader, password="guess"), make_conninfo(server.owner, user="postgres")):
                with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                    psycopg.connect(wrong)
            with pytest.raises(ServingError, match="is running already"), local_server(settings, free_port()):
                pass
        with socket.socket() as other, pytest.raises(ServingError, match=r"Port \d+ .* is taken"):
            other.bind(("127.0.0.1", 0))
            with local_server(settings, other.getsockname()[1]):
                pass
        with local_server(settings, free_port()) as server:
            assert served(server.analyst) == [("r1",)], "the data are there after a stop"
    finally:
        shutil.rmtree(home, ignore_errors=True)


def test_make_serve_stops_its_server_however_it_ends(publication):
    home = Path(tempfile.mkdtemp(prefix="lda-serve-"))
    settings = Settings(home=home)
    try:
        nothing = serve_in_a_window(home)
        assert nothing.wait(60) == 1
        assert "Run: make refresh" in nothing.stderr.read()
        assert not (home / "postgres").exists(), "no server is started for nothing"
        shutil.copytree(publication("r1"), settings.published / "r1")
        (settings.published / "r1" / "publication.json").write_text("{}")
        switch_to(settings, "r1")
        killed = serve_in_a_window(home)
        analyst = connection_string(killed, "lda_analyst_login")
        killed.kill()
        killed.wait(60)
        assert served(analyst) == [("r1",)], "a killed process leaves its server behind"
        closed = serve_in_a_window(home)
        assert served(connection_string(closed, "lda_analyst_login")) == [("r1",)], "the next one takes its place"
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(analyst)
        closed.send_signal(signal.SIGHUP)
        assert closed.wait(60) == 0
        assert not (home / "postgres" / "postmaster.pid").exists()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def serve_in_a_window(home: Path) -> subprocess.Popen:
    """``make serve`` on a free port."""
    return subprocess.Popen(
        [sys.executable, "-c", "from lda.cli import main; main()", "serve", "--local", "--port", str(free_port())],
        env={**os.environ, "LDA_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def connection_string(window: subprocess.Popen, login: str) -> str:
    """What it prints for a login, once it is ready."""
    lines = []
    for line in window.stdout:
        lines.append(line.strip())
        if "Ctrl-C" in line:
            return next(one for one in lines if one.startswith(f"postgresql://{login}:"))
    raise AssertionError(lines, window.stderr.read())
