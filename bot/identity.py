"""Who is writing: the Entra object id that Teams vouches for, never a name or a field of a card."""

from bot.turn import Incoming
from tuning.domain.errors import NotAllowed
from tuning.domain.principals import Person
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say

UNKNOWN = mark(
    "I can't find you in the organisation's directory, so I can't help you here. "
    "If you are new, try again tomorrow; otherwise ask an admin to add you."
)


def person(tenant: Tenant, incoming: Incoming) -> Person:
    """Return who sent the activity; raise `NotAllowed` with a kind sentence for somebody unknown."""
    found = tenant.people.person(incoming.person_id) if incoming.person_id else None
    if found is None:
        refusal = NotAllowed(say(UNKNOWN))
        access.note(tenant, incoming.person_id, refusal)
        raise refusal
    return found
