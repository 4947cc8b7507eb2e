import re
from pathlib import Path

import pytest

from tuning.rephrasing import related as module
from tuning.rephrasing.related import related

TABLE = (Path(module.__file__).parent / "related.txt").read_text("utf-8")


def entries(*words):
    return {" ".join(other) for _, others in related(words) for other in others}


@pytest.mark.parametrize(
    ("asked", "said"),
    [("plane", "flight"), ("vacations", "leave"), ("urlaub", "holiday"), ("laptop", "rechner"), ("wages", "salary")],
)
def test_what_people_may_mean_is_related(asked, said):
    assert said in entries(asked)


def test_a_word_is_not_related_to_itself_nor_an_unknown_one_to_anything():
    assert "plane" not in entries("plane")
    assert related(["streamwatch"]) == []


def test_a_word_that_is_an_entry_is_not_taken_for_an_inflection_of_another():
    assert "budget" in entries("plan")
    assert "budget" not in entries("plane")


def test_phrases_belong_to_their_first_word():
    assert [at for at, others in related(["pay", "company", "car"]) if ("dienstwagen",) in others] == [1]


def test_each_group_of_the_table_relates_different_entries_of_small_letters():
    for line in TABLE.splitlines():
        if line and not line.startswith("#"):
            group = [entry.strip() for entry in line.split("|")]
            assert len(group) > 1, line
            assert len(set(group)) == len(group), line
            assert all(re.fullmatch(r"[^A-ZÄÖÜ|]+", entry) for entry in group), line
