"""Queries on conversations, answers, and the chats that people can be reached in."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, exists, func, or_, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from tuning.domain.conversations import Answer, Chat, Conversation
from tuning.domain.rooms import THREAD
from tuning.store import rows

# What every turn asks for is made once: making such a query takes longer than answering it.
_CURRENT = select(Conversation).where(
    Conversation.chat_id == bindparam("chat_id"),
    Conversation.person_id == bindparam("person_id"),
    col(Conversation.is_current),
)
_REFERENCE = select(Chat.reference).where(Chat.person_id == bindparam("person_id"))


def get(session: Session, conversation_id: str) -> Conversation:
    """Return the conversation; raise `NotFound` if there is none."""
    return rows.get(session, Conversation, conversation_id)


def current(session: Session, chat_id: str, person_id: str) -> Conversation | None:
    """Return the conversation that a person's next question in a chat belongs to."""
    return session.exec(_CURRENT, params={"chat_id": chat_id, "person_id": person_id}).first()


def start(session: Session, chat_id: str, person_id: str, agent_id: str, release_id: str | None = None) -> Conversation:
    """Begin a conversation with an agent, or with one release of it, to try it; the one before rests."""
    fresh = Conversation(chat_id=chat_id, person_id=person_id, agent_id=agent_id, release_id=release_id)
    return _turn_to(session, fresh)


def go_on(session: Session, chat_id: str, person_id: str, agent_id: str) -> Conversation:
    """Turn back to a person's last conversation with an agent in a chat, or begin one; the one before rests."""
    last = session.exec(
        select(Conversation)
        .where(Conversation.chat_id == chat_id, Conversation.person_id == person_id)
        .where(Conversation.agent_id == agent_id, col(Conversation.release_id).is_(None))
        .order_by(col(Conversation.started_at).desc())
        .limit(1)
    ).first()
    return _turn_to(session, last) if last else start(session, chat_id, person_id, agent_id)


def leave(session: Session, room_id: str, agent_id: str) -> None:
    """Let the conversations with an agent in a room, its threads included, rest."""
    session.exec(
        update(Conversation)
        .where(col(Conversation.agent_id) == agent_id, col(Conversation.is_current))
        .where(
            or_(
                col(Conversation.chat_id) == room_id,
                col(Conversation.chat_id).startswith(room_id + THREAD, autoescape=True),
            )
        )
        .values(is_current=False)
    )


def _turn_to(session: Session, conversation: Conversation) -> Conversation:
    session.exec(
        update(Conversation)
        .where(col(Conversation.chat_id) == conversation.chat_id)
        .where(col(Conversation.person_id) == conversation.person_id, col(Conversation.is_current))
        .values(is_current=False)
    )
    conversation.is_current = True
    session.add(conversation)
    session.flush()
    return conversation


def count(session: Session, agent_id: str) -> int:
    """Return how many answers an agent has given that are kept."""
    return session.exec(select(func.count()).select_from(Answer).where(Answer.agent_id == agent_id)).one()


def answers(session: Session, conversation_id: str, limit: int, *, before: datetime | None = None) -> list[Answer]:
    """Return the last answers of a conversation, or the last ones before a moment, oldest first."""
    query = select(Answer).where(Answer.conversation_id == conversation_id)
    if before is not None:
        query = query.where(Answer.asked_at < before)
    newest = session.exec(query.order_by(col(Answer.asked_at).desc()).limit(limit)).all()
    return list(reversed(newest))


def unnoted_in_talks(session: Session, agent_id: str) -> frozenset[str]:
    """Return the answers of which nobody noted what they were made of, and that others came before in their talk."""
    earlier = aliased(Answer)
    came_after = exists().where(
        col(earlier.conversation_id) == col(Answer.conversation_id), col(earlier.asked_at) < col(Answer.asked_at)
    )
    unnoted = select(Answer.id).where(Answer.agent_id == agent_id, col(Answer.shown).is_(None), came_after)
    return frozenset(session.exec(unnoted))


def answer(session: Session, answer_id: str) -> Answer:
    """Return the answer; raise `NotFound` if there is none."""
    return rows.get(session, Answer, answer_id)


def answer_shown_as(session: Session, activity_id: str) -> Answer | None:
    """Return the answer that a message of the chat shows."""
    return session.exec(select(Answer).where(Answer.activity_id == activity_id)).first()


def answer_for_update(session: Session, answer_id: str) -> Answer:
    """Return the answer and keep it from other changes until the transaction ends."""
    return rows.get_for_update(session, Answer, answer_id)


def answer_to(
    session: Session, chat_id: str, person_id: str, incoming_activity_id: str, *, is_changed: bool = False
) -> Answer | None:
    """Return the answer to a person's message, so that one delivered twice is answered once.

    Messages of different chats may have the same id. To be changed, it is kept from other changes until the end.
    """
    query = (
        select(Answer)
        .join(Conversation, col(Conversation.id) == col(Answer.conversation_id))
        .where(Answer.incoming_activity_id == incoming_activity_id, Answer.person_id == person_id)
        .where(Conversation.chat_id == chat_id)
    )
    return session.exec(query.with_for_update(of=Answer) if is_changed else query).first()


def last_shown(session: Session, chat_id: str, person_id: str) -> Answer | None:
    """Return the answer that a person saw last in a chat, even if Teams has not confirmed it yet."""
    return session.exec(_complete(chat_id, person_id)).first()


def being_shown(session: Session, chat_id: str, person_id: str) -> Answer | None:
    """Return the newest answer sent to a chat of which it isn't known yet which message shows it.

    People can react to a message sooner than Teams tells the bot its id.
    """
    return session.exec(_complete(chat_id, person_id).where(Answer.activity_id == "")).first()


def _complete(chat_id: str, person_id: str) -> SelectOfScalar[Answer]:
    return (
        select(Answer)
        .join(Conversation, col(Conversation.id) == col(Answer.conversation_id))
        .where(Conversation.chat_id == chat_id, Answer.person_id == person_id)
        .where(col(Answer.seconds).is_not(None), col(Answer.is_stopped).is_(False))
        .order_by(col(Answer.asked_at).desc())
        .limit(1)
    )


def chat(session: Session, person_id: str) -> Chat | None:
    """Return how to reach a person."""
    return session.get(Chat, person_id)


def reference(connection: Connection, person_id: str) -> dict[str, Any] | None:
    """Return the reference to a person's chat alone."""
    found: dict[str, Any] | None = connection.execute(_REFERENCE, {"person_id": person_id}).scalar()
    return found


def remember_chat(session: Session, person_id: str, reference: dict[str, Any]) -> Chat:
    """Note or renew how to reach a person."""
    known = session.get(Chat, person_id, with_for_update=True) or Chat(person_id=person_id)
    known.reference = reference
    session.add(known)
    session.flush()
    return known
