"""The audit trail says who did what, and nobody can change it afterwards."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, insert, update
from sqlalchemy.exc import IntegrityError

from lda.ledger import Ledger
from lda.ledger.tables import audit_entry


@pytest.fixture
def book(tmp_path):
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    ledger.create()
    yield ledger
    ledger.close()


def test_a_line_says_who_what_and_when(book, monkeypatch):
    monkeypatch.setenv("LDA_ACTOR", "a.analyst")
    book.note("released", "2026-03_x")
    monkeypatch.delenv("LDA_ACTOR")
    book.note("rolled_back", "2026-02_y", "from 2026-03_x")
    first, second = book.trail()
    assert (first["actor"], first["action"], first["subject"], first["detail"]) == (
        "a.analyst",
        "released",
        "2026-03_x",
        None,
    )
    assert second["actor"]
    assert first["at"] <= second["at"]
    assert [line["subject"] for line in book.trail("rolled_back")] == ["2026-02_y"]


@pytest.mark.parametrize("change", [update(audit_entry).values(actor="nobody"), delete(audit_entry)])
def test_a_line_cannot_be_changed_or_removed(book, change):
    book.note("released", "2026-03_x")
    with pytest.raises(IntegrityError, match="append-only"), book.engine.begin() as connection:
        connection.execute(change)
    assert len(book.trail()) == 1


def test_making_the_tables_again_keeps_the_trail(book):
    book.note("redrove", "cld")
    book.create()
    with book.engine.begin() as connection:
        connection.execute(insert(audit_entry).values(at=book.trail()[0]["at"], actor="a", action="b", subject="c"))
    assert len(book.trail()) == 2
