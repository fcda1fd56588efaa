"""Write publications, check them, switch to them and back."""

from lda.publishing.again import rebuild_report
from lda.publishing.approval import how_to_answer, record_answer
from lda.publishing.differences import PublicationDiff, compare_publications
from lda.publishing.disclosure import audit_publication
from lda.publishing.folder import PublicationError, verify_folder
from lda.publishing.pruning import PruneReport, prune_publications, remove_publications
from lda.publishing.release import last_published, publish
from lda.publishing.reproducing import Reproduction, reproduce
from lda.publishing.same import same_publication, waiting_candidate
from lda.publishing.switch import (
    Publication,
    current_publication,
    list_publications,
    one_writer,
    readable_publication,
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
    "how_to_answer",
    "last_published",
    "list_publications",
    "one_writer",
    "prune_publications",
    "publish",
    "readable_publication",
    "rebuild_report",
    "record_answer",
    "remove_publications",
    "reproduce",
    "rollback",
    "same_publication",
    "settle",
    "stands_behind",
    "verify_folder",
    "waiting_candidate",
]
