"""upload: the files that come with it are kept, for an agent of who sends them to learn from."""

import asyncio
from collections.abc import Mapping

from bot.commands.command import Command, makers
from bot.turn import Message, Scope, Turn
from tuning.documents import uploading
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say


async def _run(tenant: Tenant, turn: Turn, _rest: str) -> None:
    await asyncio.to_thread(uploading.check, tenant, turn.incoming.person_id)
    how = say("Attach the files to the message that says **upload**, in your personal chat with me.")
    await turn.send(Message(text=how))


async def _keep(tenant: Tenant, turn: Turn, files: Mapping[str, bytes]) -> None:
    if turn.incoming.scope is not Scope.PERSONAL:
        return await _run(tenant, turn, "")
    source = await asyncio.to_thread(uploading.keep, tenant, turn.incoming.person_id, files)
    kept = say(
        "✓ Kept: {files}. Choose '{source}' among the sources of an agent of yours. Only you may read them, so an "
        "agent learns from them if its audience is only you.",
        files=", ".join(f"'{name}'" for name in files),
        source=source.name,
    )
    await turn.send(Message(text=kept))
    return None


UPLOAD = Command(
    words="upload",
    usage="upload",
    says=mark("keeps the files that you attach to it, for an agent of your own to learn from"),
    run=_run,
    keep=_keep,
    is_for=makers,
)
