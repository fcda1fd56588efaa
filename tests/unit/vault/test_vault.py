"""Tokens equal Python's HMAC, and vault files are private and whole."""

from __future__ import annotations

import hashlib
import hmac
import stat

import duckdb
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from lda.settings import Settings, SettingsError
from lda.vault import (
    ROW_MESSAGE,
    clear_scratch,
    install_key,
    person_message_sql,
    person_source_sql,
    private_folder,
    scratch_folder,
    token,
    token_sql,
    whole_file,
)

CONNECTION = duckdb.connect()


def sql_token(key: bytes, message: str | None) -> str | None:
    install_key(CONNECTION, key)
    return CONNECTION.execute(f"SELECT {token_sql('?')}", [message]).fetchone()[0]


@hypothesis_settings(deadline=None)
@given(st.binary(min_size=1, max_size=200), st.text(max_size=300).filter(lambda text: "\0" not in text))
def test_sql_tokens_equal_python_s_hmac(key, message):
    expected = hmac.new(key, message.encode(), hashlib.sha256).hexdigest()[:32]
    assert sql_token(key, message) == expected == token(key, message)


def test_the_hmac_is_the_published_one():
    """RFC 4231, test case 2."""
    assert sql_token(b"Jefe", "what do ya want for nothing?") == "5bdcc146bf60754e6a042426089575c7"
    assert sql_token(b"k", None) is None


def person(nhs: str | None, practice: str | None, local: str | None) -> tuple[str, str]:
    message = person_message_sql("gp", "nhs", ["practice", "own"])
    query = f"SELECT coalesce({message}, {ROW_MESSAGE}), {person_source_sql('nhs', ['practice', 'own'])}"
    row = "(SELECT ?::VARCHAR AS nhs, ?::VARCHAR AS practice, ?::VARCHAR AS own, 'f1' AS _file_id, 7 AS _row)"
    return duckdb.execute(f"{query} FROM {row}", [nhs, practice, local]).fetchone()


def test_a_person_is_the_nhs_number_then_the_local_number_then_the_row():
    assert person("9434765919", "Y90001", "12") == ("nhs:9434765919", "nhs_number")
    assert person(None, "Y90001", "12") == ("local:gp:Y90001|12", "local_id")
    assert person(None, "Y90001", None) == ("row:f1:7", "row")


def test_the_key_stands_in_no_query(tmp_path):
    with duckdb.connect() as connection:
        install_key(connection, b"very-secret-key-of-thirty-two-ch")
        plan = connection.execute(f"EXPLAIN SELECT {token_sql('x')} FROM (SELECT 'a' AS x)").fetchall()
        assert "very-secret" not in str(plan)
        assert "very-secret" not in token_sql("x")


def test_production_without_a_key_stops(tmp_path):
    with pytest.raises(SettingsError, match="no file was read"):
        _ = Settings(home=tmp_path, environment="production", pseudonym_key=None).token_key
    with pytest.raises(SettingsError, match="shorter"):
        _ = Settings(home=tmp_path, pseudonym_key="short").token_key


def test_a_vault_file_is_private_and_whole_or_absent(settings):
    folder = private_folder(settings.vault / "identifiers" / "gp")
    path = folder / "a.parquet"
    with pytest.raises(RuntimeError), whole_file(path) as temporary:
        temporary.write_bytes(b"half")
        raise RuntimeError
    assert list(folder.iterdir()) == []
    with whole_file(path) as temporary:
        temporary.write_bytes(b"whole")
        assert not path.exists()
    assert path.read_bytes() == b"whole"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for parent in (folder, folder.parent, settings.vault):
        assert stat.S_IMODE(parent.stat().st_mode) == 0o700


def test_scratch_is_private_and_does_not_stay(settings):
    with scratch_folder(settings) as scratch:
        assert stat.S_IMODE(scratch.stat().st_mode) == 0o700
        (scratch / "x").write_text("identifiable")
    assert not scratch.exists()
    left = private_folder(settings.vault / "scratch" / "killed")
    clear_scratch(settings)
    assert not left.exists()
