"""A tiny candidate made by hand: three measures, two places, two months, all gates passing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import date, datetime
from itertools import count
from pathlib import Path
from unittest.mock import patch

import duckdb
import pytest
from jinja2 import Environment, FileSystemBytecodeCache

from lda.ledger import Ledger
from lda.ledger.records import Submission
from lda.settings import Settings
from lda.warehouse.candidate import Candidate, candidate_path

PERIOD = date(2026, 3, 31)
AS_OF = datetime.fromisoformat("2026-04-20T09:00:00")

TABLES = """
CREATE SCHEMA lake; CREATE SCHEMA ledger; CREATE SCHEMA staging; CREATE SCHEMA reference;
CREATE SCHEMA mart; CREATE SCHEMA published;
CREATE TABLE lake.gp AS SELECT * FROM range(10) AS rows(n);
CREATE TABLE staging.stg_gp AS SELECT * FROM lake.gp;
CREATE TABLE ledger.feed_table AS SELECT 'gp' AS feed, 'gp' AS table_name;
CREATE TABLE ledger.feed AS SELECT 'gp' AS feed, 'GP register' AS feed_name, 1 AS cadence_months,
    3 AS stale_after_periods, 'practice' AS partner_type, 'figures' AS role;
CREATE TABLE ledger.opt_out AS SELECT 40 AS people_listed, 12 AS people_removed, 31 AS rows_removed;
CREATE TABLE ledger.opt_out_list AS SELECT 'opt_out' AS feed, 'QK1' AS partner_code, DATE '2026-03-31' AS last_period,
    true AS stands;
CREATE TABLE ledger.opt_out_removal (feed VARCHAR, table_name VARCHAR, people_removed BIGINT, rows_removed BIGINT);
CREATE TABLE ledger.submission AS SELECT * FROM (VALUES
    ('f1', 'gp', 'Y90001', DATE '2026-03-31', 6), ('f2', 'gp', 'Y90002', DATE '2026-02-28', 4)
) AS given(file_id, feed, partner_code, period_end, rows_accepted);
CREATE TABLE ledger.expected_submission AS SELECT * FROM (VALUES
    ('gp', 'Y90001', 'llr', DATE '2026-03-31', false), ('gp', 'Y90002', 'llr', DATE '2026-03-31', false),
    ('gp', 'Y90003', 'llr', DATE '2026-03-31', false), ('gp', 'Y90004', 'llr', DATE '2026-03-31', true)
) AS given(feed, partner_code, system_code, period_end, is_paused);
CREATE TABLE ledger.file_account AS SELECT * FROM (VALUES
    ('f1', 'gp', 'accepted', 8, 6, 1, 1), ('f2', 'gp', 'accepted', 4, 4, 0, 0), ('f3', 'gp', 'rejected', 0, 0, 0, 0)
) AS given(file_id, feed, status, received, accepted, quarantined, repeated);
CREATE TABLE reference.measure_catalogue AS SELECT * FROM (VALUES
    ('register', 'count', 1, 'count', 'people', 'lda', 1, 'none', false, NULL, NULL),
    ('checks', 'proportion', 1, 'ratio', 'people', 'lda', 1, 'wilson', false, NULL, NULL),
    ('inpatients', 'per million people', 1000000, 'ratio', 'population', 'lda', 1, 'wilson', false, NULL, NULL)
) AS given(
    measure_id, unit, multiplier, aggregation, denominator_kind, disclosure_rule, frequency_months, confidence_interval,
    counts_events, valid_from, valid_to
);
CREATE TABLE reference.poisson_limit AS SELECT 0 AS events, 0.0 AS lower_95, 3.6888794541139354 AS upper_95;
CREATE TABLE reference.disclosure_rule AS SELECT 'lda' AS disclosure_rule, 5 AS smallest_count, 5 AS round_to,
    'numerator;denominator' AS judged_sides, false AS only_if_adjusted,
    1 AS minimum_width, true AS protect_complements, NULL AS valid_from, NULL AS valid_to;
