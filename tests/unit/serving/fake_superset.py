"""A small server that answers the calls of Superset's API as Superset 6.1 does (make try-superset asks a real one)."""

from __future__ import annotations

import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

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
