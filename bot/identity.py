"""Who is writing: the Entra object id that Teams vouches for, never a name or a field of a card."""

from bot.turn import Incoming
from tuning.domain.errors import InvalidInput, NotAllowed
from tuning.domain.principals import Group, Person
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say

UNKNOWN = mark(
    "I can't find you in the organisation's directory, so I can't help you here. "
    "If you are new, try again tomorrow; otherwise ask an admin to add you."
)


def person(tenant: Tenant, incoming: Incoming) -> Person:
    """Return who sent the activity; raise `NotAllowed` with a kind sentence for somebody unknown."""
    return known(tenant, incoming.person_id)


def known(tenant: Tenant, person_id: str) -> Person:
    """Return the person with that object id, which somebody vouched for; raise as `person` does."""
    found = tenant.people.person(person_id) if person_id else None
    if found is None:
        refusal = NotAllowed(say(UNKNOWN))
        access.note(tenant, person_id, refusal)
        raise refusal
    return found


def principals(tenant: Tenant, text: str) -> list[str]:
    """Return the ids of the groups and people that a text names, with semicolons or commas between them.

    A name may have a comma itself: then it stands alone, or semicolons part it from others. Raise `InvalidInput` if a
    name fits nobody, or several.
    """
    text = text.strip()
    if ";" not in text and len(whole := _called(tenant, text)) == 1:
        return [whole[0].id]
    parts = [part.strip() for part in text.split(";" if ";" in text else ",") if part.strip()]
    return list(dict.fromkeys(_principal(tenant, part).id for part in parts))


def _called(tenant: Tenant, text: str) -> list[Person | Group]:
    """Return those whose name or mail is the text."""
    near = tenant.people.search(text, 20) if text else []
    return [one for one in near if text.casefold() in {one.name.casefold(), getattr(one, "mail", "").casefold()}]


def _principal(tenant: Tenant, text: str) -> Person | Group:
    if known := tenant.people.group(text) or tenant.people.person(text):
        return known
    found = _called(tenant, text) or tenant.people.search(text, 20)
    if len(found) != 1:
        which = ", ".join(one.name for one in found[:5])
        several = say("'{text}' fits several: {names}. Write the whole name.", text=text, names=which)
        raise InvalidInput(several if found else say("No group and no person here is called '{text}'.", text=text))
    return found[0]


def named(tenant: Tenant, text: str) -> Person:
    """Return the person whom a text names; raise `InvalidInput` if it fits nobody, or several."""
    found = called(tenant, text) or fitting(tenant, text)
    if len(found) != 1:
        which = ", ".join(f"{one.name} ({one.mail})" for one in found[:5])
        several = say("That fits several people: {people}. Say which by mail.", people=which)
        raise InvalidInput(several if found else say("Nobody by that name is here."))
    return found[0]


def called(tenant: Tenant, text: str) -> list[Person]:
    """Return those whose object id, name or mail the text is."""
    found = fitting(tenant, text)
    return [one for one in found if text.casefold() in {one.id.casefold(), one.name.casefold(), one.mail.casefold()}]


def fitting(tenant: Tenant, text: str) -> list[Person]:
    """Return the person with that object id, or those whose name or mail contains the text."""
    known = tenant.people.person(text)
    return [known] if known else [one for one in tenant.people.search(text, 20) if isinstance(one, Person)]
