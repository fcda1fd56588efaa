"""The bench measures what it says: a file of the contract's shape, and readings with the plain copy beside them."""

from __future__ import annotations

from contextlib import contextmanager

import duckdb
import pytest
from rich.console import Console

from lda.cli import bench_bi
from lda.cli.bench import BenchError, apart, run_bench
from lda.cli.bench_cld import BAD_EVERY, write_cld_file
from lda.cli.bench_models import in_order
from lda.cli.bench_report import bench_view
from lda.contracts import load_contracts
from lda.settings import Settings
from lda.telemetry import holds_nhs_number

pytestmark = pytest.mark.slow


def test_the_cld_file_has_every_column_of_the_contract_and_three_in_a_hundred_bad_rows(settings, tmp_path):
    path = write_cld_file(settings, tmp_path, 990)
    rows = duckdb.execute(f"FROM read_csv('{path}', all_varchar = true)").df()
    assert list(rows.columns) == [column.name for column in load_contracts(settings)["cld"].columns]
    assert len(rows) == 990
    assert (rows["event_end_date"] < rows["event_start_date"]).sum() == 990 // BAD_EVERY
    numbers = rows["nhs_number"].dropna()
    assert len(numbers) > 800
    assert all(holds_nhs_number(number) for number in numbers)


def test_readings_stand_beside_the_plain_copy_and_leave_nothing_behind(settings, monkeypatch):
    monkeypatch.setenv("LDA_HOME", str(settings.home))
    measured = run_bench(rows=660, files=1, repeats=1, only=["intake"])
    found = measured["intake"]
    assert found["lda intake"]["received"] == 660
    assert found["lda intake"]["quarantined"] == 660 // BAD_EVERY
    assert found["duckdb copy"]["times_plain_copy"] == 1
    assert min(found[name]["peak_mb"] for name in ("lda intake", "duckdb copy", "pandas")) > 20
    console = Console(width=160)
    with console.capture() as shown:
        console.print(bench_view(measured))
    for words in ("660 rows × 35 columns", "lda intake", "duckdb copy", "pandas"):
        assert words in shown.get()
    assert not (settings.home / "bench").exists()


def test_no_reading_touches_the_warehouse_it_is_taken_beside(settings, tmp_path, monkeypatch):
    """A production's environment names its ledger, key and mart: the bench's invented rows must not reach them."""
    ledger = tmp_path / "production" / "ledger.db"
    monkeypatch.setenv("LDA_HOME", str(settings.home))
    monkeypatch.setenv("LDA_LEDGER_URL", f"sqlite:///{ledger}")
    monkeypatch.setenv("LDA_ENVIRONMENT", "production")
    monkeypatch.setenv("LDA_PUBLISH_DSN", "postgresql://mart")
    monkeypatch.setenv("LDA_ALERT_URLS", "json://hooks.example.org")
    made = apart(Settings(), tmp_path / "own")
    assert (made.ledger_url, made.publish_dsn, made.alert_urls, made.environment) == (None, None, None, "demo")
    assert made.home == tmp_path / "own"
    assert run_bench(rows=66, files=1, repeats=1, only=["intake"])["intake"]["lda intake"]["received"] == 66
    assert not ledger.exists()


def test_an_unknown_part_is_refused_with_those_there_are(settings, monkeypatch):
    monkeypatch.setenv("LDA_HOME", str(settings.home))
    with pytest.raises(BenchError, match="intake, files, dbt, gates, bi, airflow"):
        run_bench(rows=1, files=1, repeats=1, only=["everything"])


def test_models_run_after_those_they_read():
    def node(*parents: str, kind: str = "table") -> dict:
        return {"depends_on": {"nodes": list(parents)}, "config": {"materialized": kind}}

    models = {"a": node("c"), "b": node(), "c": node("d", "seed.x"), "d": node("b", kind="ephemeral")}
    assert in_order(models) == ["b", "c", "a"]


def test_bi_queries_are_timed_by_all_readers_while_publishing(monkeypatch):
    """Every reader asks every query as often as it should, publications go on meanwhile, and a failure is told."""
    asked, published = [], []

    @contextmanager
    def reader():
        yield lambda query: asked.append(query) or []

    monkeypatch.setattr(bench_bi, "ROUNDS", 2)
    found = bench_bi.measure(reader, lambda: published.append(1))
    assert found["answers"] == bench_bi.READERS * 2 * len(bench_bi.QUERIES)
    assert len(bench_bi.QUERIES) == 20
    assert set(asked) == set(bench_bi.QUERIES.values())
    assert found["publications"] == len(published)
    assert found["p95_ms"] >= found["p50_ms"] >= 0

    @contextmanager
    def broken():
        def ask(query):
            raise ValueError("no such table")

        yield ask

    with pytest.raises(ValueError, match="no such table"):
        bench_bi.measure(broken, lambda: None)
