"""Tell Superset that a new publication is in force, so that its dashboards show it.

Superset keeps query results until the metadata of their dataset change. The description of every dataset on the mart
therefore ends with the publication's id; people's own words before it stay. Nothing is sent when it says so already.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests

from lda.serving.errors import ServingError

SCHEMAS = ("mart", "published")
MARK = "LDA publication: "
MARKED = re.compile(r"\s*" + re.escape(MARK) + r"\S+\s*$")
PAGE = 100
SECONDS = 30
LOGIN, CSRF, DATASETS = "/api/v1/security/login", "/api/v1/security/csrf_token/", "/api/v1/dataset/"


@dataclass(frozen=True)
class SupersetReport:
    """How many datasets are on the mart, and how many had to be told."""

    datasets: int
    told: int


def tell_superset(url: str, username: str, password: str, publication_id: str) -> SupersetReport:
    """Write the publication's id into the description of each dataset on the mart. Safe to repeat.

    :param username: a Superset user who may read and write datasets.
    :raises ServingError: when Superset cannot be reached or refuses.
    """
    root = url.rstrip("/")
    try:
        with requests.Session() as session:
            _sign_in(session, root, username, password)
            found = told = 0
            for dataset in _datasets(session, root):
                found += 1
                words = dataset.get("description") or ""
                wanted = described(words, publication_id)
                if words != wanted:
                    _call(session, "PUT", f"{root}{DATASETS}{dataset['id']}", json={"description": wanted})
                    told += 1
    except (requests.RequestException, KeyError, ValueError) as error:
        raise ServingError(
            f"Superset at {root} could not be told of publication {publication_id}: {_plain(error)}. Its dashboards "
            "may show the publication before until their cache ends. Put that right, then run: lda serve"
        ) from error
    return SupersetReport(found, told)


def described(words: str, publication_id: str) -> str:
    """A dataset's description that ends with the publication's id."""
    kept = MARKED.sub("", words).rstrip()
    return f"{kept}\n\n{MARK}{publication_id}".lstrip()


def _sign_in(session: requests.Session, root: str, username: str, password: str) -> None:
    account = {"username": username, "password": password, "provider": "db", "refresh": False}
    token = _call(session, "POST", root + LOGIN, json=account)["access_token"]
    session.headers["Authorization"] = f"Bearer {token}"
    session.headers["X-CSRFToken"] = _call(session, "GET", root + CSRF)["result"]
    session.headers["Referer"] = root


def _datasets(session: requests.Session, root: str) -> Iterator[dict[str, Any]]:
    """Every dataset on the mart's schemas, page by page; a query of Superset is written in Rison."""
    for schema in SCHEMAS:
        page = 0
        while True:
            query = (
                "(columns:!(id,table_name,schema,description),"
                f"filters:!((col:schema,opr:eq,value:{schema})),page:{page},page_size:{PAGE})"
            )
            rows = _call(session, "GET", root + DATASETS, params={"q": query})["result"]
            yield from rows
            if len(rows) < PAGE:
                break
            page += 1


def _call(session: requests.Session, method: str, address: str, **given: Any) -> dict[str, Any]:
    answer = session.request(method, address, timeout=SECONDS, **given)
    answer.raise_for_status()
    told: dict[str, Any] = answer.json()
    return told


def _plain(error: Exception) -> str:
    """What went wrong, without what was sent or received."""
    response = getattr(error, "response", None)
    if response is not None:
        return (
            f"it answered {response.status_code} to {response.request.method} {response.request.path_url.split('?')[0]}"
        )
    if isinstance(error, requests.RequestException):
        return type(error).__name__
    return "its answer is not what its API promises"
