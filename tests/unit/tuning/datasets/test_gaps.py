"""A value that grammar finds no question for is asked by the sentence around it."""

import random

from tuning.datasets.gaps import gaps
from tuning.datasets.questions import Context
from tuning.datasets.statements import statements
from tuning.datasets.wordings import wordings
from tuning.domain.prompts import Passage


def context(text: str) -> Context:
    return Context(passage=Passage(title="Rules", heading="", text=text), passage_id=1, document_id="rules")


def asked(text: str, covered: frozenset[str] = frozenset()) -> dict[str, str]:
    return {it.text: it.answer for it in gaps(context(text), covered)}


def test_each_value_of_a_sentence_leaves_a_gap():
    assert asked("A second desk needs form DX-7 signed by Ada Lind.") == {
        "By whom: a second desk needs form DX-7 signed by ...?": "Ada Lind",
        "Which form: a second desk needs form ... signed by Ada Lind?": "DX-7",
    }
    assert asked("The tool for drawings is called Blue Heron.") == {
        "What: the tool for drawings is called ...?": "Blue Heron"
    }


def test_what_is_covered_and_what_is_no_statement_leaves_none():
    assert asked("A desk costs 40 euros.", frozenset({"40 euros"})) == {}
    assert asked("Does a desk cost 40 euros?") == {}
    assert asked("| Desk | 40 euros |") == {}


def test_who_names_the_unit_is_answered_without_it():
    found = {it.text: it.answer for it in statements(context("Interns earn 900 euros a month."))}
    assert found["How much do interns earn?"] == "900 euros a month"
    assert found["How much do interns earn a month?"] == "900 euros"


def test_wordings_differ_and_begin_with_the_question():
    question = "How many days may employees work abroad a year?"
    ways = wordings(question, "Remote work", 12, random.Random(2))
    assert ways[0] == question
    assert len(ways) == len(set(ways)) == 12


def test_a_wording_may_ask_for_oneself_or_by_keywords():
    question = "How many days of leave do employees get in the first year?"
    ways = {way for seed in range(20) for way in wordings(question, "Leave", 12, random.Random(seed))}
    assert "How many days of leave do I get in the first year?" in ways
    assert "days of leave in the first year?" in ways
    assert "I'd like to know how many days of leave employees get in the first year." in ways
    assert not any(
        "do I" in way for way in wordings("When do employees get their badge?", "Badges", 12, random.Random(1))
    )
