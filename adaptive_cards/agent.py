"""An agent introduces itself: what it does, and questions to begin with."""

import hashlib

from adaptive_cards.elements import Element, aside, card, escape, execute, heading, paragraph, shorten
from adaptive_cards.verbs import Verb
from tuning.domain.agents import Agent
from tuning.domain.prompts import Task
from tuning.domain.releases import Release
from tuning.languages import mark, say

HOW = {
    Task.QUESTIONS: mark("Ask me anything about it."),
    Task.GENERATION: mark("Send me '{content}', and I write '{draft}' in the form of '{precedent}'."),
    Task.SUMMARY: mark("Paste a text or attach a document, and I write '{summary}' of it."),
}
"""What an agent does, in the words of its questionnaire."""


def agent_card(agent: Agent, release: Release, *, is_trial: bool = False, is_known: bool = False) -> Element:
    """Return the introduction with the starters as buttons; to who has talked to it before, that it remembers."""
    words = {key: escape(shorten(answer, 60)) for key, answer in agent.questionnaire.items()}
    about = f"{escape(agent.description)} {say(HOW[agent.task], **words)}".strip()
    if is_trial:
        hint = say(
            "You are trying {release}, which only you can see. Send **agents** to go back.", release=release.label
        )
    elif is_known:
        label = release.label.capitalize()
        hint = say(
            "{release}. We go on where we were: send **new** to start over, **agents** to switch.", release=label
        )
    else:
        label = release.label.capitalize()
        hint = say("{release}. Send **new** to start over, **agents** to switch.", release=label)
    return card(
        heading(say("You are talking to {agent}", agent=named(agent))),
        paragraph(about),
        aside(hint),
        actions=starter_buttons(agent, len(agent.starters)),
    )


def named(agent: Agent) -> str:
    """Return an agent's name for a card, after its icon if it has one."""
    return f"{agent.icon} {escape(agent.name)}".lstrip()


def starter_buttons(agent: Agent, most: int) -> list[Element]:
    """Return the first questions to begin with, as buttons that ask them."""
    return [
        execute(shorten(text, 60), Verb.STARTER_ASK, agent_id=agent.id, starter=starter_key(text))
        for text in agent.starters[:most]
    ]


def starter_key(text: str) -> str:
    """Return what a button knows a starter by: its place in the list may be another one's by the time of a press."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
