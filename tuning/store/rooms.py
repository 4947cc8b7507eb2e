"""Queries on group chats and channels."""

from datetime import datetime

from sqlmodel import Session

from tuning.domain.rooms import Room, room_of


def get(session: Session, chat_id: str) -> Room | None:
    """Return what is known of a chat's room."""
    return session.get(Room, room_of(chat_id))


def get_for_update(session: Session, chat_id: str) -> Room:
    """Return a chat's room, known or not, and keep it from other changes until the transaction ends."""
    return session.get(Room, room_of(chat_id), with_for_update=True) or Room(id=room_of(chat_id))


def greet(session: Session, chat_id: str, at: datetime) -> bool:
    """Note that a room is greeted; return whether it has not been before."""
    room = get_for_update(session, chat_id)
    if room.greeted_at is not None:
        return False
    room.greeted_at = at
    session.add(room)
    return True
