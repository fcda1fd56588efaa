"""Fixtures made once: the geography, a block's history in memory and a small sample on disk."""

from __future__ import annotations

from datetime import date

import pytest
from synthetic_cases import History, Sample, read_rows

from lda.settings import Settings
from lda.synthetic import synthesise
from lda.synthetic.council_returns import sent_rows
from lda.synthetic.geography import Geography
from lda.synthetic.health_checks import make_health_events, register_views
from lda.synthetic.hospital import make_stays
from lda.synthetic.mortality import make_reviews
from lda.synthetic.population import make_people, make_plan
from lda.synthetic.social_care import make_clients, others_needed


@pytest.fixture(scope="session")
def geography() -> Geography:
    return Geography(Settings(), "llr")


@pytest.fixture(scope="session")
def history(geography: Geography) -> History:
    scale = 0.3
    plan = make_plan(geography, date(2026, 3, 31), 12, seed=11, scale=scale, dirt=0.02)
    people = make_people(plan, 0, scale, others_needed(plan, scale))
    health = make_health_events(plan, 0, people)
    clients = make_clients(plan, 0, people, scale)
    return History(
        plan=plan,
        people=people,
        health=health,
        views=register_views(plan, people, health),
        stays=make_stays(plan, 0, people, scale),
        reviews=make_reviews(plan, 0, people),
        clients=clients,
        sent=[list(sent_rows(plan, people, clients, quarter)) for quarter in range(len(plan.quarters))],
    )


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    home = tmp_path_factory.mktemp("sample")
    report = synthesise(Settings(home=home), months=6, scale=0.05, seed=3)
    truth = home / "truth"
    return Sample(
        home,
        report,
        read_rows(truth / "files.csv"),
        read_rows(truth / "rows.csv"),
        read_rows(truth / "measures.csv"),
    )
