"""Invokes: requests of Teams that are answered in the response, within seconds."""

import asyncio
import logging
from dataclasses import replace

from sqlmodel import Session

from adaptive_cards.opinion import THUMBS, thumb_card
from bot.card_actions.press import STALE, Outcome
from bot.errors import NotDelivered
from bot.intake import QUESTION
from bot.presses import Presses
from bot.sign_in import SignIns
from bot.thumbs import Thumb, read_thumb
from bot.turn import Incoming, InvokeReply, Json, Message, Scope, Turn
from tuning.domain.conversations import Answer
from tuning.domain.errors import InvalidInput, Refusal
from tuning.domain.feedback import Feedback
from tuning.governance import feedback
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say
from tuning.releases import rollouts
from tuning.store import conversations

logger = logging.getLogger(__name__)
CARD = "application/vnd.microsoft.card.adaptive"
SENTENCE = "application/vnd.microsoft.activity.message"
NOT_IMPLEMENTED = 501
_ELSEWHERE = mark("Use the thumbs below the answer.")


class Invokes:
    """The handlers of all invokes; one that isn't known is answered 501, as the protocol says."""

    def __init__(self, tenant: Tenant, presses: Presses, sign_ins: SignIns | None = None) -> None:
        self._tenant = tenant
        self._sign_ins = sign_ins
        self._presses = presses
        self._telling = set[asyncio.Task[None]]()

    async def answer(self, turn: Turn) -> tuple[InvokeReply, Incoming | None]:
        """Answer an invoke; return also what to go on with after the response, if anything."""
        if self._sign_ins is not None and turn.incoming.name.startswith("signin/"):
            return await self._sign_in(self._sign_ins, turn)
        match turn.incoming.name:
            case "adaptiveCard/action":
                return await self._card_action(turn)
            case "message/submitAction":
                return await self._thumb(turn), None
            case "message/fetchTask":
                return await self._form(turn), None
            case "task/fetch" | "task/submit":  # of a dialog that nothing here opens
                return InvokeReply(body={"task": {"type": "message", "value": say(STALE)}}), None
            case name:
                logger.info("No handler for the invoke %r", name)
                return InvokeReply(status=NOT_IMPLEMENTED), None

    async def _sign_in(self, sign_ins: SignIns, turn: Turn) -> tuple[InvokeReply, Incoming | None]:
        match turn.incoming.name:
            case "signin/tokenExchange":
                return await sign_ins.exchange(turn.incoming)
            case "signin/verifyState":
                return await sign_ins.signed_in(turn), None
            case "signin/failure":
                return sign_ins.failed(turn.incoming), None
            case _:
                return InvokeReply(status=NOT_IMPLEMENTED), None

    async def _card_action(self, turn: Turn) -> tuple[InvokeReply, Incoming | None]:
        value = turn.incoming.value if isinstance(turn.incoming.value, dict) else {}
        action = value.get("action")
        action = action if isinstance(action, dict) else {}
        outcome = await self._presses.press(turn, action.get("verb"), action.get("data", {}))
        asked = replace(turn.incoming, type=QUESTION, text=outcome.question, value=None) if outcome.question else None
        return InvokeReply(body=_shown(outcome)), asked

    async def _thumb(self, turn: Turn) -> InvokeReply:
        """Take a thumb, without a word of thanks: the message shows that it is pressed."""
        thumb = read_thumb(turn.incoming.value)
        if thumb is not None:
            try:
                await asyncio.to_thread(self._give, turn.incoming, thumb)
            except Refusal as refusal:
                logger.info("A thumb was not taken: %s", refusal.english)
                if turn.incoming.scope is Scope.PERSONAL:  # a group is not told of each thumb that isn't taken
                    telling = asyncio.create_task(_tell(turn, refusal.sentence))
                    self._telling.add(telling)
                    telling.add_done_callback(self._telling.discard)
        return InvokeReply(body={})

    def _give(self, incoming: Incoming, thumb: Thumb) -> None:
        with self._tenant.store.reading() as session:
            answer = _rated(session, incoming)
        if answer is None:
            logger.info("A thumb was pressed below a message that shows no answer: %s", incoming.reply_to_id)
            return
        given = feedback.give(
            self._tenant,
            incoming.person_id,
            answer.id,
            reaction=thumb.reaction,
            reason=thumb.reason,
            comment=thumb.comment,
            correction=thumb.correction,
            is_whole=thumb.is_whole,
        )
        rollouts.rated(self._tenant, given)

    async def _form(self, turn: Turn) -> InvokeReply:
        """Return the dialog behind a thumb, or why there is none."""
        thumb = read_thumb(turn.incoming.value)
        try:
            if thumb is None:
                raise InvalidInput(say(_ELSEWHERE))
            said = await asyncio.to_thread(self._said, turn.incoming)
        except Refusal as refusal:
            return InvokeReply(body={"task": {"type": "message", "value": refusal.sentence}})
        card = {"contentType": CARD, "content": thumb_card(thumb.reaction, said)}
        title = say(THUMBS[thumb.reaction])
        dialog = {"title": title, "height": "medium", "width": "medium", "card": card}
        return InvokeReply(body={"task": {"type": "continue", "value": dialog}})

    def _said(self, incoming: Incoming) -> Feedback | None:
        with self._tenant.store.reading() as session:
            answer = _rated(session, incoming)
        if answer is None:
            raise InvalidInput(say(_ELSEWHERE))
        return feedback.about(self._tenant, incoming.person_id, answer.id)


async def _tell(turn: Turn, sentence: str) -> None:
    """Say something after the response, which Teams waits for."""
    try:
        await turn.send(Message(text=sentence))
    except NotDelivered as refused:
        logger.warning("A sentence about a thumb was not delivered: %s", refused)


def _rated(session: Session, incoming: Incoming) -> Answer | None:
    """Return the answer below which a thumb was pressed; the Playground doesn't say which message that was."""
    chat = incoming.chat_id, incoming.person_id
    if not incoming.reply_to_id:
        return conversations.last_shown(session, *chat)
    return conversations.answer_shown_as(session, incoming.reply_to_id) or conversations.being_shown(session, *chat)


def _shown(outcome: Outcome) -> Json:
    if outcome.card is not None:
        return {"statusCode": 200, "type": CARD, "value": outcome.card}
    return {"statusCode": 200, "type": SENTENCE, "value": outcome.sentence}
