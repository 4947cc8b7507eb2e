"""Invokes: requests of Teams that are answered in the response, within seconds."""

import asyncio
import json
import logging
from contextlib import suppress
from typing import Any

from sqlmodel import Session

from bot.card_actions.press import STALE, Outcome
from bot.channel import InvokeReply
from bot.presses import Presses
from bot.turn import Incoming, Json, Turn
from tuning.domain.conversations import Answer
from tuning.domain.errors import Refusal
from tuning.domain.feedback import Reaction
from tuning.governance import feedback
from tuning.governance.tenant import Tenant
from tuning.languages import say
from tuning.releases import rollouts
from tuning.store import conversations

logger = logging.getLogger(__name__)
CARD = "application/vnd.microsoft.card.adaptive"
SENTENCE = "application/vnd.microsoft.activity.message"
NOT_IMPLEMENTED = 501


class Invokes:
    """The handlers of all invokes; one that isn't known is answered 501, as the protocol says."""

    def __init__(self, tenant: Tenant, presses: Presses) -> None:
        self._tenant = tenant
        self._presses = presses

    async def answer(self, turn: Turn) -> tuple[InvokeReply, str]:
        """Answer an invoke; return also the question that it asks, if any, for after the response."""
        match turn.incoming.name:
            case "adaptiveCard/action":
                return await self._card_action(turn)
            case "message/submitAction":
                return await self._reaction(turn), ""
            case "message/fetchTask":
                said = say("Use the thumbs below the answer.")
                return InvokeReply(body={"task": {"type": "message", "value": said}}), ""
            case "task/fetch" | "task/submit":  # of a dialog that nothing here opens
                return InvokeReply(body={"task": {"type": "message", "value": say(STALE)}}), ""
            case name:
                logger.info("No handler for the invoke %r", name)
                return InvokeReply(status=NOT_IMPLEMENTED), ""

    async def _card_action(self, turn: Turn) -> tuple[InvokeReply, str]:
        value = turn.incoming.value if isinstance(turn.incoming.value, dict) else {}
        action = value.get("action")
        action = action if isinstance(action, dict) else {}
        outcome = await self._presses.press(turn, action.get("verb"), action.get("data", {}))
        return InvokeReply(body=_shown(outcome)), outcome.question

    async def _reaction(self, turn: Turn) -> InvokeReply:
        reaction, comment = read_reaction(turn.incoming.value)
        if reaction is not None:
            try:
                await asyncio.to_thread(self._give, turn.incoming, reaction, comment)
            except Refusal as refusal:
                logger.info("A thumb was not taken: %s", refusal.english)
        return InvokeReply(body={})

    def _give(self, incoming: Incoming, reaction: Reaction, comment: str) -> None:
        with self._tenant.store.reading() as session:
            answer = _rated(session, incoming)
        if answer is None:
            logger.info("A thumb was pressed below a message that shows no answer: %s", incoming.reply_to_id)
        else:
            given = feedback.give(self._tenant, incoming.person_id, answer.id, reaction=reaction, comment=comment)
            rollouts.rated(self._tenant, given)


def _rated(session: Session, incoming: Incoming) -> Answer | None:
    """Return the answer below which a thumb was pressed; the Playground doesn't say which message that was."""
    chat = incoming.chat_id, incoming.person_id
    if not incoming.reply_to_id:
        return conversations.last_shown(session, *chat)
    return conversations.answer_shown_as(session, incoming.reply_to_id) or conversations.being_shown(session, *chat)


def read_reaction(value: Any) -> tuple[Reaction | None, str]:
    """Return thumb and comment of a feedback invoke; Teams wraps the comment in JSON, the Playground sends it plain."""
    data = value if isinstance(value, dict) else {}
    action = data.get("actionValue")
    if not isinstance(action, dict) or action.get("reaction") not in list(Reaction):
        return None, ""
    said = action.get("feedback", "")
    with suppress(TypeError, ValueError):
        wrapped = json.loads(said)
        said = wrapped.get("feedbackText", "") if isinstance(wrapped, dict) else said
    return Reaction(action["reaction"]), said if isinstance(said, str) else ""


def _shown(outcome: Outcome) -> Json:
    if outcome.card is not None:
        return {"statusCode": 200, "type": CARD, "value": outcome.card}
    return {"statusCode": 200, "type": SENTENCE, "value": outcome.sentence}
