"""What an owner answers and demands stands at the beginning of every prompt, in one wording."""

import pytest

from tests.factories import make_agent
from tuning.domain.prompts import SYSTEM_PROMPTS, Task, guidance, system_message

ANSWERS = {
    Task.QUESTIONS: ({"data": "Travel rules.", "organisation": "one page\n per topic"}, "Travel rules", "one page per"),
    Task.GENERATION: ({"precedent": "last letter", "content": "terms", "draft": "offer"}, "'last letter'", "'offer'"),
    Task.SUMMARY: ({"summary": "Key points"}, "'Key points'", "summary"),
}


@pytest.mark.parametrize("task", list(Task))
def test_the_answers_stand_before_the_instructions(task):
    answers, *words = ANSWERS[task]
    told = system_message(task, guidance(task, answers, " Be brief. "))["content"].split("\n")
    assert (len(told), told[0], told[2]) == (3, SYSTEM_PROMPTS[task], "Be brief.")
    assert all(word in told[1] for word in words)


@pytest.mark.parametrize("task", list(Task))
def test_a_questionnaire_that_is_not_filled_in_says_nothing(task):
    answers = ANSWERS[task][0]
    assert guidance(task, {}, "") == ""
    assert guidance(task, {**answers, next(iter(answers)): " . "}, "Be brief.") == "Be brief."


def test_braces_in_an_answer_stay_as_they_are():
    assert guidance(Task.SUMMARY, {"summary": "{draft} {}"}, "") == "Here a summary is called '{draft} {}'."


def test_an_agent_says_what_its_owner_answered():
    agent = make_agent(questionnaire=ANSWERS[Task.QUESTIONS][0], instructions="Be brief.")
    assert agent.guidance == guidance(Task.QUESTIONS, ANSWERS[Task.QUESTIONS][0], "Be brief.")
