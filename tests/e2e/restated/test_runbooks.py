"""Every command of the runbooks is run as it stands there, to its success, on a home in which it makes sense.

The home has two publications. A correction and a file that is no good wait at a channel, the system asks for a person's
approval, there is a key, and for the containers a real Postgres. Commands run in the order of the pages; what one needs
of another that comes later is run first (``NEEDS``).
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest

from lda.cli.verbs import main
from lda.keeping.backup import read_backup
from lda.ledger import Ledger, open_engine
from lda.settings import Settings
from own_postgres import own_postgres, programs
from runbook_text import DOCS, PAGES, commands, commands_of

pytestmark = pytest.mark.slow

PROJECT = DOCS.parent
MEASURE = "ld_register_size"
ACCEPT, PERIOD = "lda refresh --accept <system>/<measure>", "lda refresh --period YYYY-MM"
APPROVE = "lda publications approve"
REFUSE = 'lda publications refuse --reason "Leicester\'s figures are being checked"'
ROTATE = 'lda rotate-key --reason "yearly rotation"'
BACKUP, RESTORE, COLLECT = "lda backup <backups>", "lda restore <backups>", "lda collect"
RESTORE_INSIDE, BACKUP_INSIDE = (
    "docker compose run --rm lda restore /backups",
    "docker compose run --rm lda backup /backups",
)
ERASE = 'lda erase --reason "Caldicott Guardian, case 12"'
# What has to be run before, because it makes what the command is about.
NEEDS = {
    "lda redrive": [ACCEPT],
    "lda files --status rejected": [ACCEPT],
    "lda files <file id>": [ACCEPT],
    ACCEPT: [COLLECT],
    APPROVE: [ACCEPT],
    "lda refresh": [APPROVE],
    PERIOD: [APPROVE],
    REFUSE: [PERIOD],
    ROTATE: [REFUSE],
    BACKUP_INSIDE: [RESTORE_INSIDE],
    RESTORE_INSIDE: [BACKUP],
    "docker compose run --rm lda check-archive": [RESTORE_INSIDE],
}
# On these pages these are run again: the key, or the whole home, is another than before.
ANOTHER_HOME = {"key-rotated.md", "restore-from-backup.md"}
AGAIN = {BACKUP, "lda refresh", "lda check-archive", "lda publications"}


@dataclass
class Story:
    """The home, where its commands write, and which were run."""

    folder: Path
    world: dict
    bin: Path
    run_one: Callable[[Story, str], str]
    words: dict[str, str] = field(default_factory=dict)
    done: set[tuple[str, str]] = field(default_factory=set)
    page: str = ""

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def settings(self) -> Settings:
        return Settings(home=self.home)

    def tell(self, page: str, command: str) -> None:
        """Run a command, once; some once more for each page on which the home is another."""
        place = (command, page if page in ANOTHER_HOME and command in AGAIN else "")
        if place in self.done:
            return
        self.done |= {place, (command, "")}
        for needed in NEEDS.get(command, []):
            if (needed, "") not in self.done:
                self.tell(page, needed)
        self.page = page
        BEFORE.get(command, lambda _: None)(self)
        said = " ".join(self.run_one(self, command).split())  # however wide the terminal
        assert re.search(SAYS.get(command, ""), said), (
            f"{page}: {command}\nexpected {SAYS[command]!r} in\n{said[-2000:]}"
        )


def filled(story: Story, command: str) -> str:
    """The command with its placeholders filled in; what is written goes to the story's folder."""
    for placeholder, value in story.words.items():
        command = command.replace(placeholder, value)
    return command


