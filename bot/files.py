"""Drafts and summaries as Word files in personal chat: offered by a card of Teams, and uploaded once people agree."""

import asyncio
import re
from collections.abc import Collection, Mapping
from pathlib import PurePath
from urllib.parse import urlsplit

import aiohttp

from bot import identity
from bot.connector import LOOPBACK
from bot.errors import FileNotSaved, NotDelivered
from bot.questions import Question
from bot.turn import FileOffer, Incoming, Json, Message, SavedFile, Scope, Turn
from tuning.documents.markup import plain
from tuning.documents.word_drafts import word_draft
from tuning.domain.drafts import Draft, DraftState
from tuning.domain.errors import InvalidInput, NotAllowed, NotFound, Refusal
from tuning.domain.fields import now
from tuning.domain.prompts import Task
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say
from tuning.store import drafts

CONSENT = "fileConsent/invoke"
HOSTS = (".sharepoint.com", ".sharepoint.us", ".svc.ms")
"""Where Teams keeps files; endings of host names."""
ABOUT = mark("As a Word file, for your OneDrive.")
ABOUT_EVIDENCE = mark(
    "The evidence for a release, for your OneDrive. To check it: attune evidence verify and the file."
)
ABOUT_REPORT = mark("The full report, for your OneDrive. It opens in any browser and needs nothing else.")
TIMEOUT_S = 30.0
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
    ) -> None:
        self._tenant = tenant
        self._session = session
        self._is_loopback_allowed = is_loopback_allowed
        self._hosts = tuple(hosts)
        self._timeout_s = timeout_s

    async def offer(self, turn: Turn, question: Question) -> None:
        """Offer a draft, or a summary of files, as a Word file, once, where Teams can: in personal chat.

        Elsewhere the text must do, and for a summary of pasted text it does.
        """
        task, is_whole = question.agent.task, question.answer.seconds is not None and bool(question.answer.text)
        is_document = task is Task.GENERATION or (task is Task.SUMMARY and bool(question.files))
        if not is_document or not is_whole or turn.incoming.scope is not Scope.PERSONAL:
            return
        draft = await asyncio.to_thread(self._keep, turn.incoming, question)
        if not draft.activity_id:
            await self._send_offer(turn, draft)

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
        person = identity.person(self._tenant, incoming)
        try:
            with self._tenant.store.reading() as session:
                draft = drafts.get(session, str(draft_id))
        except NotFound:
            raise NotFound(say(_STALE)) from None
        if draft.person_id != person.id:
            refusal = NotAllowed(
                say("That file was made for somebody else. Ask for one of your own, then you can save it.")
            )
            access.note(self._tenant, person.id, refusal)
            raise refusal
        draft.check_open(now())
        return draft

    def _write(self, draft: Draft) -> None:
        with self._tenant.store.transaction() as session:
            session.merge(draft)


def offer_of(draft: Draft) -> FileOffer:
    """Return what Teams asks the person about a file."""
    about = ABOUT if draft.release_id is None else ABOUT_REPORT if draft.name.endswith(".html") else ABOUT_EVIDENCE
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
