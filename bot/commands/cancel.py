"""cancel <agent>: the run of an agent that is under way ends."""

import asyncio

from adaptive_cards.elements import Element
from adaptive_cards.progress import progress_card
from bot.commands.command import ID, Command, owners_and_admins
from bot.commands.named import is_agent, named
from bot.turn import Message, Turn
from tuning.domain.errors import InvalidInput, WrongState
from tuning.domain.permissions import Permission
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say
from tuning.releases import runs as releasing
from tuning.store import runs


async def _run(tenant: Tenant, turn: Turn, rest: str) -> None:
    if not rest:
        msg = say("Say which agent: **cancel** and its name or id.")
        raise InvalidInput(msg)
    await turn.send(Message(card=await asyncio.to_thread(_cancel, tenant, turn.incoming.person_id, rest)))


def _cancel(tenant: Tenant, actor_id: str, rest: str) -> Element:
    with access.act(tenant, actor_id) as session:
        agent, _more = named(session, tenant, actor_id, Permission.RUN_CANCEL, rest)
        run = runs.open_run(session, agent.id)
        if run is None:
            raise WrongState(say("'{agent}' is not being tuned: there is nothing to cancel.", agent=agent.name))
    return progress_card(agent, releasing.cancel(tenant, actor_id, run.id))


CANCEL = Command(
    words="cancel",
    usage="cancel <agent>",
    says=mark("ends the tuning of an agent that is under way"),
    run=_run,
    is_for=owners_and_admins,
    takes=ID,
    names=is_agent,
)
