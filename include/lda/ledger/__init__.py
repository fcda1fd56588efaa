"""The ledger: one small relational database that knows what happened to every file, row, run and publication."""

from lda.ledger.copying import copy_ledger, holds_rows
from lda.ledger.engine import ledger_files, open_engine
from lda.ledger.keeping import CANNOT_BE_MADE_AGAIN, ERASURE, PAST_RETENTION, RETENTION, ArchiveChange, Hold, held_by
from lda.ledger.ledger import Ledger
from lda.ledger.notices import NoticeBook, ToldFile
from lda.ledger.publications import PublicationBook, utc_now
from lda.ledger.records import FileRecord, RowAccount, RuleResult, Sighting, Submission, Verdict, another_id

__all__ = [
    "CANNOT_BE_MADE_AGAIN",
    "ERASURE",
    "PAST_RETENTION",
    "RETENTION",
    "ArchiveChange",
    "FileRecord",
    "Hold",
    "Ledger",
    "NoticeBook",
    "PublicationBook",
    "RowAccount",
    "RuleResult",
    "Sighting",
    "Submission",
    "ToldFile",
    "Verdict",
    "another_id",
    "copy_ledger",
    "held_by",
    "holds_rows",
    "ledger_files",
    "open_engine",
    "utc_now",
]
