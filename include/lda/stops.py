"""How a run ends that cannot go on or may not publish. Light to import: Airflow's retry policy names these."""

from __future__ import annotations

import errno
from collections.abc import Iterator

# How DuckDB, SQLite, Postgres and dbt, which tells what DuckDB said, put it.
_FULL = (
    "no space left on device",
    "disk quota exceeded",
    "database or disk is full",
    "max_temp_directory_size",
)


class RefreshError(Exception):
    """A refresh cannot start as it was asked to; the message says what to ask instead."""


class ApprovalAwaited(Exception):  # noqa: N818 - what is awaited, not a fault of the program
    """A publication that a person has to approve was not approved; the message says how to answer."""


class GatesStopped(Exception):  # noqa: N818 - what happened, not a fault of the program
    """The gates stopped a publication; the one in force stays as it was. The message lists the failures."""


class DiskFull(Exception):  # noqa: N818 - what happened, not a fault of the program
    """There was no room to write what a step writes. What was finished before stays, and nothing half-written does."""

    def __init__(self, doing: str) -> None:
        super().__init__(
            f"The disk is full: there was no room to {doing}. What was finished before it stays, and the publication "
            "in force is as it was. Make room (docs/runbooks/disk-full.md), then run the same again."
        )


def disk_is_full(error: BaseException) -> bool:
    """True when an error, or one that led to it, says that a disk or a quota is full."""
    return any(
        isinstance(one, DiskFull)
        or (isinstance(one, OSError) and one.errno in {errno.ENOSPC, errno.EDQUOT})
        or any(words in str(one).lower() for words in _FULL)
        for one in _led_to(error)
    )


def _led_to(error: BaseException) -> Iterator[BaseException]:
    """An error and those before it, also where its message leaves them out so that no cell's value is told."""
    one: BaseException | None = error
    seen: set[int] = set()
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or one.__context__
