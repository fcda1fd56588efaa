"""How a refresh ends that cannot or may not publish. Light to import: Airflow's retry policy names these."""

from __future__ import annotations


class RefreshError(Exception):
    """A refresh cannot start as it was asked to; the message says what to ask instead."""


class ApprovalAwaited(Exception):  # noqa: N818 - what is awaited, not a fault of the program
    """A publication that a person has to approve was not approved; the message says how to answer."""


class GatesStopped(Exception):  # noqa: N818 - what happened, not a fault of the program
    """The gates stopped a publication; the one in force stays as it was. The message lists the failures."""
