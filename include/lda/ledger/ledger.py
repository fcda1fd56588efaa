"""The ledger: what happened to every file, row and submission."""

from __future__ import annotations

from lda.ledger.collections import CollectionBook
from lda.ledger.engine import add_missing_columns, open_engine
from lda.ledger.files import FileBook
from lda.ledger.notices import NoticeBook
from lda.ledger.publications import PublicationBook
from lda.ledger.submissions import SubmissionBook
from lda.ledger.tables import metadata
from lda.ledger.trail import TrailBook


class Ledger(FileBook, SubmissionBook, CollectionBook, TrailBook):
    """One ledger, opened by its SQLAlchemy URL. Times are UTC without an offset, to the second.

    Files and submissions are its own methods; runs, gates and publications are in ``book``, and what partners and the
    team have been told is in ``notices``.
    """

    def __init__(self, url: str) -> None:
        self.engine = open_engine(url)
        self.book = PublicationBook(self.engine)
        self.notices = NoticeBook(self.engine)

    def create(self) -> None:
        """Make the tables that are missing, and columns that have come since a table was made."""
        metadata.create_all(self.engine)
        add_missing_columns(self.engine, metadata)

    def close(self) -> None:
        """Give back the database connections."""
        self.engine.dispose()
