"""Superset is told of a publication by the calls its API asks for; here a small server answers as Superset does."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from lda.serving import ServingError
from lda.serving.superset import described, tell_superset

USER, PASSWORD, TOKEN, CSRF, COOKIE = "lda", "open sesame", "access-1", "csrf-1", "session=abc"


class FakeSuperset(ThreadingHTTPServer):
    """Superset's calls for signing in, listing and changing datasets, with its checks of token, cookie and CSRF."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.datasets = [
            {"id": 1, "schema": "published", "table_name": "measure_value", "description": "Our words."},
            {"id": 2, "schema": "mart", "table_name": "fct_review", "description": None},
            {"id": 3, "schema": "public", "table_name": "somebody_elses", "description": "Not ours."},
        ]
        self.datasets += [
            {"id": 10 + n, "schema": "published", "table_name": f"more_{n}", "description": ""} for n in range(120)
        ]
        self.changes: list[int] = []
        self.broken = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: FakeSuperset

    def log_message(self, *_: object) -> None:
        pass

    def answer(self, status: int, body: object, cookie: bool = False) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        if cookie:
            self.send_header("Set-Cookie", f"{COOKIE}; HttpOnly; Path=/; SameSite=Lax")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def body(self) -> dict:
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def do_POST(self) -> None:
        account = self.body()
        good = self.path == "/api/v1/security/login" and account == {
            "username": USER, "password": PASSWORD, "provider": "db", "refresh": False,
        }  # fmt: skip
        self.answer(200 if good else 401, {"access_token": TOKEN} if good else {"message": f"Not {account}"})

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            self.answer(401, {"msg": "Missing Authorization Header"})
        elif address.path == "/api/v1/security/csrf_token/":
            self.answer(200, {"result": CSRF}, cookie=True)
        elif address.path == "/api/v1/dataset/":
            query = parse_qs(address.query)["q"][0]
            asked = re.fullmatch(
                r"\(columns:!\(id,table_name,schema,description\),filters:!\(\(col:schema,opr:eq,value:(\w+)\)\),"
                r"page:(\d+),page_size:(\d+)\)",
                query,
            )
            assert asked, query
            page, size = int(asked.group(2)), int(asked.group(3))
            rows = [dataset for dataset in self.server.datasets if dataset["schema"] == asked.group(1)]
            self.answer(200, {"count": len(rows), "result": rows[page * size : (page + 1) * size]})
        else:
            self.answer(404, {})

    def do_PUT(self) -> None:
        number = int(self.path.removeprefix("/api/v1/dataset/"))
        body = self.body()
        if self.headers["X-CSRFToken"] != CSRF or self.headers["Cookie"] != COOKIE:
            self.answer(400, {"message": "The CSRF session token is missing."})
        elif self.server.broken or set(body) != {"description"}:
            self.answer(500, {"message": f"Could not change {body}"})
        else:
            next(one for one in self.server.datasets if one["id"] == number)["description"] = body["description"]
            self.server.changes.append(number)
            self.answer(200, {"id": number, "result": body})


@pytest.fixture
def superset() -> Iterator[FakeSuperset]:
    server = FakeSuperset()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_every_dataset_on_the_mart_names_the_publication_and_keeps_its_words(superset):
    report = tell_superset(superset.url, USER, PASSWORD, "2026-03_r1")
    assert (report.datasets, report.told) == (122, 122)
    words = {dataset["id"]: dataset["description"] for dataset in superset.datasets}
    assert words[1] == "Our words.\n\nLDA publication: 2026-03_r1"
    assert words[2] == "LDA publication: 2026-03_r1"
    assert words[3] == "Not ours."
    assert all(words[10 + n] == "LDA publication: 2026-03_r1" for n in range(120)), "a page was left out"


def test_what_is_told_already_is_not_told_again_and_a_new_one_takes_its_place(superset):
    tell_superset(superset.url, USER, PASSWORD, "r1")
    superset.changes.clear()
    assert tell_superset(superset.url + "/", USER, PASSWORD, "r1").told == 0
    assert superset.changes == []
    assert tell_superset(superset.url, USER, PASSWORD, "r2").told == 122
    assert superset.datasets[0]["description"] == "Our words.\n\nLDA publication: r2"


def test_a_wrong_password_is_told_without_it(superset):
    with pytest.raises(ServingError, match=r"answered 401 to POST /api/v1/security/login.*lda serve") as raised:
        tell_superset(superset.url, USER, "guess", "r1")
    assert "guess" not in str(raised.value)


def test_a_superset_that_fails_or_is_away_is_told_and_can_be_made_good(superset):
    superset.broken = True
    with pytest.raises(ServingError, match="answered 500 to PUT /api/v1/dataset/2"):
        tell_superset(superset.url, USER, PASSWORD, "r1")
    superset.broken = False
    assert tell_superset(superset.url, USER, PASSWORD, "r1").told == 122
    with pytest.raises(ServingError, match="ConnectionError"):
        tell_superset("http://127.0.0.1:1", USER, PASSWORD, "r1")


def test_a_description_is_marked_once():
    once = described("Words.", "r1")
    assert described(once, "r1") == once
    assert described(once, "r2") == "Words.\n\nLDA publication: r2"
    assert described("", "r1") == "LDA publication: r1"
