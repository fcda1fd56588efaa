"""Another key gives everybody another token and leaves everything else, whoever is whom included, as it was."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import pytest
from pydantic import SecretStr

from lda.contracts import load_contracts
from lda.intake import ingest, redrive
from lda.keeping import elsewhere, rotate_key
from lda.ledger import Ledger
from lda.settings import Settings, SettingsError
from lda.vault import fingerprint, token

pytestmark = pytest.mark.slow

REASON = "yearly rotation"


def parquet(settings: Settings) -> dict[str, Path]:
    """Files of lake and identifiers, by name."""
    bases = (settings.lake, settings.vault / "identifiers")
    return {
        f"{base.name}/{path.relative_to(base)}": path
        for base in bases
        for path in base.rglob("*.parquet")
        if path.parent.name != "scratch"
    }


def rows(path: Path) -> tuple[list[str], list[tuple]]:
    found = duckdb.execute("SELECT * FROM read_parquet(?) ORDER BY _file_id, _row_number", [str(path)])
    return [column[0] for column in found.description], found.fetchall()


def everything(settings: Settings) -> dict[str, tuple[list[str], list[tuple]]]:
    return {name: rows(path) for name, path in parquet(settings).items()}


def is_token(name: str) -> bool:
    return name.endswith("_token") or name == "_row_hash"


def compare(before, after) -> dict[str, str]:
    """Checks that all but tokens is equal and that tokens change one for one; returns old to new."""
    changed: dict[str, str] = {}
    assert before.keys() == after.keys()
    for name, (columns, old) in before.items():
        columns_now, new = after[name]
        assert columns == columns_now, name
        assert len(old) == len(new), name
        for row, row_now in zip(old, new, strict=True):
            for column, one, other in zip(columns, row, row_now, strict=True):
                if not is_token(column):
                    assert one == other, (name, column)
                elif column != "_row_hash":
                    assert (one is None) == (other is None)
                    if one is not None:
                        assert changed.setdefault(one, other) == other, (name, column)
    assert len(set(changed.values())) == len(changed)
    assert not set(changed) & set(changed.values())
    return changed


def test_a_rows_hash_is_that_of_its_columns(used):
    lake = {name: path for name, path in parquet(used).items() if name.startswith("lake")}
    assert lake
    for name, path in lake.items():
        columns = rows(path)[0]
        content = ", ".join(f'"{one}"' for one in columns if one not in {"_file_id", "_row_number", "_row_hash"})
        query = f"SELECT count(*) FROM read_parquet(?) WHERE _row_hash <> printf('%016x', hash({content}))"
        assert duckdb.execute(query, [str(path)]).fetchall() == [(0,)], name


def test_every_token_is_another_and_everything_else_as_it_was(used):
    old_key, before = used.token_key, everything(used)
    modes = {name: path.stat().st_mode for name, path in parquet(used).items()}
    report = rotate_key(used, REASON)
    now = Settings(home=used.home)
    assert now.token_key != old_key
    after = everything(now)
    changed = compare(before, after)
    assert report.carried == 0
    assert {name: path.stat().st_mode for name, path in parquet(now).items()} == modes
    number = next(row[0] for name, (_, some) in before.items() if name.startswith("identifiers/gp") for row in some)
    assert changed[token(old_key, f"nhs:{number}")] == token(now.token_key, f"nhs:{number}")
    test_a_rows_hash_is_that_of_its_columns(now)
    assert not (now.vault / "rotation").exists()
    assert old_key not in b"".join(path.read_bytes() for path in now.home.rglob("*") if path.is_file())
    ledger = Ledger(now.ledger_address)
    assert ledger.key_in_force()[0] == fingerprint(now.token_key) == report.key_now
    assert [line["detail"].split(" (")[0] for line in ledger.trail("rotated_key")] == [REASON]
    ledger.close()


def test_what_is_judged_after_a_rotation_has_the_tokens_that_were_made_again(used):
    rotate_key(used, REASON)
    now = Settings(home=used.home)
    made_again = everything(now)
    for path in now.landing.rglob("*"):
        if path.is_file():
            path.touch()
    (fresh := Settings(home=used.home.parent / "fresh", pseudonym_key=SecretStr(now.token_key.decode()))).make_folders()
    for path in now.landing.rglob("*"):
        if path.is_file():
            copy = fresh.landing / path.relative_to(now.landing)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    ingest(fresh)
    lake = {name: table for name, table in everything(fresh).items() if name.startswith("lake")}
    assert lake == {name: table for name, table in made_again.items() if name.startswith("lake")}
    redrive(now)
    assert everything(now).keys() >= made_again.keys()


@pytest.mark.parametrize(
    ("where", "what"),
    [
        ("lda.keeping.rotate", "_copy_rest"),
        ("lda.keeping.rotate", "_switch"),
        ("lda.ledger.keeping.KeepingBook", "record_key"),
        ("shutil", "rmtree"),
    ],
)
def test_a_rotation_that_was_stopped_goes_on(used, monkeypatch, where, what):
    before = everything(used)
    module, _, name = where.rpartition(".")
    target = getattr(sys.modules[module], name) if name[0].isupper() else sys.modules[where]

    def stop(*_: object, **__: object) -> None:
        raise OSError("power cut")

    with monkeypatch.context() as patched:
        patched.setattr(target, what, stop)
        with pytest.raises(OSError, match="power cut"):
            rotate_key(used, REASON)
    if what in {"_switch", "record_key"}:
        with pytest.raises(SettingsError, match=r"stopped half way, so no file was read. .*lda rotate-key"):
            ingest(Settings(home=used.home))
    rotate_key(Settings(home=used.home), REASON)
    now = Settings(home=used.home)
    compare(before, everything(now))
    assert ingest(now).files == 0
    assert not (now.vault / "rotation").exists()


def test_a_new_key_that_could_not_be_written_is_not_used(used, monkeypatch):
    before, old_key = everything(used), used.token_key

    def stop(*_: object, **__: object) -> None:
        raise OSError("power cut")

    with monkeypatch.context() as patched:
        patched.setattr("lda.settings.os.fsync", stop)
        with pytest.raises(OSError, match="power cut"):
            rotate_key(used, REASON)
    new = used.demo_key_path.with_suffix(".next")
    assert not list(used.home.glob("*.next*")) and not list(used.home.glob(".demo*"))
    new.touch(mode=0o600)
    with pytest.raises(SettingsError, match=r"demo_pseudonym_key.next holds 0 characters.* Remove the file"):
        rotate_key(used, REASON)
    assert (everything(used), Settings(home=used.home).token_key) == (before, old_key)
    new.unlink()
    rotate_key(used, REASON)
    now = Settings(home=used.home)
    assert len(now.token_key) >= 32 and now.token_key != old_key
    assert not new.exists()


def test_production_changes_to_the_key_it_is_given_and_then_wants_it(used, tmp_path):
    old = used.token_key.decode()
    new = "n" * 40
    given = {"home": used.home, "environment": "production", "pseudonym_key": SecretStr(old)}
    with pytest.raises(SettingsError, match="LDA_NEXT_PSEUDONYM_KEY is not set"):
        rotate_key(Settings(**given), REASON)
    with pytest.raises(SettingsError, match="in force already"):
        rotate_key(Settings(**given, next_pseudonym_key=SecretStr(old)), REASON)
    with pytest.raises(SettingsError, match="Say why"):
        rotate_key(Settings(**given, next_pseudonym_key=SecretStr(new)), " ")
    rotate_key(Settings(**given, next_pseudonym_key=SecretStr(new)), REASON)
    with pytest.raises(SettingsError, match="not the one in force"):
        ingest(Settings(**given))
    assert ingest(Settings(**{**given, "pseudonym_key": SecretStr(new)})).files == 0
    assert elsewhere(used, tmp_path / "x").home == tmp_path / "x"


def test_tokens_without_identifiers_are_carried_over_one_for_one(used):
    before = everything(used)
    for path in (used.vault / "identifiers" / "cld").rglob("*.parquet"):
        path.unlink()
    report = rotate_key(used, REASON)
    assert report.carried > 0
    after = everything(Settings(home=used.home))
    compare({name: table for name, table in before.items() if name in after}, after)


def test_every_feed_with_people_is_in_the_sample(used):
    with_people = {
        contract.feed
        for contract in load_contracts(used).values()
        if any(table.person_key for table in contract.tables)
    }
    assert with_people <= {folder.name for folder in used.lake.iterdir()}
