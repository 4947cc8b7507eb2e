"""A button from Teams to its handler, and what follows in the chat."""

import asyncio
import logging
from typing import Any

from adaptive_cards.progress import progress_card
from adaptive_cards.verbs import Verb
from bot import identity
from bot.answering import Answering
from bot.card_actions import HANDLERS
from bot.card_actions.press import STALE, Outcome, Press
from bot.turn import Message, Scope, Turn
from tuning.domain.errors import Refusal
from tuning.domain.runs import Run
from tuning.governance.tenant import Tenant
from tuning.store import agents, runs

logger = logging.getLogger(__name__)


class Presses:
    """Handles buttons, whether they come as an invoke (Action.Execute) or as a message (Action.Submit)."""

    def __init__(self, tenant: Tenant, answering: Answering) -> None:
        self._tenant = tenant
        self._answering = answering

    async def press(self, turn: Turn, verb: Any, data: Any) -> Outcome:
        """Return what a button leads to; whatever is wrong with it becomes a sentence."""
        handler = HANDLERS.get(Verb(verb)) if isinstance(verb, str) and verb in set(Verb) else None
        if handler is None or not isinstance(data, dict):
            return Outcome(sentence=STALE)
        try:
            person = identity.person(self._tenant, turn.incoming)
            press = Press(person_id=person.id, chat_id=turn.incoming.chat_id, data=data)
            return await asyncio.to_thread(handler, self._tenant, press)
        except Refusal as refusal:
            return Outcome(sentence=refusal.sentence)

    async def follow_up(self, turn: Turn, outcome: Outcome) -> None:
        """Do in the chat what a button led to."""
        if outcome.question:
            await self._answering.answer(turn, outcome.question)
        if outcome.started_run_id and turn.incoming.scope is Scope.PERSONAL:
            card = await asyncio.to_thread(self._progress_card, outcome.started_run_id)
            activity_id = await turn.send(Message(card=card))
            await asyncio.to_thread(self._note_card, outcome.started_run_id, activity_id)

    def _progress_card(self, run_id: str) -> dict[str, Any]:
        with self._tenant.store.reading() as session:
            run = runs.get(session, run_id)
            return progress_card(agents.get(session, run.agent_id), run)

    def _note_card(self, run_id: str, activity_id: str) -> None:
        with self._tenant.store.transaction() as session:
            run: Run = runs.get_for_update(session, run_id)
            run.card_activity_id = activity_id
            session.add(run)
