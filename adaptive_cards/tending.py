"""What an owner does to tend an agent: when it is tuned again by itself; pause, resume, hand over, delete."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

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
    show_card,
    text_input,
    time_input,
    wrong,
)
from adaptive_cards.progress import cancelling
from adaptive_cards.verbs import Verb
from tuning.domain.agents import LAST_DAY, STATES, Agent, AgentState, Retraining
from tuning.domain.runs import Run
from tuning.languages import day, mark, number, retell, say, say_many, weekday

_UNUSED = {AgentState.DRAFT, AgentState.IDLE}
"""Where an agent may be deleted: nobody is answered, and nothing is being learned."""
WHEN = {
    Retraining.NEVER: mark("Never by itself"),
    Retraining.AFTER: mark("After so many accepted corrections"),
    Retraining.DAILY: mark("Every day"),
    Retraining.WEEKLY: mark("Every week"),
    Retraining.MONTHLY: mark("Every month"),
}


@dataclass(frozen=True, kw_only=True)
class Tended:
    """Where one agent stands, for its owner."""

    agent: Agent
    state: AgentState
    accepted: int
    """Corrections accepted since the last run began."""
    run: Run | None = None
    """The one that is under way."""
    releases: int = 0
    answers: int = 0
    typed: Mapping[str, str] = field(default_factory=dict)
    """What was chosen and typed for when it is tuned again, if that can't be used."""
    zone: str = "UTC"
    """The time zone that its owner is in."""
    note: str = ""
    problems: Mapping[str, str] = field(default_factory=dict)
    """Field to what is wrong with it, as a sentence."""


def tending_card(tended: Tended) -> Element:
    """Return where the agent stands, and what its owner may do about it."""
    agent = tended.agent
    people = text_input("person", say("To whom? Name or mail"), longest=100, is_required=True)
    gone = say("They own it then, and read so. You decide on its releases as little as before.")
    handed = execute(say("Hand over"), Verb.AGENT_HAND_OVER, style="destructive", agent_id=agent.id)
    rest = execute(say("Pause"), Verb.AGENT_PAUSE, is_validated=False, agent_id=agent.id)
    wake = execute(say("Resume"), Verb.AGENT_RESUME, is_validated=False, agent_id=agent.id)
    deletion = deletion_card(agent, releases=tended.releases, answers=tended.answers)
    return card(
        heading(say("{agent} is {state}", agent=escape(agent.name), state=say(STATES[tended.state]))),
        paragraph(tended.note, color="good") if tended.note else None,
        *form(_when(tended), tended.problems),
        aside(_progress(tended)),
        _next(agent),
        _held(agent),
        aside(say("What comes of it waits for you to look at and submit, and an admin decides.")),
        actions=[
            execute(say("Save"), Verb.RETRAINING_SAVE, style="positive", agent_id=agent.id),
            *([wake] if agent.is_paused else [rest] if agent.is_serving else []),
            *(cancelling(tended.run) if tended.run else []),
            show_card(say("Hand over ..."), card(people, aside(gone), actions=[handed])),
            *([show_card(say("Delete ..."), deletion)] if tended.state in _UNUSED else []),
        ],
    )


def _when(tended: Tended) -> list[Element]:
    agent, choices = tended.agent, [(say(text), when.value) for when, text in WHEN.items()]
    weekdays = [(weekday(place), str(place)) for place in range(1, 8)]
    is_weekly, is_monthly = agent.retraining == Retraining.WEEKLY, agent.retraining == Retraining.MONTHLY
    fields = [
        choice_input("when", say("When is it tuned again?"), choices, value=Retraining(agent.retraining).value),
        text_input("after", say("After how many corrections?"), value=str(agent.retrain_after), longest=4),
        time_input("at", say("By a schedule: at what time? ({zone})", zone=tended.zone), agent.retrain_at),
        choice_input(
            "weekday", say("Every week: on which day?"), weekdays, value=str(agent.retrain_on if is_weekly else 1)
        ),
        text_input(
            "day",
            say("Every month: on which day, from 1 to {last}?", last=LAST_DAY),
            value=str(agent.retrain_on if is_monthly else 1),
            longest=2,
        ),
    ]
    return [{**one, "value": tended.typed.get(one["id"]) or one["value"]} for one in fields]


