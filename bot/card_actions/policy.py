"""Buttons of the policy's form: save it, and search for whom to choose."""

from bot import policy_view
from bot.card_actions.press import Outcome, Press
from tuning.domain.errors import InvalidFields
from tuning.domain.policy import SETTINGS
from tuning.governance import policy
from tuning.governance.errors import PolicyOutdated
from tuning.governance.tenant import Tenant


def save(tenant: Tenant, press: Press) -> Outcome:
    """Save the form; what is wrong, or was changed meanwhile, is said in the form."""
    revision, typed = press.number("revision"), _typed(press)
    try:
        policy.change(tenant, press.person_id, typed, revision=revision)
    except InvalidFields as refusal:
        card = policy_view.policy(tenant, press.person_id, typed=typed, problems=refusal.problems, revision=revision)
    except PolicyOutdated as refusal:
        card = policy_view.policy(tenant, press.person_id, typed=refusal.typed, note=refusal.sentence)
    else:
        card = policy_view.policy(tenant, press.person_id, is_saved=True)
    return Outcome(card=card)


def search(tenant: Tenant, press: Press) -> Outcome:
    """Show what the search finds; what is filled in stays, and so does the revision that it was seen at."""
    revision, text = press.number("revision"), press.text("search")
    card = policy_view.policy(tenant, press.person_id, typed=_typed(press), revision=revision, search=text)
    return Outcome(card=card)


def _typed(press: Press) -> dict[str, str]:
    """Return what stands in the fields; one that is not sent was empty, or not yet on a card of an earlier version."""
    is_whole = press.data.get("shown") == len(SETTINGS)
    return {key: press.text(key) for key in SETTINGS if is_whole or key in press.data}
