"""Feedback as pages: one for each submission with something to put right, one for each partner, one for the team."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from lda.reporting.feedback.findings import PartnerFeedback, SubmissionFeedback
from lda.reporting.feedback.rows import FailedRow
from lda.reporting.feedback.workbook import how_often, summary_lines

ROWS_ON_PAGE = 100


@cache
def environment() -> Environment:
    """Templates, with every value escaped. The look is the report's."""
    made = Environment(
        loader=ChoiceLoader(
            [
                PackageLoader("lda.reporting.feedback", "templates"),
                PackageLoader("lda.reporting.report", "templates"),
            ]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"percent": percent, "how_often": how_often}
    return made


def percent(share: float | None) -> str:
    """A share in words: 1.2%, none, or nothing where no row was read."""
    if share is None:
        return ""
    if share == 0:
        return "none"
    return "under 0.1%" if share < 0.001 else f"{share:.1%}"


def submission_page(
    about: SubmissionFeedback,
    partner: PartnerFeedback,
    rows: list[FailedRow],
    warned: list[FailedRow],
    has_documents: set[str],
) -> str:
    """A submission's page with the first rows kept out (``rows``) and the first loaded with a warning (``warned``)."""
    context: dict[str, Any] = {
        "about": about,
        "partner": partner,
        "lines": summary_lines(about, partner.name),
        "rows": rows[:ROWS_ON_PAGE],
        "warned": warned[:ROWS_ON_PAGE],
        "messages": {one.code: one.message for one in about.findings},
        "more": len(rows) > ROWS_ON_PAGE,
        "more_warned": len(warned) > ROWS_ON_PAGE,
        "trend": partner.trend(about.told.file.feed or ""),
        "has_documents": has_documents,
    }
    return environment().get_template("submission.html.j2").render(context)


def partner_page(partner: PartnerFeedback, has_documents: set[str]) -> str:
    """A partner's page: its submissions by feed, newest first, with what to do about each."""
    return environment().get_template("partner.html.j2").render(partner=partner, has_documents=has_documents)


def team_page(rows: list[dict[str, Any]], rules: list[dict[str, Any]]) -> str:
    """The redacted summary for the team: counts by partner, feed and rule, and nothing of any row."""
    return environment().get_template("team.html.j2").render(rows=rows, rules=rules)
