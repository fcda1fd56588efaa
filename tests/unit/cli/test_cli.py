"""The command: help at once, tables or JSON, one clear line for an error, exit code 0 or 1."""

from __future__ import annotations

import ast
import errno
import json
import subprocess
import sys
from pathlib import Path

import pytest
from tiny import units
from typer.testing import CliRunner

import lda
from lda.cli import app, verbs
from lda.cli.output import PLAIN_ERRORS
from lda.cli.verbs import main
from lda.publishing import publish

VERBS = ["synthesise", "ingest", "refresh", "status", "files", "redrive", "publications", "rollback", "bench"]


@pytest.fixture
def run(settings, monkeypatch):
    """Runs ``lda`` with arguments in a home of its own: (exit code, standard output, standard error)."""
    monkeypatch.setenv("LDA_HOME", str(settings.home))

    def call(capsys, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["lda", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return int(ended.value.code or 0), captured.out, captured.err

    return call


@pytest.mark.parametrize("verb", [*VERBS, "contracts check"])
def test_every_verb_explains_itself(verb):
    shown = CliRunner().invoke(app, [*verb.split(), "--help"])
    assert shown.exit_code == 0
    assert "--json" in shown.output


def test_help_needs_no_heavy_library():
    code = (
        "import sys, lda.cli; from typer.testing import CliRunner; "
        "assert CliRunner().invoke(lda.cli.app, ['--help']).exit_code == 0; "
        "print([one for one in ('duckdb', 'pandas', 'dbt', 'great_expectations', 'sqlalchemy') if one in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_error_is_one_line_with_the_next_step(run, capsys):
    code, out, error = run(capsys, "rollback")
    assert (code, out) == (1, "")
    assert error.startswith("✗ There is no earlier publication")
    assert "Traceback" not in error


def test_a_missing_production_key_is_one_line(run, capsys, monkeypatch):
    monkeypatch.setenv("LDA_ENVIRONMENT", "production")
    monkeypatch.setenv("LDA_PSEUDONYM_KEY", "short")
    code, _, error = run(capsys, "ingest")
    assert code == 1
    assert error.startswith("✗ LDA_PSEUDONYM_KEY is shorter than 32 characters")


def test_a_wrong_setting_is_one_line_without_a_traceback(run, capsys, monkeypatch):
    monkeypatch.setenv("LDA_ENVIRONMENT", "nowhere")
    code, _, error = run(capsys, "status")
    assert code == 1
    assert "environment" in error
    assert "Traceback" not in error


def test_a_mistake_of_the_program_keeps_its_traceback(run, capsys, monkeypatch):
    def broken():
        raise ZeroDivisionError

    monkeypatch.setattr(verbs, "app", broken)
    monkeypatch.setattr(sys, "argv", ["lda", "status"])
    with pytest.raises(ZeroDivisionError):
        main()


def test_an_unknown_option_ends_with_1_and_is_named(run, capsys):
    code, _, error = run(capsys, "status", "--sideways")
    assert code == 1
    assert "--sideways" in error


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["synthesise", "--months", "0"], "months of 1 or more"),
        (["synthesise", "--end", "2026-13"], "'2026-13' is not a month"),
        (["ingest", "--feed", "cdl"], "There is no feed cdl. Feeds: autism_waiting_list"),
        (["redrive", "--feed", "cdl"], "There is no feed cdl"),
        (["redrive", "--file", "zzz"], "No file's id begins with 'zzz'"),
        (["files", "--feed", "cdl"], "none of autism_waiting_list"),
        (["files", "--status", "acepted"], "none of received"),
        (["files", "%"], "no path holds it"),
        (["refresh", "--accept", "ahc_uptake"], "There is no measure ahc_uptake"),
    ],
)
def test_a_slip_of_the_keyboard_is_named_and_not_taken_for_nothing_to_do(run, capsys, settings, arguments, words):
    code, _, error = run(capsys, *arguments)
    assert code == 1
    assert words in " ".join(error.replace("│", " ").split())
    assert "Traceback" not in error
    assert not list(settings.landing.iterdir())


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("LDA_HOME", "/dev/null/home", "Not a directory: /dev/null/home"),
        ("LDA_LEDGER_URL", "nonsense", "The ledger cannot be used"),
        ("LDA_LEDGER_URL", "postgresql+psycopg://lda@127.0.0.1:1/ledger", "The ledger cannot be used"),
        ("LDA_DUCKDB_THREADS", "0", "duckdb_threads"),
        ("LDA_DUCKDB_MEMORY_LIMIT", "lots", "duckdb_memory_limit"),
        ("LDA_SYSTEM", "lrl", "found coventry_warwickshire, hertfordshire, leeds, llr"),
    ],
)
def test_a_setting_that_cannot_be_used_is_told_without_a_traceback(run, capsys, monkeypatch, name, value, words):
    monkeypatch.setenv(name, value)
    code, _, error = run(capsys, "status")
    assert code == 1
    assert words in error
    assert "Traceback" not in error


