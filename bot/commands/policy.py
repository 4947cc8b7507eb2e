"""policy [<setting> <value>]: what the admins allow, as a form, or one setting changed at once."""

import asyncio
import re

from adaptive_cards.elements import Element
from bot import policy_view
from bot.commands.command import Command, admins
from bot.turn import Message, Turn
from tuning.domain.policy import SETTINGS, DriftAction, Kind
from tuning.governance import policy
from tuning.governance.tenant import Tenant
from tuning.languages import mark

_VALUES = {Kind.SWITCH: r"on|off", Kind.NUMBER: r"\S*\d\S*", Kind.DRIFT_ACTION: "|".join(DriftAction)}
_BY_WORD = {setting.word: key for key, setting in SETTINGS.items() if setting.kind in _VALUES}
_TAKES = "|".join(rf"{word} (?:{_VALUES[SETTINGS[key].kind]})" for word, key in _BY_WORD.items())


async def _run(tenant: Tenant, turn: Turn, rest: str) -> None:
    await turn.send(Message(card=await asyncio.to_thread(_card, tenant, turn.incoming.person_id, rest)))


def _card(tenant: Tenant, person_id: str, rest: str) -> Element:
    word, _, value = rest.partition(" ")
    if rest:
        policy.change(tenant, person_id, {_BY_WORD[word.casefold()]: value})
    return policy_view.policy(tenant, person_id, is_saved=bool(rest))


POLICY = Command(
    words="policy",
    usage="policy",
    says=mark("shows what is allowed, to change it; at once with {settings} and a value"),
    settings=", ".join(_BY_WORD),
    run=_run,
    is_personal=True,
    is_for=admins,
    takes=re.compile(_TAKES, re.IGNORECASE),
)
