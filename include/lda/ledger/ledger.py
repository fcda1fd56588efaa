"""The ledger: what happened to every file, row and submission."""

from __future__ import annotations

from lda.ledger.collections import CollectionBook
from lda.ledger.engine import open_engine
from lda.ledger.files import FileBook
from lda.ledger.keeping import KeepingBook
from lda.ledger.migrate import bring_up_to_date
from lda.ledger.notices import NoticeBook
from lda.ledger.publications import PublicationBook
from lda.ledger.submissions import SubmissionBook
from lda.ledger.trail import TrailBook


class Ledger(FileBook, SubmissionBook, CollectionBook, TrailBook, KeepingBook):
    """One ledger, opened by its SQLAlchemy URL. Times are UTC without an offset, to the second.

    Files and submissions are its own methods; runs, gates and publications are in ``book``, and what partners and the
    team have been told is in ``notices``.
    """

    def __init__(self, url: str) -> None:
        self.engine = open_engine(url)
        self.book = PublicationBook(self.engine)
        self.notices = NoticeBook(self.engine)

    def create(self) -> None:
        """Make the tables, or bring those of an earlier version forward."""
        bring_up_to_date(self.engine)

    def close(self) -> None:
        """Give back the database connections."""
        self.engine.dispose()
