"""Messages that people edit or delete: what they asked before is forgotten, and what an edit asks is answered."""

import asyncio

from bot.answering import TAKEN_BACK
from bot.errors import NotDelivered
from bot.messages import Messages
from bot.turn import DELETION, EDIT, Incoming, Message, Turn
from tuning.domain.conversations import Answer
from tuning.domain.fields import now
from tuning.governance import forgetting
from tuning.governance.tenant import Tenant
from tuning.languages import say
from tuning.store import deliveries

_EVENTS = {EDIT: frozenset({"editMessage", "undeleteMessage"}), DELETION: frozenset({"softDeleteMessage"})}


class Changes:
    """Handles edits and deletions of messages that were questions."""

    def __init__(self, tenant: Tenant, messages: Messages) -> None:
        self._tenant = tenant
        self._messages = messages

    async def withdraw(self, incoming: Incoming) -> bool:
        """Forget at once what a message asked, so that no more is written about it; return whether there is more to do.

        There is nothing to do for messages that were no questions, and for those of other people.
        """
        if incoming.name not in _EVENTS[incoming.type] or not incoming.person_id or not incoming.activity_id:
            return False
        return await asyncio.to_thread(self._withdraw, incoming)

    async def edited(self, turn: Turn) -> None:
        """Answer what a message asks now, in the place of the answer to what it asked before."""
        if not turn.incoming.text and not turn.incoming.attachments:
            await self.deleted(turn)
            return
        await asyncio.to_thread(self._forget, turn.incoming)  # what had not been noted yet when it was withdrawn
        await self._messages.handle(turn)

    async def deleted(self, turn: Turn) -> None:
        """Take an answer out of the chat whose question is not there any more."""
        answer = await asyncio.to_thread(self._forget, turn.incoming)
        if answer is None or not answer.is_forgotten or not answer.activity_id:
            return
        try:
            await turn.update(answer.activity_id, Message(text=say(TAKEN_BACK)))
        except NotDelivered as refused:
            if not refused.is_gone:
                raise

    def _withdraw(self, incoming: Incoming) -> bool:
        asked = incoming.chat_id, incoming.person_id, incoming.activity_id
        with self._tenant.store.transaction() as session:
            is_waiting = deliveries.withdraw(session, *asked, now(), but=incoming.delivery_id)
        return self._forget(incoming) is not None or is_waiting

    def _forget(self, incoming: Incoming) -> Answer | None:
        return forgetting.forget(
            self._tenant,
            incoming.person_id,
            incoming.chat_id,
            incoming.activity_id,
            new_text=incoming.text,
        )
