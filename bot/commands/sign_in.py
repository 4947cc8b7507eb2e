"""sign in: let Attune act for the person in Microsoft 365, and see what it may do."""

from sqlmodel import Session

from bot.commands.command import Command
from bot.turn import Message, Scope, Turn
from tuning.domain.registration import missing_for_people
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say

NOT_HERE = mark(
    "Attune doesn't act on behalf of people here. What it finds comes from documents as they were last synced, and "
    "files are offered in our personal chat only."
)
ELSEWHERE = mark("Send me **sign in** in our personal chat: Teams signs people in only there.")
NOT_SIGNED_IN = mark(
    "Teams has not signed you in. If it shows a card with a button, press that; otherwise tell an admin that the bot's "
    "log says why."
)
SIGNED_IN = mark("You are signed in: while you ask, Attune may look into SharePoint and OneDrive as you.")


async def _run(tenant: Tenant, turn: Turn, _rest: str) -> None:
    await turn.send(Message(text=await _said(tenant, turn)))


async def _said(tenant: Tenant, turn: Turn) -> str:
    if not tenant.is_signing_in:
        return say(NOT_HERE)
    if turn.incoming.scope is not Scope.PERSONAL:
        return say(ELSEWHERE)
    permissions = await turn.sign_in(is_asked_for=True)
    if permissions is None:
        return say(NOT_SIGNED_IN)
    lacking = [
        say("An admin has still to consent to **{permission}**: {what}.", permission=permission, what=say(what))
        for permission, what in missing_for_people(permissions).items()
    ]
    return "\n\n".join([say(SIGNED_IN), *lacking])


def _is_there(_session: Session, tenant: Tenant, _person_id: str) -> bool:
    return tenant.is_signing_in


SIGN_IN = Command(
    words="sign in",
    usage="sign in",
    says=mark("lets Attune look into SharePoint and OneDrive as you"),
    run=_run,
    is_for=_is_there,
)
