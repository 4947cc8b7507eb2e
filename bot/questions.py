"""What a question becomes before the engine sees it: agent, release, passages, prompt, and the row of its answer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlmodel import Session

from bot.engine import Model
from bot.errors import QuestionTakenBack, QuestionTooLong
from bot.given import Given
from bot.memory import MAX_TURNS, Said
from bot.precedents import Precedent, chosen
from bot.turn import EDIT, Incoming, Scope
from tuning.documents.excerpts import SPARE, condensed
from tuning.documents.expansion import learned
from tuning.documents.live import fused
from tuning.documents.search import FoundPassage, search
from tuning.domain.agents import Agent
from tuning.domain.conversations import Answer, Beyond, Conversation
from tuning.domain.errors import Refusal, WrongState
from tuning.domain.permissions import Permission
from tuning.domain.policy import Policy
from tuning.domain.prompts import (
    Message,
    Passage,
    Task,
    generation_messages,
    question_messages,
    summary_messages,
)
from tuning.domain.releases import Release, ReleaseState
from tuning.governance import access
from tuning.governance.errors import PermissionMissing
from tuning.governance.rules import ANSWERS_ARE_OFF
from tuning.governance.tenant import Tenant
from tuning.languages import number, say
from tuning.releases import rollouts
from tuning.store import agents, conversations, feedback, policy, releases, rooms, runs, usage

MAX_QUESTION = 4_000
MAX_BRIEF = 60_000
MAX_SUMMARISED = 300_000
"""Characters of a text to summarise: some hundred pages, which a small model reads in about two minutes."""
TAKEN_BACK = frozenset({ReleaseState.REVOKED, ReleaseState.SUSPENDED, ReleaseState.RETIRED})
LONGEST = {Task.QUESTIONS: MAX_QUESTION, Task.GENERATION: MAX_BRIEF, Task.SUMMARY: MAX_SUMMARISED}
PASSAGES = 4
MAX_TOKENS = {Task.QUESTIONS: 400, Task.GENERATION: 1_200, Task.SUMMARY: 500}


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question, ready for the engine."""

    answer: Answer
    """The row that the answer goes into."""
    agent: Agent
    release: Release
    is_trial: bool
    """Whether the owner tries a release that is not live."""
    passages: Sequence[FoundPassage] = ()
    precedent: Precedent | None = None
    earlier: Sequence[Said] = ()
    """What was said before in the conversation."""
    text: str
    policy: Policy
    is_excerpted: bool = False
    """Whether the model is shown what fits of each passage, and not all of it."""
    files: Sequence[str] = ()
    """The names of the files that came with it."""
    aside: str = ""
    """What people read quietly about how it was answered; empty if all went as usual."""

    @property
    def model(self) -> Model:
        """What answers."""
        return Model(id=self.release.id, path=self.release.adapter_path, sha256=self.release.adapter_sha256)

    @property
    def max_tokens(self) -> int:
        """How long the answer may become."""
        return MAX_TOKENS[self.agent.task]

    def prompts(self, memory: Sequence[Message]) -> list[list[Message]]:
        """Return the messages for the engine, given what it is shown of what was said before.

        After them come shorter ones to fall back on if those are too long for it.
        """
        instructions = self.agent.guidance
        if self.agent.task is Task.SUMMARY:
            return [self.summarising(self.text)]
        shown = [
            Passage(title=it.title, heading=it.heading, text=it.excerpt if self.is_excerpted else it.text)
            for it in self.passages
        ]
        full = question_messages(self.text, shown, instructions=instructions, history=memory)
        return [
            full,
            question_messages(self.text, shown, instructions=instructions),
            question_messages(self.text, shown[:2], instructions=instructions),
        ]

    def drafting(self, precedent: str) -> list[Message]:
        """Return the messages that ask for a draft in the form of a precedent, or of a part of one."""
        return generation_messages(precedent, self.text, instructions=self.agent.guidance)

    def summarising(self, text: str) -> list[Message]:
        """Return the messages that ask for a summary of a text, the question's own or a part of it."""
        return summary_messages(text, instructions=self.agent.guidance)


