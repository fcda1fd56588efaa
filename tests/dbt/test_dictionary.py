"""The data dictionary in the docs is that of the project."""

from __future__ import annotations

from scratch_candidate import Candidate

from lda.publishing.dictionary_page import DOCUMENT, project_document, write_dbt_docs


def test_the_data_dictionary_is_in_step(empty_candidate: Candidate) -> None:
    settings = empty_candidate.settings
    written = (settings.project_dir / DOCUMENT).read_text(encoding="utf-8")
    assert written == project_document(settings, empty_candidate.manifest()), "Run: lda dictionary"


def test_dbts_own_documentation_is_one_page_that_tells_nobody(new_candidate, tmp_path) -> None:
    page = write_dbt_docs(new_candidate().settings, tmp_path / "docs.html").read_text(encoding="utf-8")
    assert "published_fct_figure" in page, "the models are in the page itself"
    assert "MANIFEST.JSON INLINE DATA" not in page, "the data were put in"
    assert '"send_anonymous_usage_stats": false' in page
