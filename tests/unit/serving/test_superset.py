"""Superset is told of a publication by the calls its API asks for; here a small server answers as Superset does."""

from __future__ import annotations

import pytest
from fake_superset import PASSWORD, USER

from lda.serving import ServingError
from lda.serving.superset import described, tell_superset


def test_every_dataset_on_the_mart_names_the_publication_and_keeps_its_words(superset):
    report = tell_superset(superset.url, USER, PASSWORD, "2026-03_r1")
    assert (report.datasets, report.told) == (122, 122)
    words = {dataset["id"]: dataset["description"] for dataset in superset.datasets}
    assert words[1] == "Our words.\n\nLDA publication: 2026-03_r1"
    assert words[2] == "LDA publication: 2026-03_r1"
    assert words[3] == "Not ours."
    assert all(words[10 + n] == "LDA publication: 2026-03_r1" for n in range(120)), "a page was left out"


def test_what_is_told_already_is_not_told_again_and_a_new_one_takes_its_place(superset):
    tell_superset(superset.url, USER, PASSWORD, "r1")
    superset.changes.clear()
    assert tell_superset(superset.url + "/", USER, PASSWORD, "r1").told == 0
    assert superset.changes == []
    assert tell_superset(superset.url, USER, PASSWORD, "r2").told == 122
    assert superset.datasets[0]["description"] == "Our words.\n\nLDA publication: r2"


def test_a_wrong_password_is_told_without_it(superset):
    with pytest.raises(ServingError, match=r"answered 401 to POST /api/v1/security/login.*lda serve") as raised:
        tell_superset(superset.url, USER, "guess", "r1")
    assert "guess" not in str(raised.value)


def test_a_superset_that_fails_or_is_away_is_told_and_can_be_made_good(superset):
    superset.broken = True
    with pytest.raises(ServingError, match="answered 500 to PUT /api/v1/dataset/2"):
        tell_superset(superset.url, USER, PASSWORD, "r1")
    superset.broken = False
    assert tell_superset(superset.url, USER, PASSWORD, "r1").told == 122
    with pytest.raises(ServingError, match="ConnectionError"):
        tell_superset("http://127.0.0.1:1", USER, PASSWORD, "r1")


def test_a_description_is_marked_once():
    once = described("Words.", "r1")
    assert described(once, "r1") == once
    assert described(once, "r2") == "Words.\n\nLDA publication: r2"
    assert described("", "r1") == "LDA publication: r1"
