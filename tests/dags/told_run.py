"""What a task is told of its run."""

from __future__ import annotations

from datetime import datetime


class Run:
    """What a task is told of its run."""

    def __init__(
        self, run_type: str, logical_date: datetime | None = None, triggering_user_name: str | None = None
    ) -> None:
        self.run_type, self.logical_date = run_type, logical_date
        self.triggering_user_name = triggering_user_name
