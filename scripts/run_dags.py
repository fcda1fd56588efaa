"""Run the real DAGs once, in order and in one process: collect, every ingest, the refresh. `make refresh` calls it.

The scheduler is not needed for one run: each DAG runs with Airflow's own ``dag.test()``, which executes its tasks and
records its runs in Airflow's database, where `make up` shows them.
Exit code 1 when a DAG run did not succeed.
"""

from __future__ import annotations

import logging
import sys
import time
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow.sdk import DAG

DAGS = Path(__file__).resolve().parents[1] / "dags"
# One process has no page to answer on: a publication that needs a person's approval is left for `lda publications`.
NOBODY_WAITS = {"wait_for_approval": False}
FIRST, INGEST, LAST = "lda_collect", "lda_ingest_", "lda_refresh"


def load_dags() -> list[DAG]:
    """The DAGs in the order they run: collect, ingests, refresh. Exits when one cannot be imported."""
    from airflow.dag_processing.dagbag import BundleDagBag

    bag = BundleDagBag(dag_folder=str(DAGS), bundle_path=DAGS, bundle_name="dags-folder")
    if bag.import_errors:
        sys.exit("\n".join(f"{file}: {error}" for file, error in bag.import_errors.items()))
    ingests = [dag for dag_id, dag in sorted(bag.dags.items()) if dag_id.startswith(INGEST)]
    return [bag.dags[FIRST], *ingests, bag.dags[LAST]]


def quieten() -> None:
    """Only errors on the screen; Airflow's own log files keep everything."""
    import warnings

    import structlog

    warnings.simplefilter("ignore")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    logging.getLogger().setLevel(logging.ERROR)


@contextmanager
def synced() -> Iterator[None]:
    """``dag.test()`` writes every DAG of the folder to Airflow's database each time; in one run once is enough."""
    with patch("airflow.dag_processing.dagbag.sync_bag_to_db"):
        yield


def run(dags: list[DAG]) -> list[str]:
    """Run each DAG to its end; returns the ids of those that did not succeed."""
    failed = []
    for number, dag in enumerate(dags):
        print(f"▸ {dag.dag_id:<36}", end="", flush=True)
        started = time.monotonic()
        dag.deadline = None  # for a scheduler to watch; dag.test() cannot read it
        with synced() if number else nullcontext():
            state = str(dag.test(run_conf=NOBODY_WAITS if set(NOBODY_WAITS) <= set(dag.params) else None).state)
        print(f"{state:<10}{time.monotonic() - started:6.1f} s", flush=True)
        if state != "success":
            failed.append(dag.dag_id)
    return failed


def main() -> int:
    """Run all DAGs; a failed ingest does not stop the others."""
    from lda.reporting import print_last_run
    from lda.settings import Settings

    started = time.monotonic()
    quieten()
    dags = load_dags()
    failed = run(dags)
    print(f"  Airflow: {len(dags)} DAG runs in {time.monotonic() - started:.0f} s")
    print_last_run(Settings())
    if failed:
        print(f"✗ Did not succeed: {', '.join(failed)}. See docs/runbooks/refresh-failed.md.", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
