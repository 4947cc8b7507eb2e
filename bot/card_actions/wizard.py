"""Buttons of the wizard: each saves its step and shows the next, or the same one with what is wrong below its field."""

from functools import partial

from adaptive_cards.wizard.details import NO_ICON, details_card
from adaptive_cards.wizard.sources import Find, Looked
from bot import wizard_views
from bot.card_actions.press import STALE, Outcome, Press
from tuning.documents import picking
from tuning.domain.agents import QUESTIONNAIRES, Agent
from tuning.domain.errors import InvalidFields, InvalidInput, NotAllowed, Refusal
from tuning.domain.permissions import Permission
from tuning.domain.prompts import Task
from tuning.governance import access
from tuning.governance import agents as governed
from tuning.governance.configuration import REPLY, Changes
from tuning.governance.tenant import Tenant
from tuning.languages import say
from tuning.store import agents

_FIELDS = ("instructions", "starters", "criteria", "holdout")


def create(tenant: Tenant, press: Press) -> Outcome:
    """Make the agent."""
    if press.text("task") not in set(Task):
        raise InvalidInput(say(STALE))
    name, description = press.text("name"), press.text("description")
    task, icon = Task(press.text("task")), _icon(press)
    again = partial(details_card, name=name, task=task, icon=icon, description=description)
    try:
        agent = governed.create(tenant, press.person_id, name=name, task=task, icon=icon, description=description)
    except InvalidFields as wrong:
        return Outcome(card=again(problems=wrong.problems))
    except NotAllowed as refusal:
        return Outcome(card=again(refusal=refusal.sentence))
    return _step(tenant, press, agent.id, "about")


def save_details(tenant: Tenant, press: Press) -> Outcome:
    """Save name, icon, what the agent is for, and what it does as long as nothing was tuned for that."""
    agent = _own(tenant, press)
    task = press.text("task") or agent.task
    typed = {"name": press.text("name"), "icon": _icon(press), "description": press.text("description"), "task": task}
    if task not in set(Task):
        raise InvalidInput(say(STALE))
    changes: Changes = {
        "name": typed["name"],
        "icon": typed["icon"],
        "task": Task(task),
        "description": typed["description"],
    }
    try:
        return _save(tenant, press, agent, "about", changes)
    except InvalidFields as wrong:
        return Outcome(card=wizard_views.details(tenant, agent, typed=typed, problems=wrong.problems))


def _icon(press: Press) -> str:
    chosen = press.text("icon")
    return "" if chosen == NO_ICON else chosen


def open_step(tenant: Tenant, press: Press) -> Outcome:
    """Show a step."""
    return _step(tenant, press, press.id("agent_id"), press.id("step"))


def save_about(tenant: Tenant, press: Press) -> Outcome:
    """Save questionnaire, instructions, starters, criteria and questions to test with."""
    agent = _own(tenant, press)
    questions = QUESTIONNAIRES[agent.task]
    typed = {field: press.text(field) for field in (*_FIELDS, *(f"about_{key}" for key in questions))}
    changes: Changes = {
        "questionnaire": {key: typed[f"about_{key}"] for key in questions},
        "instructions": typed["instructions"],
        "criteria": typed["criteria"].splitlines(),
        "starters": [line.strip() for line in typed["starters"].splitlines() if line.strip()],
    }
    if agent.task is Task.QUESTIONS:
        changes["holdout"] = _holdout(typed["holdout"])
    try:
        return _save(tenant, press, agent, "sources", changes)
    except InvalidFields as wrong:
        ids = {REPLY.format(key=key): f"about_{key}" for key in questions}
        problems = {ids.get(field, field): sentence for field, sentence in wrong.problems.items()}
        return Outcome(card=wizard_views.about(tenant, agent, typed=typed, problems=problems))


def save_sources(tenant: Tenant, press: Press) -> Outcome:
    """Save the sources."""
    agent = _own(tenant, press)
    chosen, is_live = press.choices("sources"), _is_live(press, agent)
    try:
        if not chosen:
            raise InvalidInput(say("Choose at least one source."))
        return _save(tenant, press, agent, "audience", {"source_ids": chosen, "searches_live": is_live})
    except Refusal as refusal:
        problems = {"sources": refusal.sentence}
        return Outcome(card=wizard_views.sources(tenant, agent, chosen=chosen, is_live=is_live, problems=problems))


