"""People have valid, distinct numbers and lives whose events follow each other."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import numpy as np
from synthetic_cases import History

from lda.synthetic.calendar import NO_DAY, add_months, completed_years
from lda.synthetic.codes import LONG_TERM
from lda.synthetic.population import NumberSource


def passes_modulus_11(number: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(number[:9], range(10, 1, -1), strict=True))
    return (11 - total % 11) % 11 == int(number[9]) and len(number) == 10


def test_nhs_numbers_are_valid_distinct_and_not_test_numbers(history: History) -> None:
    numbers = history.people.nhs
    assert all(passes_modulus_11(number) for number in numbers)
    assert all(number[0] in "4567" for number in numbers)
    assert len(set(numbers)) == len(numbers)


def test_blocks_never_share_a_number() -> None:
    taken = [{source.take() for _ in range(5000)} for source in (NumberSource(0), NumberSource(1), NumberSource(49))]
    assert len(set.union(*taken)) == 15_000


def test_nobody_registers_moves_or_leaves_after_death(history: History) -> None:
    people = history.people
    dead = people.death_day != NO_DAY
    assert dead.sum() > 5
    assert (people.register_day[dead] < people.death_day[dead]).all()
    assert (people.move_day[dead] == NO_DAY).all()
    assert (people.removal_day[dead] == NO_DAY).all()
    moved = people.move_day != NO_DAY
    assert (people.move_day[moved] > people.register_day[moved]).all()


def test_checks_are_for_people_of_14_on_the_register_and_plans_go_with_checks(history: History) -> None:
    people, health = history.people, history.health
    years, persons = np.nonzero(health.check)
    assert len(years) > 1000
    day = health.check[years, persons]
    assert (day >= people.register_day[persons]).all()
    assert (day >= people.birth[persons] + 14 * 365.25).all()
    death = people.death_day[persons]
    assert ((death == NO_DAY) | (day < death)).all()
    assert (health.seen[years, persons] >= day).all()
    planned = health.plan[years, persons] != NO_DAY
    assert not health.plan[health.check == NO_DAY].any()
    gap = health.plan[years, persons][planned] - day[planned]
    assert (gap >= -19).all()
    assert (gap <= 30).all()
    assert (gap >= 0).mean() > 0.9


def test_uptake_is_near_the_real_one_and_unequal(history: History) -> None:
    people, plan = history.people, history.plan
    last = history.health.check[-1]
    able = (people.birth[: people.registered] + 14 * 365.25 < plan.opening) & (
        people.death_day[: people.registered] == 0
    )
    quintile = np.array([area.quintile for area in plan.geography.areas])[
        people.areas_on(plan.last)[: people.registered]
    ]
    assert 0.66 < (last[able] != NO_DAY).mean() < 0.8
    assert (last[able & (quintile == 5)] != NO_DAY).mean() > (last[able & (quintile == 1)] != NO_DAY).mean()


def test_stays_run_from_admission_through_transfers_to_discharge(history: History) -> None:
    assert any(len(stay.spells) > 1 for stay in history.stays)
    for stay in history.stays:
        assert stay.birth < stay.start
        for (start, stop, _), (following, _, _) in zip(stay.spells, stay.spells[1:], strict=False):
            assert start < stop == following
        stop = stay.spells[-1][1] or history.plan.last + 1
        for days in (stay.cetrs, stay.visits):
            assert list(days) == sorted(days)
            assert all(stay.start < day < stop for day in days)


def test_one_person_is_in_hospital_once_at_a_time(history: History) -> None:
    stays: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for stay in history.stays:
        if stay.nhs:
            stays[stay.nhs].append((stay.start, stay.spells[-1][1] or history.plan.last + 1))
    assert any(len(own) > 1 for own in stays.values()), "nobody was readmitted"
    for own in stays.values():
        for (_, discharged), (admitted, _) in pairwise(sorted(own)):
            assert discharged <= admitted
    assert set(stays) <= set(history.people.nhs)


def test_reviews_follow_deaths_and_completion_follows_holds(history: History) -> None:
    by_number = {history.people.nhs[index]: index for index in range(history.people.registered)}
    assert {"Initial", "Focused"} == {review.kind for review in history.reviews}
    assert any(review.hold_start for review in history.reviews)
    for review in history.reviews:
        assert review.died < review.notified <= review.known <= history.plan.last
        assert review.completed >= review.known
        if review.hold_start:
            assert review.notified < review.hold_start < review.hold_end < review.completed
        if review.nhs:
            person = by_number[review.nhs]
            assert history.people.death_day[person] == review.died
            assert completed_years(int(history.people.birth[person]), review.died) == review.age


def test_care_follows_request_and_assessment_and_ends_with_the_client(history: History) -> None:
    services = 0
    for client in history.clients:
        first = min(event.start for event in client.events) if client.events else 0
        for event in client.events:
            assert event.end == NO_DAY or event.start <= event.end
            assert event.kind == "Service" or event.end != NO_DAY
            if client.until:
                assert event.start <= client.until
                assert event.end == NO_DAY or event.end <= client.until
            if event.service_type in LONG_TERM:
                services += 1
                assert event.start > first
    assert services > 500


def test_a_person_who_moves_is_a_client_of_two_councils_with_one_number(history: History) -> None:
    councils: dict[str, list[int]] = {}
    for client in history.clients:
        if client.nhs:
            councils.setdefault(client.nhs, []).append(client.council)
    moved = [places for places in councils.values() if len(places) > 1]
    assert moved
    assert all(len(set(places)) == 2 for places in moved)


def test_about_one_in_seven_council_records_has_no_usable_number(history: History) -> None:
    share = sum(not client.nhs for client in history.clients) / len(history.clients)
    assert 0.11 < share < 0.19


def test_a_quarter_sends_twelve_months_of_events_as_known_then(history: History) -> None:
    for quarter, sent in enumerate(history.sent):
        last = history.plan.quarters[quarter].toordinal()
        opens = add_months(last, -12)
        assert sent
        for row in sent:
            assert row.event.start <= last
            assert row.end == NO_DAY or opens < row.end <= last
            assert row.end != NO_DAY or row.event.kind == "Service"
