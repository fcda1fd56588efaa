"""Every command of the runbooks runs as it stands there, on a home that has been through a refresh."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest

from lda.cli.verbs import main

pytestmark = pytest.mark.slow

DOCS = Path(__file__).resolve().parents[2] / "docs"
RUNBOOKS = [*sorted((DOCS / "runbooks").glob("*.md"))]
# What there is only after a second publication, and what the command says until then.
NEEDS_TWO = {
    "publications diff": "no publication before",
    "rollback": "no earlier publication",
}
# A backup is put back into an empty home alone; tests/e2e/test_keeping.py does that.
# No system of this home asks for approval; tests/unit/publishing/test_refresh.py and tests/stand do that.
NOTHING_WAITS = "No publication waits for approval"
REFUSED = {
    "lda restore <backups>": "is not empty",
    "lda publications approve": NOTHING_WAITS,
    'lda publications refuse --reason "Leicester\'s figures are being checked"': NOTHING_WAITS,
}


def commands() -> dict[tuple[str, str], str]:
    """Every `lda` command of the runbooks' blocks, with the page it stands on.

    Each once, but a backup on every page: what a page puts back later must have been made under the key of that moment.
    """
    found: dict[tuple[str, str], str] = {}
    for path in RUNBOOKS:
        for block in re.findall(r"```sh\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL):
            for line in block.splitlines():
                command = line.split(" #")[0].strip()
                if command.startswith("lda "):
                    found.setdefault((command, path.name if command.startswith("lda backup") else ""), path.name)
    return found


def run(arguments: list[str], monkeypatch, capsys) -> tuple[int, str, str]:
    """``lda`` with arguments, in this process: exit code, what it says and what it complains of."""
    monkeypatch.setattr(sys, "argv", ["lda", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out, said.err


def test_every_runbook_is_listed():
    index = (DOCS / "runbooks" / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in RUNBOOKS if path.name != "README.md" and f"({path.name})" not in index] == []


def test_every_command_of_the_runbooks_runs(journey, tmp_path, monkeypatch, capsys):
    home = journey.copied(tmp_path / "home")
    for name, value in home.environment.items():
        monkeypatch.setenv(name, value)
    found = commands()
    assert len(found) >= 12
    files = journey.truth("files")
    words = {
        "<file id>": next(row["landing_path"] for row in files if row["expected_status"] == "rejected"),
        "<partner>": next(row["partner_code"] for row in files if row["feed"] == "cld"),
        "<feed>": "ldhc",
        "<backups>": str(tmp_path / "backups"),
        "<trial folder>": str(tmp_path / "trial"),
    }
    for (command, _), page in found.items():
        refusal = REFUSED.get(command)
        for placeholder, value in words.items():
            command = command.replace(placeholder, value)  # noqa: PLW2901
        arguments = [
            str(tmp_path / part) if part.endswith((".csv", ".html")) else part for part in shlex.split(command)[1:]
        ]
        code, out, error = run(arguments, monkeypatch, capsys)
        refusal = refusal or next(
            (words for name, words in NEEDS_TWO.items() if " ".join(arguments).startswith(name)), None
        )
        if refusal and code == 1:
            assert refusal in error, f"{page}: {command}\n{error}"
        else:
            assert code == 0, f"{page}: {command}\n{out[-2000:]}{error[-2000:]}"
