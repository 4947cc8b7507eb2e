"""Buttons of an evaluation's answers: leaf through the examples, and rate two answers blindly."""

from bot import evaluation_views
from bot.card_actions.press import STALE, Outcome, Press
from tuning.domain.comparisons import Choice
from tuning.domain.errors import InvalidInput
from tuning.governance.tenant import Tenant
from tuning.languages import say
from tuning.releases import comparing


def open_examples(tenant: Tenant, press: Press) -> Outcome:
    """Show one example."""
    release_id, number = press.id("release_id"), press.number("number")
    return Outcome(card=evaluation_views.example(tenant, press.person_id, release_id, number))


def begin(tenant: Tenant, press: Press) -> Outcome:
    """Show the next pair of the round that is open, or of the first one."""
    return _pair(tenant, press, further=False)


def further(tenant: Tenant, press: Press) -> Outcome:
    """Begin another round."""
    return _pair(tenant, press, further=True)


def rate(tenant: Tenant, press: Press) -> Outcome:
    """Keep which answer is better, and show the next pair or what the round came to."""
    if press.text("choice") not in set(Choice):
        raise InvalidInput(say(STALE))
    choice = Choice(press.text("choice"))
    release, pair = comparing.rate(tenant, press.person_id, press.id("comparison_id"), choice)
    return Outcome(card=evaluation_views.pair(tenant, release.id, pair))


def _pair(tenant: Tenant, press: Press, *, further: bool) -> Outcome:
    release_id = press.id("release_id")
    pair = comparing.begin(tenant, press.person_id, release_id, further=further)
    return Outcome(card=evaluation_views.pair(tenant, release_id, pair))
