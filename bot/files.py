"""Drafts and summaries as Word files: offered by a card of Teams in personal chat, and uploaded once people agree.

In groups and channels Teams offers none; there Attune puts them into the person's OneDrive itself, as that person.
"""

import asyncio
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp

from adaptive_cards.draft import draft_card, saved_card
from adaptive_cards.elements import Element
from bot import identity
from bot.connector import LOOPBACK
from bot.errors import FileNotSaved, NotDelivered
from bot.questions import Question
from bot.sign_in import SignIns
from bot.turn import FileOffer, Incoming, Json, Message, SavedFile, Scope, Turn
from tuning.documents.markup import plain
from tuning.documents.word_drafts import word_draft
from tuning.domain.drafts import Draft, DraftState
from tuning.domain.errors import InvalidInput, NotAllowed, NotFound, Refusal, WrongState
from tuning.domain.fields import now
from tuning.domain.prompts import Task
from tuning.domain.registration import missing_for_people
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say
from tuning.sources.errors import ConsentMissing
from tuning.store import conversations, drafts

if TYPE_CHECKING:
    from tuning.sources.graph.client import Graph
    from tuning.sources.graph.onedrive import Saved

CONSENT = "fileConsent/invoke"
HOSTS = (".sharepoint.com", ".sharepoint.us", ".svc.ms")
"""Where Teams keeps files; endings of host names."""
ABOUT = mark("As a Word file, for your OneDrive.")
ABOUT_EVIDENCE = mark(
    "The evidence for a release, for your OneDrive. To check it: attune evidence verify and the file."
)
ABOUT_REPORT = mark("The full report, for your OneDrive. It opens in any browser and needs nothing else.")
ABOUT_AUDIT = mark(
    "Who did what, when and why, for your OneDrive. To check it: attune audit verify --file and the file."
)
NOT_HERE = mark("Files come in our personal chat only. Send that to me there.")
TIMEOUT_S = 30.0
PUT_S = 8.0
"""How long a press waits for OneDrive; Teams waits ten seconds."""
LONGEST_NAME = 60
_NO_NAME = re.compile(r"[\\/:*?\"<>|#%&{}~\x00-\x1f]+")
_STALE = mark("That file isn't kept any more. Ask for it again, then you can save it.")


