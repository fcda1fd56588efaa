"""What code prints in a task, masked: Airflow writes it into the task's log as it comes, past every logger."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any, TextIO

from lda.telemetry.identifiers import masked


class MaskedStream:
    """A text stream in front of another one, which gets whole lines with what looks like an identifier masked.

    A line that is flushed before its end is masked as far as it has come. Everything but writing is the other's own;
    what goes round it (``buffer``, a program's or a C library's own output) is not masked.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._line = ""

    def write(self, text: str) -> int:
        """Keep text until its line ends; returns how many characters it has."""
        *lines, self._line = (self._line + text).split("\n")
        if lines:
            self._stream.write(masked("\n".join(lines) + "\n"))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several texts, one after the other."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Write what there is of the last line too."""
        if self._line:
            self._stream.write(masked(self._line))
            self._line = ""
        self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def mask_what_is_printed() -> None:
    """Mask what looks like an identifier in everything that Python code of this process prints. Safe to call again."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and not isinstance(stream, MaskedStream):
            setattr(sys, name, MaskedStream(stream))
