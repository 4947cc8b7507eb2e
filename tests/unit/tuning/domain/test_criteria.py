"""What an owner types is a rule, in the owner's language, and shown as it was typed."""

import pytest

from tuning.domain.criteria import MAX_CRITERIA, MAX_VALUE, RULES, Criterion, Rule, parse, suggested, together
from tuning.domain.errors import InvalidInput
from tuning.domain.prompts import Task
from tuning.languages import speaking

TYPED = ["critical: at most 40 words", "at least 3 words", "cites a passage", "never says guaranteed"]
MEANT = [
    Criterion(rule=Rule.MOST_WORDS, value="40", is_critical=True),
    Criterion(rule=Rule.LEAST_WORDS, value="3"),
    Criterion(rule=Rule.CITES),
    Criterion(rule=Rule.NEVER_SAYS, value="guaranteed"),
]


def test_lines_are_read_and_shown_again_as_they_were_typed():
    found = parse(TYPED, Task.QUESTIONS)
    assert found == MEANT
    assert [one.line() for one in found] == TYPED
    assert [Criterion.of(one.as_row()) for one in found] == found


def test_they_are_read_and_shown_in_the_owner_s_language_and_in_english():
    with speaking("de"):
        lines = [one.line() for one in MEANT]
        assert lines[0] == "kritisch: höchstens 40 Wörter"
        assert parse(lines, Task.QUESTIONS) == parse(TYPED, Task.QUESTIONS) == MEANT


@pytest.mark.parametrize("rule", list(RULES))
def test_every_rule_can_be_typed(rule):
    value = "" if rule is Rule.CITES else "40"
    asked = Criterion(rule=rule, value=value, is_critical=True)
    assert parse([asked.line()], Task.QUESTIONS) == [asked]


def test_capitals_quotes_full_stops_empty_lines_and_repetitions_do_no_harm():
    found = parse(["", "Critical: Never says 'guaranteed'.", " critical: never says guaranteed "], Task.GENERATION)
    assert found == [Criterion(rule=Rule.NEVER_SAYS, value="guaranteed", is_critical=True)]


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (["at most 40 words", "is friendly"], "Line 2 of the criteria can't be used"),
        (["at most many words"], "Begin it like one of these: 'at most ... words'"),
        (["at most 0 words"], "Line 1"),
        (["always says " + "x" * 101], "Line 1"),
        (["cites a passage"], "only answers to questions cite"),
        ([f"at most {number} words" for number in range(1, MAX_CRITERIA + 2)], "at most 10 criteria; there are 11"),
    ],
)
def test_what_is_no_criterion_is_refused_in_a_sentence(lines, sentence):
    with pytest.raises(InvalidInput, match=sentence.replace(".", r"\.")):
        parse(lines, Task.GENERATION)


@pytest.mark.parametrize(
    ("task", "answers", "line"),
    [
        (Task.QUESTIONS, {"data": "Rules", "organisation": "By topic"}, "cites a passage"),
        (Task.GENERATION, {"precedent": "old letter", "content": "terms", "draft": " Offer\nletter. "}, "Offer letter"),
        (Task.SUMMARY, {"summary": "'Key points'"}, "Key points"),
    ],
)
def test_the_questionnaire_suggests_what_to_demand(task, answers, line):
    found = suggested(task, answers)
    assert found is not None
    assert (found.is_critical, line in found.line()) == (False, True)
    assert parse([found.line()], task) == [found]
    assert suggested(task, {}) is None


def test_a_name_that_is_a_whole_text_suggests_nothing():
    assert suggested(Task.SUMMARY, {"summary": "x" * (MAX_VALUE + 1)}) is None


@pytest.mark.parametrize(
    ("shares", "told"),
    [
        ([(True, 0.5, 10), (True, 1.0, 30), (False, 0.25, 40)], "88 % are kept (recall). Of all advisory demands 25 %"),
        ([(True, 1.0, 4)], "Of all critical demands 100 % are kept (recall)."),
        ([(False, 0.5, 4)], "Of all advisory demands 50 % are kept (precision)."),
        ([], ""),
    ],
)
def test_critical_demands_and_advisory_ones_are_counted_by_themselves(shares, told):
    rows = [{**Criterion(rule=Rule.CITES, is_critical=it).as_row(), "share": share, "n": n} for it, share, n in shares]
    assert told in together(rows)
    assert bool(together(rows)) == bool(shares)
