"""The lineage that the real DAGs tell: from every feed's files, through dbt's models, to the publication."""

from __future__ import annotations

import json
from collections import defaultdict

import pytest

from lda.telemetry import holds_nhs_number

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def events(journey) -> list[dict]:
    text = (journey.settings.home / "lineage.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_every_feed_is_joined_to_the_publication(journey, events):
    follows = defaultdict(set)
    for event in events:
        # The whole build reads every feed; only the opt-outs, which are applied before dbt, are joined by it alone.
        whole = event["job"]["name"] == "build"
        for read in event["inputs"] if event["eventType"] == "COMPLETE" else ():
            if not whole or read["name"] == "lake/opt_out":
                follows[read["name"]] |= {written["name"] for written in event["outputs"]}
    feeds = {one["feed"] for one in journey.truth("files") if one["expected_status"] == "accepted"}
    assert len(feeds) > 10
    for feed in feeds:
        reached, edge = set(), {f"landing/{feed}"}
        while edge:
            reached |= edge
            edge = set().union(*(follows[name] for name in edge)) - reached
        assert "published" in reached, f"{feed} leads to {sorted(reached)[:10]}"


def test_every_step_that_started_ended_well_and_belongs_to_a_run(events):
    started = {event["run"]["runId"] for event in events if event["eventType"] == "START"}
    ended = {event["run"]["runId"] for event in events if event["eventType"] == "COMPLETE"}
    assert started == ended
    assert {event["eventType"] for event in events} == {"START", "COMPLETE"}
    assert all(event["run"]["facets"]["parent"]["run"]["runId"] for event in events)


def test_what_the_gates_found_is_told(events):
    (judged,) = [one for one in events if one["job"]["name"] == "judge" and one["eventType"] == "COMPLETE"]
    candidate = next(one for one in judged["inputs"] if one["name"] == "warehouse/candidate")
    assert len(candidate["inputFacets"]["dataQualityAssertions"]["assertions"]) > 30


def test_no_event_holds_an_identifier(journey, events):
    text = json.dumps(events)
    assert not holds_nhs_number(text)
    assert str(journey.settings.home) not in text
