"""The status board as one page without scripts: feeds, rejected files, and partners by period."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from lda.contracts import STANDING_WORDS
from lda.reporting.board import RECEIVED, Board, FeedState, PartnerState

# Periods shown of each feed, the latest ones.
SHOWN = 24
MARKS = {"received": "✓", "late": "L", "missing": "×", "rejected": "R", "paused": "P", "unpublished": "+"}
WORDS = {
    "received": STANDING_WORDS["received"],
    "late": STANDING_WORDS["came_late"],
    "missing": "never received",
    "rejected": "rejected",
    "paused": STANDING_WORDS["paused"],
    "unpublished": "received, not in the publication in force",
}


@dataclass(frozen=True)
class Row:
    """A partner's periods in one feed: a word of ``WORDS`` for each, or empty where nothing was owed.

    ``note`` is how what it owes stands, or why it is paused; ``next_due`` the day its next file is due.
    """

    partner_code: str
    partner_name: str
    state: str
    note: str
    next_due: str | None
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Grid:
    """One feed: its latest periods and a row for each partner, those that need attention first."""

    feed: str
    name: str
    periods: tuple[str, ...]
    rows: tuple[Row, ...]


def status_page(board: Board) -> str:
    """The page as HTML."""
    environment = Environment(
        loader=ChoiceLoader(
            [PackageLoader("lda.reporting", "templates"), PackageLoader("lda.reporting.report", "templates")]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("status.html.j2")
    return template.render(board=board, grids=[grid_of(board, feed) for feed in board.feeds], marks=MARKS, words=WORDS)


def write_status_page(board: Board, path: Path) -> None:
    """Write the page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(status_page(board), encoding="utf-8")


def grid_of(board: Board, feed: FeedState) -> Grid:
    """The partners of a feed by period."""
    partners = [one for one in board.partners if one.feed == feed.feed]
    periods = tuple(sorted({period for one in partners for period in one.periods})[-SHOWN:])
    rejected = {(one.partner_code, one.period_end) for one in board.rejections if one.feed == feed.feed}
    rows = [
        Row(
            one.partner_code,
            one.partner_name,
            one.state,
            STANDING_WORDS[one.chase] if one.chase else one.paused,
            one.next_due,
            tuple(_cell(one, period, (one.partner_code, period) in rejected) for period in periods),
        )
        for one in sorted(partners, key=lambda one: (one.state == RECEIVED, not one.missing_periods, one.partner_name))
    ]
    return Grid(feed.feed, feed.name, periods, tuple(rows))


def _cell(partner: PartnerState, period: str, rejected: bool) -> str:
    if period not in partner.periods:
        return ""
    if period in partner.paused_periods:
        return "paused"
    if period in partner.missing_periods:
        return "rejected" if rejected else "missing"
    if period in partner.unpublished_periods:
        return "unpublished"
    return "late" if period in partner.late_periods else "received"
