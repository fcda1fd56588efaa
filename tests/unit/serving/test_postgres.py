"""The Postgres mart: what a publication looks like there, who may do what, and that readers see one switch."""

from __future__ import annotations

import itertools
import threading

import duckdb
import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from small_publication import COLUMNS, ROWS

from lda.serving import ServingError
from lda.serving.load import indexes, postgres_type
from lda.serving.postgres import serve_postgres
from lda.serving.switch import drop_retired

pytestmark = pytest.mark.slow

LOCK_SECONDS = 20.0


@pytest.fixture
def serve(dsn, publication, tmp_path):
    """Serves a small publication by its id."""

    def run(publication_id: str, lock_seconds: float = LOCK_SECONDS, again: bool = False):
        folder = tmp_path / "published" / publication_id
        if not folder.exists():
            publication(publication_id)
        return serve_postgres(dsn, folder, publication_id, tmp_path, lock_seconds, again=again)

    return run


def rows_of(dsn: str, query: str, *given: object) -> list[tuple]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        return connection.execute(query, list(given)).fetchall()


def test_every_row_arrives_as_it_is_in_the_file(serve, dsn, tmp_path):
    report = serve("r1")
    assert report.changed
    assert report.rows == ROWS
    with duckdb.connect(str(tmp_path / "published" / "r1" / "restricted" / "lda_mart.duckdb"), read_only=True) as file:
        for label in COLUMNS:
            assert (
                rows_of(dsn, f"SELECT * FROM {label} ORDER BY 1, 2")
                == file.sql(f"FROM {label} ORDER BY 1, 2").fetchall()
            )
    notes = {row[0] for row in rows_of(dsn, "SELECT note FROM mart.fct_contact")}
    assert notes == {None, "", 'a "quoted", line\nof two'}
    assert not list(tmp_path.glob("serving-*")), "rows were left on the disk"


def test_tables_have_words_keys_relations_and_indexes(serve, dsn):
    serve("r1")
    without = rows_of(
        dsn,
        "SELECT table_schema, table_name, column_name FROM information_schema.columns WHERE table_schema IN "
        "('mart', 'published') AND col_description((table_schema || '.' || table_name)::regclass, "
        "ordinal_position) IS NULL",
    )
    assert without == []
    words = rows_of(dsn, "SELECT obj_description('mart.fct_contact'::regclass), obj_description('mart'::regnamespace)")
    assert words == [("One row per thing of mart.fct_contact.", "LDA publication r1")]
    constraints = rows_of(
        dsn,
        "SELECT conrelid::regclass::text, contype::text, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE contype IN ('p', 'u', 'f') AND connamespace::regnamespace::text IN ('mart', 'published')",
    )
    assert set(constraints) == {
        ("mart.dim_person", "p", "PRIMARY KEY (person_key)"),
        ("mart.fct_contact", "p", "PRIMARY KEY (contact_key)"),
        ("published.dim_measure", "p", "PRIMARY KEY (measure_id)"),
        ("published.fct_figure", "u", "UNIQUE NULLS NOT DISTINCT (measure_id, period_end, rank)"),
        ("mart.fct_contact", "f", "FOREIGN KEY (person_key) REFERENCES mart.dim_person(person_key) NOT VALID"),
        (
            "published.fct_figure",
            "f",
            "FOREIGN KEY (measure_id) REFERENCES published.dim_measure(measure_id) NOT VALID",
        ),
    }
    indexed = {
        row[0].split(" USING ")[1]
        for row in rows_of(dsn, "SELECT indexdef FROM pg_indexes WHERE schemaname = 'published'")
    }
    assert indexed == {
        "btree (measure_id)",
        "btree (measure_id, period_end, rank) NULLS NOT DISTINCT",
        "btree (period_end, measure_id)",
    }


def test_an_index_that_begins_another_is_left_out():
    table = {
        "key": ["a", "b"],
        "indexes": [["b", "c"], ["a"]],
        "relations": [
            {"column": "b", "table": "x"},
            {"column": "d", "table": "x"},
            {"column": "e", "table": "mart.dim_date"},
        ],
        "columns": [{"name": name} for name in ("a", "b", "c", "d", "period_end")],
    }
    assert sorted(indexes(table)) == [["b", "c"], ["d"], ["period_end"]]


def test_a_type_that_bi_tools_cannot_read_is_refused():
    assert postgres_type("mart.t", {"name": "c", "type": "DECIMAL(18,3)"}) == "numeric(18,3)"
    with pytest.raises(ServingError, match=r"mart\.t\.c is of type BLOB"):
        postgres_type("mart.t", {"name": "c", "type": "BLOB"})


