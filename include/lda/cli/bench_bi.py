"""How fast BI queries are answered while a publication is in progress: eight readers on each mart, twenty queries.

The readers query without pause, which is more than eight people with dashboards do. Beside them a publisher never
rests: it loads and switches the Postgres mart again and again, or writes the DuckDB mart anew. Answer times are by
the clock, so they say little on a busy machine; the processor time of this process for each answer says more.
"""

from __future__ import annotations

import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import yaml

from lda.publishing import current_publication
from lda.serving.local import local_server
from lda.serving.postgres import serve_postgres
from lda.settings import Settings

READERS, ROUNDS = 8, 10
QUERIES: dict[str, str] = yaml.safe_load(Path(__file__).with_name("bench_bi.yaml").read_text(encoding="utf-8"))

Ask = Callable[[str], list[Any]]


def measure_bi(settings: Settings, folder: Path) -> dict[str, Any]:
    """Answer times in milliseconds of both marts of the publication in force: p50, p95, and p95 of each query."""
    publication = current_publication(settings)
    if publication is None:
        return {"note": f"Nothing is published in {settings.home}: run lda refresh, then lda bench --only bi."}
    folder.mkdir(parents=True, exist_ok=True)
    mart = publication.path / "restricted" / "lda_mart.duckdb"
    measured: dict[str, Any] = {"readers": READERS, "queries": len(QUERIES), "rounds": ROUNDS}
    measured["duckdb"] = measure(lambda: duckdb_reader(mart), lambda: write_mart(mart, folder / "next.duckdb"))
    bench = settings.model_copy(update={"home": folder / "postgres"})
    with local_server(bench, free_port()) as server:

        def publish(again: bool = True) -> None:
            serve_postgres(server.owner, publication.path, publication.publication_id, folder, 5.0, again=again)

        publish()
        measured["postgres"] = measure(lambda: postgres_reader(server.analyst), publish)
    return measured


class Readers:
    """Readers that all begin at once, each in a thread of its own, with their answers' times and their problems."""

    def __init__(self, reader: Callable[[], Any]) -> None:
        self.reader = reader
        self.times: list[tuple[str, float]] = []
        self.problems: list[BaseException] = []
        self.ready = threading.Barrier(READERS + 1)
        self.threads = [threading.Thread(target=self._read, args=(number,)) for number in range(READERS)]

    def begin(self) -> None:
        """Wait until every reader is connected, and let them ask. Raises what kept one from it."""
        for thread in self.threads:
            thread.start()
        try:
            self.ready.wait()
        except threading.BrokenBarrierError:
            self.end()

    def end(self) -> None:
        """Wait for the last answer. Raises what a reader failed at."""
        for thread in self.threads:
            thread.join()
        if self.problems:
            raise self.problems[0] from None

    def _read(self, number: int) -> None:
        names = list(QUERIES)
        try:
            with self.reader() as ask:
                ask(next(iter(QUERIES.values())))
                self.ready.wait()
                for turn in range(ROUNDS * len(names)):
                    name = names[(turn + number * 3) % len(names)]
                    started = time.perf_counter()
                    ask(QUERIES[name])
                    self.times.append((name, (time.perf_counter() - started) * 1000))
        except BaseException as error:
            # A reader that fails must not leave the others waiting.
            if not isinstance(error, threading.BrokenBarrierError):
                self.problems.append(error)
            self.ready.abort()


def measure(reader: Callable[[], Any], publish: Callable[[], None]) -> dict[str, Any]:
    """Times of all readers' answers while ``publish`` is called over and over."""
    readers = Readers(reader)
    done = threading.Event()
    publications = 0

    def keep_publishing() -> None:
        nonlocal publications
        while not done.is_set():
            publish()
            publications += 1

    readers.begin()
    started = time.process_time()
    publisher = threading.Thread(target=keep_publishing)
    publisher.start()
    try:
        readers.end()
    finally:
        done.set()
        publisher.join()
    busy = round((time.process_time() - started) * 1000 / max(1, len(readers.times)), 1)
    return {**percentiles(readers.times), "cpu_ms": busy, "answers": len(readers.times), "publications": publications}


def percentiles(times: list[tuple[str, float]]) -> dict[str, Any]:
    """p50 and p95 in milliseconds, over all answers and by query."""
    by_query = {name: [taken for asked, taken in times if asked == name] for name in QUERIES}
    everything = [taken for _, taken in times]
    return {
        "p50_ms": round(statistics.median(everything), 1),
        "p95_ms": round(statistics.quantiles(everything, n=20)[-1], 1),
        "slowest": {
            name: round(statistics.quantiles(taken, n=20)[-1], 1)
            for name, taken in sorted(by_query.items(), key=lambda one: -statistics.median(one[1]))[:3]
        },
    }


@contextmanager
def duckdb_reader(mart: Path) -> Iterator[Ask]:
    """Queries as a BI tool's driver asks them: one thread a connection, closed to the rest of the host."""
    limits: dict[str, str | bool | int | float | list[str]] = {
        "threads": 1,
        "enable_external_access": "false",
        "lock_configuration": "true",
    }
    with duckdb.connect(str(mart), read_only=True, config=limits) as connection:
        cursor = connection.cursor()
        yield lambda query: cursor.execute(query).fetchall()


@contextmanager
def postgres_reader(dsn: str) -> Iterator[Ask]:
    """Queries on a connection of an analyst."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield lambda query: connection.execute(query.encode()).fetchall()


def write_mart(mart: Path, path: Path) -> None:
    """Write every table of a mart anew, as a publication does."""
    path.unlink(missing_ok=True)
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        connection.execute(f"ATTACH '{mart}' AS before (READ_ONLY)")
        connection.execute(f"ATTACH '{path}' AS after")
        connection.execute("COPY FROM DATABASE before TO after")
    path.unlink()


def free_port() -> int:
    """A port of this machine that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
