"""How the command speaks: tables or JSON, progress, and one clear line when something is wrong."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console, RenderableType

Progress = Callable[[str, int, int], None]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines instead of tables.")]

# Errors whose message is meant for the person at the keyboard, by the module that raises them.
PLAIN_ERRORS = {
    "lda.settings": ("SettingsError",),
    "lda.contracts.model": ("ContractError",),
    "lda.vault.access": ("AccessError",),
    "lda.channels.config": ("ChannelError",),
    "lda.intake.database": ("IntakeError",),
    "lda.warehouse.candidate": ("CandidateError",),
    "lda.warehouse.transform": ("TransformError",),
    "lda.disclosure.rules": ("DisclosureError",),
    "lda.gates.suites": ("SuiteError",),
    "lda.publishing.folder": ("PublicationError",),
    "lda.publishing.tables": ("TableError",),
    "lda.serving.errors": ("ServingError",),
    "lda.direct_care.make": ("DirectCareError",),
    "lda.keeping.backup": ("BackupError",),
    "lda.keeping.holds": ("HoldError",),
    "lda.keeping.subject": ("ErasureError",),
    "lda.stops": ("RefreshError", "GatesStopped", "ApprovalAwaited"),
    "lda.cli.bench": ("BenchError",),
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


def is_plain(error: BaseException) -> bool:
    """True for an error whose message is enough: no traceback is shown."""
    if isinstance(error, ValueError) and type(error).__module__ == "pydantic_core._pydantic_core":
        return True
    return any(
        isinstance(error, getattr(sys.modules[module], name))
        for module, names in PLAIN_ERRORS.items()
        if module in sys.modules
        for name in names
        if hasattr(sys.modules[module], name)
    )


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
