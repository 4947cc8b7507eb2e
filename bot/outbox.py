"""What the bot says unasked: notices until they have arrived, and progress cards as runs go on."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress

from adaptive_cards.elements import Element
from adaptive_cards.progress import progress_card
from bot import activities, digests, notices
from bot.connector import Connector
from bot.errors import NotDelivered
from bot.turn import Json, Message
from tuning.domain.errors import Refusal
from tuning.domain.fields import new_id, now
from tuning.domain.notices import Notice, NoticeKind, NoticeState
from tuning.domain.runs import Run
from tuning.governance.tenant import Tenant
from tuning.languages import speaking
from tuning.store import agents, conversations, runs
from tuning.store import notices as stored

logger = logging.getLogger(__name__)
EVERY_S = 1.0
MIN_TOGETHER = 2
MAX_WITHDRAWALS = 8
"""Tries, over some 20 minutes: a message that its person has deleted can't be changed any more."""
CARD_EVERY_S = 2.0
"""Between two updates of one card: Teams takes about one a second, for everything in a chat together."""


class Outbox:
    """Sends what waits, for as long as `run` runs."""

    def __init__(self, tenant: Tenant, connector: Connector, *, every_s: float = EVERY_S) -> None:
        self._tenant = tenant
        self._connector = connector
        self._every_s = every_s
        self._stopping = asyncio.Event()
        self._shown: dict[str, tuple[Element, float]] = {}
        """Run to its card as it is in the chat, and when it was put there."""

    async def run(self) -> None:
        """Go on until stopped; whatever fails is tried again."""
        while not self._stopping.is_set():
            try:
                await self.send_due()
                await self.update_cards()
            except Exception:
                logger.exception("The outbox stumbled; it goes on")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self._every_s)

    def stop(self) -> None:
        """End `run` once it is noted that what is being sent has arrived: it would be sent again otherwise."""
        self._stopping.set()

    async def send_due(self) -> None:
        """Send every notice that is due now, what quiet hours held together, and withdraw what is settled."""
        due = await asyncio.to_thread(self._due)
        held: dict[str, list[Notice]] = {}
        for notice in due:
            if notice.is_held and notice.state == NoticeState.PENDING:
                held.setdefault(notice.person_id, []).append(notice)
        together = {person_id: waited for person_id, waited in held.items() if len(waited) > 1}
        for notice in due:
            if self._stopping.is_set():
                return
            if notice.state == NoticeState.STALE:
                await self._withdraw(notice)
            elif not (notice.is_held and notice.person_id in together):
                await self._send(notice)
        for waited in together.values():
            if not self._stopping.is_set():
                await self._send_together(waited)

    async def update_cards(self) -> None:
        """Bring the progress card of every run that is under way up to date, and of those that have ended since."""
        cards, gone = await asyncio.to_thread(self._cards, set(self._shown))
        for run_id in gone:
            del self._shown[run_id]
        for run, reference, card in cards:
            at = asyncio.get_running_loop().time()
            known = self._shown.get(run.id)
            if not run.is_over and known is not None and (known[0] == card or at - known[1] < CARD_EVERY_S):
                continue
            await self._put(reference, run.card_activity_id, card)
            self._shown[run.id] = (card, at)
            if run.is_over:
                del self._shown[run.id]

    async def _send(self, notice: Notice) -> None:
        try:
            reference = await asyncio.to_thread(self._reference, notice.person_id)
            with speaking(_locale(reference)):
                message = await asyncio.to_thread(notices.message, self._tenant, notice)
        except Refusal as refusal:
            logger.info("Notice %s has nothing to say any more: %s", notice.id, refusal.english)
            await asyncio.to_thread(self._note_sent, notice, "")
            return
        if reference is None:
            return  # the person has not talked to the bot yet: it waits for them
        activity_id = ""
        if message is not None:
            try:
                activity_id = await self._connector.post(reference, activities.outgoing(message, reference))
            except NotDelivered as refused:
                logger.info("Notice %s did not arrive: %s", notice.id, refused)
                return
        await asyncio.to_thread(self._note_sent, notice, activity_id)
        if notice.kind in {NoticeKind.RUN_READY, NoticeKind.RUN_FAILED}:
            await self._close_card(notice.subject_id, reference)

    async def _send_together(self, waited: Sequence[Notice]) -> None:
        """Send what waited for one person in one message; what has nothing to say any more is left out."""
        reference = await asyncio.to_thread(self._reference, waited[0].person_id)
        with speaking(_locale(reference)):
            titles = {notice.id: await asyncio.to_thread(digests.title, self._tenant, notice) for notice in waited}
        for notice in waited:
            if not titles[notice.id]:
                await asyncio.to_thread(self._note_sent, notice, "")
        waited = [notice for notice in waited if titles[notice.id]]
        if reference is None or len(waited) < MIN_TOGETHER:
            for notice in waited:
                await self._send(notice)
            return
        digest_id = new_id()
        for notice in waited:
            notice.digest_id = digest_id
        with speaking(_locale(reference)):
            card = await asyncio.to_thread(digests.digest, self._tenant, waited)
        try:
            activity_id = await self._connector.post(reference, activities.outgoing(Message(card=card), reference))
        except NotDelivered as refused:
            logger.info("A digest did not arrive: %s", refused)
            return
        for notice in waited:
            await asyncio.to_thread(self._note_sent, notice, activity_id)

    async def _withdraw(self, notice: Notice) -> None:
        """Have the card of a settled notice say so, in the chat that it arrived in."""
        reference = await asyncio.to_thread(self._reference, notice.person_id)
        if reference is not None:
            with speaking(_locale(reference)):
                card = await asyncio.to_thread(digests.settled, self._tenant, notice)
            activity = activities.outgoing(Message(card=card), reference)
            try:
                await self._connector.put(reference, notice.activity_id, activity)
            except NotDelivered as refused:
                logger.info("The card of notice %s was not withdrawn: %s", notice.id, refused)
                if notice.attempts < MAX_WITHDRAWALS:
                    return
        await asyncio.to_thread(self._note_withdrawn, notice)

    async def _close_card(self, run_id: str, reference: Json) -> None:
        """Show on a run's progress card that it is over, even if the bot was away when it ended."""
        with speaking(_locale(reference)):
            activity_id, card = await asyncio.to_thread(self._card, run_id)
        if activity_id:
            await self._put(reference, activity_id, card)
        self._shown.pop(run_id, None)

    async def _put(self, reference: Json, activity_id: str, card: Element) -> None:
        try:
            await self._connector.put(reference, activity_id, activities.outgoing(Message(card=card), reference))
        except NotDelivered as refused:
            logger.info("A progress card was not updated: %s", refused)

    def _due(self) -> list[Notice]:
        with self._tenant.store.reading() as session:
            if not stored.are_due(session, now()):
                return []
        with self._tenant.store.transaction() as session:
            return stored.due(session, now())

    def _reference(self, person_id: str) -> Json | None:
        with self._tenant.store.reading() as session:
            chat = conversations.chat(session, person_id)
            return chat.reference if chat else None

    def _note_sent(self, notice: Notice, activity_id: str) -> None:
        with self._tenant.store.transaction() as session:
            stored.sent(session, notice, activity_id)
            if notice.kind == NoticeKind.RUN_STARTED:
                run = runs.get_for_update(session, notice.subject_id)
                run.card_activity_id = activity_id
                session.add(run)

    def _note_withdrawn(self, notice: Notice) -> None:
        with self._tenant.store.transaction() as session:
            stored.withdrawn(session, notice.id)

    def _card(self, run_id: str) -> tuple[str, Element]:
        with self._tenant.store.reading() as session:
            (run,) = runs.found(session, [run_id]) or (None,)
            if run is None:  # erased meanwhile
                return "", {}
            return run.card_activity_id, progress_card(agents.get(session, run.agent_id), run)

    def _cards(self, known: set[str]) -> tuple[list[tuple[Run, Json, Element]], set[str]]:
        """Return the runs with their cards, of those known also what has ended, and which of those were erased."""
        found = []
        with self._tenant.store.reading() as session:
            under_way = runs.unfinished(session)
            ended = runs.found(session, known - {run.id for run in under_way})
            for run in (*under_way, *ended):
                chat = conversations.chat(session, run.started_by)
                if run.card_activity_id and chat is not None:
                    with speaking(_locale(chat.reference)):
                        card = progress_card(agents.get(session, run.agent_id), run)
                    found.append((run, chat.reference, card))
        return found, known - {run.id for run, _, _ in found}


def _locale(reference: Json | None) -> str:
    """Return the locale that the person's client had when they wrote last."""
    return str((reference or {}).get("locale", ""))
