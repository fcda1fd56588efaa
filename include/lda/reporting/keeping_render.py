"""What keeping the warehouse has done, drawn for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from lda.reporting.render import number


def megabytes(size_bytes: int) -> str:
    """A size for people."""
    return f"{size_bytes / 1_000_000:,.1f} MB"


def backup_view(report: Mapping[str, Any]) -> RenderableType:
    """Where the backup is and what it cost."""
    parts = [
        Text(f"{number(report['files'])} files, {megabytes(report['size_bytes'])}, in {report['folder']}"),
        Text(f"New since the backup before: {number(report['new_files'])} files, {megabytes(report['new_bytes'])}."),
    ]
    parts += [Text(f"Removed the old backup {name}.") for name in report["removed"]]
    parts.append(Text("The pseudonym key is not in it. Keep the key apart; nothing can be put back without it."))
    return Group(*parts)


def restore_view(report: Mapping[str, Any], home: Path) -> RenderableType:
    """What was put back, and what to do next."""
    words = f"{number(report['files'])} files, {megabytes(report['size_bytes'])}, of {report['made_at']} UTC put back."
    return Group(Text(words), Text(f"In {home}. Next: lda check-archive, then lda refresh"))
