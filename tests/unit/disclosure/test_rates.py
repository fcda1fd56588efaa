"""What a rate or its interval tells of hidden counts, by the method that the catalogue names for the measure."""

from __future__ import annotations

import math
from datetime import date

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from jinja2 import Environment, FileSystemLoader
from scipy.stats import chi2
from test_audit import SAFE, attack, find, told
from world import COLUMNS, mart_rows, published_rows, write_seeds

from lda.disclosure import DisclosureError
from lda.disclosure.cells import make_cells
from lda.disclosure.rates import METHODS, WILSON_Z, told_by_rates
from lda.disclosure.reference import load_reference
from lda.disclosure.scene import plain_intervals
from lda.settings import Settings

# Measures of the world: events per 1,000 bed days, and a share of people. Both may hide either count.
MEASURES = {"events": ("bed_days", 1_000, "byar"), "share": ("people", 1, "wilson")}


@pytest.fixture
def seeds(tmp_path):
    folder = write_seeds(tmp_path / "seeds")
    catalogue = folder / "measure_catalogue.csv"
    rows = [f"{name},x,ratio,{kind},{times},lda,1,{method},false,," for name, (kind, times, method) in MEASURES.items()]
    catalogue.write_text("\n".join([catalogue.read_text().strip(), *rows]) + "\n")
    return folder


def byar(events: int, days: int, times: float) -> tuple[float, float]:
    """Exact limits of fewer than ten events, Byar's of more, as events per so many days."""
    if events < 10:
        ends = (float(chi2.ppf(0.025, 2 * events)) / 2 if events else 0.0), float(chi2.ppf(0.975, 2 * events + 2)) / 2
    else:
        ends = tuple(
            (events + more) * (1 - 1 / (9 * (events + more)) + sign / (3 * math.sqrt(events + more))) ** 3
            for more, sign in ((0, -WILSON_Z), (1, WILSON_Z))
        )
    return ends[0] / days * times, ends[1] / days * times


def wilson(people: int, among: int, times: float) -> tuple[float, float]:
    share, square = people / among, WILSON_Z**2
    middle, reach = (
        share + square / 2 / among,
        WILSON_Z * math.sqrt(share * (1 - share) / among + square / 4 / among**2),
    )
    return tuple(times * (middle + sign * reach) / (1 + square / among) for sign in (-1, 1))


BY_HAND = {"events": byar, "share": wilson}


def row(measure, numerator, denominator, value, interval, suppression="rounded"):
    """A published row: the counts shown (None where hidden), the rate and the interval beside them."""
    place = ("s", "place", "A", "all", "All", date(2026, 3, 31), "x")
    return dict(zip(COLUMNS, (measure, *place, numerator, denominator, value, *interval, suppression), strict=True))


def ends(seeds, published):
    """Smallest and largest numerator and denominator by themselves, and after the rate and the interval were read."""
    figures = pa.table({name: [published[name]] for name in COLUMNS})
    with duckdb.connect(":memory:") as connection:
        load_reference(connection, seeds)
        cells = make_cells(connection, figures, None)
        before = plain_intervals(cells)
        after = told_by_rates(cells, *before)
    numerator = int(np.flatnonzero(cells.numerator)[0])
    sides = numerator, int(cells.partner[numerator])
    return [[(int(low[side]), int(high[side])) for side in sides] for low, high in (before, after)]


def exact(measure, numerator, denominator):
    """Rate and interval of two counts, by hand."""
    times = MEASURES[measure][1]
    return numerator / denominator * times, BY_HAND[measure](numerator, denominator, times)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("counts", [(5, 120), (10, 310), (45, 2_300)])
def test_an_interval_of_published_counts_tells_nothing_new(seeds, measure, counts):
    value, interval = exact(measure, *counts)
    before, after = ends(seeds, row(measure, *counts, value, interval))
    assert before == after


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("counts", [(5, 121), (9, 310), (12, 311), (47, 2_298)])
def test_an_interval_of_exact_counts_beside_the_rate_of_published_ones_is_found_out(seeds, measure, counts):
    """The rate alone would be in order: only the interval was worked out from what was rounded away."""
    shown = [5 * round(count / 5) for count in counts]
    rate = shown[0] / shown[1] * MEASURES[measure][1]
    before, after = ends(seeds, row(measure, *shown, rate, (None, None)))
    assert before == after
    _, after = ends(seeds, row(measure, *shown, rate, exact(measure, *counts)[1]))
    assert after == [(count, count) for count in counts]


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("numerator", [0, 1, 3])
def test_a_hidden_numerator_is_worked_out_of_its_interval_alone(seeds, measure, numerator):
    interval = exact(measure, numerator, 200)[1]
    before, after = ends(seeds, row(measure, None, 200, None, interval, "suppressed"))
    assert before[0] == (0, 4)
    assert after[0] == (numerator, numerator) and after[1] == (200, 200)


def test_an_interval_is_read_by_the_method_of_its_measure_alone(seeds):
    """A Wilson interval of 3 in 200 is that of no number of events over any number of days."""
    before, after = ends(seeds, row("events", None, 200, None, wilson(3, 200, 1_000), "suppressed"))
    assert before == after


