"""Step 3: where the agent's documents come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    paragraph,
    shorten,
    text_input,
    toggle_input,
)
from adaptive_cards.pages import Page
from adaptive_cards.verbs import Verb
from tuning.domain.agents import Agent
from tuning.domain.documents import Source
from tuning.languages import mark, say, say_many

PAGE = 40
"""Sources to choose from at once, besides those chosen."""
MAX_ADDRESS = 500
_MAX_NAME = 60
LIVE = mark("Live search: find what SharePoint holds at the moment of each question, too, as the person who asks")
NOT_LIVE = mark("Files are found as they were when they were last synced: there is no live search here.")
KINDS = {
    "site": mark("{name} (site)"),
    "library": mark("{name} (library)"),
    "folder": mark("{name} (folder)"),
    "file": mark("{name}"),
}


@dataclass(frozen=True, kw_only=True)
class Find:
    """Something in SharePoint that was found."""

    key: str
    """What a button carries of it."""
    kind: str
    """One of `KINDS`."""
    name: str


@dataclass(frozen=True, kw_only=True)
class Looked:
    """How far somebody has looked around in SharePoint."""

    text: str = ""
    """What was searched for, or the address that was pasted."""
    inside: str = ""
    """The key of what was looked into; empty for all of SharePoint."""
    found: Sequence[Find] | None = None
    """None: nothing was looked for yet."""


def sources_card(
    agent: Agent,
    sources: Sequence[tuple[Source, int]],
    *,
    chosen: Sequence[str] | None = None,
    number: int = 0,
    looked: Looked | None = None,
    is_live: bool | None = None,
    problems: Mapping[str, str] = MappingProxyType({}),
) -> Element:
    """Return the form: those chosen, ticked, and a page of the others, each with the number of its documents.

    `chosen` need not be saved yet; with `looked`, SharePoint is there to be searched; `is_live` says whether live
    search is ticked, None that there is none. What is wrong stands below its field.
    """
    ticked = agent.source_ids if chosen is None else chosen
    others = [one for one in sources if one[0].id not in ticked]
    page = Page.of(len(others), PAGE, number)
    shown = [*(one for one in sources if one[0].id in ticked), *page.cut(others)]
    choices = [(_title(source, documents), source.id) for source, documents in shown]
    field = choice_input(
        "sources",
        say("What may it learn from and look things up in?"),
        choices,
        value=",".join(ticked),
        is_multiple=True,
    )
    nothing = say("There is no source yet. Ask an admin to add one.") if looked is None else ""
    return card(
        heading(say("{agent} · {number} of 5", agent=escape(agent.name), number=3)),
        *form(
            [
                field if choices else paragraph(nothing) if nothing else None,
                page.place(),
                toggle_input("live", say(LIVE), is_on=is_live) if is_live is not None else None,
                aside(say(NOT_LIVE)) if looked and is_live is None else None,
                *_search(looked),
            ],
            problems,
        ),
        actions=[
            execute(say("Next"), Verb.WIZARD_SOURCES, style="positive", agent_id=agent.id),
            *page.steps(Verb.WIZARD_MORE, (say("Sources before"), say("More sources")), agent_id=agent.id),
            *(_looking(agent, looked) if looked else ()),
            execute(say("Back"), Verb.WIZARD_OPEN, is_validated=False, agent_id=agent.id, step="about"),
        ],
    )


def _search(looked: Looked | None) -> list[Element]:
    if looked is None:
        return []
    title = say("Search in it") if looked.inside else say("Search SharePoint, or paste an address from there")
    elements = [text_input("find", title, value=looked.text, longest=MAX_ADDRESS)]
    if looked.found:
        choices = [(say(KINDS[one.kind], name=shorten(one.name, _MAX_NAME)), one.key) for one in looked.found]
        elements.append(choice_input("found", say("Found"), choices, value=looked.found[0].key))
    elif looked.found is not None:
        elements.append(aside(say("Nothing found that you may read.")))
    return elements


def _looking(agent: Agent, looked: Looked) -> list[Element]:
    buttons = [execute(say("Search"), Verb.WIZARD_FIND, agent_id=agent.id, inside=looked.inside)]
    if looked.found:
        buttons.append(execute(say("Look inside"), Verb.WIZARD_INSIDE, agent_id=agent.id))
        buttons.append(execute(say("Add"), Verb.WIZARD_ADD, agent_id=agent.id))
    return buttons


def _title(source: Source, documents: int) -> str:
    name = shorten(source.name, _MAX_NAME)
    if not documents and source.synced_at is None:
        return say("{source} (is read soon)", source=name)
    # Also for one: "1 documents" is how it was.
    return say_many("{source} ({count} documents)", "{source} ({count} documents)", documents, source=name)