def deletion_card(agent: Agent, *, releases: int, answers: int) -> Element:
    """Return what deleting an agent would do, for its owner or an admin."""
    gone = {
        "releases": say_many("{count} release", "{count} releases", releases),
        "answers": say_many("{count} question with its answer", "{count} questions with their answers", answers),
    }
    return card(
        heading(say("Delete {agent}?", agent=escape(agent.name))),
        paragraph(
            say(
                "With it go what was configured, {releases}, {answers}, and the feedback on them. The documents stay "
                "where they are, and the audit keeps who did what. This can't be undone.",
                **gone,
            )
        ),
        actions=[
            execute(
                say("Delete for good"),
                Verb.AGENT_DELETE,
                style="destructive",
                is_validated=False,
                agent_id=agent.id,
            )
        ],
    )


def deleted_card(name: str, rows: int, event_id: int) -> Element:
    """Return that an agent is gone, and where that stands."""
    gone = say_many("{count} record is gone for good.", "{count} records are gone for good.", rows)
    return card(
        heading(say("{agent} is deleted", agent=escape(name))),
        paragraph(gone),
        aside(say("Event {number} of the audit says when and by whom.", number=number(event_id))),
    )


def by_itself(agent: Agent, accepted: int) -> str:
    """Return when an agent is tuned again by itself, in few words; empty if it isn't."""
    match Retraining(agent.retraining):
        case Retraining.AFTER:
            most = number(agent.retrain_after)
            return say("tuned again after {most} corrections ({count} so far)", most=most, count=number(accepted))
        case Retraining.DAILY:
            return say("tuned again every day")
        case Retraining.WEEKLY:
            return say("tuned again every week")
        case Retraining.MONTHLY:
            return say("tuned again every month")
        case Retraining.NEVER:
            return ""


def handed_over_card(agent: Agent, who: str, *, is_yours: bool) -> Element:
    """Return, for a new owner: it is theirs, by whom; for one before: whose it is now."""
    names = {"agent": escape(agent.name), "person": escape(who)}
    if not is_yours:
        return card(
            heading(say("{agent} has another owner", agent=names["agent"])),
            paragraph(say("{person} owns it now.", **names)),
        )
    return card(
        heading(say("{agent} is yours now", agent=names["agent"])),
        paragraph(say("{person} handed it over to you, with its releases, its inbox and its next runs.", **names)),
        aside(say("You can hand it over in turn. Nobody who owns or owned it decides on its releases.")),
        actions=[
            execute(say("Manage"), Verb.AGENT_MANAGE, agent_id=agent.id),
            execute(say("Inbox"), Verb.INBOX_OPEN, agent_id=agent.id, number=0),
        ],
    )


def held_card(agent: Agent) -> Element:
    """Return, for the owner: a run was due and did not start, and why."""
    return card(
        heading(say("{agent} was to be tuned again", agent=escape(agent.name))),
        paragraph(say("A run was due by itself, and something is in the way:")),
        wrong(retell(agent.retraining_held)),
        aside(say("It starts as soon as nothing is. You are not told again.")),
        actions=[execute(say("Manage"), Verb.AGENT_MANAGE, agent_id=agent.id)],
    )


def _progress(tended: Tended) -> str:
    return say_many(
        "{count} correction accepted since the last run began.",
        "{count} corrections accepted since the last run began.",
        tended.accepted,
    )


def _next(agent: Agent) -> Element | None:
    if agent.retrain_next_at is None:
        return None
    at = agent.retrain_next_at.astimezone(ZoneInfo(agent.retrain_zone))
    when = {"day": day(at), "time": f"{at:%H:%M}", "zone": agent.retrain_zone}
    return aside(say("The next run is due on {day} at {time} ({zone}).", **when))


def _held(agent: Agent) -> Element | None:
    if not agent.retraining_held:
        return None
    why = escape(retell(agent.retraining_held))
    return paragraph(say("A run was due and did not start: {why}", why=why), color="attention")
