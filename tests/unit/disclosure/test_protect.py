"""Protection: after it an independent attacker finds nothing, and nothing is hidden without need."""

from __future__ import annotations

import random
from datetime import date

import pytest
from attacker import Attacker
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from world import PLACE_OF, SEXES, database, key, mart_rows, published_rows, write_seeds

from lda.disclosure import DisclosureError, audit, protect, write_mask

pytestmark = pytest.mark.slow

SLOW = settings(
    max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@st.composite
def worlds(draw):
    """Counts by practice and sex, small enough that hidden figures abound and can be worked out."""
    practices = sorted(draw(st.sets(st.sampled_from(sorted(PLACE_OF)), min_size=2)))
    base = {}
    for practice in practices:
        for sex in SEXES:
            register = draw(st.integers(0, 12))
            aged = draw(st.integers(max(0, register - 3), register))
            checked = draw(st.integers(0, aged))
            base[(practice, sex)] = (register, aged, checked, draw(st.integers(max(0, checked - 2), checked)))
    return base


@pytest.fixture
def seeds(tmp_path):
    return write_seeds(tmp_path / "seeds")


def audited(mart, mask, seeds, **more):
    published = published_rows(mart, mask)
    with database(":memory:", published=published, mart=mart) as connection:
        return audit(connection, mart=connection, reference=seeds, **more)


def protected(mart, seeds, previous=()):
    with database(":memory:", mart=mart) as connection:
        return protect(connection, previous, reference=seeds)


@SLOW
@given(base=worlds())
def test_an_independent_attacker_can_work_out_nothing_that_is_hidden(base, seeds):
    mart = mart_rows(base)
    mask = protected(mart, seeds).mask.to_pylist()
    assert Attacker(published_rows(mart, mask), mart).worked_out() == set()
    report = audited(mart, mask, seeds)
    assert report.safe
    assert report.unproved == {}


@SLOW
@given(base=worlds())
def test_the_auditor_works_out_what_an_exact_attacker_does_and_nothing_else(base, tmp_path):
    mart = mart_rows(base)
    report = audited(mart, [], write_seeds(tmp_path / "seeds", complements=False))
    told = {(one.measure_id, one.geography_code, one.breakdown_value, one.side) for one in report.worked_out}
    attacker = Attacker(published_rows(mart), mart)
    known = attacker.worked_out()
    places = {name: place for name, place in attacker.hidden.items() if name in known}
    expected = {(name[0], name[3], name[5], name[7]) for name in places}
    # One count of several measures is reported once, under the first of them.
    counts = {attacker.hidden[name] for name in attacker.hidden if (name[0], name[3], name[5], name[7]) in told}
    assert told <= expected
    assert counts == set(places.values())
    assert report.contradictory == 0


@SLOW
@given(base=worlds(), seed=st.integers(0, 1_000))
def test_the_same_figures_in_any_order_are_protected_alike(base, seed, seeds):
    mart = mart_rows(base)
    shuffled = random.Random(seed).sample(mart, len(mart))
    assert protected(mart, seeds).mask.equals(protected(shuffled, seeds).mask)


EASY = {
    "nothing is small": {(practice, sex): (40, 38, 21, 12) for practice in PLACE_OF for sex in SEXES},
    "small figures blurred by rounding": {
        (practice, sex): (40, 38, 21, 2) if practice == "P1" else (47, 41, 27, 19)
        for practice in PLACE_OF for sex in SEXES
    },
    "everything is small": {(practice, sex): (1, 1, 0, 0) for practice in ("P1", "P3") for sex in SEXES},
}  # fmt: skip


@pytest.mark.parametrize("name", EASY)
def test_nothing_is_hidden_that_need_not_be(name, seeds):
    protection = protected(mart_rows(EASY[name]), seeds)
    assert protection.hidden == 0
    assert protection.rounds == 1


# Four women in each of two places: the system's 8, shown as 10 (8 to 12), and no more than 4 each tell both.
PINNED = {(practice, sex): (0, 0, 0, 0) for practice in ("P3", "P4") for sex in SEXES} | {
    (practice, "Female"): (4, 4, 0, 0) for practice in ("P3", "P4")
}


def test_a_total_that_tells_its_parts_is_hidden_and_what_is_one_count_is_hidden_everywhere(seeds):
    mart = mart_rows(PINNED)
    told = {(one.geography_code, one.breakdown_value) for one in audited(mart, [], seeds).worked_out}
    assert {("B", "All"), ("C", "All"), ("B", "Female"), ("C", "Female")} <= told
    mask = protected(mart, seeds).mask.to_pylist()
    hidden = {(one["measure_id"], one["side"], one["geography_type"], one["breakdown_value"]) for one in mask}
    same_count = {("register", "numerator"), ("rate", "numerator"), ("uptake", "denominator"), ("plan", "denominator")}
    assert hidden == {(*count, "system", value) for count in same_count for value in ("All", "Female")}
    assert all(one["reason"] for one in mask)


# The same in one sex, beside many others: the women's total goes, the headlines stay.
BESIDE_MANY = {key: counts if key[1] == "Female" else (40, 38, 21, 12) for key, counts in PINNED.items()}


def test_headlines_stay_when_something_else_can_be_hidden(seeds):
    mart = mart_rows(BESIDE_MANY)
    assert not audited(mart, [], seeds).safe
    mask = protected(mart, seeds).mask.to_pylist()
    assert mask
    assert not [one for one in mask if one["breakdown_type"] == "all"]


def test_a_figure_is_hidden_only_when_it_is_not_hidden_by_the_rule_already(seeds):
    mart = mart_rows(PINNED)
    exact = {key(row): row for row in mart}
    hidden = protected(mart, seeds).mask.to_pylist()
    assert hidden
    assert all(exact[key(one)][one["side"]] >= 5 for one in hidden)


def test_a_wider_margin_hides_more(tmp_path):
    mart = mart_rows(BESIDE_MANY)
    narrow = protected(mart, write_seeds(tmp_path / "one", width=1)).hidden
    wide = protected(mart, write_seeds(tmp_path / "four", width=4)).hidden
    assert wide > narrow


def test_hiding_now_what_was_shown_before_protects_nobody(tmp_path, seeds):
    mart = mart_rows(PINNED)
    mask = protected(mart, seeds).mask.to_pylist()
    shown_before = [one for one in mask if (one["measure_id"], one["side"]) == ("register", "numerator")]
    kept = [one for one in mask if one not in shown_before]
    earlier = tmp_path / "earlier.duckdb"
    database(earlier, published=published_rows(mart, kept), mart=mart).close()
    again = protected(mart, seeds, [earlier])
    published = published_rows(mart, again.mask.to_pylist())
    with database(":memory:", published=published, mart=mart) as connection:
        report = audit(connection, earlier, mart=connection, reference=seeds)
    assert report.worked_out == ()
    assert report.told_before > 0


def test_the_mask_is_written_for_the_published_models(seeds):
    protection = protected(mart_rows(PINNED), seeds)
    with database(":memory:") as connection:
        connection.execute("CREATE SCHEMA ledger")
        for _ in range(2):
            write_mask(connection, protection)
        rows = connection.execute("SELECT count(*), count(DISTINCT (measure_id, side)) FROM ledger.disclosure_mask")
        assert rows.fetchone()[0] == protection.hidden
        kinds = connection.execute("SELECT typeof(period_end) FROM ledger.disclosure_mask LIMIT 1").fetchone()
        assert kinds == ("DATE",)


def test_a_relation_that_names_an_unknown_measure_is_refused(tmp_path):
    broken = write_seeds(tmp_path / "seeds", [("r", "same", "plan", "denominator", "no_such", "denominator")])
    with pytest.raises(DisclosureError, match="r: no_such"):
        protected(mart_rows(PINNED), broken)


def test_what_was_proved_once_is_not_proved_again_and_gives_the_same_mask(tmp_path, seeds):
    mart, path = mart_rows(BESIDE_MANY), tmp_path / "proofs.txt"
    with database(":memory:", mart=mart) as connection:
        first = protect(connection, reference=seeds, proofs=path)
        proved = path.read_text()
        second = protect(connection, reference=seeds, proofs=path)
    assert second.mask.equals(first.mask)
    assert set(path.read_text().split()) & set(proved.split()), "what was proved is used again"
    assert all(len(name) == 64 for name in proved.split())


@SLOW
@given(base=worlds(), other=worlds())
def test_proofs_of_other_figures_do_not_stand_for_these(base, other, tmp_path, seeds):
    path = tmp_path / "proofs.txt"
    for figures in (other, base):
        with database(":memory:", mart=mart_rows(figures)) as connection:
            protection = protect(connection, reference=seeds, proofs=path)
    mart = mart_rows(base)
    assert protection.mask.equals(protected(mart, seeds).mask)
    path.unlink()


def test_what_was_hidden_before_stays_hidden_while_it_is_the_same(tmp_path, seeds):
    mart = mart_rows(BESIDE_MANY)
    first = protected(mart, seeds).mask.to_pylist()
    earlier = tmp_path / "earlier.duckdb"
    database(earlier, published=published_rows(mart, first), mart=mart).close()
    again = protected(mart, seeds, [earlier])
    assert {(key(one), one["side"]) for one in again.mask.to_pylist()} == {(key(one), one["side"]) for one in first}
    assert again.rounds == 1
    changed = mart_rows(dict.fromkeys(BESIDE_MANY, (60, 50, 30, 20)))
    assert protected(changed, seeds, [earlier]).hidden == 0


@SLOW
@given(base=worlds())
def test_the_mask_does_not_depend_on_how_many_groups_are_attacked_at_a_time(base, seeds):
    mart = [*mart_rows(base), *mart_rows(base, period=date(2026, 2, 28))]
    with database(":memory:", mart=mart) as connection:
        one = protect(connection, reference=seeds, threads=1)
        four = protect(connection, reference=seeds, threads=4)
    assert four.mask.equals(one.mask)
    assert four.unprotected == one.unprotected


def test_two_months_are_masked_as_each_is_alone(seeds):
    """A change found in one month is tried in the other, whose figures differ: it must be checked there."""
    february, march = date(2026, 2, 28), date(2026, 3, 31)
    other = {place: (counts[0] + 1, *counts[1:]) for place, counts in BESIDE_MANY.items()}
    alone = [
        *protected(mart_rows(BESIDE_MANY, period=february), seeds).mask.to_pylist(),
        *protected(mart_rows(other, period=march), seeds).mask.to_pylist(),
    ]
    both = protected([*mart_rows(BESIDE_MANY, period=february), *mart_rows(other, period=march)], seeds)
    named = {(key(one), one["side"]) for one in alone}
    assert named
    assert {(key(one), one["side"]) for one in both.mask.to_pylist()} == named
