"""Logs that machines can read: one JSON object a line, with the run, step, feed, partner and file it is about.

The context of a message is bound with ``about`` and merged into every record made meanwhile, here and in Airflow's own
task logs, which merge the same context (structlog's context variables).
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import structlog
from structlog.typing import EventDict

from lda.settings import Settings
from lda.telemetry.identifiers import masked

Value = str | int | float | None
LOGGER = "lda"


@contextmanager
def about(**context: Value) -> Iterator[None]:
    """Add fields to every log record until the block ends: ``run``, ``step``, ``feed``, ``partner``, ``file`` (its
    id, never its name) and counts. Fields that are None are left out; what looks like an identifier is masked."""
    known = {name: masked(value) if isinstance(value, str) else value for name, value in context.items()}
    with structlog.contextvars.bound_contextvars(**{name: value for name, value in known.items() if value is not None}):
        yield


def configure_logs(settings: Settings) -> None:
    """Send the warehouse's log records to the error stream, as the settings say: ``text`` for people or ``json``.

    Airflow has its own logging: its tasks call ``mask_every_record`` instead. Safe to call again.
    """
    logger = logging.getLogger(LOGGER)
    handler = _ErrorStream()
    handler.setFormatter(_json() if settings.log_format == "json" else _text())
    logger.handlers = [handler]
    logger.setLevel(settings.log_level)
    logger.propagate = False


def mask_every_record() -> None:
    """Mask what looks like an identifier in every record of logging that another program set up: Airflow, in a task.

    It is the last thing done to a record of structlog or of the root logger's structlog handlers before it is written,
    whoever made the record, and goes through its message, fields and traceback. Safe to call again.
    """
    processors = structlog.get_config()["processors"]
    if _last_mask not in processors:
        processors.insert(len(processors) - 1, _last_mask)  # in place, so that loggers in use have it too
    for handler in logging.getLogger().handlers:
        formatter = handler.formatter
        if isinstance(formatter, structlog.stdlib.ProcessorFormatter) and _last_mask not in formatter.processors:
            formatter.processors = [*formatter.processors[:-1], _last_mask, formatter.processors[-1]]


class _ErrorStream(logging.Handler):
    """Writes to whatever the error stream is at that moment: it may be replaced while the process lives."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record as one line."""
        try:
            sys.stderr.write(self.format(record) + "\n")
        except Exception:
            self.handleError(record)


def _json() -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.contextvars.merge_contextvars,
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _without_identifiers,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
    )


def _text() -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_log_level],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _without_identifiers,
            _plain,
        ],
    )


def _without_identifiers(_: object, __: str, event: EventDict) -> EventDict:
    """Mask what looks like an identifier in every text of a record: its message, fields and traceback."""
    return {name: _hidden(value) for name, value in event.items()}


def _last_mask(logger: object, method: str, event: EventDict) -> EventDict:
    """Mask a record that goes to its renderer next, which would itself write out an exception that is no text yet."""
    return _without_identifiers(logger, method, structlog.processors.format_exc_info(logger, method, event))


def _hidden(value: Any) -> Any:
    """A value of a record without identifiers; a traceback may be lists and dictionaries of texts."""
    if isinstance(value, Mapping):
        return {name: _hidden(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(one) for one in value]
    text = str(value)
    safe = masked(text)
    return value if safe == text else safe


def _plain(_: object, __: str, event: EventDict) -> str:
    """What a person at the keyboard reads."""
    words = f"{event['level']}: {event['event']}"
    return f"{words}\n{event['exception']}" if "exception" in event else words