CREATE TABLE reference.disclosure_amount (disclosure_rule VARCHAR, aggregation VARCHAR, unit VARCHAR, round_to DOUBLE,
    person_step DOUBLE, person_least DOUBLE, person_most DOUBLE, valid_from DATE, valid_to DATE);
CREATE TABLE reference.geography_link AS SELECT 'place' AS child_type, 'system' AS parent_type, 'QK1' AS parent_code,
    unnest(['E06000016', 'E10000018']) AS child_code, NULL AS valid_from, NULL AS valid_to;
CREATE TABLE reference.measure_relation (relation_id VARCHAR, relation VARCHAR, measure_id VARCHAR, side VARCHAR,
    whole_measure_id VARCHAR, whole_side VARCHAR, breakdown_type VARCHAR, breakdown_values VARCHAR, valid_from DATE,
    valid_to DATE);
CREATE TABLE published.measure_definition AS
    SELECT measure_id, 'Name of ' || measure_id AS name, 'What it means' AS description, unit
    FROM reference.measure_catalogue;
CREATE TABLE mart.measure_contribution AS SELECT 'llr' AS system_code, *, NULL::DOUBLE AS value FROM (VALUES
    ('register', 'E06000016', 60, NULL), ('register', 'E10000018', 43, NULL),
    ('checks', 'E06000016', 31, 50), ('checks', 'E10000018', 2, 40),
    ('inpatients', 'E06000016', 21, 350000), ('inpatients', 'E10000018', 24, 690000)
) AS given(measure_id, place_code, numerator, denominator),
    (VALUES (DATE '2026-02-28'), (DATE '2026-03-31')) AS months(period_end);
"""
FIGURES = """
CREATE TABLE mart.measure_value AS
WITH cells AS (
    SELECT measure_id, period_end, 'place' AS geography_type, place_code AS geography_code,
        numerator::HUGEINT AS top, denominator::BIGINT AS bottom FROM mart.measure_contribution
    UNION ALL
    SELECT measure_id, period_end, 'system', 'QK1', sum(numerator), sum(denominator)
    FROM mart.measure_contribution GROUP BY ALL
)
SELECT measure_id, 'llr' AS system_code, geography_type, geography_code, 'The ' || geography_code AS geography_name,
    'all' AS breakdown_type, 'All' AS breakdown_value, period_end,
    CASE WHEN unit <> 'count' THEN top END AS numerator, bottom AS denominator,
    CASE WHEN unit = 'count' THEN top ELSE top / bottom * multiplier END::DOUBLE AS value, unit,
    NULL::DOUBLE AS lower_95, NULL::DOUBLE AS upper_95, 0.95::DOUBLE AS coverage, ''::VARCHAR AS publication_id
FROM cells JOIN reference.measure_catalogue USING (measure_id);
CREATE TABLE published.measure_value AS
WITH hidden AS (
    SELECT figures.*, multiplier,
        CASE WHEN numerator >= 5 THEN round(numerator / 5) * 5 END AS top,
        CASE WHEN denominator_kind = 'population' THEN denominator
             WHEN denominator >= 5 THEN round(denominator / 5) * 5 END AS bottom,
        CASE WHEN value >= 5 THEN round(value / 5) * 5 END AS rounded
    FROM mart.measure_value AS figures JOIN reference.measure_catalogue USING (measure_id, unit)
)
SELECT measure_id, system_code, geography_type, geography_code, geography_name, breakdown_type, breakdown_value,
    period_end, top::BIGINT AS numerator, bottom::BIGINT AS denominator,
    CASE WHEN unit = 'count' THEN rounded ELSE top / bottom * multiplier END AS value, unit, lower_95, upper_95,
    coverage, CASE WHEN coalesce(top, rounded) IS NULL THEN 'suppressed' ELSE 'rounded' END AS suppression,
    publication_id
