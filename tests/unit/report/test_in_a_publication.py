"""The report as a part of a publication: in its folder, under its checksums, scanned for identifiers, made again."""

from __future__ import annotations

import pytest
from tiny import UNITS

from lda.gates import GateOutcome, GateReport
from lda.publishing import PublicationError, publish, rebuild_report, verify_folder
from lda.publishing.report_text import report_text

pytestmark = pytest.mark.slow

SOUND = GateOutcome(suite="keys", code="KEYS-UNIQUE", scope="measure", success=True, detail="Passed.")
PASSED = GateReport((SOUND,), UNITS)


@pytest.fixture
def publication(settings, ledger, make_candidate):
    return publish(settings, ledger, make_candidate("run-1"), PASSED)


def test_a_publication_holds_its_report_under_checksums(publication):
    index = publication.path / "public" / "report" / "index.html"
    assert "Name of checks" in index.read_text(encoding="utf-8")
    assert "public/report/index.html" in verify_folder(publication.path)["files_out"]
    index.chmod(0o644)
    index.write_text(index.read_text(encoding="utf-8").replace("Name of", "name of"), encoding="utf-8")
    with pytest.raises(PublicationError, match=r"index\.html"):
        verify_folder(publication.path)


def test_the_second_report_compares_with_the_first(settings, ledger, make_candidate, publication):
    first = (publication.path / "public" / "report" / "index.html").read_text(encoding="utf-8")
    second = publish(settings, ledger, make_candidate("run-2"), PASSED)
    text = (second.path / "public" / "report" / "index.html").read_text(encoding="utf-8")
    assert "There is no earlier publication" in first
    assert "Compared with the publication before this one." in text


def test_an_identifier_in_the_report_stops_the_publication(settings, ledger, make_candidate):
    named = "UPDATE published.measure_definition SET name = 'Call 943 476 5919' WHERE measure_id = 'checks'"
    with pytest.raises(PublicationError, match="Nothing was published"):
        publish(settings, ledger, make_candidate("run-1", after=named), PASSED)


def test_the_words_of_a_report_are_its_texts_and_cells_not_its_drawings(tmp_path):
    (tmp_path / "page.html").write_text(
        "<html><style>a{}</style><p>Some <b>words</b></p><svg><text>drawn</text></svg></html>", encoding="utf-8"
    )
    (tmp_path / "figures.csv").write_text("﻿place,value,day\r\nLeicester,0.5,2026-03-31\r\n", encoding="utf-8")
    assert sorted(report_text(tmp_path)) == [
        ("figures.csv", "place", "Leicester"),
        ("page.html", "text", "Some"),
        ("page.html", "text", "words"),
    ]


def test_the_report_can_be_made_again_elsewhere_and_is_the_same(settings, publication, tmp_path):
    written = rebuild_report(settings, tmp_path / "again")
    assert len(written) > 10
    for path in written:
        original = publication.path / "public" / "report" / path.relative_to(tmp_path / "again")
        assert path.read_bytes() == original.read_bytes(), path.name


def test_a_publication_is_never_written_to(settings, publication):
    with pytest.raises(PublicationError, match="Name another folder"):
        rebuild_report(settings, publication.path / "public" / "report")
    with pytest.raises(PublicationError, match="There is no publication nowhere"):
        rebuild_report(settings, settings.home / "report", "nowhere")
