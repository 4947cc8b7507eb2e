"""The policy as a form for admins: what is wrong stands below its field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adaptive_cards.elements import (
    Element,
    aside,
    card,
    choice_input,
    escape,
    execute,
    heading,
    label,
    paragraph,
    shorten,
    text_input,
    wrong,
)
from adaptive_cards.verbs import Verb
from tuning.domain.policy import DRIFT_ACTIONS, SETTINGS, Kind
from tuning.languages import mark, say

Choices = Sequence[tuple[str, str]]
"""Titles with their values."""

SECTIONS: Mapping[str, Sequence[str]] = {
    mark("Who"): ("is_tuning_on", "tuner_ids", "maker_ids", "is_answering"),
    mark("How much"): ("agents_per_owner", "runs_per_day", "documents_per_agent", "minutes_per_run", "retention_days"),
    mark("What goes live"): ("data_owner_ids",),
    mark("On what"): ("base_models", "source_keys", "highest_label", "labels", "drift_action"),
    mark("What is told"): ("is_naming_people",),
}
HINTS: Mapping[str, str] = {
    "is_tuning_on": mark("Off: no agents are made and no run begins; what is running comes to its end."),
    "tuner_ids": mark("None chosen: everybody in the organisation."),
    "maker_ids": mark("None chosen: everybody in the organisation."),
    "data_owner_ids": mark("None chosen: an admin's word is enough. Else one of them must agree, too."),
    "is_answering": mark("Off: no agent answers anybody, however tuning is switched."),
    "base_models": mark("None chosen: any."),
    "source_keys": mark("None chosen: all."),
    "drift_action": mark(
        "When some of the audience may no longer read what a release learned from: owner and admins are told, and with "
        "suspend it stops answering."
    ),
    "is_naming_people": mark("Off: pseudonyms, and no question that only one person asked."),
    "retention_days": mark("Of conversations, feedback, and what agents learned from."),
}
SWITCH = (mark("on"), mark("off"))
MAX_TEXT = 2_000
MAX_CHOICES = 16


@dataclass(frozen=True, kw_only=True)
class PolicyForm:
    """What stands in the form."""

    revision: int
    typed: Mapping[str, str]
    """Every setting's field as it is filled in."""
    choices: Mapping[str, Choices]
    """What there is to choose from, for the settings that are chosen."""
    problems: Mapping[str, str] = field(default_factory=dict)
    """Field to what is wrong with it, as a sentence."""
    changed: str = ""
    """Who changed it last, and when."""
    note: str = ""
    """What another admin did meanwhile."""
    is_saved: bool = False
    search: str = ""


def policy_card(form: PolicyForm) -> Element:
    """Return the form."""
    # Clients leave an emptied field out of what they send: the buttons say how many there were.
    ids: dict[str, Any] = {"revision": form.revision, "shown": len(SETTINGS)}
    fields = [
        element
        for title, keys in SECTIONS.items()
        for element in (label(say(title)), *(part for key in keys for part in _field(form, key)))
    ]
    return card(
        heading(say("Policy")),
        aside(escape(form.changed)) if form.changed else None,
        *fields,
        text_input("search", say("Search groups, people and sources to choose from"), value=form.search, longest=100),
        _status(form),  # at the end: whoever has pressed a button is there
        actions=[
            execute(say("Save"), Verb.POLICY_SAVE, style="positive", **ids),
            execute(say("Search"), Verb.POLICY_SEARCH, **ids),
        ],
    )


def _status(form: PolicyForm) -> Element | None:
    if form.problems:
        titles = ", ".join(say(SETTINGS[key].title) for key in form.problems)
        return paragraph(
            say("Nothing was saved. What is wrong stands below its field: {titles}.", titles=titles), color="attention"
        )
    if form.note:
        return paragraph(escape(shorten(form.note, 1_500)), color="warning")
    return paragraph(say("✓ Saved."), color="good") if form.is_saved else None


def _field(form: PolicyForm, key: str) -> list[Element]:
    setting, value = SETTINGS[key], form.typed.get(key, "")
    title = say(setting.title)
    match setting.kind:
        case Kind.SWITCH:
            shown = choice_input(key, title, [(say(switch).capitalize(), switch) for switch in SWITCH], value=value)
        case Kind.NUMBER:
            shown = text_input(key, title, value=value, longest=9)
        case Kind.DRIFT_ACTION:
            actions = [(say(text).capitalize(), action.value) for action, text in DRIFT_ACTIONS.items()]
            shown = choice_input(key, title, actions, value=value)
        case Kind.NAME:
            shown = choice_input(key, title, _offered(form.choices.get(key, ()), value), value=value)
        case _ if key in form.choices:
            shown = choice_input(key, title, _offered(form.choices[key], value), value=value, is_multiple=True)
        case _:
            names = ", ".join(name.strip() for name in value.split(","))
            shown = text_input(key, title, value=names, longest=MAX_TEXT)
    hint, problem = HINTS.get(key), form.problems.get(key)
    return [shown, *([aside(say(hint))] if hint else []), *([wrong(problem)] if problem else [])]


def _offered(choices: Choices, value: str) -> Choices:
    """Return what is chosen, all of it, for what a form doesn't show is lost when it is saved; then what fits."""
    chosen = [one for one in choices if one[1] in value.split(",")]
    others = [one for one in choices if one not in chosen]
    shown = [*chosen, *others[: max(MAX_CHOICES - len(chosen), 0)]]
    return [(shorten(title, 60), key) for title, key in choices if (title, key) in shown]