def more_sources(tenant: Tenant, press: Press) -> Outcome:
    """Show another page of the sources that there are; what has been ticked stays ticked."""
    agent, chosen, number = _own(tenant, press), press.choices("sources"), press.number("number")
    is_live = _is_live(press, agent)
    return Outcome(card=wizard_views.sources(tenant, agent, chosen=chosen, number=number, is_live=is_live))


def find_sources(tenant: Tenant, press: Press) -> Outcome:
    """Show what a search in SharePoint finds, or what lies at an address; without a text, all that can be looked at."""
    text = press.text("find")
    return _look(tenant, press, text=text, inside=press.text("inside") if text else "")


def look_inside(tenant: Tenant, press: Press) -> Outcome:
    """Show what lies in a site, library or folder."""
    return _look(tenant, press, inside=press.id("found"))


def add_source(tenant: Tenant, press: Press) -> Outcome:
    """Make a source of what was found, and tick it."""
    agent, chosen = _own(tenant, press), press.choices("sources")
    is_live = _is_live(press, agent)
    try:
        added = picking.add(tenant, press.person_id, agent.id, press.id("found"))
    except Refusal as refusal:
        problems = {"found": refusal.sentence}
        return Outcome(card=wizard_views.sources(tenant, agent, chosen=chosen, is_live=is_live, problems=problems))
    ticked = list(dict.fromkeys([*chosen, *(source.id for source in added)]))
    return Outcome(card=wizard_views.sources(tenant, agent, chosen=ticked, is_live=is_live))


def _look(tenant: Tenant, press: Press, *, text: str = "", inside: str = "") -> Outcome:
    agent, chosen = _own(tenant, press), press.choices("sources")
    is_live = _is_live(press, agent)
    try:
        spots = picking.look(tenant, press.person_id, agent.id, text=text, inside=inside)
    except Refusal as refusal:
        looked, problems = Looked(text=text), {"find": refusal.sentence}
        return Outcome(
            card=wizard_views.sources(tenant, agent, chosen=chosen, looked=looked, is_live=is_live, problems=problems)
        )
    found = [Find(key=spot.key, kind=spot.kind, name=spot.name) for spot in spots]
    looked = Looked(text=text, inside=inside, found=found)
    return Outcome(card=wizard_views.sources(tenant, agent, chosen=chosen, looked=looked, is_live=is_live))


def save_audience(tenant: Tenant, press: Press) -> Outcome:
    """Save the audience."""
    agent = _own(tenant, press)
    chosen = press.choices("audience")
    try:
        return _save(tenant, press, agent, "review", {"audience": chosen})
    except Refusal as refusal:
        return Outcome(card=wizard_views.audience(tenant, agent, chosen, problems={"audience": refusal.sentence}))


def search_audience(tenant: Tenant, press: Press) -> Outcome:
    """Show what the search finds; what has been chosen stays chosen."""
    agent = _own(tenant, press)
    return Outcome(card=wizard_views.audience(tenant, agent, press.choices("audience"), search=press.text("search")))


def _is_live(press: Press, agent: Agent) -> bool:
    """Return whether live search is ticked; where the card doesn't ask, whether it was."""
    return press.text("live") == "true" if "live" in press.data else agent.searches_live


def _holdout(text: str) -> list[dict[str, str | None]]:
    """Read one question a line, 'question | answer'; no answer: no document answers it."""
    rows: list[dict[str, str | None]] = []
    for line in text.splitlines():
        question, _, answer = line.partition("|")
        if line.strip():
            rows.append({"question": question.strip(), "answer": answer.strip() or None})
    return rows


def _own(tenant: Tenant, press: Press) -> Agent:
    agent_id = press.id("agent_id")
    with access.act(tenant, press.person_id, agent_id) as session:
        agent = agents.get(session, agent_id)
        access.check(session, tenant, press.person_id, Permission.AGENT_CONFIGURE, agent)
        return agent


def _save(tenant: Tenant, press: Press, agent: Agent, forward: str, changes: Changes) -> Outcome:
    """Save a step and show the next one; of an agent that had them all, the last one with what the change means."""
    before = wizard_views.changes_of(tenant, agent)
    saved = governed.configure(tenant, press.person_id, agent.id, **changes)
    if agent.is_complete and saved.is_complete:
        return Outcome(card=wizard_views.saved(tenant, saved, before))
    return _step(tenant, press, agent.id, forward)


def _step(tenant: Tenant, press: Press, agent_id: str, step: str) -> Outcome:
    return Outcome(card=wizard_views.wizard(tenant, press.person_id, agent_id, step))
