"""Questions in other words keep what is asked: each number, each name, and all that has no synonym."""

import json
import random
import re
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuning.datasets import wordings
from tuning.rephrasing import synonyms
from tuning.rephrasing.words import rephrased

TABLES = ("THINGS", "STUFF", "QUALITIES", "ACTIONS", "ASKED")
GROUPS = [line.split("|") for table in TABLES for line in getattr(synonyms, table).split("\n")]
DONE = frozenset(re.split(r"[|\n]", synonyms.ACTIONS))
PHRASES = sorted(set(chain.from_iterable(GROUPS)))
KEPT = (
    "12",
    "4.50",
    "DX-7",
    "1,000",
    "Ada",
    "Lind",
    "Holiday",
    "Badge",
    "ada@lind.example",
    "09:30",
    "Zürich",
    "%",
    "zork",
)
# What anybody says in small letters, though parts of names of the sample are written so.
GENERAL = {"advice", "copy", "network", "news", "service"}
SAMPLE = Path(__file__).parents[4] / "sample_tenant"


@given(st.lists(st.sampled_from([*PHRASES, *KEPT]), min_size=1, max_size=12), st.integers(0, 99))
def test_what_has_no_synonym_stays_where_it_was(parts, seed):
    question = f"Zork {' '.join(parts)}?"
    said = rephrased(question, random.Random(seed), share=1.0)
    assert said.startswith("Zork ")
    assert said.endswith("?")
    assert [word for word in said[:-1].split() if word in KEPT] == [it for it in parts if it in KEPT]


@pytest.mark.parametrize("table", TABLES)
def test_a_group_holds_several_words_and_each_once(table):
    for line in getattr(synonyms, table).split("\n"):
        words = line.split("|")
        assert len(words) == len({word.lower() for word in words}) > 1, line
        assert all(word == " ".join(word.split()) != "" for word in words), line


@given(st.sampled_from(PHRASES), st.integers(0, 99))
def test_what_has_synonyms_never_stays_the_same(phrase, seed):
    before = "I" if phrase in DONE else "this"
    said = rephrased(f"{before} {phrase}", random.Random(seed), share=1.0)
    assert said != f"{before} {phrase}"


def test_no_word_of_the_sample_organisation_is_a_synonym_or_stands_in_a_wording():
    people = {it["name"] for it in json.loads((SAMPLE / "people.json").read_text("utf-8"))["users"]}
    documents = [path.read_text("utf-8") for path in sorted((SAMPLE / "documents").glob("**/*.md"))]
    text = " ".join(documents)
    names = set(re.findall(r"(?<=[a-z,] )[A-Z][a-z]+", text)) - {
        it.capitalize() for it in re.findall(r"\b[a-z]+", text)
    }
    names |= {word for name in people for word in name.split()} | {"Brenvale", "Streamwatch", "Pike"}
    assert len(names) > 60
    source = Path(wordings.__file__).read_text("utf-8")
    ours = set(re.findall(r"[^\W\d_]+", f"{source} {' '.join(PHRASES)}".lower()))
    assert {name.lower() for name in names} & ours <= GENERAL


def test_numbers_articles_capitals_and_plurals_agree():
    def ways(question):
        return {rephrased(question, random.Random(seed), share=1.0) for seed in range(60)}

    assert "Is an additional worker zork?" not in ways("Is a worker zork?")
    assert {"Do I have an annual leave?"} == ways("Do I have an annual leave?")
    assert "Is this an employee?" in ways("Is this a worker?")
    assert "Which lorries take a staff member?" in ways("Which lorries take an employee?")
    assert ways("Which policies apply to suppliers?") == {"Which policies apply to vendors?"}
    assert "Who hands in the form?" in ways("Who submits the form?")
    assert ways("Who is the Service Desk?") == {"Who is the Service Desk?"}
    assert "Bosses zork AB-12?" in ways("Managers zork AB-12?")
    assert ways("Holiday Inn zork?") == {"Holiday Inn zork?"}
    assert rephrased("Wer bezahlt das?", random.Random(1), share=1.0) == "Wer bezahlt das?"


def test_a_word_that_is_noun_and_verb_is_replaced_as_what_it_is():
    def ways(question):
        return {rephrased(question, random.Random(seed), share=1.0) for seed in range(30)}

    assert ways("Where do we book zork?") == {"Where do we reserve zork?"}
    assert ways("Is the book zork?") == {"Is the book zork?"}
    assert "Who asks for zork?" in ways("Who requests zork?")
