"""Step 1: what the agent does, and its name."""

from collections.abc import Mapping
from types import MappingProxyType

from adaptive_cards.elements import Element, card, choice_input, execute, form, heading, text_input, wrong
from adaptive_cards.verbs import Verb
from tuning.domain.prompts import Task
from tuning.languages import mark, say

TASKS = {
    Task.QUESTIONS: mark("Answers questions about documents"),
    Task.GENERATION: mark("Drafts documents like earlier ones"),
    Task.SUMMARY: mark("Summarises documents"),
}


def details_card(
    *,
    name: str = "",
    task: Task = Task.QUESTIONS,
    description: str = "",
    problems: Mapping[str, str] = MappingProxyType({}),
    refusal: str = "",
) -> Element:
    """Return the form for a new agent, with what was wrong about the last try: field by field, or all of it."""
    fields = [
        choice_input(
            "task",
            say("What should it do?"),
            [(say(title), key.value) for key, title in TASKS.items()],
            value=task.value,
        ),
        text_input("name", say("Name"), value=name, placeholder=say("HR Helper"), longest=60, is_required=True),
        text_input(
            "description",
            say("What is it for? One sentence for the people who use it."),
            value=description,
            longest=300,
        ),
    ]
    return card(
        heading(say("{agent} · {number} of 5", agent=say("New agent"), number=1)),
        *form(fields, problems),
        wrong(refusal) if refusal else None,
        actions=[execute(say("Next"), Verb.WIZARD_CREATE, style="positive")],
    )