FROM hidden;
"""
WORDS = "One row per thing."


@pytest.fixture(scope="session", autouse=True)
def compiled_templates(tmp_path_factory) -> Iterator[None]:
    """Templates are compiled once, not for each of the hundreds of reports that tests write."""
    own = {"bytecode_cache": FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))}
    made = Environment.__init__

    def make(environment, *given, **named):
        made(environment, *given, **(named if given else own | named))

    with patch.object(Environment, "__init__", make):
        yield


@pytest.fixture
def no_room(tmp_path) -> Callable[[], str]:
    """Names of files that there is no room for: links to /dev/full, where writing fails as on a full disk.

    A link each time, because programs remove what they could not write, and root could remove the device itself.
    """

    def name() -> str:
        link = tmp_path / f"no-room-{next(numbers)}"
        link.symlink_to("/dev/full")
        return str(link)

    numbers = count()
    return name


@pytest.fixture
def settings(tmp_path) -> Settings:
    made = Settings(home=tmp_path / "home", lock_timeout_seconds=1)
    made.make_folders()
    return made


@pytest.fixture
def ledger(settings):
    opened = Ledger(settings.ledger_address)
    opened.create()
    yield opened
    opened.close()


def write_candidate(path: Path, before: str = "") -> None:
    """Write the candidate's database, with nothing broken after its figures are worked out."""
    with duckdb.connect(str(path)) as connection:
        connection.execute(TABLES + before)
        run = f"SELECT '' AS run_id, '' AS publication_id, DATE '{PERIOD}' AS period_end"
        connection.execute(f"CREATE TABLE ledger.run AS {run}")
        connection.execute(FIGURES)


@pytest.fixture(scope="session")
def sound_database(tmp_path_factory) -> Path:
    """A database of a sound candidate, to be copied."""
    path = tmp_path_factory.mktemp("sound") / "sound.duckdb"
    write_candidate(path)
    return path


@pytest.fixture
def make_candidate(settings, sound_database) -> Callable[..., Candidate]:
    """Makes a candidate; ``before`` and ``after`` are SQL run before and after the figures are worked out."""

    def make(run_id: str = "run-1", before: str = "", after: str = "") -> Candidate:
        publication_id = f"2026-03_20260420T090000_{run_id[-6:]}"
        path = candidate_path(settings, run_id)
        path.unlink(missing_ok=True)
        if before:
            write_candidate(path, before)
        else:
            shutil.copy(sound_database, path)
        with duckdb.connect(str(path)) as connection:
            connection.execute("UPDATE ledger.run SET run_id = $1, publication_id = $2", [run_id, publication_id])
            for schema in ("mart", "published"):
                connection.execute(f"UPDATE {schema}.measure_value SET publication_id = $1", [publication_id])
            connection.execute(after)
            described = connection.execute(
                "SELECT table_schema || '.' || table_name, column_name FROM information_schema.columns "
                "WHERE table_schema IN ('mart', 'published')"
            ).fetchall()
        descriptions = {table: {"": WORDS} for table, _ in described}
        for table, column in described:
            descriptions[table][column] = f"The {column}."
        sources = tuple(
            Submission(name, "gp", partner, "llr", PERIOD.replace(day=1), PERIOD, AS_OF, f"gp/{name}.parquet", rows)
            for name, partner, rows in (("f1", "Y90001", 6), ("f2", "Y90002", 4))
        )
        candidate = Candidate(
            run_id=run_id,
            publication_id=publication_id,
            path=path,
            system_code="llr",
            period_end=PERIOD,
            as_of=AS_OF,
            code_version="test",
            inputs_hash=f"hash of {run_id}",
            inputs=sources,
            periods={"llr": PERIOD},
            descriptions=descriptions,
        )
        candidate.save()
        return candidate

    return make
