"""evidence <id>: all that the decision on a release rests on, as a file for an admin's OneDrive."""

from bot.commands.command import ID, Command, admins
from bot.commands.handing_out import hand_out
from bot.commands.named import begins_with_release
from bot.turn import Turn
from tuning.domain.errors import InvalidInput
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say
from tuning.releases import evidence


async def _run(tenant: Tenant, turn: Turn, rest: str) -> None:
    if not rest:
        raise InvalidInput(say("Say for which release: **evidence** and its id. **releases** shows them."))
    await hand_out(tenant, turn, rest, evidence.hand_out)


EVIDENCE = Command(
    words="evidence",
    usage="evidence <id>",
    says=mark("gives you all that the decision on a release rests on, as a file"),
    run=_run,
    is_for=admins,
    takes=ID,
    names=begins_with_release,
)