def test_of_a_rate_alone_over_any_number_of_days_no_upper_end_is_said_that_there_is_not(seeds):
    """3 in 6,000 is also 6 in 12,000: what lies beyond the denominators that are tried is not ruled out."""
    published = row("events", None, None, 3 / 6_000 * 1_000, (None, None), "suppressed")
    before, after = ends(seeds, published)
    assert after[0][1] == before[0][1] and after[1][1] == before[1][1]
    assert after[0][0] <= 3 and after[1][0] <= 6_000


@pytest.mark.parametrize("of_events", [False, True])
def test_events_that_are_hidden_may_be_many_because_they_are_of_few_people(seeds, of_events):
    catalogue = seeds / "measure_catalogue.csv"
    kept = [line for line in catalogue.read_text().splitlines() if not line.startswith("events,")]
    line = f"events,x,ratio,bed_days,1000,lda,1,byar,{str(of_events).lower()},,"
    catalogue.write_text("\n".join([*kept, line]) + "\n")
    hidden, _ = ends(seeds, row("events", None, 200, None, (None, None), "suppressed"))
    assert (hidden[0] == (0, 4)) != of_events
    assert hidden[0][0] == 0 and hidden[1] == (198, 202)
    shown, _ = ends(seeds, row("events", 20, 200, 100.0, (None, None)))
    assert shown[0] == (18, 22)
    protecting, _ = ends(seeds, row("events", None, 200, None, (None, None), "secondary"))
    assert protecting[0][0] == 5


@pytest.mark.parametrize("made_of", ["hidden", "published"])
def test_the_audit_finds_an_interval_of_hidden_events_and_passes_one_of_published(seeds, made_of):
    """Events per million residents, of which the number of residents is public."""
    mart = mart_rows(SAFE)
    rows = published_rows(mart)
    planted = find(rows, "rate", "P3")
    if made_of == "published":
        planted["lower_95"], planted["upper_95"] = byar(planted["numerator"], 5_000, 1_000_000)
        assert attack(rows, seeds).safe
        return
    for one in (planted, find(rows, "register", "P3")):
        one["numerator"], one["value"], one["suppression"] = None, None, "suppressed"
    for interval in ((None, None), byar(4, 5_000, 1_000_000)):
        planted["lower_95"], planted["upper_95"] = interval
        leak = told(attack(rows, seeds)).get(("rate", "P3", "All", "numerator"))
        assert (leak is not None and leak.relation == "rate") == (interval[0] is not None)


@pytest.mark.parametrize(("method", "macro"), [("wilson", "wilson_bound"), ("byar", "poisson_bound")])
def test_the_attack_reads_as_the_project_writes(method, macro):
    """Both ends of the interval of many counts, by the macro and by the method of the attack."""
    folder = Settings().dbt_dir / "macros"
    environment = Environment(loader=FileSystemLoader(folder), extensions=["jinja2.ext.do"])
    environment.globals["var"] = {"wilson_z": WILSON_Z}.__getitem__
    macros = environment.get_template("statistics.sql").module
    limits = [(events, *byar(events, 1, 1)) for events in range(10)]
    values = ", ".join(str(one) for one in limits)
    arguments = ["n"] + (["exact_{end}"] if method == "byar" else []) + ["d", "1"]
    bounds = ", ".join(
        getattr(macros, macro)(end, *(one.format(end=end) for one in arguments)) for end in ("lower", "upper")
    )
    found = duckdb.execute(
        f"SELECT n, d, {bounds} FROM (SELECT unnest(range(60)) AS n, d FROM (VALUES (60), (997), (45000)) AS one(d)) "
        f"LEFT JOIN (VALUES {values}) AS known(events, exact_lower, exact_upper) ON events = n ORDER BY d, n"
    ).fetchnumpy()
    numerator, denominator, lower, upper = found.values()
    exact_limits = np.array([one[1:] for one in limits])
    read = METHODS[method](numerator.astype(np.int64), denominator.astype(np.int64), exact_limits)
    np.testing.assert_allclose(np.ma.getdata(lower), read[0], rtol=0, atol=1e-12)
    np.testing.assert_allclose(np.ma.getdata(upper), read[1], rtol=0, atol=1e-12)


def test_an_interval_of_a_method_that_the_attack_cannot_read_is_refused(seeds):
    catalogue = seeds / "measure_catalogue.csv"
    catalogue.write_text(catalogue.read_text().replace("byar", "bootstrap"))
    with pytest.raises(DisclosureError, match=r"confidence_interval .* for: events: bootstrap"):
        attack(published_rows(mart_rows(SAFE)), seeds)


def test_limits_of_events_are_needed_from_none_on(seeds):
    limits = seeds / "poisson_limit.csv"
    lines = limits.read_text().splitlines()
    limits.write_text("\n".join([lines[0], *lines[2:]]))
    with pytest.raises(DisclosureError, match="poisson_limit must have the limits of 0, 1, 2"):
        attack(published_rows(mart_rows(SAFE)), seeds)
