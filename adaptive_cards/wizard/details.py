"""Step 1: what the agent does, and its name; what it does can be changed until something is tuned for it."""

from collections.abc import Mapping
from types import MappingProxyType

from adaptive_cards.elements import (
    Element,
    aside,
    card,
    choice_input,
    escape,
    execute,
    form,
    heading,
    text_input,
    wrong,
)
from adaptive_cards.verbs import Verb
from tuning.domain.agents import ICONS, Agent
from tuning.domain.prompts import Task
from tuning.languages import mark, say

TASKS = {
    Task.QUESTIONS: mark("Answers questions about documents"),
    Task.GENERATION: mark("Drafts documents like earlier ones"),
    Task.SUMMARY: mark("Summarises documents"),
}
NO_ICON = "none"
"""What stands for no icon: an empty value can't be chosen."""


def details_card(
    agent: Agent | None = None,
    *,
    name: str = "",
    icon: str = "",
    task: Task = Task.QUESTIONS,
    description: str = "",
    is_task_fixed: bool = False,
    problems: Mapping[str, str] = MappingProxyType({}),
    refusal: str = "",
) -> Element:
    """Return the form of an agent, or for a new one, with what was wrong about the last try: field by field, or all."""
    fields = [
        aside(say("{task}: that stays, because it was tuned for it.", task=say(TASKS[task])))
        if is_task_fixed
        else choice_input(
            "task",
            say("What should it do?"),
            [(say(title), key.value) for key, title in TASKS.items()],
            value=task.value,
        ),
        text_input("name", say("Name"), value=name, placeholder=say("HR Helper"), longest=60, is_required=True),
        choice_input(
            "icon",
            say("Icon"),
            [(say("None"), NO_ICON), *((f"{sign} {say(what)}", sign) for sign, what in ICONS.items())],
            value=icon or NO_ICON,
        ),
        text_input(
            "description",
            say("What is it for? One sentence for the people who use it."),
            value=description,
            longest=300,
        ),
    ]
    forward = execute(say("Next"), Verb.WIZARD_CREATE, style="positive")
    if agent is not None:
        forward = execute(say("Next"), Verb.WIZARD_DETAILS, style="positive", agent_id=agent.id)
    title = escape(agent.name) if agent else say("New agent")
    return card(
        heading(say("{agent} · {number} of 5", agent=title, number=1)),
        *form(fields, problems),
        wrong(refusal) if refusal else None,
        actions=[forward],
    )
