"""report <id>: the full report on a release, as a file for its owner's OneDrive."""

from bot.commands.command import ID, Command, owners
from bot.commands.handing_out import hand_out
from bot.commands.named import begins_with_release
from bot.turn import Turn
from tuning.domain.errors import InvalidInput
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say
from tuning.releases import reports


async def _run(tenant: Tenant, turn: Turn, rest: str) -> None:
    if not rest:
        raise InvalidInput(say("Say on which release: **report** and its id, which stands on its card."))
    await hand_out(tenant, turn, rest, reports.hand_out)


REPORT = Command(
    words="report",
    usage="report <id>",
    says=mark("gives you the full report on a release of yours, as a file"),
    run=_run,
    is_for=owners,
    takes=ID,
    names=begins_with_release,
)
