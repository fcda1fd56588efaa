"""How many partners' data stand behind the figures, by month."""

from __future__ import annotations

from collections.abc import Sequence

from lda.reporting.report.charts.chart import BOTH, Chart, Column, KeyEntry, Spec, Width
from lda.reporting.report.charts.style import BAD, BAND, GOOD, VALUE_LABELS, at, base, month_axis
from lda.reporting.report.source import Coverage
from lda.reporting.report.wording import month, number, short_month

HEIGHT = 150
PARTS = ("received", "standing in", "missing")


def coverage_chart(source: str, area_name: str, months: Sequence[Coverage], key: str) -> Chart:
    """Partners whose data for the month was received, stands in from an earlier month, or is missing."""
    headings = ("Month", "Partners expected", "Received", "Earlier data standing in", "Missing")
    counts = [(one, *_split(one)) for one in months]
    last = counts[-1]
    text = (
        f"{area_name}, {month(months[-1].period_end)}: {number(last[1])} of {number(sum(last[1:]))} partners sent "
        f"their data; earlier data stands in for {number(last[2])}; missing: {number(last[3])}."
    )
    return Chart(
        key=key,
        title=f"{source}: {area_name}",
        short=source,
        text=text,
        columns=[Column(name, "number" if name != "Month" else "text") for name in headings],
        rows=[[short_month(one.period_end), number(sum(parts)), *map(number, parts)] for one, *parts in counts],
        raw_columns=("period_end", "partners_expected", "partners_received", "partners_stale", "partners_missing"),
        raw=[[one.period_end.isoformat(), sum(parts), *parts] for one, *parts in counts],
        draw=lambda width: _draw(width, months),
        widths=(BOTH,),
        legend=[
            KeyEntry("bar-good", "received"),
            KeyEntry("bar-band", "earlier data standing in"),
            KeyEntry("bar-bad", "missing"),
        ],
    )


def is_complete(months: Sequence[Coverage]) -> bool:
    """True when every partner's own data was received for every month."""
    return not any(sum(_split(one)[1:]) for one in months)


def _split(one: Coverage) -> tuple[int, int, int]:
    received, stale = one.partners_received or 0, one.partners_stale or 0
    return received, stale, max(0, (one.partners_expected or 0) - received - stale)


def _draw(width: Width, months: Sequence[Coverage]) -> Spec:
    rows = [
        {"month": one.period_end.isoformat(), "part": part, "order": order, "partners": count}
        for one in months
        for order, (part, count) in enumerate(zip(PARTS, _split(one), strict=True))
    ]
    axis = month_axis([one.period_end for one in months])
    x = {"field": "month", "type": "temporal", "timeUnit": "utcyearmonth", "axis": axis, "scale": {"type": "utc"}}
    colour = {"domain": list(PARTS), "range": [GOOD, BAND, BAD]}
    layer: Spec = {
        "data": {"values": rows},
        "mark": {"type": "bar", "width": {"band": 0.7}},
        "encoding": {
            "x": x,
            "y": at(
                "partners", axis={"tickCount": 3, "tickMinStep": 1, "format": ",~f", "domain": False, "ticks": False}
            ),
            "order": {"field": "order", "type": "quantitative"},
            "color": {"field": "part", "type": "nominal", "legend": None, "scale": colour},
        },
    }
    return base(width, HEIGHT, [layer], labels=VALUE_LABELS)
