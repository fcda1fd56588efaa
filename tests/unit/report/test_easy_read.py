"""The Easy Read page: plain words, plain numbers, a picture beside each idea."""

from __future__ import annotations

import re

import pyphen
import pytest
import sample

from conftest import HTML
from lda.reporting.report.easy_read import goal_words, share_words

LONGEST_SENTENCE = 15
SPLIT = pyphen.Pyphen(lang="en_GB", left=1, right=1)


def reading_level(text: str) -> tuple[float, float]:
    """Flesch reading ease (1948) and Flesch-Kincaid grade (1975), which counts American school years."""
    sentences = len(re.findall(r"[.?!](?:\s|$)", text))
    words = re.findall(r"[A-Za-z0-9][A-Za-z0-9,'-]*", text)
    syllables = sum(len(SPLIT.positions(word)) + 1 for word in words)
    a_sentence, a_word = len(words) / sentences, syllables / len(words)
    return 206.835 - 1.015 * a_sentence - 84.6 * a_word, 0.39 * a_sentence + 11.8 * a_word - 15.59


@pytest.fixture(scope="module")
def page(report):
    return report.tree("easy-read.html")


def lines(page) -> list[str]:
    """The ideas and headings, without names of places (they are not ours to simplify)."""
    wanted = [element for element in page.iter() if element.tag in (f"{HTML}p", f"{HTML}dd", f"{HTML}h2")]
    found = [" ".join("".join(element.itertext()).split()) for element in wanted]
    return [line.replace("Leicester, Leicestershire and Rutland", "our area") for line in found if line]


def test_reading_level_is_that_of_a_young_child(page):
    text = " ".join(line if line.endswith((".", "?")) else f"{line}." for line in lines(page))
    ease, grade = reading_level(text)
    assert ease > 85
    assert grade < 4


def test_the_reading_level_tells_plain_from_hard_words():
    plain = "You can have a health check each year. It helps you stay well."
    hard = "Multidisciplinary commissioning arrangements necessitate continuous organisational accountability."
    assert reading_level(plain)[0] > 90 > 20 > reading_level(hard)[0]
    assert reading_level(plain)[1] < 3 < 15 < reading_level(hard)[1]


def test_sentences_are_short_and_one_to_a_line(page):
    for line in lines(page):
        for sentence in re.split(r"(?<=[.?!]) ", line):
            assert len(sentence.split()) <= LONGEST_SENTENCE, sentence


def test_every_idea_has_its_picture(page):
    ideas = [item for item in page.iter(f"{HTML}li") if any(child.tag == f"{HTML}p" for child in item)]
    assert len(ideas) > 20
    words = next(element for element in page.iter(f"{HTML}dl") if element.get("class") == "hard")
    assert len(list(words)) > 3
    for idea in [*ideas, *words]:
        pictures = [element for element in idea.iter() if str(element.tag).endswith("}svg")]
        assert len(pictures) == 1 and len(list(pictures[0])) > 0, "".join(idea.itertext())
        sentences = [text for text in lines(idea) if text.endswith((".", "?"))]
        assert len(sentences) == 1 and len(re.findall(r"[.?!](?:\s|$)", sentences[0])) == 1, sentences


def test_ten_of_what_is_no_person_are_dots(make_report):
    name = "leder_initial_within_six_months"
    made = make_report(sample.figures([sample.System()], months=1, measures=[name], spc=False), measures=[name])
    drawing = next(one for one in made.tree("easy-read.html").iter() if one.get("class") == "picture tenpeople")
    spots = [[str(part.tag).rpartition("}")[2] for part in spot] for spot in drawing]
    assert spots == [["circle"]] * 10


def test_no_jargon_and_no_percentages(page):
    text = " ".join(lines(page)).lower()
    for word in (
        "%",
        "per million",
        "proportion",
        "denominator",
        "uptake",
        "suppress",
        "ascof",
        "leder",
        "c(e)tr",
        "icb",
    ):
        assert word not in text, word


def test_type_is_large(report):
    css = (report.folder / "easy-read.html").read_text(encoding="utf-8")
    sizes = [float(size) for size in re.findall(r"\.easy \{ font-size: ([\d.]+)(?:rem|pt)", css)]
    rems = [float(size) * 12 for size in re.findall(r"\.easy \{ font-size: ([\d.]+)rem", css)]
    assert sizes and all(points >= 16 for points in rems)


def test_hidden_numbers_are_explained_and_not_drawn(make_report):
    rows = sample.figures([sample.System()], months=1, measures=["cetr_in_date"], spc=False)
    for row in rows:
        row |= {
            "numerator": None,
            "denominator": None,
            "value": None,
            "suppression": "suppressed",
            "target_status": None,
        }
    made = make_report(rows, measures=["cetr_in_date"])
    text = made.text("easy-read.html")
    assert "We do not show this number." in text
    assert "out of 10" not in text
    assert '<g class="on"' not in (made.folder / "easy-read.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0, "0 out of 10"),
        (0.03, "Fewer than 1 out of 10"),
        (0.7, "7 out of 10"),
        (0.74, "About 7 out of 10"),
        (0.25, "2 or 3 out of 10"),
        (0.76, "About 8 out of 10"),
        (0.052, "About 1 out of 10"),
        (0.97, "More than 9 out of 10"),
        (1, "All 10 out of 10"),
    ],
)
def test_shares_are_plain_numbers(share, words):
    assert share_words(share) == words


@pytest.mark.parametrize(
    ("target", "words"), [(0.75, "between 7 and 8 out of 10"), (0.8, "8 out of 10"), (1, "all 10 out of 10")]
)
def test_goals_are_plain_numbers(target, words):
    assert goal_words(target) == words
