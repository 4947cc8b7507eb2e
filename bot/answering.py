"""Answers a question in chat: passages to the engine, its words to Teams, and what was said into the store."""

import asyncio
import logging
import re
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from adaptive_cards.answer import answer_card
from adaptive_cards.elements import escape
from bot import questions
from bot.engine import Engine
from bot.errors import AnswerCut, NotDelivered, QuestionTakenBack, QuestionTooLong, StreamStopped
from bot.files import Files
from bot.follow_ups import follow_ups
from bot.given import Given, ReadFile
from bot.links import followed, has_links, takes_documents
from bot.memory import Said, messages, recalled
from bot.parts import parts_of, sections_of
from bot.questions import Question
from bot.turn import AnswerStream, Citation, Message, Scope, Turn
from bot.watch import Lookout, Watch
from tuning.documents import live, shared
from tuning.documents.search import FoundPassage
from tuning.domain.conversations import Answer
from tuning.domain.errors import Refusal
from tuning.domain.prompts import NOT_IN_DOCUMENTS, Task, is_declined
from tuning.domain.prompts import Message as Prompt
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say, say_many
from tuning.store import conversations, usage

if TYPE_CHECKING:
    from tuning.sources.graph.delegation import Delegations

logger = logging.getLogger(__name__)
_INFORMING = {
    Task.QUESTIONS: mark("Looking through the documents ..."),
    Task.GENERATION: mark("Choosing a precedent and drafting ..."),
    Task.SUMMARY: mark("Reading ..."),
}
TAKEN_BACK = mark("_You took this question back, and I have forgotten it._")
MAX_PARTS = 256
"""Into how many parts a text is cut at most before it is called too long."""
DRAFTED_TOKENS = 800
"""Tokens of a precedent that are drafted at once: what is written is about as long, and has to come to its end."""
LEAST_DRAFTED = 200
"""Characters of a precedent that are not cut any further."""
CUT = mark("_It was cut off here: it became longer than an answer may be._")
_CITED = re.compile(r"\[(\d{1,2})\]")


