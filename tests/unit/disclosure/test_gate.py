"""The audit where it is used: as a publication gate, before publishing, and on the command line."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner
from world import SEXES, database, mart_rows, published_rows, write_seeds

from lda.cli import app
from lda.gates import judge_candidate
from lda.ledger import Ledger
from lda.publishing import PublicationError, audit_publication, current_publication, publish

# The system's total, unrounded, less the one place that is shown, unrounded: 33 less 31 is the hidden 2.
LEAK = """
UPDATE published.measure_value SET numerator = 33 WHERE measure_id = 'checks' AND geography_type = 'system';
UPDATE published.measure_value SET numerator = 31 WHERE measure_id = 'checks' AND geography_code = 'E06000016';
"""
BESIDE = "UPDATE published.measure_value SET upper_95 = 0.2 WHERE measure_id = 'checks' AND suppression = 'suppressed'"
BROKEN = "DROP TABLE reference.measure_relation"


def failed(report):
    return {(outcome.code, outcome.scope, outcome.measure_id) for outcome in report.outcomes if not outcome.success}


def test_a_candidate_whose_hidden_figures_can_be_worked_out_is_not_published(settings, make_candidate):
    report = judge_candidate(settings, make_candidate(after=LEAK))
    assert ("DISCLOSURE-WORKED-OUT", "system", "checks") in failed(report)
    assert report.stops


def test_something_said_of_a_hidden_figure_stops_the_publication(settings, make_candidate):
    report = judge_candidate(settings, make_candidate(after=BESIDE))
    assert ("DISCLOSURE-BESIDE", "system", "checks") in failed(report)
    assert report.stops


def test_hidden_figures_that_the_exact_attack_leaves_undecided_are_warned_of(settings, make_candidate, monkeypatch):
    monkeypatch.setattr("lda.disclosure.attack.LARGEST_GROUP", 0)
    monkeypatch.setattr("lda.disclosure.attack._Search.small_changes", lambda *_: None)
    report = judge_candidate(settings, make_candidate(), accepted=())
    assert ("DISCLOSURE-UNPROVED", "warn") in {found[:2] for found in failed(report)}
    assert not report.stops


def test_a_candidate_that_cannot_be_attacked_is_not_published(settings, make_candidate):
    report = judge_candidate(settings, make_candidate(after=BROKEN))
    assert ("DISCLOSURE-FRAME", "system", None) in failed(report)
    assert report.stops


@pytest.fixture
def published(settings, ledger: Ledger, make_candidate, monkeypatch):
    """A sound publication, with the seeds its audit reads."""
    candidate = make_candidate()
    report = judge_candidate(settings, candidate)
    publication = publish(settings, ledger, candidate, report)
    seeds = write_seeds(settings.home / "seeds", [("r", "part", "plan", "numerator", "uptake", "numerator")])
    catalogue = (seeds / "measure_catalogue.csv").read_text()
    lines = [
        "checks,proportion,ratio,people,1,lda,1,wilson,false,,",
        "inpatients,per million people,ratio,population,1000000,lda,1,wilson,false,,",
    ]
    (seeds / "measure_catalogue.csv").write_text("\n".join([catalogue.strip(), *lines]) + "\n")
    monkeypatch.setattr(type(settings), "reference_dir", seeds)
    return publication


def test_the_publication_in_force_is_audited_by_default(settings, published):
    audited, report = audit_publication(settings)
    assert audited == published.publication_id == current_publication(settings).publication_id
    assert report.safe
    assert report.knows_exact
    with pytest.raises(PublicationError, match="no publication 2020-01"):
        audit_publication(settings, "2020-01")


def test_the_command_says_what_it_found_and_fails_when_it_is_something(settings, published, monkeypatch):
    monkeypatch.setenv("LDA_HOME", str(settings.home))
    sound = CliRunner().invoke(app, ["audit-disclosure", "--json"])
    assert sound.exit_code == 0, sound.output
    assert json.loads(sound.output)["safe"] is True
    world = mart_rows({("P3", sex): (40, 38, 1, 0) for sex in SEXES})
    rows = published_rows(world)
    for row in rows:
        if (row["measure_id"], row["geography_type"]) == ("uptake", "system"):
            row["numerator"], row["suppression"] = 3 if row["breakdown_type"] == "all" else 1, "rounded"
    path = published.path / "public" / "lda_public.duckdb"
    path.chmod(0o644)
    path.unlink()
    database(path, published=rows).close()
    restricted = published.path / "restricted" / "lda_mart.duckdb"
    restricted.chmod(0o644)
    restricted.unlink()
    database(restricted, mart=world).close()
    leaky = CliRunner().invoke(app, ["audit-disclosure", "--quick"])
    assert leaky.exit_code == 1
    assert "uptake" in leaky.output
    assert "geography" in leaky.output
