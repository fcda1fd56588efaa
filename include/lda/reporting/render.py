"""Draw reports for a terminal: each function turns one piece of data into something rich can print."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from lda.contracts import STANDING_WORDS
from lda.reporting.board import RECEIVED, Board, PartnerState
from lda.reporting.files import FileStory

HEADINGS = {
    "published": "Published",
    "nothing_new": "Nothing new",
    "failed": "Stopped",
    "refused": "Refused",
    "awaiting_approval": "Waits for approval",
}
HEADING_STYLES = {"failed": "bold red", "refused": "bold red", "awaiting_approval": "bold yellow"}
STYLES = {"accepted": "green", "rejected": "red", "unrecognised": "yellow", "superseded": "dim", "missing": "red"}
SHORT_ID = 12


def grid(*headings: str, title: str | None = None) -> Table:
    """A plain table; headings that begin with > are right-aligned."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        right = heading.startswith(">")
        table.add_column(heading.removeprefix(">"), justify="right" if right else "left", overflow="fold")
    return table


def refresh_view(summary: Mapping[str, Any]) -> RenderableType:
    """The summary of a refresh: files, rows, measures, gates, seconds by step, where to look next."""
    if not summary:
        return Text("No refresh has run yet. Run: lda refresh")
    status = summary["status"]
    heading = Text.assemble((HEADINGS[status], HEADING_STYLES.get(status, "bold green")), "  ", summary["message"])
    facts = grid("", "")
    facts.add_row("period", f"{period_words(summary)} as of {summary['as_of'].replace('T', ' ')} UTC")
    facts.add_row("files", counts(summary["files"]))
    facts.add_row("rows", counts(summary["rows"]))
    if summary.get("ingest"):
        new = summary["ingest"]
        facts.add_row("new in this run", f"{number(new['files'])} files, {number(new['received'])} rows")
        for line in feedback_lines(new.get("feedback") or {}):
            facts.add_row("feedback", line)
    facts.add_row("measures", f"{summary['measures']['published']} published, {_withheld(summary)}")
    facts.add_row("gates", gate_words(summary["gates"]))
    facts.add_row("seconds", counts(summary["seconds"], decimals=1))
    parts: list[RenderableType] = [heading, facts]
    problems = [*(summary.get("ingest") or {}).get("problems", []), *(summary.get("alerts") or {}).get("problems", [])]
    parts += [Text(f"  {line}", style="yellow") for line in [*problems, *_failures(summary)]]
    where = [f"  {name:<32}{place}" for name, place in summary["where"].items()]
    return Group(*parts, Text(""), Text("Where to look next", style="bold"), *(Text(line) for line in where))


def period_words(known: Mapping[str, Any]) -> str:
    """The reporting month of a run or publication, and of the systems that are at an earlier one."""
    end, periods = known["period_end"], known.get("periods") or {}
    earlier = [f"{system} {own}" for system, own in sorted(periods.items()) if own != end]
    return f"{end} ({', '.join(earlier)})" if earlier else str(end)


def gate_words(gates: Mapping[str, Any]) -> str:
    """How the gates went, in a line."""
    if "judged" not in gates:
        return "not judged in this run"
    failed = [
        f"{gates[f'failed_{scope}']} {scope}" for scope in ("system", "measure", "warn") if gates[f"failed_{scope}"]
    ]
    return f"{gates['passed']} of {gates['judged']} passed" + (f"; failed: {', '.join(failed)}" if failed else "")


def gates_table(results: Iterable[Mapping[str, Any]]) -> RenderableType:
    """The verdicts of a run, as the ledger has them."""
    table = grid("suite", "expectation", "scope", "", "what was found", title="Gates of the last refresh")
    for result in results:
        passed = Text("passed", style="green") if result["success"] else Text("failed", style="red")
        table.add_row(result["suite"], result["expectation"], result["scope"], passed, result["detail"])
    return table


def collect_view(report: Mapping[str, Any], channels_file: Path) -> RenderableType:
    """What a run over the channels brought, what it left, and what people have to know."""
    if not report["channels"] and not report["problems"]:
        return Text(f"No channels. Describe them in {channels_file}; see docs/channels.md.")
    lines = [Text(f"✗ {problem}", style="red") for problem in report["problems"]]
    lines += [Text(f"! {notice}", style="yellow") for notice in report["notices"]]
    table = grid("channel", "partner", "file", "in landing as")
    for item in report["collected"]:
        table.add_row(item["channel"], item["partner"], item["name"], ", ".join(item["landing_paths"]))
    summary = (
        f"{len(report['collected'])} new from {report['channels']} channels, {report['known']} known already, "
        f"{report['waiting']} still being written. Next: lda ingest"
    )
    return Group(*lines, *([table] if report["collected"] else []), Text(summary))


