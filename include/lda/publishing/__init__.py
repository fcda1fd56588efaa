"""Write publications, check them, switch to them and back."""

from lda.publishing.again import rebuild_report
from lda.publishing.differences import PublicationDiff, compare_publications
from lda.publishing.disclosure import audit_publication
from lda.publishing.folder import PublicationError, verify_folder
from lda.publishing.pruning import PruneReport, prune_publications, remove_publications
from lda.publishing.release import last_published, publish
from lda.publishing.reproducing import Reproduction, reproduce
from lda.publishing.switch import (
    Publication,
    current_publication,
    list_publications,
    one_writer,
    rollback,
    settle,
    stands_behind,
)

__all__ = [
    "PruneReport",
    "Publication",
    "PublicationDiff",
    "PublicationError",
    "Reproduction",
    "audit_publication",
    "compare_publications",
    "current_publication",
    "last_published",
    "list_publications",
    "one_writer",
    "prune_publications",
    "publish",
    "rebuild_report",
    "remove_publications",
    "reproduce",
    "rollback",
    "settle",
    "stands_behind",
    "verify_folder",
]
