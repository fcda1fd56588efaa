"""``lda rollback`` with Postgres and Superset behind it: readers see one publication, a crash anywhere is made good."""

from __future__ import annotations

import sys
from collections.abc import Callable

import psycopg
import pytest
from fake_superset import PASSWORD, USER
from tiny import UNITS

from lda.cli.verbs import main
from lda.gates import GateOutcome, GateReport
from lda.publishing import current_publication, publish

pytestmark = pytest.mark.slow

PASSED = GateOutcome(suite="keys", code="KEYS-UNIQUE", scope="measure", success=True, detail="Passed.")
FIRST, SECOND = "2026-03_20260420T090000_first", "2026-03_20260420T090000_second"
# One statement over both schemas, as an analyst's query is.
ONE_STATEMENT = """
    SELECT array_agg(DISTINCT m.publication_id || '+' || p.publication_id)
    FROM mart.measure_value AS m JOIN published.measure_value AS p USING (measure_id, geography_code, period_end)
"""


class Killed(BaseException):
    """Stands for a kill: nothing in the program catches it."""


@pytest.fixture
def run(settings, ledger, make_candidate, monkeypatch, dsn, superset) -> Callable[..., int]:
    """Two publications, each served; then runs ``lda`` with arguments and gives its exit code."""
    monkeypatch.setattr("lda.publishing.folder.write_report", lambda *_: [])
    environment = {"HOME": str(settings.home), "PUBLISH_DSN": dsn, "SUPERSET_URL": superset.url}
    for name, value in (environment | {"SUPERSET_USERNAME": USER, "SUPERSET_PASSWORD": PASSWORD}).items():
        monkeypatch.setenv(f"LDA_{name}", value)

    def call(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["lda", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0)

    for run_id in ("first", "second"):
        publish(settings, ledger, make_candidate(run_id), GateReport((PASSED,), UNITS))
        assert call("serve") == 0
    return call


def seen(dsn: str) -> str:
    """The publication that a statement over both schemas sees; fails when it is a mixture."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        (found,) = connection.execute(ONE_STATEMENT).fetchone()
    assert len(found) == 1, found
    mart, published = found[0].split("+")
    assert mart == published
    return mart


def schemas(dsn: str) -> set[str]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        rows = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ '^(mart|published)'").fetchall()
    return {row[0] for row in rows}


def told(superset) -> set[str]:
    """The publications that Superset's datasets on the mart name."""
    found = {one["description"] for one in superset.datasets if one["schema"] in ("mart", "published")}
    return {words.split("LDA publication: ")[1] for words in found}


def test_a_roll_back_switches_files_postgres_and_superset(settings, run, dsn, superset):
    assert (current_publication(settings).publication_id, seen(dsn), told(superset)) == (SECOND, SECOND, {SECOND})
    with psycopg.connect(dsn, autocommit=True) as reader:
        reader.prepare_threshold = 0
        for _ in range(2):
            assert reader.execute(ONE_STATEMENT).fetchone() == ([f"{SECOND}+{SECOND}"],)
        assert run("rollback") == 0
        assert reader.execute(ONE_STATEMENT).fetchone() == ([f"{FIRST}+{FIRST}"],), "a dashboard left open follows"
    assert (current_publication(settings).publication_id, seen(dsn), told(superset)) == (FIRST, FIRST, {FIRST})
    assert schemas(dsn) == {"mart", "published"}
    assert run("rollback", SECOND) == 0
    assert (seen(dsn), told(superset)) == (SECOND, {SECOND})


@pytest.mark.parametrize(
    ("step", "serves"),
    [
        ("lda.serving.serve.serve_postgres", SECOND),
        ("lda.serving.load.copy_tables", SECOND),
        ("lda.serving.load.check_readers", SECOND),
        ("lda.serving.postgres.switch", SECOND),
        ("lda.serving.postgres.drop_retired", FIRST),
        ("lda.serving.serve.tell_superset", FIRST),
    ],
)
def test_a_roll_back_killed_on_the_way_leaves_one_publication_and_is_made_good(
    settings, run, dsn, superset, monkeypatch, step, serves
):
    def kill(*_, **__):
        raise Killed

    with monkeypatch.context() as patch:
        module, name = step.rsplit(".", maxsplit=1)
        patch.setattr(sys.modules[module], name, kill)
        with pytest.raises(Killed):
            run("rollback")
    assert current_publication(settings).publication_id == FIRST, "files are switched first"
    assert (seen(dsn), told(superset)) == (serves, {SECOND})
    assert run("serve") == 0
    assert (seen(dsn), told(superset)) == (FIRST, {FIRST})
    assert schemas(dsn) == {"mart", "published"}


def test_a_roll_back_killed_between_the_two_schemas_switches_neither(run, dsn, superset, monkeypatch):
    """The names of the second schema are never left behind: one transaction holds both."""
    from lda.serving import switch

    rename = switch._rename

    def half(connection, retired):
        connection.execute("ALTER SCHEMA mart RENAME TO mart_half_way")
        connection.execute("ALTER SCHEMA mart_next RENAME TO mart")
        raise Killed

    monkeypatch.setattr(switch, "_rename", half)
    with pytest.raises(Killed):
        run("rollback")
    assert seen(dsn) == SECOND
    monkeypatch.setattr(switch, "_rename", rename)
    assert run("serve") == 0
    assert (seen(dsn), told(superset), schemas(dsn)) == (FIRST, {FIRST}, {"mart", "published"})


def test_a_roll_back_that_cannot_reach_postgres_says_so_and_stands(settings, run, dsn, superset, monkeypatch, capsys):
    monkeypatch.setenv("LDA_PUBLISH_DSN", "postgresql://127.0.0.1:1/none")
    assert run("rollback") == 1
    assert "lda serve" in capsys.readouterr().err
    assert (current_publication(settings).publication_id, seen(dsn)) == (FIRST, SECOND)
    monkeypatch.setenv("LDA_PUBLISH_DSN", dsn)
    assert run("serve") == 0
    assert (seen(dsn), told(superset)) == (FIRST, {FIRST})
