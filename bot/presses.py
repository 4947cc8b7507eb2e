"""A button from Teams to its handler."""

import asyncio
import logging
from typing import Any

from adaptive_cards.verbs import Verb
from bot import identity
from bot.card_actions import HANDLERS
from bot.card_actions.press import STALE, Outcome, Press
from bot.files import Files, offer
from bot.turn import Turn
from tuning.domain.errors import Refusal
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say

logger = logging.getLogger(__name__)
BROKEN = mark("Something went wrong on my side; nothing was lost. Please try again.")


class Presses:
    """Handles buttons, whether they come as an invoke (Action.Execute) or as a message (Action.Submit)."""

    def __init__(self, tenant: Tenant, files: Files | None = None) -> None:
        """Take the organisation, and what puts files into people's OneDrives, if anything does."""
        self._tenant = tenant
        self._files = files

    async def press(self, turn: Turn, verb: Any, data: Any) -> Outcome:
        """Return what a button leads to; whatever is wrong with it becomes a sentence."""
        handler = HANDLERS.get(Verb(verb)) if isinstance(verb, str) and verb in set(Verb) else None
        if handler is None or not isinstance(data, dict):
            return Outcome(sentence=say(STALE))
        try:
            person = await asyncio.to_thread(identity.person, self._tenant, turn.incoming)
            incoming = turn.incoming
            press = Press(person_id=person.id, chat_id=incoming.chat_id, scope=incoming.scope, data=data)
            return await self._saved(turn, await asyncio.to_thread(handler, self._tenant, press))
        except Refusal as refusal:
            return Outcome(sentence=refusal.sentence)
        except Exception:
            logger.exception("A button could not be handled")  # Teams would say that the app can't be reached
            return Outcome(sentence=say(BROKEN))

    async def _saved(self, turn: Turn, outcome: Outcome) -> Outcome:
        """Return an outcome, after having put its file where it belongs."""
        if outcome.offered is not None:
            await offer(self._tenant, turn, outcome.offered)
        if not outcome.draft_id or self._files is None:
            return outcome
        card, sentence = await self._files.put(turn, outcome.draft_id)
        return Outcome(card=card, sentence=sentence)
