"""The releases that wait for somebody's word, where they are too many to be sent one by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from adaptive_cards.elements import Element, card, escape, execute, heading, shorten, with_button
from adaptive_cards.pages import Page
from adaptive_cards.verbs import Verb
from tuning.languages import day, say, say_many

PAGE = 10


@dataclass(frozen=True, kw_only=True)
class Case:
    """One release that waits."""

    release_id: str
    release: str
    """How people call it: 'release 2'."""
    agent: str
    owner: str
    submitted_at: datetime | None


def approvals_card(cases: Sequence[Case], page: Page) -> Element:
    """Return a page of the releases that wait, the one that waits longest first, each with the way to its case."""
    title = say_many("{count} release waits for you", "{count} releases wait for you", page.total)
    return card(heading(title), *map(_line, cases), page.place(), actions=page.steps(Verb.APPROVALS_OPEN))


def _line(one: Case) -> Element:
    since = say("since {day}", day=day(one.submitted_at)) if one.submitted_at else ""
    about = " · ".join(part for part in (one.release, escape(shorten(one.owner, 60)), since) if part)
    text = f"**{escape(shorten(one.agent, 60))}**  \n{about}"
    return with_button(text, execute(say("Look"), Verb.CASE_OPEN, release_id=one.release_id))
