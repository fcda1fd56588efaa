"""Metrics by OpenTelemetry: rows and files by outcome, rule failures, freshness, durations of steps.

They go where the standard variables say (``OTEL_EXPORTER_OTLP_ENDPOINT`` …), as Airflow's own do; without one nothing
is measured and the exporter is not even loaded. Names of measurements and their attributes are in docs/monitoring.md.
"""

from __future__ import annotations

import logging
import os
from functools import cache

from opentelemetry import metrics
from opentelemetry.metrics import Counter, Histogram, Meter, _Gauge

log = logging.getLogger(__name__)

METER = "lda"
ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT")
FLUSH_MILLISECONDS = 5_000


def metrics_are_on() -> bool:
    """True when somebody collects metrics."""
    return any(os.environ.get(name) for name in ENDPOINTS)


def count(name: str, amount: int, **attributes: str) -> None:
    """Add to a counter ``lda.<name>``. Attributes are codes (feed, partner, outcome), never a person's."""
    if amount:
        _counter(f"{METER}.{name}").add(amount, attributes)


def gauge(name: str, value: float, **attributes: str) -> None:
    """Set a gauge ``lda.<name>`` to what is true now."""
    _gauge(f"{METER}.{name}").set(value, attributes)


def duration(name: str, seconds: float, **attributes: str) -> None:
    """Record how long something took in the histogram ``lda.<name>.duration``, in seconds."""
    _histogram(f"{METER}.{name}.duration").record(seconds, attributes)


def flush() -> None:
    """Send what was measured, before a short-lived process ends. A collector that is away is logged, never raised."""
    force = getattr(metrics.get_meter_provider(), "force_flush", None)
    if force is None:
        return
    try:
        force(FLUSH_MILLISECONDS)
    except Exception as error:
        log.warning("Metrics could not be sent (%s). Nothing else is changed by that.", type(error).__name__)


def _meter() -> Meter:
    _start()
    return metrics.get_meter(METER)


@cache
def _start() -> None:
    """Start exporting, once a process, unless Airflow (or whoever runs us) has started it already."""
    if not metrics_are_on() or hasattr(metrics.get_meter_provider(), "force_flush"):
        return
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

    metrics.set_meter_provider(MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())]))


@cache
def _counter(name: str) -> Counter:
    return _meter().create_counter(name)


@cache
def _histogram(name: str) -> Histogram:
    return _meter().create_histogram(name, unit="s")


@cache
def _gauge(name: str) -> _Gauge:
    return _meter().create_gauge(name)
