"""What changed between two publications, figure by figure, and which submissions are behind it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import select

from lda.ledger import Ledger
from lda.ledger.tables import submission
from lda.publishing.folder import PUBLIC, PUBLIC_DATABASE, RESTRICTED, PublicationError, read_manifest
from lda.publishing.switch import current_publication
from lda.settings import Settings
from lda.warehouse.candidate import quoted

MART_DATABASE = "lda_mart.duckdb"
KEY = (
    "measure_id", "system_code", "geography_type", "geography_code", "breakdown_type", "breakdown_value", "period_end",
)  # fmt: skip
HIDDEN_BY = ("suppressed", "secondary")
# What can have happened to a figure, by what is known of it before and after.
NEW, GONE, HIDDEN, SHOWN, RESTATED = "new", "gone", "hidden", "shown", "restated"


@dataclass(frozen=True)
class ChangedFigure:
    """One figure that is not what it was. Numbers are None where they are hidden or there was no figure."""

    change: str
    measure_id: str
    system_code: str
    geography_type: str
    geography_code: str
    breakdown_type: str
    breakdown_value: str
    period_end: date
    numerator_before: float | None
    numerator_after: float | None
    denominator_before: float | None
    denominator_after: float | None
    value_before: float | None
    value_after: float | None


@dataclass(frozen=True)
class ChangedInput:
    """A submission that only one of the two publications was made from."""

    change: str
    feed: str
    partner_code: str
    period_end: date
    rows: int


@dataclass
class PublicationDiff:
    """Two publications beside each other. ``counts`` is by kind of change, of all figures; ``figures`` lists those of
    periods that both publications report: what was restated, not what is merely later."""

    before: str
    after: str
    counts: dict[str, int] = field(default_factory=dict)
    figures: list[ChangedFigure] = field(default_factory=list)
    inputs: list[ChangedInput] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The comparison for JSON."""
        return asdict(self)


def compare_publications(
    settings: Settings, before: str | None = None, after: str | None = None, *, restricted: bool = False
) -> PublicationDiff:
    """What changed from one publication to another; by default from the one before to the one in force.

    :param restricted: compare the unsuppressed figures of the mart, for named analysts, instead of the published ones.
    :raises PublicationError: when there are not two publications to compare, or one of them is not complete.
    """
    ledger = Ledger(settings.ledger_address)
    ledger.create()
    try:
        old, new = _which(settings, ledger, before, after)
        diff = PublicationDiff(old.name, new.name, *_figures(old, new, restricted))
        diff.inputs = _inputs(ledger, read_manifest(old), read_manifest(new))
        return diff
    finally:
        ledger.close()


def _which(settings: Settings, ledger: Ledger, before: str | None, after: str | None) -> tuple[Path, Path]:
    current = current_publication(settings)
    if after is None:
        if current is None:
            raise PublicationError(f"Nothing is published in {settings.published} yet. See: lda refresh")
        after = current.publication_id
    if before is None:
        stood = ledger.book.standing()
        earlier = stood[: stood.index(after)] if after in stood else []
        if not earlier:
            raise PublicationError(f"There is no publication before {after}. See: lda publications")
        before = earlier[-1]
    folders = []
    for name in (before, after):
        folder = settings.published / name
        if Path(name).name != name or not folder.is_dir():
            raise PublicationError(f"There is no publication {name}. See: lda publications")
        folders.append(folder)
    return folders[0], folders[1]


def _figures(old: Path, new: Path, restricted: bool) -> tuple[dict[str, int], list[ChangedFigure]]:
    part, schema = (
        (f"{RESTRICTED}/{MART_DATABASE}", "mart") if restricted else (f"{PUBLIC}/{PUBLIC_DATABASE}", "published")
    )
    with duckdb.connect(":memory:") as connection:
        for name, folder in (("before", old), ("after", new)):
            connection.execute(f"ATTACH {quoted(str(folder / part))} AS {name} (READ_ONLY)")
        hidden = "false" if restricted else f"suppression IN {HIDDEN_BY}"
        columns = ", ".join(name for name in (*KEY, "numerator", "denominator", "value"))
        sides = {
            name: f"SELECT {columns}, {hidden} AS is_hidden FROM {name}.{schema}.measure_value"
            for name in ("before", "after")
        }
        pairs = ", ".join(
            f"old.{name} AS {name}_before, new.{name} AS {name}_after" for name in ("numerator", "denominator", "value")
        )
        connection.execute(f"""
            CREATE TEMP TABLE changed AS
            SELECT CASE
                    WHEN old.measure_id IS NULL THEN '{NEW}'
                    WHEN new.measure_id IS NULL THEN '{GONE}'
                    WHEN new.is_hidden AND NOT old.is_hidden THEN '{HIDDEN}'
                    WHEN old.is_hidden AND NOT new.is_hidden THEN '{SHOWN}'
                    ELSE '{RESTATED}'
                END AS change, {", ".join(KEY)}, {pairs}
            FROM ({sides["before"]}) AS old FULL JOIN ({sides["after"]}) AS new USING ({", ".join(KEY)})
            WHERE old.measure_id IS NULL OR new.measure_id IS NULL OR old.is_hidden <> new.is_hidden
                OR old.numerator IS DISTINCT FROM new.numerator OR old.denominator IS DISTINCT FROM new.denominator
                OR round(old.value, 9) IS DISTINCT FROM round(new.value, 9)
        """)
        counts = dict(connection.execute("SELECT change, count(*) FROM changed GROUP BY 1 ORDER BY 1").fetchall())
        rows = connection.execute(f"""
            SELECT * FROM changed
            WHERE (system_code, period_end) IN (SELECT (system_code, period_end) FROM before.{schema}.measure_value)
                AND (system_code, period_end) IN (SELECT (system_code, period_end) FROM after.{schema}.measure_value)
            ORDER BY {", ".join(KEY)}
        """).fetchall()
    return counts, [ChangedFigure(*row) for row in rows]


def _inputs(ledger: Ledger, old: dict[str, Any], new: dict[str, Any]) -> list[ChangedInput]:
    """Submissions that only one of two publications was made from, with the partner and period of each."""
    used = [Counter(_file_ids(manifest)) for manifest in (old, new)]
    only = dict.fromkeys(used[0] - used[1], GONE) | dict.fromkeys(used[1] - used[0], NEW)
    with ledger.engine.connect() as connection:
        rows = connection.execute(select(submission)).mappings().all()
    found = {
        ChangedInput(only[row["file_id"]], row["feed"], row["partner_code"], row["period_end"], row["rows_accepted"])
        for row in rows
        if row["file_id"] in only
    }
    return sorted(found, key=lambda one: (one.feed, one.partner_code, one.period_end, one.change))


def _file_ids(manifest: dict[str, Any]) -> list[str]:
    """Files a manifest names; those of opt-out lists are not named."""
    return [file_id for feed in manifest["files_in"].values() for file_id in feed.get("file_ids", [])]