# What a reader may try: (statement, may lda_analyst do it, may lda_public do it).
ATTEMPTS = [
    ("SELECT count(*) FROM published.fct_figure", True, True),
    ("SELECT count(*) FROM mart.fct_contact", True, False),
    ("SELECT count(*) FROM mart.dim_person", True, False),
    ("INSERT INTO published.dim_measure VALUES ('x', 'x', 'x')", False, False),
    ("UPDATE published.fct_figure SET value = 1", False, False),
    ("DELETE FROM mart.fct_contact", False, False),
    ("TRUNCATE published.fct_figure", False, False),
    ("CREATE TABLE published.mine (n int)", False, False),
    ("CREATE TABLE mart.mine (n int)", False, False),
    ("CREATE TABLE public.mine (n int)", False, False),
    ("CREATE SCHEMA mine", False, False),
    ("DROP TABLE published.fct_figure", False, False),
    ("ALTER SCHEMA published RENAME TO mine", False, False),
    ("CREATE ROLE mine", False, False),
    ("SET ROLE lda_owner", False, False),
    ("COPY published.fct_figure TO PROGRAM 'cat'", False, False),
    ("SELECT pg_read_file('/etc/hostname')", False, False),
    ("SELECT rolpassword FROM pg_authid", False, False),
    ("LOCK TABLE published.fct_figure IN ACCESS EXCLUSIVE MODE", False, False),
]


@pytest.mark.parametrize(("role", "place"), [("lda_analyst", 1), ("lda_public", 2)])
def test_each_role_can_read_what_it_should_and_do_nothing_else(serve, as_role, role, place):
    serve("r1")
    serve("r2")
    connection = as_role(role)
    for attempt in ATTEMPTS:
        if attempt[place]:
            connection.execute(attempt[0])
        else:
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(attempt[0])


def test_the_roles_themselves_can_neither_log_in_nor_administer(serve, dsn):
    serve("r1")
    powers = rows_of(
        dsn,
        "SELECT rolname, rolcanlogin OR rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls "
        "FROM pg_roles WHERE rolname IN ('lda_analyst', 'lda_public') ORDER BY 1",
    )
    assert powers == [("lda_analyst", False), ("lda_public", False)]


def test_a_role_that_would_see_more_than_it_should_stops_the_publication(serve, dsn, server):
    serve("r1")
    with psycopg.connect(server, autocommit=True) as administrator:
        administrator.execute("GRANT pg_read_all_data TO lda_public")
    try:
        with pytest.raises(ServingError, match="lda_public may use schema mart"):
            serve("r2")
    finally:
        with psycopg.connect(server, autocommit=True) as administrator:
            administrator.execute("REVOKE pg_read_all_data FROM lda_public")
    assert rows_of(dsn, "SELECT DISTINCT publication_id FROM published.fct_figure") == [("r1",)]


def test_serving_again_does_nothing_and_an_earlier_publication_can_return(serve, dsn):
    assert serve("r1").changed
    assert not serve("r1").changed
    assert serve("r1", again=True).changed
    assert serve("r2").changed
    assert serve("r1").changed
    assert rows_of(dsn, "SELECT DISTINCT publication_id FROM mart.fct_contact") == [("r1",)]
    assert rows_of(dsn, "SELECT nspname FROM pg_namespace WHERE nspname ~ '_(old|next)'") == []


def test_a_failure_half_way_leaves_the_old_publication_and_can_be_repeated(serve, dsn, publication, monkeypatch):
    serve("r1")
    folder = publication("r2")
    with duckdb.connect(str(folder / "restricted" / "lda_mart.duckdb")) as database:
        database.execute("INSERT INTO published.dim_measure FROM published.dim_measure LIMIT 1")
    with pytest.raises(ServingError, match=r"could not take publication r2.*lda serve"):
        serve("r2")
    assert rows_of(dsn, "SELECT DISTINCT publication_id FROM mart.dim_person") == [("r1",)]
    assert rows_of(dsn, "SELECT nspname FROM pg_namespace WHERE nspname ~ '_(old|next)'") == []
    with duckdb.connect(str(folder / "restricted" / "lda_mart.duckdb")) as database:
        database.execute(
            "CREATE OR REPLACE TABLE published.dim_measure AS SELECT DISTINCT * FROM published.dim_measure"
        )
    assert serve("r2").changed


def test_a_database_that_cannot_be_reached_is_told_without_its_password(publication, tmp_path):
    folder = publication("r1")
    with pytest.raises(ServingError, match="could not take publication r1") as raised:
        serve_postgres("postgresql://someone:hush@127.0.0.1:1/none", folder, "r1", tmp_path, 1.0)
    assert "hush" not in str(raised.value)


