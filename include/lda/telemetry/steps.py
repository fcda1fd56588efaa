"""One step of a run as every watcher sees it: the fields of its logs, its duration, its lineage."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from lda.settings import Settings
from lda.telemetry import lineage, metrics
from lda.telemetry.lineage import Dataset, Job
from lda.telemetry.logs import about

log = logging.getLogger(__name__)


@dataclass
class Step:
    """What a step says of itself while it runs."""

    reads: list[Dataset] = field(default_factory=list)
    writes: list[Dataset] = field(default_factory=list)


@contextmanager
def step(settings: Settings, run: str, name: str, feed: str | None = None, part: str = "") -> Iterator[Step]:
    """Log the start and end of a step, time it, and tell its lineage; what it raises goes on unchanged.

    :param run: the id of the run it is a part of; ``part`` tells steps of one name in a run from each other.
    :param name: what is done, such as ``build``; with ``feed`` it is done for that feed.
    """
    job = Job(f"{name}/{feed}" if feed else name, run, part)
    labels = {"step": name, **({"feed": feed} if feed else {})}
    seen, started, outcome = Step(), time.monotonic(), "failed"
    with about(run=run, step=name, feed=feed):
        log.info("Step started.")
        lineage.tell(settings, lineage.START, job)
        try:
            yield seen
            outcome = "succeeded"
        except BaseException as error:
            lineage.tell(settings, lineage.FAIL, job, seen.reads, seen.writes, problem=type(error).__name__)
            with about(seconds=round(time.monotonic() - started, 3), error=type(error).__name__):
                log.error("Step failed.")
            raise
        else:
            lineage.tell(settings, lineage.COMPLETE, job, seen.reads, seen.writes)
            with about(seconds=round(time.monotonic() - started, 3)):
                log.info("Step succeeded.")
        finally:
            metrics.duration("step", time.monotonic() - started, outcome=outcome, **labels)
            metrics.flush()
