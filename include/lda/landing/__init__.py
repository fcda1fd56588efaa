"""Landing: what arrived, archived once by its content and entered in the ledger."""

from lda.landing.archive import archive_file, archive_path
from lda.landing.discovery import Discovery, discover
from lda.landing.recognition import Claim, claims

__all__ = ["Claim", "Discovery", "archive_file", "archive_path", "claims", "discover"]
