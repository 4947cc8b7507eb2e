"""Messages: a button's data, a command, or a question to the agent of the chat."""

import asyncio
import logging

from bot import identity, views
from bot.answering import Answering
from bot.attachments import Attachments
from bot.commands import COMMANDS
from bot.commands.command import Command, find, nearest
from bot.presses import BROKEN, Presses
from bot.turn import Incoming, Message, Scope, Turn
from tuning.domain.errors import InvalidInput, Refusal
from tuning.domain.fields import now
from tuning.domain.principals import Person
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say
from tuning.store import conversations, notices, rooms

logger = logging.getLogger(__name__)
GREETING = mark("Hello! Mention me with **agents** to pick whom to ask, then with your question.")


class Messages:
    """Handles messages and new chats."""

    def __init__(self, tenant: Tenant, answering: Answering, presses: Presses, attachments: Attachments) -> None:
        self._tenant = tenant
        self._answering = answering
        self._presses = presses
        self._attachments = attachments

    async def handle(self, turn: Turn) -> None:
        """Answer a message; whatever is wrong becomes one sentence."""
        try:
            person = await asyncio.to_thread(self._known, turn.incoming)
            await self._handle(turn, person)
        except Refusal as refusal:
            await turn.send(Message(text=refusal.sentence))
        except Exception:
            await turn.send(Message(text=say(BROKEN)))
            raise

    async def ask(self, turn: Turn) -> None:
        """Answer what a button asked, which is never a command."""
        try:
            await self._answering.answer(turn, turn.incoming.text)
        except Exception:
            await turn.send(Message(text=say(BROKEN)))
            raise

    async def welcome(self, turn: Turn) -> None:
        """Greet a person or a room once: installation and conversation update arrive together."""
        if turn.incoming.scope is not Scope.PERSONAL:
            if await asyncio.to_thread(self._is_first, turn.incoming.chat_id):
                await turn.send(Message(text=say(GREETING)))
            return
        try:
            card = await asyncio.to_thread(self._welcome, turn.incoming)
        except Refusal as refusal:
            await turn.send(Message(text=refusal.sentence))
            return
        if card is not None:
            await turn.send(Message(card=card))

    async def _handle(self, turn: Turn, person: Person) -> None:
        incoming = turn.incoming
        if isinstance(incoming.value, dict) and not incoming.text:
            outcome = await self._presses.press(turn, incoming.value.get("verb"), incoming.value)
            message = Message(card=outcome.card) if outcome.card is not None else Message(text=outcome.sentence)
            await turn.send(message)
            if outcome.question:
                await self._answering.answer(turn, outcome.question)
            return
        if (found := find(COMMANDS, incoming.text)) is not None:
            command, rest = found
            if not rest or await asyncio.to_thread(command.is_meant, self._tenant, person.id, rest):
                if command.is_personal and incoming.scope is not Scope.PERSONAL:
                    told = say(
                        "Send **{command}** in our personal chat: here everybody would read along.",
                        command=command.words,
                    )
                    raise InvalidInput(told)
                # Teams sends formatted text as an attachment, too.
                is_sent_along = any(attachment.url for attachment in incoming.attachments)
                if command.keep is not None and is_sent_along:
                    await command.keep(self._tenant, turn, await self._attachments.fetch(incoming))
                else:
                    await command.run(self._tenant, turn, rest)
                return
        near = nearest(COMMANDS, incoming.text)
        if near is not None and await asyncio.to_thread(self._may_use, near, person.id):
            await turn.send(
                Message(text=say("Did you mean **{command}**? Send **help** for all commands.", command=near.usage))
            )
            return
        files = await self._attachments.read(incoming)
        if not incoming.text and not files:
            await turn.send(Message(text=say("Write a question, or send **help** to see what you can do.")))
        elif not await self._answering.answer(turn, incoming.text, files):
            card = await asyncio.to_thread(views.pick, self._tenant, person.id, incoming.chat_id)
            await turn.send(Message(card=card))

    def _known(self, incoming: Incoming) -> Person:
        """Return who writes, and note how to reach their personal chat."""
        person = identity.person(self._tenant, incoming)
        if incoming.scope is Scope.PERSONAL:
            with self._tenant.store.looking() as connection:
                known = conversations.reference(connection, person.id)
            if known != incoming.reference:
                with self._tenant.store.transaction() as session:
                    conversations.remember_chat(session, person.id, incoming.reference)
                    notices.hurry(session, person.id, now())
        return person

    def _may_use(self, command: Command, person_id: str) -> bool:
        with self._tenant.store.reading() as session:
            return command.is_for(session, self._tenant, person_id)

    def _is_first(self, chat_id: str) -> bool:
        with self._tenant.store.transaction() as session:
            return rooms.greet(session, chat_id, now())

    def _welcome(self, incoming: Incoming) -> dict[str, object] | None:
        person = self._known(incoming)
        with self._tenant.store.transaction() as session:
            chat = conversations.remember_chat(session, person.id, incoming.reference)
            if chat.welcomed_at is not None:
                return None
            chat.welcomed_at = now()
            session.add(chat)
        return views.welcome(self._tenant, person)