class Files:
    """Offers drafts and summaries, and saves those that the person wants."""

    def __init__(
        self,
        tenant: Tenant,
        session: aiohttp.ClientSession,
        *,
        is_loopback_allowed: bool,
        hosts: Collection[str] = HOSTS,
        timeout_s: float = TIMEOUT_S,
        sign_ins: SignIns | None = None,
        turn: Callable[[Incoming], Turn] | None = None,
    ) -> None:
        """Take also what signs people in, and how to make a turn in a chat: None where Attune acts for nobody."""
        self._sign_ins = sign_ins
        self._turn = turn
        self._saving: set[str] = set()
        self._tenant = tenant
        self._session = session
        self._is_loopback_allowed = is_loopback_allowed
        self._hosts = tuple(hosts)
        self._timeout_s = timeout_s

    async def offer(self, turn: Turn, question: Question) -> None:
        """Offer a draft, or a summary of files, as a Word file, once: by Teams in personal chat, elsewhere by a card.

        Where Attune acts for nobody, elsewhere the text must do, and for a summary of pasted text it does.
        """
        task, is_whole = question.agent.task, question.answer.seconds is not None and bool(question.answer.text)
        is_document = task is Task.GENERATION or (task is Task.SUMMARY and bool(question.files))
        is_by_teams = turn.incoming.scope is Scope.PERSONAL
        if not is_document or not is_whole or not (is_by_teams or self._sign_ins):
            return
        draft = await asyncio.to_thread(self._keep, turn.incoming, question)
        if not draft.activity_id and is_by_teams:
            await self._send_offer(turn, draft)
        elif not draft.activity_id:
            draft.activity_id = await turn.send(Message(card=draft_card(draft)))
            await asyncio.to_thread(self._write, draft)

    async def put(self, turn: Turn, draft_id: str) -> tuple[Element | None, str]:
        """Put a draft into the OneDrive of who sent the activity; return the card that says so, or why not.

        Who is not signed in is asked in their personal chat, and finds the file there, see `save`. Raises a refusal.
        """
        draft = await asyncio.to_thread(open_draft, self._tenant, turn.incoming.person_id, draft_id)
        if self._sign_ins is None:
            raise WrongState(say("Files are offered in our personal chat only. Ask for the draft there."))
        permissions = await turn.sign_in()
        if permissions is None:
            return None, await self._ask(self._sign_ins, turn, draft)
        if "Files.ReadWrite" in missing_for_people(permissions):
            self._sign_ins.delegations.forget(draft.person_id)  # so that a later consent counts at once
            raise ConsentMissing
        if draft.id in self._saving:
            raise WrongState(say("'{name}' is being saved already.", name=draft.name))
        self._saving.add(draft.id)
        try:
            saved = await asyncio.to_thread(_put, self._sign_ins.delegations.graph(draft.person_id), draft)
            await self._close(draft, DraftState.SAVED)
        finally:
            self._saving.discard(draft.id)
        return saved_card(saved.name, saved.url), ""

    async def save(self, turn: Turn) -> None:
        """Put a draft into the OneDrive of who has just signed in for that, in their personal chat."""
        try:
            card, sentence = await self.put(turn, turn.incoming.text)
            await turn.send(Message(text=sentence, card=card))
        except Refusal as refusal:
            await turn.send(Message(text=refusal.sentence))

    async def _ask(self, sign_ins: SignIns, turn: Turn, draft: Draft) -> str:
        person_id = turn.incoming.person_id

        def reference() -> Json | None:
            with self._tenant.store.looking() as connection:
                return conversations.reference(connection, person_id)

        found = await asyncio.to_thread(reference)
        if found is None or self._turn is None:
            return say("Write to me in our personal chat once, so that Teams can sign you in there. Then press again.")
        chat_id = str(_object(found.get("conversation")).get("id"))
        alone = replace(turn.incoming, reference=found, chat_id=chat_id, scope=Scope.PERSONAL, activity_id="")
        await sign_ins.ask(self._turn(alone), draft.id)
        return say("Teams signs you in, in our personal chat; '{name}' follows there.", name=draft.name)

    async def decide(self, turn: Turn) -> None:
        """Do what the person decided about an offer; whatever is wrong becomes one sentence."""
        try:
            value = _object(turn.incoming.value)
            draft = await asyncio.to_thread(self._open, turn.incoming, _object(value.get("context")).get("draft"))
            match value.get("action"):
                case "accept":
                    await self._save(turn, draft, _object(value.get("uploadInfo")))
                case "decline":
                    await self._close(draft, DraftState.DECLINED)
                    await _show(turn, draft, Message(text=say("All right, '{name}' is not saved.", name=draft.name)))
                case _:
                    raise InvalidInput(say("That is neither yes nor no. Press one of the card's two buttons."))
        except Refusal as refusal:
            await turn.send(Message(text=refusal.sentence))

    async def _save(self, turn: Turn, draft: Draft, info: Mapping[str, object]) -> None:
        try:
            await self._upload(str(info.get("uploadUrl", "")), draft.content)
        except FileNotSaved as refusal:
            await turn.send(Message(text=refusal.sentence))
            await self._send_offer(turn, draft)  # Teams has closed the card that was pressed
            return
        await self._close(draft, DraftState.SAVED)
        file = SavedFile(
            name=str(info.get("name") or draft.name),
            url=str(info.get("contentUrl", "")),
            unique_id=str(info.get("uniqueId", "")),
        )
        await _show(turn, draft, Message(file=file))

    async def _upload(self, url: str, content: bytes) -> None:
        if not is_trusted(url, hosts=self._hosts, is_loopback_allowed=self._is_loopback_allowed):
            raise FileNotSaved
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Range": f"bytes 0-{len(content) - 1}/{len(content)}",
        }
        timeout = aiohttp.ClientTimeout(total=self._timeout_s)
        try:
            async with self._session.put(
                url, data=content, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                if response.status not in {200, 201}:  # 202 asks for the rest, of which there is none
                    raise FileNotSaved
        except (aiohttp.ClientError, TimeoutError) as error:
            raise FileNotSaved from error

    async def _send_offer(self, turn: Turn, draft: Draft) -> None:
        draft.activity_id = await turn.send(Message(file=offer_of(draft)))
        await asyncio.to_thread(self._write, draft)

    async def _close(self, draft: Draft, state: DraftState) -> None:
        draft.close(state)
        await asyncio.to_thread(self._write, draft)

    def _keep(self, incoming: Incoming, question: Question) -> Draft:
        with self._tenant.store.reading() as session:
            kept = drafts.of_answer(session, question.answer.id)
        if kept is not None:  # a restart came after the answer
            return kept
        text = question.answer.text
        draft = Draft(
            answer_id=question.answer.id,
            person_id=question.answer.person_id,
            chat_id=incoming.chat_id,
            name=f"{_name(question)}.docx",
            content=word_draft(text, question.precedent.word if question.precedent else b""),
        )
        self._write(draft)
        return draft

    def _open(self, incoming: Incoming, draft_id: object) -> Draft:
        key = draft_id if isinstance(draft_id, str) else ""
        return open_draft(self._tenant, identity.person(self._tenant, incoming).id, key)

    def _write(self, draft: Draft) -> None:
        with self._tenant.store.transaction() as session:
            session.merge(draft)


def open_draft(tenant: Tenant, person_id: str, draft_id: str) -> Draft:
    """Return a draft that waits for a person's word; raise a refusal if it isn't theirs, or doesn't wait any more."""
    with access.act(tenant, person_id, draft_id) as session:
        try:
            draft = drafts.get(session, draft_id)
        except NotFound:
            raise NotFound(say(_STALE)) from None
        if draft.person_id != person_id:
            raise NotAllowed(
                say("That file was made for somebody else. Ask for one of your own, then you can save it.")
            )
        draft.check_open(now())
        return draft


def _put(graph: "Graph", draft: Draft) -> "Saved":
    from tuning.sources.graph.onedrive import save  # noqa: PLC0415 - Microsoft's packages load slowly

    return graph.answer(save(graph, draft.name, draft.content), timeout_s=PUT_S)


async def offer(tenant: Tenant, turn: Turn, draft: Draft) -> None:
    """Offer a file that was made for who sent the activity, and note which message does."""

    def keep() -> None:
        with tenant.store.transaction() as session:
            session.merge(draft)

    draft.activity_id = await turn.send(Message(file=offer_of(draft)))
    await asyncio.to_thread(keep)


def offer_of(draft: Draft) -> FileOffer:
    """Return what Teams asks the person about a file."""
    if draft.answer_id is not None:
        about = ABOUT
    elif draft.release_id is not None:
        about = ABOUT_REPORT if draft.name.endswith(".html") else ABOUT_EVIDENCE
    else:
        about = ABOUT_AUDIT
    return FileOffer(draft_id=draft.id, name=draft.name, size=len(draft.content), about=say(about))


def _name(question: Question) -> str:
    if question.agent.task is Task.SUMMARY:
        return file_name(say("Summary of {name}", name=PurePath(question.files[0]).stem))
    return file_name(question.answer.text)


def file_name(markdown: str) -> str:
    """Return what a draft's file is called, without its ending: what it begins with, as OneDrive takes names."""
    first = next((line for line in markdown.splitlines() if line.strip(" #*_-|")), "")
    name = " ".join(_NO_NAME.sub(" ", plain(first.lstrip("# "))).split())[:LONGEST_NAME].strip(" .")
    return name or "Draft"


def is_trusted(url: str, *, hosts: tuple[str, ...], is_loopback_allowed: bool) -> bool:
    """Say whether a link leads to where Teams keeps files."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if is_loopback_allowed and host in LOOPBACK:
        return True
    return parts.scheme == "https" and host.endswith(hosts) and parts.username is None


async def _show(turn: Turn, draft: Draft, message: Message) -> None:
    """Put a message in the place of the card that was pressed; send it where Teams doesn't have that any more."""
    try:
        await turn.update(draft.activity_id, message)
    except NotDelivered as refused:
        if not refused.is_gone:
            raise
        await turn.send(message)


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}