def test_every_error_of_our_own_is_told_in_its_own_words():
    """A class of errors that the command does not know would be told as a mistake of the program."""
    known = {(module, name) for module, names in PLAIN_ERRORS.items() for name in names}
    package = Path(lda.__file__).parent
    found = {
        (".".join(["lda", *path.relative_to(package).with_suffix("").parts]), node.name)
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
        and any(str(getattr(base, "id", "")).endswith(("Error", "Exception")) for base in node.bases)
    }
    inside = {"FileFault", "NotSearchable", "NotText", "Unreadable"}  # caught where they are raised, or told as another
    assert {one for one in found if one[1] not in inside} == {one for one in known if one[0].startswith("lda.")}


def test_a_full_disk_is_told_without_a_traceback(run, capsys, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("lda.receive.receive", full)
    code, _, error = run(capsys, "ingest")
    assert (code, error.count("\n")) == (1, 1)
    assert "The disk is full" in error and "then run the same again" in error
    assert "docs/runbooks/disk-full.md" in error


def test_an_empty_home_is_told_plainly(run, capsys):
    assert "Nothing received yet." in run(capsys, "status")[1]
    assert "No refresh has run yet" in run(capsys, "status", "--last-run")[1]
    assert json.loads(run(capsys, "files", "--json")[1]) == []
    assert json.loads(run(capsys, "publications", "--json")[1]) == []
    assert json.loads(run(capsys, "publications", "--gates", "--json")[1]) == []
    code, _, error = run(capsys, "files", "nowhere")
    assert code == 1
    assert "List files with: lda files" in error


def test_there_must_be_something_to_approve_or_refuse(run, capsys):
    for verb in (("approve",), ("refuse", "--reason", "figures look wrong")):
        code, _, error = run(capsys, "publications", *verb)
        assert code == 1 and error.startswith("✗ No publication waits for approval."), verb
    assert run(capsys, "publications", "refuse")[0] == 1, "a refusal gives its reason"


@pytest.mark.slow
def test_publications_and_roll_back(run, capsys, settings, ledger, make_candidate):
    from lda.gates import GateReport

    report = GateReport((), units("checks"))
    made = [publish(settings, ledger, make_candidate(name), report) for name in ("run-a", "run-b")]
    code, out, _ = run(capsys, "rollback", "--json")
    assert (code, json.loads(out)["publication_id"]) == (0, made[0].publication_id)
    listed = json.loads(run(capsys, "publications", "--json")[1])
    assert [(one["publication_id"], one["in_force"]) for one in listed] == [
        (made[1].publication_id, False),
        (made[0].publication_id, True),
    ]
    shown = run(capsys, "publications")[1]
    assert f"▶  {made[0].publication_id}" in shown


def test_contracts_are_checked(run, capsys, settings, monkeypatch):
    code, out, _ = run(capsys, "contracts", "check")
    assert code == 0
    assert "are sound" in out
    contracts = settings.home / "project" / "include" / "contracts"
    contracts.mkdir(parents=True)
    (contracts / "broken.odcs.yaml").write_text("apiVersion: v3.1.0\nkind: DataContract\n")
    monkeypatch.setenv("LDA_PROJECT_DIR", str(settings.home / "project"))
    code, out, _ = run(capsys, "contracts", "check", "--json")
    assert code == 1
    assert any("broken.odcs.yaml" in problem for problem in json.loads(out)["problems"])


def test_no_sample_is_made_in_production_nor_where_files_came_before(run, capsys, settings, monkeypatch):
    """`make refresh` asks for one when landing is empty, as it is before channels bring files and after retention."""
    archived = settings.archive / "ab" / "abc"
    archived.parent.mkdir()
    archived.write_text("a partner's file")
    code, out, _ = run(capsys, "synthesise", "--if-empty", "--months", "1", "--scale", "0.01")
    assert (code, "files came before" in out) == (0, True)
    monkeypatch.setenv("LDA_ENVIRONMENT", "production")
    archived.unlink()
    code, out, _ = run(capsys, "synthesise", "--if-empty")
    assert (code, "production" in out) == (0, True)
    code, _, error = run(capsys, "synthesise")
    assert (code, "LDA_ENVIRONMENT is production" in error) == (1, True)
    assert not list(settings.landing.iterdir())


def test_a_sample_is_not_made_over_files_that_are_there(run, capsys, settings):
    (settings.landing / "QK1").mkdir()
    (settings.landing / "QK1" / "real.csv").write_text("a\n1\n")
    code, out, _ = run(capsys, "synthesise", "--if-empty")
    assert code == 0
    assert "no sample was made" in out
    assert [path.name for path in settings.landing.rglob("*.*")] == ["real.csv"]
