"""How the command speaks: tables or JSON, progress, and one clear line when something is wrong."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console, RenderableType

from lda.stops import DiskFull, disk_is_full

Progress = Callable[[str, int, int], None]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines instead of tables.")]

# Errors whose message is meant for the person at the keyboard, by the module that raises them.
PLAIN_ERRORS = {
    "lda.settings": ("SettingsError",),
    "lda.contracts.model": ("ContractError",),
    "lda.vault.access": ("AccessError",),
    "lda.channels.config": ("ChannelError",),
    "lda.intake.database": ("IntakeError",),
    "lda.intake.outputs": ("RowsLost",),
    "lda.ledger.migrate": ("LedgerVersionError",),
    "lda.warehouse.candidate": ("CandidateError",),
    "lda.warehouse.transform": ("TransformError",),
    "lda.disclosure.rules": ("DisclosureError",),
    "lda.gates.suites": ("SuiteError",),
    "lda.publishing.folder": ("PublicationError",),
    "lda.publishing.tables": ("TableError",),
    "lda.reporting.report.source": ("ReportError",),
    "lda.synthetic.sample": ("SampleError",),
    "lda.serving.errors": ("ServingError",),
    "lda.direct_care.make": ("DirectCareError",),
    "lda.keeping.backup": ("BackupError",),
    "lda.keeping.holds": ("HoldError",),
    "lda.keeping.subject": ("ErasureError",),
    "lda.stops": ("DiskFull", "RefreshError", "GatesStopped", "ApprovalAwaited"),
    "lda.cli.bench": ("BenchError",),
    "filelock": ("Timeout",),
}
# Errors of the machine, by the module that raises them, and what to look at. Their own first line says which it was.
MACHINE_ERRORS = {
    "sqlalchemy.exc": (("OperationalError", "ArgumentError", "NoSuchModuleError"), "The ledger cannot be used"),
    "duckdb": (("IOException", "OutOfMemoryException"), "DuckDB could not go on"),
}


def console() -> Console:
    """The terminal. When output goes to a file or a pipe nothing is wrapped at 80 columns."""
    wide = Console(highlight=False)
    return wide if wide.is_terminal else Console(highlight=False, width=160, no_color=True)


def show(data: Any, drawn: Callable[[], RenderableType], as_json: bool) -> None:
    """Print data as JSON for machines, or drawn for people."""
    if as_json:
        print(json.dumps(data, indent=1, ensure_ascii=False, default=str))
    else:
        console().print(drawn())


def fail(message: str) -> None:
    """Say on one line what is wrong and what to do."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"✗ {message}", markup=False)


def one_of(option: str, value: str | None, choices: Collection[str]) -> None:
    """Refuse an option's value that is none of its choices: a slip would otherwise look like "there is none"."""
    if value is not None and value not in choices:
        raise typer.BadParameter(f"{value!r} is none of {', '.join(choices)}.", param_hint=option)


def plain_words(error: BaseException) -> str:
    """What to say of an error whose words are enough; empty for a mistake of the program, which keeps its traceback."""
    if disk_is_full(error):
        return str(error if isinstance(error, DiskFull) else DiskFull("write what it writes"))
    if isinstance(error, OSError) and error.errno is not None and error.filename is not None:
        return (
            f"{error.strerror}: {error.filename}. Is there room, and may this account read and write there? LDA_HOME "
            "names the data folder; see docs/runbooks/disk-full.md."
        )
    for module, (names, heading) in MACHINE_ERRORS.items():
        if _is_one_of(error, module, names):
            first = (str(error).strip().splitlines() or [type(error).__name__])[0]
            where = "LDA_LEDGER_URL and LDA_HOME say where things are; is there room? docs/runbooks/disk-full.md"
            return f"{heading}: {first} ({where})"
    own = any(_is_one_of(error, module, names) for module, names in PLAIN_ERRORS.items())
    wrong_setting = isinstance(error, ValueError) and type(error).__module__ == "pydantic_core._pydantic_core"
    return str(error) if own or wrong_setting else ""


def _is_one_of(error: BaseException, module: str, names: Sequence[str]) -> bool:
    """True when an error is of one of these classes, without importing the module that they are in."""
    there = sys.modules.get(module)
    return any(isinstance(error, getattr(there, name)) for name in names if hasattr(there, name))


@contextmanager
def progress_bar(quiet: bool) -> Iterator[Progress | None]:
    """A progress callback that draws on the terminal's error stream; None when nobody would see it."""
    terminal = Console(stderr=True)
    if quiet or not terminal.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=terminal, transient=True) as bars:
        task = bars.add_task("", total=None)

        def advance(words: str, done: int, total: int) -> None:
            bars.update(task, description=words, completed=done, total=total or None)

        yield advance
