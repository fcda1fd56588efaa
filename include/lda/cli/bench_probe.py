"""One reading in a process of its own, so that its peak memory is its own: ``python -m lda.cli.bench_probe NAME FILE``.

Prints JSON: seconds and cpu_seconds (of the work, not of starting Python and importing), peak_mb (of the whole
process), and counts. On a busy machine the CPU seconds, of all threads together, are the steadier figure.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def timed() -> Iterator[dict[str, Any]]:
    """Seconds and CPU seconds of a block, in the dictionary it is given, once it has ended."""
    found: dict[str, Any] = {}
    started, before = time.monotonic(), time.process_time()
    yield found
    found |= {"seconds": time.monotonic() - started, "cpu_seconds": round(time.process_time() - before, 2)}


def intake(home: Path) -> dict[str, Any]:
    """The warehouse's intake of everything in landing, every rule on. Great Expectations is imported before."""
    from lda.intake import ingest
    from lda.settings import Settings

    imported = great_expectations(home)["seconds"]
    settings = Settings(home=home)
    with timed() as found:
        report = ingest(settings)
    counts = {name: getattr(report, name) for name in ("files", "received", "accepted", "quarantined", "repeated")}
    return {**found, "import_seconds": imported, **counts}


def great_expectations(_: Path) -> dict[str, Any]:
    """Starting Great Expectations, which every process that judges does once."""
    from lda.gates.runner import frames_to_judge

    started = time.monotonic()
    frames_to_judge()
    return {"seconds": round(time.monotonic() - started, 2)}


def duckdb_copy(path: Path) -> dict[str, Any]:
    """DuckDB's plain copy of a CSV file, all text, to Parquet."""
    import duckdb

    from lda.settings import Settings

    settings = Settings()
    limits: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": settings.duckdb_memory_limit,
        "threads": settings.duckdb_threads,
    }
    target = path.with_suffix(".copy.parquet")
    with duckdb.connect(":memory:", config=limits) as connection, timed() as found:
        connection.execute(f"COPY (FROM read_csv('{path}', all_varchar = true)) TO '{target}' (FORMAT parquet)")
    target.unlink()
    return found


def pandas_copy(path: Path) -> dict[str, Any]:
    """pandas' ``read_csv`` and ``to_parquet`` of a CSV file, all text."""
    import pandas as pd

    target = path.with_suffix(".pandas.parquet")
    with timed() as found:
        pd.read_csv(path, dtype=str).to_parquet(target)
    target.unlink()
    return found


PROBES: dict[str, Callable[[Path], dict[str, Any]]] = {
    "intake": intake,
    "duckdb_copy": duckdb_copy,
    "pandas_copy": pandas_copy,
    "great_expectations": great_expectations,
}


def main() -> None:
    """Take the reading named by the first argument on the path that is the second."""
    measured = PROBES[sys.argv[1]](Path(sys.argv[2]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**measured, "peak_mb": round(peak)}))


if __name__ == "__main__":
    main()
