"""Landing: what arrived, archived once by its content and entered in the ledger."""

from lda.landing.archive import archive_file, archive_path
from lda.landing.discovery import Discovery, discover, is_as_taken_in, landed_as, unfinished
from lda.landing.integrity import ArchiveReport, check_archive, removed_bytes
from lda.landing.recognition import Claim, claims, claims_of

__all__ = [
    "ArchiveReport",
    "Claim",
    "Discovery",
    "archive_file",
    "archive_path",
    "check_archive",
    "claims",
    "claims_of",
    "discover",
    "is_as_taken_in",
    "landed_as",
    "removed_bytes",
    "unfinished",
]
