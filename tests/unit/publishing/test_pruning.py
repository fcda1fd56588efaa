"""Old publications go; those in force, next in line, compared with or held stay."""

from __future__ import annotations

import pytest
from tiny import UNITS

from lda.gates import GateOutcome, GateReport
from lda.publishing import current_publication, prune_publications, publish, rollback

pytestmark = pytest.mark.slow

PASSED = GateOutcome(suite="keys", code="KEYS-UNIQUE", scope="measure", success=True, detail="Passed.")
WITHHELD = GateOutcome(
    suite="movement",
    code="MOVED",
    scope="measure",
    success=False,
    measure_id="checks",
    system_code="llr",
    detail="Moved too far.",
)


@pytest.fixture
def release(settings, ledger, make_candidate, monkeypatch):
    """Publishes a tiny candidate without drawing its report; returns its id."""
    monkeypatch.setattr("lda.publishing.folder.write_report", lambda *_: [])

    def run(run_id: str, *failures: GateOutcome) -> str:
        return publish(settings, ledger, make_candidate(run_id), GateReport((PASSED, *failures), UNITS)).publication_id

    return run


def there(settings) -> set[str]:
    return {path.name for path in settings.published.iterdir() if path.is_dir() and not path.is_symlink()}


def test_only_old_publications_go_and_only_when_asked(settings, ledger, release):
    settings = settings.model_copy(update={"keep_publications": 1})
    a, b, c = release("run-a"), release("run-b"), release("run-c")
    planned = prune_publications(settings)
    assert planned.removed == [a]
    assert there(settings) == {a, b, c}
    report = prune_publications(settings, apply=True)
    assert report.removed == [a]
    assert report.freed_bytes > 0
    assert report.kept == {c: "in force", b: "a roll back would go to it"}
    assert there(settings) == {b, c}
    assert [line["subject"] for line in ledger.trail("pruned")] == [a]
    assert prune_publications(settings, apply=True).removed == []


def test_what_is_compared_with_or_held_or_in_force_stays(settings, release):
    settings = settings.model_copy(update={"keep_publications": 1})
    a, held = release("run-a"), release("run-b", WITHHELD)
    settings = settings.model_copy(update={"legal_hold": [held]})
    release("run-c", WITHHELD)
    d, e = release("run-d", WITHHELD), release("run-e", WITHHELD)
    rollback(settings, d)
    report = prune_publications(settings, apply=True)
    assert report.kept[a] == "new figures are compared with it"
    assert report.kept[held] == "on legal hold"
    assert report.kept[d] == "in force"
    assert e in there(settings)
    assert current_publication(settings).publication_id == d