def test_a_schema_that_somebody_else_made_is_not_touched(serve, dsn):
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA mart; CREATE TABLE mart.theirs AS SELECT 1 AS n")
    with pytest.raises(ServingError, match="Schema mart of the database was not made by a publication"):
        serve("r1")
    assert rows_of(dsn, "SELECT n FROM mart.theirs") == [(1,)]


def test_a_publication_without_a_dictionary_is_refused(serve, publication):
    (publication("r1") / "restricted" / "dictionary.json").unlink()
    with pytest.raises(ServingError, match="Publish again with: lda refresh"):
        serve("r1")


def test_a_reader_who_keeps_a_transaction_open_neither_fails_nor_holds_up_the_publication(serve, dsn):
    serve("r1")
    with psycopg.connect(dsn) as reader:
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        assert reader.execute("SELECT count(*) FROM published.dim_measure").fetchone() == (
            ROWS["published.dim_measure"],
        )
        report = serve("r2", lock_seconds=0.3)
        assert report.changed
        assert not report.exclusive
        assert len(report.left_behind) >= 1, "the schema that the reader holds cannot have been dropped"
        # Its snapshot is older than the new tables, which must not look empty to it.
        assert reader.execute("SELECT count(*), min(publication_id) FROM published.fct_figure").fetchone() == (
            ROWS["published.fct_figure"],
            "r2",
        )
    with psycopg.connect(dsn, autocommit=True) as connection:
        assert drop_retired(connection) == []


QUERIES = [
    # Rows by release over a join: one row means that the statement saw one release, and its count that none is missing.
    (
        "SELECT f.publication_id, d.publication_id, count(*) FROM published.fct_figure f "
        "JOIN published.dim_measure d USING (measure_id) GROUP BY 1, 2",
        ROWS["published.fct_figure"],
    ),
    (
        "SELECT f.publication_id, d.publication_id, count(*) FROM mart.fct_contact f "
        "JOIN mart.dim_person d USING (person_key) GROUP BY 1, 2",
        ROWS["mart.fct_contact"],
    ),
    # Both schemas in one statement, the dimension first.
    (
        "SELECT d.publication_id, f.publication_id, count(*) FROM published.dim_measure d, mart.fct_contact f "
        "GROUP BY 1, 2",
        ROWS["published.dim_measure"] * ROWS["mart.fct_contact"],
    ),
    (
        "SELECT min(a.publication_id), max(b.publication_id), count(*) FROM mart.dim_person a, published.fct_figure b "
        "WHERE b.period_end = (SELECT max(period_end) FROM published.fct_figure)",
        ROWS["mart.dim_person"] * 6,
    ),
]
CLIENTS, PUBLICATIONS = 8, 20


class Reader(threading.Thread):
    """A client that queries without pause and keeps what went wrong; odd ones use prepared statements."""

    def __init__(self, dsn: str, number: int, stop: threading.Event) -> None:
        super().__init__()
        self.dsn, self.number, self.stopping = dsn, number, stop
        self.done, self.problems, self.seen = 0, [], set()

    def run(self) -> None:
        try:
            with psycopg.connect(self.dsn, autocommit=True) as connection:
                for query, expected in itertools.cycle(QUERIES):
                    if self.stopping.is_set():
                        return
                    rows = connection.execute(query, prepare=self.number % 2 == 1).fetchall()
                    self.done += 1
                    if len(rows) != 1 or rows[0][0] != rows[0][1] or rows[0][2] != expected:
                        self.problems.append((query, rows))
                    else:
                        self.seen.add(rows[0][0])
        except psycopg.Error as error:
            self.problems.append(repr(error))


def test_eight_clients_through_twenty_publications_see_one_release_at_a_time(serve, dsn, as_role):
    serve("r0")
    as_role("lda_analyst").close()
    stop = threading.Event()
    readers = [Reader(make_conninfo(dsn, user="lda_analyst_login"), number, stop) for number in range(CLIENTS)]
    for reader in readers:
        reader.start()
    try:
        reports = [serve(f"r{number}") for number in range(1, PUBLICATIONS + 1)]
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert [problem for reader in readers for problem in reader.problems] == []
    assert all(report.changed and report.exclusive for report in reports)
    assert min(reader.done for reader in readers) > 2 * PUBLICATIONS
    assert len(set.union(*(reader.seen for reader in readers))) > PUBLICATIONS // 2, "readers hardly saw a new release"