def ingest_view(report: Mapping[str, Any], nothing: str = "Nothing new in landing.") -> RenderableType:
    """The summary of an ingest: files by status and rows by outcome, in total and by feed; ``nothing`` when none."""
    told = (report.get("alerts") or {}).get("problems", [])
    problems = [Text(f"✗ {problem}", style="red") for problem in [*report["problems"], *told]]
    if not report["files"]:
        return Group(*problems, Text(nothing))
    table = grid("feed", ">files", ">received", ">accepted", ">quarantined", ">repeated")
    for feed, found in sorted(report["by_feed"].items()):
        table.add_row(feed, *(number(found.get(name, 0)) for name in ("files", *_ROWS)))
    table.add_row("all", *(number(report[name]) for name in ("files", *_ROWS)), style="bold")
    seconds = Text(f"{counts(report['by_status'])}. {report['seconds']:.1f} s. See: lda status, lda files")
    return Group(table, *problems, *feedback_lines(report.get("feedback") or {}), seconds)


def feedback_lines(feedback: Mapping[str, Any]) -> list[Text]:
    """What partners were told, in a line, or why they could not be; nothing when there was nothing to tell."""
    if "problem" in feedback:
        return [Text(f"✗ {feedback['problem']}", style="yellow")]
    if not feedback.get("files"):
        return []
    told = f"{number(feedback['partners'])} partners told of {number(feedback['files'])} files"
    return [Text(f"{told}, {number(feedback['documents'])} with a workbook of what to put right.")]


_ROWS = ("received", "accepted", "quarantined", "repeated")


def board_view(board: Board, everyone: bool = False) -> RenderableType:
    """The status board: each feed, then the partners that need attention (or everyone), then rejected files."""
    feeds = grid("feed", "latest period", ">expected", ">received", ">stale", ">missing", ">rejected", "since then")
    for one in board.feeds:
        shown = (one.expected, one.received, one.stale, one.missing, one.rejected)
        feeds.add_row(one.feed, one.last_period or "none", *map(number, shown), one.note)
    parts: list[RenderableType] = [
        Text(
            f"{board.system_code} as of {board.as_of.replace('T', ' ')} UTC. In force: {board.publication_id or 'none'}"
        ),
        feeds,
    ]
    partners = [one for one in board.partners if everyone or needs_attention(one)]
    if partners:
        heads = ("feed", "partner", "", "latest period", "never received", "came late", "", "next due")
        table = grid(*heads, title="\nPartners")
        for state in partners:
            table.add_row(
                state.feed,
                f"{state.partner_code} {state.partner_name}",
                Text(state.state, style=STYLES.get(state.state, "")),
                state.last_period or "none",
                some(state.missing_periods),
                some(state.late_periods),
                STANDING_WORDS[state.chase] if state.chase else state.paused,
                state.next_due or "",
            )
        parts.append(table)
    if board.rejections:
        table = grid("file", "landed as", "period", "why", title="\nRejected files that nothing has replaced")
        for rejected in board.rejections:
            why = " ".join(rejected.reasons) or f"see: lda files {rejected.file_id[:SHORT_ID]}"
            table.add_row(rejected.file_id[:SHORT_ID], rejected.landing_path, rejected.period_end or "", why)
        parts.append(table)
    if board.unrecognised:
        parts.append(Text(f"\n{len(board.unrecognised)} files that no contract claims: {some(board.unrecognised)}"))
    if board.unfinished:
        words = "files in landing whose names say that they are still being delivered, so they are not taken in"
        parts.append(Text(f"\n{len(board.unfinished)} {words}: {some(board.unfinished)}"))
    return Group(*parts)


def needs_attention(state: PartnerState) -> bool:
    """True when a partner is stale or missing, or a period never came."""
    return state.state != RECEIVED or bool(state.missing_periods)


def files_table(files: Iterable[Mapping[str, Any]]) -> RenderableType:
    """Files with their status and row accounts."""
    table = grid("file", "landed as", "status", "feed", "period", *(f">{name}" for name in _ROWS))
    for one in files:
        table.add_row(
            one["file_id"][:SHORT_ID],
            one["landing_path"],
            Text(one["status"], style=STYLES.get(one["status"], "")),
            one["feed"] or "",
            one["period_end"] or "",
            *(number(one[name]) if name in one else "" for name in _ROWS),
        )
    return table


def story_view(story: FileStory) -> RenderableType:
    """One file: what it is, its rows, the rules that failed, its history and what to do next."""
    heading = Text.assemble((story.landing_path, "bold"), "  ", (story.status, STYLES.get(story.status, "")))
    facts = grid("", "")
    facts.add_row("file id", story.file_id)
    facts.add_row(
        "feed", f"{story.feed or 'none'}, partner {story.partner_code or '?'}, period {story.period_end or '?'}"
    )
    if story.account:
        facts.add_row("rows", counts(story.account))
    if story.publications:
        facts.add_row("in publications", ", ".join(story.publications))
    parts: list[RenderableType] = [heading, facts]
    if story.rules:
        rules = grid(
            "rule", "scope", ">failures", ">first row", "what is wrong", "what to do", title="\nRules that failed"
        )
        for rule in story.rules:
            first = number(rule.first_row) if rule.first_row is not None else ""
            told = rule.detail or ""  # begins with the words of the rule as they were when it failed
            wrong = told if told.startswith(rule.message) else " ".join(filter(None, (rule.message, told)))
            rules.add_row(rule.code, rule.scope, number(rule.failures), first, wrong, rule.remedy)
        parts.append(rules)
    history = grid("when (UTC)", "status", "what happened", title="\nHistory")
    for event in story.history:
        history.add_row(event["at"].replace("T", " "), event["status"], event["detail"])
    return Group(*parts, history, Text(f"\nNext: {story.next_step}"))


