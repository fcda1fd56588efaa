"""The data dictionary in the docs is that of the project."""

from __future__ import annotations

from scratch_candidate import Candidate

from lda.publishing.dictionary_page import DOCUMENT, project_document, write_dbt_docs
from lda.warehouse.structure import structure

STAR = ("dim_", "fct_", "bridge_")


def test_the_data_dictionary_is_in_step(empty_candidate: Candidate) -> None:
    settings = empty_candidate.settings
    written = (settings.project_dir / DOCUMENT).read_text(encoding="utf-8")
    assert written == project_document(settings, empty_candidate.manifest()), "Run: lda dictionary"


def test_every_table_of_the_star_has_one_column_as_its_key_and_relations_lead_to_such_columns(
    empty_candidate: Candidate,
) -> None:
    """BI tools relate tables by one column; Postgres makes a primary key of it, so it is never blank."""
    tables = structure(empty_candidate.manifest())["tables"]
    star = {label: table for label, table in tables.items() if label.split(".")[1].startswith(STAR)}
    assert len(star) > 20
    assert {label: table["key"] for label, table in star.items() if len(table["key"]) != 1} == {}
    assert [label for label, table in star.items() if not table["key_required"]] == []
    relations = [(label, one) for label, table in star.items() for one in table["relations"]]
    assert len(relations) > 40
    assert [(label, one) for label, one in relations if one["to"] not in tables[one["table"]]["unique"]] == []


def test_dbts_own_documentation_is_one_page_that_tells_nobody(new_candidate, tmp_path) -> None:
    page = write_dbt_docs(new_candidate().settings, tmp_path / "docs.html").read_text(encoding="utf-8")
    assert "published_fct_figure" in page, "the models are in the page itself"
    assert "MANIFEST.JSON INLINE DATA" not in page, "the data were put in"
    assert '"send_anonymous_usage_stats": false' in page
