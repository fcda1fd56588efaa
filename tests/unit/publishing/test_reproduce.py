"""When a publication cannot be made again, the message says why; when it differs, what differs."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest
from tiny import UNITS

from lda.gates import GateReport
from lda.ledger.records import Submission
from lda.publishing import PublicationError, prune_publications, publish, reproduce
from lda.publishing import reproducing as steps
from lda.publishing.folder import MANIFEST
from lda.warehouse import code_version, rules_fingerprint

pytestmark = pytest.mark.slow


@pytest.fixture
def published(settings, ledger, make_candidate, monkeypatch):
    """A hand-made publication, and what a rebuild would find: the same candidate, unless a test changes it."""
    candidate = replace(
        make_candidate("run-1"),
        code_version=code_version(settings),
        rules=rules_fingerprint(settings),
        compared_with={},
    )
    candidate.save()
    report = GateReport((), UNITS, (), 0)
    publication = publish(settings, ledger, candidate, report)

    class Found:
        again = candidate
        inputs = candidate.inputs
        hashed = candidate.inputs_hash

    monkeypatch.setattr(steps, "build_candidate", lambda *_: Found.again)
    monkeypatch.setattr(steps, "judge_candidate", lambda *_: report)
    monkeypatch.setattr(steps, "in_force", lambda *_: list(Found.inputs))
    monkeypatch.setattr(steps, "inputs_hash", lambda *_: Found.hashed)
    Found.publication = publication
    return Found


def identity(candidate):
    return {name: getattr(candidate, name) for name in ("run_id", "publication_id", "path", "inputs_hash")}


def rewrite(publication, **values):
    path = publication.path / MANIFEST
    path.chmod(0o644)
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_the_same_candidate_gives_the_same_bytes_and_leaves_nothing_behind(settings, published):
    result = reproduce(settings, published.publication.publication_id)
    assert result.is_equal and result.as_dict()["is_equal"]
    assert result.tables['lda_public.duckdb: published."measure_value"'] > 0
    assert not list(settings.home.glob(".reproduce-*"))


def test_a_figure_that_differs_is_not_equal_and_its_table_is_named(settings, published, make_candidate):
    published.again = replace(
        make_candidate("run-1", after="UPDATE mart.measure_value SET value = value + 0.001"), compared_with={}
    )
    result = reproduce(settings, published.publication.publication_id)
    assert not result.is_equal
    assert any('mart."measure_value" differ' in words for words in result.differences)


def test_another_version_of_the_code_is_refused_with_the_one_to_check_out(settings, published):
    rewrite(published.publication, code_version="abc123abc123-dirty")
    with pytest.raises(
        PublicationError, match=r"version abc123abc123-dirty of the code; this is .* Check out abc123abc123 "
    ):
        reproduce(settings, published.publication.publication_id)


def test_other_rules_under_the_same_version_are_refused(settings, published):
    rewrite(published.publication, rules_fingerprint="other")
    with pytest.raises(PublicationError, match="SQL or publishing code are not those"):
        reproduce(settings, published.publication.publication_id)


def test_other_submissions_are_named(settings, published):
    known = published.publication.manifest["files_in"]
    first = published.inputs[0]
    stranger = Submission(**{**vars(first), "file_id": "f" * 64})
    published.hashed, published.inputs = "other", [*published.inputs[1:], stranger]
    assert known[first.feed]["file_ids"]
    with pytest.raises(PublicationError, match=rf"1 missing: {first.feed} {first.file_id}.*1 that were not in it"):
        reproduce(settings, published.publication.publication_id)


def test_an_earlier_publication_that_was_removed_is_named(settings, published):
    rewrite(published.publication, compared_with={"2026-02_gone": ["llr/register"]})
    with pytest.raises(PublicationError, match="2026-02_gone, which is not there any more"):
        reproduce(settings, published.publication.publication_id)


def test_the_oldest_that_pruning_keeps_can_be_made_again(settings, ledger, published, make_candidate):
    made, units = [published.publication.publication_id], ["llr/checks", "llr/register"]
    for run in ("run-2", "run-3", "run-4"):
        candidate = replace(published.again, **identity(make_candidate(run)), compared_with={made[-1]: units})
        candidate.save()
        made.append(publish(settings, ledger, candidate, GateReport((), UNITS, (), 0)).publication_id)
        if run == "run-3":
            oldest_kept = candidate
    report = prune_publications(settings.model_copy(update={"keep_publications": 1}), apply=True)
    assert report.removed == made[:1], "what is compared with only by one that is kept for comparison is not needed"
    assert report.kept[made[2]] == "a roll back would go to it"
    assert report.kept[made[1]] == f"{made[2]} was compared with it, and is kept"
    published.again, published.hashed = oldest_kept, oldest_kept.inputs_hash
    assert reproduce(settings, made[2]).is_equal


def test_what_was_never_published_or_is_damaged_is_refused(settings, published):
    with pytest.raises(PublicationError, match=r"There is no publication \.\./x"):
        reproduce(settings, "../x")
    damaged = published.publication.path / "public" / "measures.csv"
    damaged.chmod(0o644)
    shutil.copy(published.publication.path / MANIFEST, damaged)
    with pytest.raises(PublicationError, match="checksum differs"):
        reproduce(settings, published.publication.publication_id)