def run_here(monkeypatch, capsys) -> Callable[[Story, str], str]:
    """Runs ``lda`` in this process, with the person's number on its input, and anything else in a shell."""

    def run(story: Story, command: str) -> str:
        line = filled(story, command)
        if not line.startswith("lda "):
            place = {"make": PROJECT, "git": story.folder / "checkout"}.get(line.split()[0], story.folder)
            done = subprocess.run(["bash", "-c", line], cwd=place, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{story.page}: {command}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
            return done.stdout
        monkeypatch.setattr(sys, "argv", shlex.split(line))
        monkeypatch.chdir(story.folder)
        with story.folder.joinpath("number").open() as number, monkeypatch.context() as patched:
            patched.setattr(sys, "stdin", number)
            with pytest.raises(SystemExit) as ended:
                main()
        said = capsys.readouterr()
        assert not ended.value.code, f"{story.page}: {command}\n{said.out[-2000:]}{said.err[-2000:]}"
        return said.out

    return run


def put_aside(story: Story) -> None:
    """The home is lost but for the key, which was kept apart."""
    key = (story.home / "demo_pseudonym_key").read_bytes()
    story.home.rename(story.folder / "lost")
    story.home.mkdir()
    (story.home / "demo_pseudonym_key").write_bytes(key)


def next_second(_: Story) -> None:
    """Backups are named after the second in which they were made."""
    time.sleep(1.1)


def open_to_others(story: Story) -> None:
    (story.home / "ledger.db").chmod(0o644)


BEFORE: dict[str, Callable[[Story], None]] = {
    RESTORE: put_aside,
    BACKUP: next_second,
    f"{BACKUP} --keep 30": next_second,
    BACKUP_INSIDE: next_second,
    'chmod 600 "${LDA_HOME:?}/ledger.db"': open_to_others,
}
# What a command says when it did what the page has it for.
SAYS = {
    COLLECT: r"2 new from 1 channels",
    "lda files --status rejected": r"rejected",
    ACCEPT: r"waits for a person's approval",
    APPROVE: r"published",
    "lda refresh": r"(?i)nothing new",
    PERIOD: r"of February 2026 .*waits for a person's approval",
    REFUSE: r"was refused",
    "lda publications diff": r"restated +ld_register_size",
    "lda rollback": r"In force: ",
    "openssl rand -hex 32": r"^[0-9a-f]{64}$",
    'du -sh "${LDA_HOME:?}"/*': r"archive",
    "lda holds": r"public inquiry",
    f"{ERASE} --apply": r"(?i)erased",
    "docker compose run --rm lda check-archive": r"(?i)archive|files",
}


@pytest.fixture
def story(world, tmp_path, monkeypatch, capsys) -> Story:
    """The home before the first command."""
    for name in [name for name in os.environ if name.startswith(("LDA_", "MAKE", "MFLAGS"))]:
        monkeypatch.delenv(name)
    made = Story(tmp_path, world, tmp_path / "bin", run_here(monkeypatch, capsys))
    shutil.copytree(world["untouched"], made.home, symlinks=True)
    environment = {
        "LDA_HOME": str(made.home),
        "LDA_PROJECT_DIR": str(project_that_asks(tmp_path / "project")),
        "GX_ANALYTICS_ENABLED": "False",
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "PATH": f"{made.bin}:{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    files_that_wait(made)
    logs = tmp_path / "airflow" / "logs"
    logs.mkdir(parents=True)
    for name, days in (("old.log", 70), ("new.log", 7)):
        (logs / name).touch()
        os.utime(logs / name, (time.time() - days * 86_400,) * 2)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-C", str(tmp_path / "checkout")]
    (tmp_path / "checkout").mkdir()
    for command in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "a version"], ["tag", "v2"]):
        subprocess.run([*git, *command], check=True)
    (tmp_path / "number").write_text(f"{somebody(made)}\n")
    made.words = {
        "<file id>": "2026-03_v3",
        "<partner>": "QK1",
        "<feed>": "ldhc",
        "<backups>": str(tmp_path / "backups"),
        "<trial folder>": str(tmp_path / "trial"),
        "<system>/<measure>": f"llr/{MEASURE}",
        "<version>": "v2",
        "YYYY-MM": "2026-02",
    }
    return made


def project_that_asks(folder: Path) -> Path:
    """What is read of the checkout, with LLR's file asking for a person's approval."""
    for name in ("dbt_project", "expectations", "include"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "logs"))
    system = folder / "include" / "systems" / "llr.yaml"
    system.write_text(f"{system.read_text(encoding='utf-8')}\npublication: {{approval: true}}\n", encoding="utf-8")
    return folder


def files_that_wait(story: Story) -> None:
    """A folder channel with a correction of a practice's last month, and a file that is no good."""
    (sent,) = sorted(story.home.glob("landing/*/gp_ld_register_*_2026-03.csv"))[:1]
    share = story.folder / "share" / sent.parent.name
    share.mkdir(parents=True)
    header, *rows = sent.read_bytes().splitlines(keepends=True)
    (share / sent.name.replace("2026-03", "2026-03_v2")).write_bytes(header + b"".join(rows[1:]))
    (share / sent.name.replace("2026-03", "2026-03_v3")).write_bytes(b"no,such,columns\n1,2,3\n")
    channel = f"channels: [{{name: share, kind: folder, folder: {share.parent}}}]\n"
    (story.home / "channels.yaml").write_text(channel, encoding="utf-8")


def somebody(story: Story) -> str:
    """The NHS number of a person on a register."""
    paths = [str(path) for path in (story.home / "vault" / "identifiers" / "gp_ld_register").rglob("*.parquet")]
    query = "SELECT nhs_number FROM read_parquet(?) WHERE nhs_number IS NOT NULL ORDER BY 1 LIMIT 1"
    return str(duckdb.execute(query, [paths]).fetchall()[0][0])


