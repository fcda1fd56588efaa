"""The ``lda`` command. Heavy libraries are imported by the verbs that need them, so that ``lda --help`` is at once."""

from lda.cli.verbs import app, main

__all__ = ["app", "main"]
