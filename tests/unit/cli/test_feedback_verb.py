"""``lda feedback`` says where the outboxes are and writes nothing of anybody on the screen."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from lda.cli.verbs import app


def test_the_verb_tells_what_is_due_and_then_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("LDA_HOME", str(tmp_path / "home"))
    landed = tmp_path / "home" / "landing" / "Y90001" / "notes.txt"
    landed.parent.mkdir(parents=True)
    landed.write_text("not a feed", encoding="utf-8")
    run = CliRunner()
    assert run.invoke(app, ["ingest", "--json"]).exit_code == 0
    first = json.loads(run.invoke(app, ["feedback", "--json"]).stdout)
    assert first["files"] == 0, "the ingest told of it already"
    again = json.loads(run.invoke(app, ["feedback", "--again", "--partner", "Y90001", "--json"]).stdout)
    assert (again["partners"], again["files"], again["documents"]) == (1, 1, 0)
    assert again["written"] == [str(tmp_path / "home" / "vault" / "outbox" / "Y90001" / "index.html")]
    words = run.invoke(app, ["feedback", "--again"]).stdout
    assert "Told 1 partners of 1 files" in words