@pytest.fixture
def containers(story, monkeypatch):
    """`docker` that runs outside what it would run inside, with an empty home and a Postgres made as the stand's is."""
    story.bin.mkdir()
    tests = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]
    script = (
        f"#!{sys.executable}\nimport sys\nsys.path[:0] = {tests!r}\nimport fake_docker\nsys.exit(fake_docker.main())\n"
    )
    (story.bin / "docker").write_text(script)
    (story.bin / "docker").chmod(0o755)
    inside = story.folder / "volume"
    inside.mkdir()
    (inside / "demo_pseudonym_key").symlink_to(story.home / "demo_pseudonym_key")
    with own_postgres() as server:
        start = PROJECT / "deploy" / "postgres" / "ledger.sh"
        psql = ["psql", "-q", "-h", server.host, "-U", "postgres", "-c"]
        beside = {**os.environ, "PATH": f"{programs()}:{os.environ['PATH']}", "PGHOST": server.host}
        for statement in ("CREATE ROLE airflow LOGIN SUPERUSER", "CREATE DATABASE airflow OWNER airflow"):
            subprocess.run([*psql, statement], env=beside, check=True)
        of_airflow = {"POSTGRES_USER": "airflow", "POSTGRES_DB": "airflow", "LEDGER_PASSWORD": "made up"}
        subprocess.run(["sh", str(start)], env=beside | of_airflow, check=True)
        subprocess.run([*psql, "CREATE TABLE dag_run AS SELECT 1 AS id", "-d", "airflow"], env=beside, check=True)
        ledger = f"postgresql+psycopg://lda_ledger:x@/ledger?host={server.host}"
        monkeypatch.setenv(
            "FAKE_DOCKER", json.dumps({"/var/lib/lda": str(inside), "/backups": story.words["<backups>"]})
        )
        monkeypatch.setenv(
            "FAKE_DOCKER_ENV",
            json.dumps(
                {
                    "PATH": f"{story.bin}:{Path(sys.executable).parent}:{beside['PATH']}",
                    "PGHOST": server.host,
                    "LDA_HOME": str(inside),
                    "LDA_LEDGER_URL": ledger,
                }
            ),
        )
        yield ledger


def test_every_runbook_is_listed():
    index = (DOCS / "runbooks" / "README.md").read_text(encoding="utf-8")
    listed = [page.name for page in PAGES if page.parent.name == "runbooks" and page.name != "README.md"]
    assert [name for name in listed if f"({name})" not in index] == []


def test_commands_are_found_wherever_they_stand():
    page = "\n".join(
        [
            "Run `lda prune\n--apply`, then `chmod 600 x`; `--keep` is no name of a thing, and `make` is a program.",
            "The folder `archive/`, the setting `LDA_HOME` and the step `start` are not.",
            "| a | `lda refresh --accept <measure>` |",
            "```sh\nlda status     # who is late\n\nunheard_of\n```",
            "   ```\n   lda holds\n   ```\n```yaml\nkey: value\n```",
        ]
    )
    assert commands_of(page) == [
        "lda prune --apply", "chmod 600 x", "--keep", "make", "lda refresh --accept <measure>", "lda status",
        "unheard_of", "lda holds",
    ]  # fmt: skip


def test_no_command_acts_below_the_root_where_a_variable_is_not_set():
    assert [one for one in commands() if re.search(r"\$\{?\w+\}?\"?/", one.words)] == []


def test_every_command_of_the_runbooks_runs_to_its_success(story, containers):
    found = commands()
    known = set(NEEDS) | {needed for needs in NEEDS.values() for needed in needs} | set(SAYS) | set(BEFORE)
    assert known - {one.words for one in found} == set(), "the test speaks of commands that no runbook has"
    for command in found:
        story.tell(command.page, command.words)
    assert {one.words for one in found} == {words for words, _ in story.done}
    assert [path.name for path in (story.folder / "airflow" / "logs").iterdir()] == ["new.log"]
    ledger = Ledger(story.settings.ledger_address)
    done = [line["action"] for line in ledger.trail()]
    ledger.close()
    assert {"approved", "refused", "rolled_back", "rotated_key", "restored", "erased", "held", "lifted_hold"} <= set(
        done
    )
    inside = open_engine(containers)
    actions = {line["action"] for line in Ledger(containers).trail()}
    inside.dispose()
    assert {"restored", "backed_up"} <= actions, "the ledger in Postgres went on from the backup"
    assert read_backup(max((story.folder / "backups").glob("*/backup.json")).parent)["files"]