def begin(tenant: Tenant, incoming: Incoming, given: Given) -> Question | None:
    """Note a question to the chat's current agent, or find it noted before a restart; `gather` finds what answers it.

    None: there is no agent in this chat yet.

    Raises:
        NotAllowed: the person may not use the agent (any more).
        WrongState: nothing of the agent is live.
        QuestionTooLong: with the limit.
    """
    with tenant.store.reading() as session:
        noted = _noted(session, incoming)
    if noted is not None and not (noted.is_forgotten and incoming.type == EDIT):
        return _resume(tenant, noted, given)
    with access.act(tenant, incoming.person_id) as session:
        if noted is not None:
            conversation = conversations.get(session, noted.conversation_id)
        elif (current := _current(session, incoming)) is not None:
            conversation = current
        else:
            return None
        agent, release = answering(session, tenant, conversation)
        text = given.question(agent.task)
        _check_length(agent, text)
        _check_length(agent, given.precedent.text if given.precedent else "")
        answer = Answer(
            conversation_id=conversation.id,
            agent_id=agent.id,
            release_id=release.id,
            person_id=incoming.person_id,
            question=text,
            incoming_activity_id=incoming.activity_id,
        )
        if noted is not None:
            _replace(session, noted, answer)
        question = _question(session, tenant, answer, conversation, given, of=(agent, release))
        session.add(answer)
        usage.asked(session, answer)
    return question


def _current(session: Session, incoming: Incoming) -> Conversation | None:
    """Return the conversation with whom the person has picked, or with whom the channel or group chat is bound to."""
    current = conversations.current(session, incoming.chat_id, incoming.person_id)
    if current is not None or incoming.scope is Scope.PERSONAL:
        return current
    room = rooms.get(session, incoming.chat_id)
    if room is None or room.agent_id is None:
        return None
    return conversations.start(session, incoming.chat_id, incoming.person_id, room.agent_id)


def _noted(session: Session, incoming: Incoming) -> Answer | None:
    if not incoming.activity_id:
        return None
    return conversations.answer_to(session, incoming.chat_id, incoming.person_id, incoming.activity_id)


def _replace(session: Session, forgotten: Answer, answer: Answer) -> None:
    """Put the answer to an edited message where the one to its earlier text was: in the chat, and in its memory."""
    before = conversations.answer_for_update(session, forgotten.id)
    answer.activity_id, answer.asked_at = before.activity_id, before.asked_at
    before.activity_id, before.incoming_activity_id = "", ""
    session.add(before)


def _question(
    session: Session,
    tenant: Tenant,
    answer: Answer,
    conversation: Conversation,
    given: Given,
    *,
    of: tuple[Agent, Release],
) -> Question:
    agent, release = of
    return Question(
        answer=answer,
        agent=agent,
        release=release,
        is_trial=conversation.release_id is not None,
        earlier=_earlier(session, answer),
        text=answer.question,
        policy=policy.get(session),
        is_excerpted=tenant.is_excerpted,
        files=[file.name for file in given.files],
    )


def _resume(tenant: Tenant, answer: Answer, given: Given) -> Question:
    with access.act(tenant, answer.person_id, answer.agent_id) as session:
        conversation = conversations.get(session, answer.conversation_id)
        agent, release = answering(session, tenant, conversation)
        if answer.seconds is None or answer.release_id is None:
            answer.release_id = release.id
        else:  # its words are those of the release that was live then
            release = releases.get(session, answer.release_id)
            _check_not_taken_back(agent, release)
        return _question(session, tenant, answer, conversation, given, of=(agent, release))


def check_still(tenant: Tenant, question: Question) -> None:
    """Check that the release may go on with its answer, which has begun.

    One that has been superseded meanwhile may.

    Raises:
        QuestionTakenBack: the person has edited or deleted their message.
        NotAllowed: the person may not use the agent any more.
        WrongState: answers were switched off, or the release was taken back.
    """
    answer = question.answer
    try:
        with tenant.store.reading() as session:
            if conversations.answer(session, answer.id).is_forgotten:
                raise QuestionTakenBack
            answering(session, tenant, conversations.get(session, answer.conversation_id))
            _check_not_taken_back(question.agent, releases.get(session, question.release.id))
    except Refusal as refusal:
        access.note(tenant, answer.person_id, refusal, question.release.id)
        raise


def _check_not_taken_back(agent: Agent, release: Release) -> None:
    if release.state in TAKEN_BACK:
        msg = say("'{agent}' was taken back while it answered. Ask again, or send 'agents'.", agent=agent.name)
        raise WrongState(msg)


