"""The data dictionary in the docs is that of the project."""

from __future__ import annotations

from scratch_candidate import Candidate

from lda.publishing.dictionary_page import DOCUMENT, project_document


def test_the_data_dictionary_is_in_step(empty_candidate: Candidate) -> None:
    settings = empty_candidate.settings
    written = (settings.project_dir / DOCUMENT).read_text(encoding="utf-8")
    assert written == project_document(settings, empty_candidate.manifest()), "Run: lda dictionary"
