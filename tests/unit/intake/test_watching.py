"""An ingest seen from outside: its log, its metrics and its lineage, as a real collector receives them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from lda.settings import PROJECT_DIR

from .conftest import gp_row, nhs_number


@dataclass
class Collector:
    """What an OpenTelemetry and OpenLineage collector on loopback received."""

    url: str = ""
    metrics: list[bytes] = field(default_factory=list)
    events: list[dict] = field(default_factory=list)

    def points(self, name: str) -> dict[tuple[str, ...], float]:
        """The latest value of a metric by its attributes, in order of their names; of a histogram how many."""
        found: dict[tuple[str, ...], float] = {}
        for body in self.metrics:
            for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                for metric in (one for scope in resource.scope_metrics for one in scope.metrics if one.name == name):
                    for point in metric.sum.data_points or metric.gauge.data_points or metric.histogram.data_points:
                        key = tuple(one.value.string_value for one in sorted(point.attributes, key=lambda one: one.key))
                        found[key] = point.count if metric.HasField("histogram") else point.as_int
        return found


@pytest.fixture
def collector() -> Iterator[Collector]:
    seen = Collector()

    class Receive(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/v1/metrics":
                seen.metrics.append(body)
            else:
                seen.events.append(json.loads(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receive)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    seen.url = f"http://127.0.0.1:{server.server_port}"
    yield seen
    server.shutdown()
    server.server_close()


def ingest_watched(settings, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("LDA_", "OTEL", "OPENLINEAGE"))},
        "LDA_HOME": str(settings.home),
        "LDA_LOG_FORMAT": "json",
        "LDA_LOG_LEVEL": "INFO",
        **more,
    }
    command = [sys.executable, "-m", "lda.cli", "ingest", "--json"]
    return subprocess.run(command, cwd=PROJECT_DIR, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_log_metrics_and_lineage_of_an_ingest(settings, land, collector):
    land([*(gp_row(seed) for seed in range(1, 30)), gp_row(40, **{"DOB": "31/02/1990"})])
    done = ingest_watched(
        settings,
        LDA_LINEAGE="true",
        OPENLINEAGE_URL=collector.url,
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
    )
    assert done.returncode == 0, done.stderr

    log = [json.loads(line) for line in done.stderr.splitlines()]
    (judged,) = [record for record in log if record["event"] == "File judged."]
    assert (judged["feed"], judged["partner"], judged["step"]) == ("gp_ld_register", "Y90001", "ingest")
    assert (judged["status"], judged["accepted"], judged["quarantined"]) == ("accepted", 29, 1)
    assert judged["run"].startswith("ingest-")

    assert collector.points("lda.rows") == {
        ("gp_ld_register", "accepted", "Y90001"): 29,
        ("gp_ld_register", "quarantined", "Y90001"): 1,
    }
    assert collector.points("lda.files") == {("gp_ld_register", "Y90001", "accepted"): 1}
    assert sum(collector.points("lda.rule.failures").values()) >= 1
    assert collector.points("lda.step.duration") == {("gp_ld_register", "succeeded", "ingest"): 1}

    age = datetime.now(UTC).date() - date(2026, 2, 28)
    told = collector.points("lda.data.age")[("gp_ld_register", "Y90001")]
    assert 0 <= age.days - told <= 1, "at midnight the day may have changed since"
    assert collector.points("lda.periods.missing")[("gp_ld_register", "Y90001")] == 0

    start, complete = collector.events
    assert (start["eventType"], complete["eventType"]) == ("START", "COMPLETE")
    assert start["run"]["runId"] == complete["run"]["runId"]
    assert complete["job"]["name"] == "ingest/gp_ld_register"
    (read,), (written,) = complete["inputs"], complete["outputs"]
    assert (read["name"], read["inputFacets"]["inputStatistics"]["rowCount"]) == ("landing/gp_ld_register", 30)
    assert any(not rule["success"] for rule in read["inputFacets"]["dataQualityAssertions"]["assertions"])
    assert (written["name"], written["outputFacets"]["outputStatistics"]["rowCount"]) == ("lake/gp_ld_register", 29)

    said = done.stderr + done.stdout + json.dumps(collector.events) + b"".join(collector.metrics).decode("latin-1")
    for identifier in (nhs_number(1), "LOCAL000001", "LE81 1AA", "31/02/1990", "gp_ld_register_Y90001_2026-02.csv"):
        assert identifier not in said


PUBLISHED = """
from lda.reporting.freshness import tell_published
from lda.settings import Settings

measures = {"published": 78, "withheld": [{"measure_id": "a"}, {"measure_id": "b"}]}
tell_published(Settings(), {"measures": measures, "gates": {"failures": [{"code": "MOVEMENT"}]}})
"""


@pytest.mark.slow
def test_a_refresh_tells_what_it_published_and_how_fresh_that_is(settings, land, collector):
    land([gp_row(1)])
    assert ingest_watched(settings).returncode == 0
    assert collector.metrics == [], "without a setting nothing is told"
    environment = {"LDA_HOME": str(settings.home), "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
    command = [sys.executable, "-c", PUBLISHED]
    subprocess.run(command, cwd=PROJECT_DIR, env={**os.environ, **environment}, check=True)
    assert collector.points("lda.measures") == {("published",): 78, ("withheld",): 2}
    assert collector.points("lda.gates.failed") == {(): 1}
    assert collector.points("lda.data.age")[("gp_ld_register", "Y90001")] > 0


@pytest.mark.slow
def test_a_collector_that_is_away_stops_nothing(settings, land):
    land([gp_row(1)])
    away = "http://127.0.0.1:9"
    done = ingest_watched(
        settings,
        LDA_LINEAGE="true",
        OPENLINEAGE__TRANSPORT__TYPE="http",
        OPENLINEAGE__TRANSPORT__URL=away,
        OPENLINEAGE__TRANSPORT__RETRY__TOTAL="1",
        OTEL_EXPORTER_OTLP_ENDPOINT=away,
        OTEL_EXPORTER_OTLP_TIMEOUT="1",
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["accepted"] == 1