def answering(session: Session, tenant: Tenant, conversation: Conversation) -> tuple[Agent, Release]:
    """Return the agent and the release that answers, looked up anew for each question: decisions count at once.

    Raises:
        NotAllowed: the person may not use the agent (any more).
        WrongState: answers are switched off, nothing of the agent is live, the agent is paused, or the release on trial
            has been stopped.
    """
    agent = agents.get(session, conversation.agent_id)
    if not policy.get(session).is_answering:
        raise WrongState(say(ANSWERS_ARE_OFF))
    if conversation.release_id is not None:
        release = releases.get(session, conversation.release_id)
        access.check(session, tenant, conversation.person_id, Permission.RELEASE_TRY, release)
        release.try_out()
        return agent, release
    if not agent.is_serving:
        owner = tenant.name_of(agent.owner_id)
        msg = say(
            "'{agent}' doesn't answer at the moment: it has been taken back. Ask {owner}, who owns it.",
            agent=agent.name,
            owner=owner,
        )
        raise WrongState(msg)
    if not access.may(session, tenant, conversation.person_id, Permission.AGENT_ASK, agent):
        msg = say(
            "You can't use '{agent}' any more: you are not in its audience. Ask {owner}, who owns it, or send 'agents' "
            "to see whom else you can ask.",
            agent=agent.name,
            owner=tenant.name_of(agent.owner_id),
        )
        raise PermissionMissing(msg, Permission.AGENT_ASK, agent.id)
    check_awake(tenant, agent)
    return agent, rollouts.release_for(session, tenant, agent, conversation.person_id)


def check_awake(tenant: Tenant, agent: Agent) -> None:
    """Raise `WrongState`, with whom to ask, if an agent's owner has paused it."""
    if agent.is_paused:
        msg = say(
            "'{agent}' takes a break: {owner}, who owns it, has paused it. Ask again later, or send 'agents' to see "
            "whom else you can ask.",
            agent=agent.name,
            owner=tenant.name_of(agent.owner_id),
        )
        raise WrongState(msg)


def _check_length(agent: Agent, text: str) -> None:
    longest = LONGEST[agent.task]
    if len(text) > longest:
        msg = say(
            "That is {count} characters; {agent} takes {most}. Shorten it, then send it again.",
            count=number(len(text)),
            agent=agent.name,
            most=number(longest),
        )
        raise QuestionTooLong(msg)


def gather(tenant: Tenant, question: Question, given: Given) -> Question:
    """Return the question with what may answer it: passages that its person may read, or the precedent of a draft."""
    answer, agent = question.answer, question.agent
    if agent.task is Task.GENERATION:
        return replace(question, precedent=chosen(tenant, agent, question.release, answer, given))
    if agent.task is not Task.QUESTIONS:
        return question
    # Trimmed by who asks, not by the agent: the person reads only what they could open themselves.
    principals, vector = tenant.people.principals(answer.person_id), tenant.encode(answer.question)
    with tenant.store.reading() as session:
        passages = search(
            session,
            answer.question,
            principals=principals,
            source_ids=agent.source_ids,
            limit=PASSAGES + SPARE if tenant.is_excerpted else PASSAGES,
            vector=vector,
            expansion=learned(session, runs.dataset_of(session, question.release.run_id) or ""),
        )
    return replace(question, passages=passages)


def shown(question: Question, live: Sequence[FoundPassage] = ()) -> Question:
    """Return the question with what of the passages found, and of those found live, the model is shown."""
    found = fused(question.passages, live) if live else question.passages
    passages = condensed(found, PASSAGES + SPARE) if question.is_excerpted else found[:PASSAGES]
    return replace(question, passages=passages)


def note_shown(question: Question, given: Given, remembered: Sequence[Said] = ()) -> None:
    """Note on the answer what the model is shown for it, which decides whether anybody's thumb may be learned.

    What an earlier answer was made of may be said again in this one.
    """
    documents, beyond = given.document_ids, {str(kind) for kind in given.beyond}
    documents |= {it.document_id for it in question.passages if not it.is_live}
    if any(it.is_live for it in question.passages):
        beyond.add(Beyond.LIVE)
    if question.precedent is not None and question.precedent.document_id:
        documents.add(question.precedent.document_id)
    for turn in remembered:
        documents.update(turn.shown or ())
        beyond.update(turn.beyond if turn.shown is not None else [*turn.beyond, Beyond.UNNOTED])
    question.answer.shown, question.answer.beyond = sorted(documents), sorted(beyond)


def _earlier(session: Session, answer: Answer) -> list[Said]:
    """Return what was said before, oldest first, with the asker's own corrections in place of what they corrected."""
    answers = conversations.answers(session, answer.conversation_id, limit=MAX_TURNS, before=answer.asked_at)
    corrections = feedback.corrections_of(session, answers)
    said = [
        Said(
            question=one.question,
            answer=corrections.get(one.id, one.text),
            shown=one.shown,
            beyond=[*one.beyond, Beyond.WORDS] if one.id in corrections else one.beyond,
        )
        for one in answers
    ]
    return [turn for turn in said if turn.answer]
