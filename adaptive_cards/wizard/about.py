"""Step 2: the questionnaire, the instructions, and questions to start with."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from adaptive_cards.elements import Element, aside, card, escape, execute, form, heading, text_input
from adaptive_cards.verbs import Verb
from tuning.domain.agents import MAX_STARTERS, QUESTIONNAIRES, Agent
from tuning.domain.criteria import MAX_CRITERIA, RULES, Criterion, Rule
from tuning.domain.datasets import HoldoutQuestion
from tuning.domain.prompts import Task
from tuning.languages import say

MAX_HOLDOUT = 15_000


def about_card(
    agent: Agent,
    holdout: Sequence[HoldoutQuestion] = (),
    *,
    typed: Mapping[str, str] = MappingProxyType({}),
    problems: Mapping[str, str] = MappingProxyType({}),
) -> Element:
    """Return the form, filled with what is known, or with what was typed, with what is wrong below its field."""
    fields = _fields(agent, holdout)
    for field in fields:
        if field["id"] in typed:
            field["value"] = typed[field["id"]]
    return card(
        heading(say("{agent} · {number} of 5", agent=escape(agent.name), number=2)),
        aside(say("What you answer stands in every prompt, and suggests a criterion that you can change.")),
        *form(fields, problems),
        actions=[
            execute(say("Next"), Verb.WIZARD_ABOUT, style="positive", agent_id=agent.id),
            execute(say("Back"), Verb.WIZARD_OPEN, is_validated=False, agent_id=agent.id, step="details"),
        ],
    )


def _fields(agent: Agent, holdout: Sequence[HoldoutQuestion]) -> list[Element]:
    questions = [
        text_input(f"about_{key}", say(question), value=agent.questionnaire.get(key, ""), longest=500, is_required=True)
        for key, question in QUESTIONNAIRES[agent.task].items()
    ]
    return [
        *questions,
        text_input(
            "instructions",
            say("Instructions: how should it answer?"),
            value=agent.instructions,
            placeholder=say("Answer in one or two sentences."),
            longest=2_000,
            is_multiline=True,
        ),
        text_input(
            "starters",
            say("Questions to start with, one a line ({most} at most)", most=MAX_STARTERS),
            value="\n".join(agent.starters),
            longest=1_300,
            is_multiline=True,
        ),
        text_input(
            "criteria",
            say(
                "What do you demand of answers? One criterion a line ({most} at most); begin it with 'critical:' if a "
                "release is not to be published without it.",
                most=MAX_CRITERIA,
            ),
            value="\n".join(Criterion.of(row).line() for row in agent.criteria),
            placeholder=f"{say(RULES[Rule.MOST_WORDS], value=60)}\n{say(RULES[Rule.NEVER_SAYS], value='...')}",
            longest=1_500,
            is_multiline=True,
        ),
        *([_holdout(holdout)] if agent.task is Task.QUESTIONS else []),
    ]


def _holdout(holdout: Sequence[HoldoutQuestion]) -> Element:
    spaced = "\n".join(f"{one.question} | {one.answer or ''}".rstrip() for one in holdout)
    tight = "\n".join(f"{one.question}|{one.answer}" if one.answer else one.question for one in holdout)
    return text_input(
        "holdout",
        say(
            "Questions to test with, one a line: question | answer. Leave the answer empty if no document answers it. "
            "They are never trained on."
        ),
        # Without blanks it is never longer than it was typed, so that all of it stands there again.
        value=spaced if len(spaced) <= MAX_HOLDOUT else tight,
        longest=MAX_HOLDOUT,
        is_multiline=True,
    )