class Answering:
    """Answers questions with the release that is live at that moment."""

    def __init__(self, tenant: Tenant, engine: Engine, files: Files, delegations: "Delegations | None" = None) -> None:
        """Take the organisation, what generates, what offers files, and who it may act for; None: for nobody."""
        self._tenant = tenant
        self._delegations = delegations
        self._files = files
        self._engine = engine
        self._watch = Watch(tenant)

    async def answer(self, turn: Turn, text: str, files: Sequence[ReadFile] = ()) -> bool:
        """Answer a question of the chat's current agent; return whether there was an agent to ask.

        Whatever goes wrong becomes one kind sentence.
        """
        try:
            given = await self._followed(turn, Given(text=text, files=files))
            question = await asyncio.to_thread(questions.begin, self._tenant, turn.incoming, given)
        except Refusal as refusal:
            await turn.send(Message(text=refusal.sentence))
            return True
        if question is None:
            return False
        if not question.answer.is_stopped:
            await self._tell(turn, question, given)
        return True

    async def _followed(self, turn: Turn, given: Given) -> Given:
        """Return what was given with the documents in it that its links name."""
        incoming, delegations = turn.incoming, self._delegations
        is_linked = delegations is not None and has_links(given.text)
        if delegations is None or not is_linked or not await asyncio.to_thread(takes_documents, self._tenant, incoming):
            return await asyncio.to_thread(followed, self._tenant, incoming, given)
        await turn.sign_in()
        reader = partial(shared.read, self._tenant, delegations, incoming.person_id)
        return await asyncio.to_thread(followed, self._tenant, incoming, given, reader)

    async def _tell(self, turn: Turn, question: Question, given: Given) -> None:
        answer = question.answer
        if _is_live(question):
            await turn.sign_in(is_waited_for=False)  # before the stream, as Teams takes no other message within one
        try:
            async with turn.stream(answer.activity_id) as stream:
                try:
                    question, message = await self._compose(turn, question, given, stream)
                except QuestionTakenBack:
                    if stream.activity_id:  # what has begun to show needs an end
                        await self._keep(answer, activity_id=await stream.finish(Message(text=say(TAKEN_BACK))))
                    return
                activity_id = await stream.finish(message)
        except StreamStopped:
            answer.is_stopped = True
            await self._keep(answer)
        except NotDelivered:
            answer.is_stopped = True  # the chat is gone: nothing to try again after a restart
            await self._keep(answer)
            raise
        else:
            if await self._keep(answer, activity_id=activity_id):
                await self._files.offer(turn, question)

    async def _compose(
        self, turn: Turn, question: Question, given: Given, stream: AnswerStream
    ) -> tuple[Question, Message]:
        """Return the question with what was found for it, and the message that answers it."""
        answer, started = question.answer, time.monotonic()
        if answer.seconds is not None:  # a restart came between generating and showing
            question = questions.shown(await asyncio.to_thread(questions.gather, self._tenant, question, given))
            return question, await self._message(turn, question)
        try:
            question = await self._gathered(turn, question, given, stream)
            remembered = await self._remembered(question)
            questions.note_shown(question, given, remembered)
            await self._generate(question, remembered, stream)
        except Refusal as refusal:
            answer.text = ""
            return question, Message(text=refusal.sentence)
        answer.seconds = time.monotonic() - started
        answer.citations = [_stored(question, position) for position in _cited(question)]
        answer.is_declined = question.agent.task is Task.QUESTIONS and is_declined(answer.text)
        await self._save(answer, ends=True)
        return question, await self._message(turn, question)

    async def _gathered(self, turn: Turn, question: Question, given: Given, stream: AnswerStream) -> Question:
        """Say what is being done, and meanwhile gather what answers the question: Teams takes a while to answer."""
        informing = asyncio.create_task(self._inform(question, stream))
        await asyncio.sleep(0)  # so that the line is on its way when the search begins
        looking = asyncio.create_task(self._look_live(turn, question))
        try:
            question = await asyncio.to_thread(questions.gather, self._tenant, question, given)
            found, aside = await looking
        finally:
            looking.cancel()
            await informing
        return questions.shown(replace(question, aside=aside or self._about_file(turn, question)), found)

    def _about_file(self, turn: Turn, question: Question) -> str:
        """Return where a draft comes as a file, if not here."""
        is_here = turn.incoming.scope is Scope.PERSONAL or self._delegations is not None
        return (
            "" if is_here or question.agent.task is not Task.GENERATION else say("as a file in our personal chat only")
        )

    async def _look_live(self, turn: Turn, question: Question) -> tuple[Sequence[FoundPassage], str]:
        """Return what SharePoint finds at this moment, and a quiet word if it could not be asked."""
        if not _is_live(question):
            return (), ""
        if self._delegations is None or await turn.sign_in() is None:
            return (), say("not searched live, as you are not signed in")
        answer, agent = question.answer, question.agent
        try:
            look = partial(live.look, self._tenant, self._delegations, answer.person_id)
            return await asyncio.to_thread(look, agent.source_ids, question.text), ""
        except Refusal as refusal:
            logger.warning("A live search was given up: %s", refusal.english)
            return (), say("not searched live, as SharePoint could not be asked")

    async def _inform(self, question: Question, stream: AnswerStream) -> None:
        await stream.inform(say(_INFORMING[question.agent.task]))
        await self._save(question.answer, activity_id=stream.activity_id)

    async def _message(self, turn: Turn, question: Question) -> Message:
        suggested = await asyncio.to_thread(follow_ups, self._tenant, question, turn.incoming.scope)
        owner = await asyncio.to_thread(self._tenant.name_of, question.agent.owner_id)
        return _message(question, suggested, owner)

    async def _remembered(self, question: Question) -> list[Said]:
        """Return what was said before, as far as the model is shown it."""
        return await recalled(question.earlier, self._engine.count) if question.agent.task is Task.QUESTIONS else []

    async def _generate(self, question: Question, remembered: Sequence[Said], stream: AnswerStream) -> None:
        if question.agent.task is Task.GENERATION:
            await self._draft(question, stream)
        else:
            await self._answer(question, remembered, stream)
        question.answer.text = _without_unknown_citations(question.answer.text.strip(), len(question.passages))

    async def _answer(self, question: Question, remembered: Sequence[Said], stream: AnswerStream) -> None:
        prompts = question.prompts(messages(remembered))
        for prompt in prompts:
            try:
                await self._write(question, prompt, stream)
            except QuestionTooLong:
                if prompt is not prompts[-1]:
                    continue
                if question.agent.task is not Task.SUMMARY:
                    raise
                await self._summarise_by_parts(question, stream)
            break

    async def _write(
        self, question: Question, messages: Sequence[Prompt], stream: AnswerStream, *, after: str = ""
    ) -> None:
        try:
            async with aclosing(self._growing(question, messages)) as growing:
                async for text in growing:
                    question.answer.text = after + text
                    await stream.write(question.answer.text)
        except AnswerCut:
            question.answer.text += f"\n\n{say(CUT)}"

    async def _draft(self, question: Question, stream: AnswerStream) -> None:
        """Draft a long precedent part by part, each with the whole brief: a draft is as long as its form.

        Raises:
            QuestionTooLong: the brief is too long even for a small part.
        """
        precedent = question.precedent.text if question.precedent else ""
        tokens = await self._engine.count(precedent) if precedent else 0
        is_long = tokens > DRAFTED_TOKENS
        left = sections_of(precedent, DRAFTED_TOKENS * len(precedent) // tokens) if is_long else [precedent]
        while left:
            written = question.answer.text
            after = written + "\n" * (2 - len(written) + len(written.rstrip("\n"))) if written else ""
            try:
                await self._write(question, question.drafting(left[0]), stream, after=after)
            except QuestionTooLong:
                if len(left[0]) < LEAST_DRAFTED:
                    raise
                left[:1] = parts_of(left[0], 2)
            else:
                del left[0]

    async def _summarise_by_parts(self, question: Question, stream: AnswerStream) -> None:
        """Summarise what is too long to be read at once: first its parts, then what was said of them.

        Raises:
            QuestionTooLong: even small parts are too long, or their summaries are no shorter than they.
        """
        text = question.text
        while True:
            shorter = "\n\n".join(await self._summaries(question, text, stream))
            if len(shorter) >= len(text):
                raise QuestionTooLong
            text = shorter
            try:
                await self._write(question, question.summarising(text), stream)
            except QuestionTooLong:
                continue
            return

    async def _summaries(self, question: Question, text: str, stream: AnswerStream) -> list[str]:
        """Return the summaries of the parts of a text, which are as many as it takes for each to be read."""
        count = 2
        while count <= MAX_PARTS:
            parts, summaries = parts_of(text, count), list[str]()
            try:
                for number, part in enumerate(parts, start=1):
                    if number > 1:  # before, nobody knows how many it takes
                        await stream.inform(
                            say("Reading part {number} of {total} ...", number=number, total=len(parts))
                        )
                    summaries.append(await self._read(question, part))
            except QuestionTooLong:
                count *= 2
            else:
                return summaries
        raise QuestionTooLong

    async def _read(self, question: Question, part: str) -> str:
        summary = ""
        with suppress(AnswerCut):
            async with aclosing(self._growing(question, question.summarising(part))) as growing:
                async for text in growing:
                    summary = text
        return summary.strip()

    async def _growing(self, question: Question, messages: Sequence[Prompt]) -> AsyncGenerator[str]:
        """Yield what the engine writes, as long as the release may answer: an admin's decision stops it at once."""
        lookout = Lookout(self._watch)
        async with aclosing(self._engine.answer(question.model, messages, max_tokens=question.max_tokens)) as growing:
            async for text in growing:
                if await lookout.is_due():
                    await asyncio.to_thread(questions.check_still, self._tenant, question)
                yield text

    async def _save(self, answer: Answer, *, activity_id: str = "", ends: bool = False) -> None:
        if not await self._keep(answer, activity_id=activity_id, ends=ends):
            raise QuestionTakenBack

    async def _keep(self, answer: Answer, *, activity_id: str = "", ends: bool = False) -> bool:
        """Write down how far the answer is; return False if its question was taken back: that stays forgotten."""
        answer.activity_id = activity_id or answer.activity_id

        def write() -> bool:
            with self._tenant.store.transaction() as session:
                kept = conversations.answer_for_update(session, answer.id)
                if kept.is_forgotten:
                    kept.activity_id = answer.activity_id
                    session.add(kept)
                    return False
                session.merge(answer)
                if ends:
                    usage.answered(session, answer)
                return True

        return await asyncio.to_thread(write)


def _is_live(question: Question) -> bool:
    """Say whether SharePoint is to be asked; not for an answer that was written before a restart."""
    agent, answer = question.agent, question.answer
    return agent.searches_live and agent.task is Task.QUESTIONS and answer.seconds is None


def _message(question: Question, suggested: Mapping[int, str], owner: str) -> Message:
    answer = question.answer
    text = _declined(question, owner) if answer.is_declined else answer.text or "…"
    citations = [
        Citation(
            position=one["position"], title=one["title"], url=one["url"], abstract=one["abstract"], label=one["label"]
        )
        for one in answer.citations
    ]
    return Message(
        text=f"{text}\n\n_{_footer(question, len({one['document_id'] for one in answer.citations}))}_",
        is_answer=True,
        citations=citations,
        label=question.policy.highest_of(citation.label for citation in citations),
        card=answer_card(answer, suggested),
    )


def _declined(question: Question, owner: str) -> str:
    """Return what is shown where the documents don't answer: that, in the person's language, and who may know."""
    said = question.answer.text.removeprefix(NOT_IN_DOCUMENTS).strip()
    sorry = say(
        "The documents that you may read don't say. Put it in other words, or ask {owner}, who owns '{agent}'.",
        owner=escape(owner),
        agent=escape(question.agent.name),
    )
    return f"{sorry}\n\n{said}".strip()


def _footer(question: Question, documents: int) -> str:
    if question.answer.is_declined:
        how = say("nothing found")
    elif question.agent.task is Task.SUMMARY:
        how = say("from the text you gave")
    elif question.precedent is not None:
        how = say("in the form of '{title}'", title=escape(question.precedent.title))
    else:
        how = (
            say_many("from {count} source", "from {count} sources", documents)
            if documents
            else say("from what it learned")
        )
    label = question.release.label
    release = say("{release} on trial", release=label) if question.is_trial else label
    return " · ".join([escape(question.agent.name), release, how, *([question.aside] if question.aside else [])])


def _cited(question: Question) -> list[int]:
    if question.agent.task is not Task.QUESTIONS:
        return []
    return list(dict.fromkeys(int(number) for number in _CITED.findall(question.answer.text)))


def _stored(question: Question, position: int) -> dict[str, object]:
    found = question.passages[position - 1]
    place = f"{found.heading}: " if found.is_live and found.heading else ""
    return {
        "position": position,
        "document_id": found.document_id,
        "title": found.title,
        "url": found.url,
        "abstract": _quoted(f"{place}{found.excerpt}")[:160],
        "label": found.label,
    }


def _quoted(excerpt: str) -> str:
    """Return what a citation shows of its passage: the part that answers, on one line, without the rule of a table."""
    return " ".join(" ".join(line.split()) for line in excerpt.splitlines() if not set(line) <= set("|-: "))


def _without_unknown_citations(text: str, passages: int) -> str:
    """Take out [n] where there is no passage n: Teams would show a citation that leads nowhere."""
    return re.sub(rf"\s*{_CITED.pattern}", lambda found: found[0] if 1 <= int(found[1]) <= passages else "", text)
