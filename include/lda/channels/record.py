"""A run of collecting among the ledger's runs, where the team's digest reads how it went and what has to be told."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError

from lda.ledger import Ledger, utc_now
from lda.settings import Settings

if TYPE_CHECKING:
    from lda.channels.collect import CollectReport

COLLECT, COLLECT_SOME = "collect", "collect_some"
RUNNING, SUCCEEDED, NOTHING_NEW, FAILED = "running", "succeeded", "nothing_new", "failed"


class RunRecord:
    """The ledger's row of one run.

    Channels are looked at every quarter of an hour, so a run that brought nothing and has nothing to tell leaves no row
    unless the one before it went wrong: then its row says that collecting works again. A run over some channels only,
    which a person asked for, says nothing of the others; its row is of another kind and is there for its notices.
    """

    def __init__(self, settings: Settings, report: CollectReport, *, some: bool) -> None:
        self._settings, self._report, self._some = settings, report, some
        self._kind, self._started = COLLECT_SOME if some else COLLECT, utc_now()
        self._run_id = f"{COLLECT}-{self._started:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:6]}"

    def keep_notices(self) -> None:
        """Record the notices there are so far, before any of them is acknowledged and so gone from the other end."""
        self._write(RUNNING, self._summary())

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Record how the run in the block ended. What it raises goes on unchanged; of it, only the kind is kept."""
        try:
            yield
        except BaseException as error:
            if not self._some and self._settings.home.is_dir():
                with suppress(OSError, SQLAlchemyError):  # what is told is the first error
                    self._write(FAILED, self._summary() | {"error": type(error).__name__})
            raise
        if self._report.notices or (not self._some and self._has_news()):
            self._write(SUCCEEDED if self._report.collected else NOTHING_NEW, self._summary())

    def _has_news(self) -> bool:
        if not self._report.channels:
            return False
        if self._report.collected or self._report.problems:
            return True
        with self._ledger() as ledger:
            last = ledger.book.last_run(self._kind, self._settings.system_label)
        return last is not None and (last["status"] == FAILED or bool((last["summary"] or {}).get("problems")))

    def _write(self, status: str, summary: dict[str, Any]) -> None:
        with self._ledger() as ledger:
            ledger.create()
            ledger.book.start_run(self._run_id, self._kind, self._settings.system_label, self._started)
            ledger.book.end_run(self._run_id, status, summary, utc_now())

    def _ledger(self) -> closing[Ledger]:
        return closing(Ledger(self._settings.ledger_address))

    def _summary(self) -> dict[str, Any]:
        """The report with a count in place of the files, which the ledger has elsewhere."""
        return self._report.as_dict() | {"collected": len(self._report.collected)}