def trail_table(lines: Iterable[Mapping[str, Any]]) -> RenderableType:
    """The audit trail, oldest first."""
    table = grid("at (UTC)", "who", "what", "of", "")
    for line in lines:
        action = line["action"].replace("_", " ")
        table.add_row(str(line["at"]), line["actor"], action, line["subject"], line["detail"] or "")
    return table if table.row_count else Text("Nothing was released, rolled back or redriven yet.")


def publications_table(publications: Iterable[Mapping[str, Any]]) -> RenderableType:
    """Publications, newest first, with the one in force marked."""
    table = grid("", "publication", "period", "as of (UTC)", "published (UTC)", ">measures", "withheld")
    for one in publications:
        mark = "▶" if one["in_force"] else " " if one["complete"] else "folder gone"
        moments = (one["as_of"].replace("T", " "), one["published_at"].replace("T", " "))
        withheld = ", ".join(one["withheld"]) or "none"
        table.add_row(mark, one["publication_id"], period_words(one), *moments, number(len(one["measures"])), withheld)
    return table


def prune_view(report: Mapping[str, Any]) -> RenderableType:
    """Which publications were or would be removed, and why the others stay."""
    table = grid("publication", "")
    for publication_id in report["removed"]:
        table.add_row(publication_id, Text("removed" if report["applied"] else "would be removed", style="yellow"))
    for publication_id, reason in report["kept"].items():
        table.add_row(publication_id, f"kept: {reason}")
    freed = f"{len(report['removed'])} publications, {report['freed_bytes'] / 1_000_000:,.0f} MB."
    return Group(
        table, Text(freed if report["applied"] else f"{freed} Remove them with: lda publications prune --apply")
    )


def archive_view(report: Mapping[str, Any]) -> RenderableType:
    """Whether the archive is sound, and which files are not."""
    parts = [Text(f"{number(report['files'])} files, {report['size_bytes'] / 1_000_000:,.0f} MB hashed again.")]
    for word, style in (("damaged", "red"), ("missing", "red"), ("unknown", "yellow")):
        parts += [Text(f"✗ {word}: {file_id}", style=style) for file_id in report[word]]
    if report["sound"]:
        parts.append(Text("Every file ever received is there and unchanged.", style="green"))
    else:
        parts.append(Text("Restore the files above from a backup, or have them sent again; see: lda files <file id>"))
    return Group(*parts)


def audit_view(found: Mapping[str, Any]) -> RenderableType:
    """What an attack on a publication told: the figures that can be worked out, or that there are none."""
    attacked = f"{number(found['attacked'])} of {number(found['cells'])} figures attacked"
    left = sum(found["unproved"].values())
    unproved = f"; {number(left)} held out against interval arithmetic alone" if left else ""
    if found["safe"]:
        return f"{found['publication_id']}: no hidden figure can be worked out ({attacked}{unproved})."
    table = grid("measure", "side", "area", "breakdown", "period", ">from", ">to", "told by")
    for one in found["worked_out"]:
        area, group = (f"{one[f'{kind}_type']} {one[name]}" for kind, name in
                       (("geography", "geography_code"), ("breakdown", "breakdown_value")))  # fmt: skip
        ends = (str(one["low"]), str(one["high"]))
        table.add_row(one["measure_id"], one["side"], area, group, str(one["period_end"]), *ends, one["relation"])
    for place, rows in found["beside_hidden"].items():
        measure, column = place.split(".")
        table.add_row(measure, column, f"{number(rows)} rows", "", "", "", "", "shown beside a hidden figure")
    for measure, rows in found["narrowed"].items():
        table.add_row(measure, "", f"{number(rows)} rows", "", "", "", "", "a mean, median or rate beside it")
    return table


def counts(values: Mapping[str, float], decimals: int = 0) -> str:
    """``name number`` pairs in a line."""
    return ", ".join(f"{name} {value:,.{decimals}f}" for name, value in values.items()) or "none"


def number(value: float) -> str:
    """A whole number with thousands separated."""
    return f"{value:,.0f}"


def some(values: list[str], most: int = 3) -> str:
    """The first few of a list, and how many more."""
    more = f" and {len(values) - most} more" if len(values) > most else ""
    return ", ".join(values[:most]) + more


def _withheld(summary: Mapping[str, Any]) -> str:
    names = [f"{one['system_code']}/{one['measure_id']}" for one in summary["measures"]["withheld"]]
    return f"{len(names)} withheld" + (f" ({', '.join(names)})" if names else "")


def _failures(summary: Mapping[str, Any]) -> list[str]:
    failures = [f"{one['scope']}: {one['code']}: {one['detail']}" for one in summary["gates"]["failures"]]
    return [
        *failures[:10],
        *([f"and {len(failures) - 10} more: lda publications --gates"] if len(failures) > 10 else []),
    ]
