"""What Teams' thumbs say, in each of their forms: Teams' own dialog, the bot's, and the Playground's."""

import json
from dataclasses import dataclass
from typing import Any

from adaptive_cards.opinion import WHOLE_FORM
from bot.turn import Json
from tuning.domain.feedback import Fault, Reaction


@dataclass(frozen=True, kw_only=True)
class Thumb:
    """A thumb that was pressed, with what was filled in."""

    reaction: Reaction
    reason: Fault | None = None
    comment: str = ""
    correction: str = ""
    is_whole: bool = False
    """Whether it is the bot's form, which shows what was said before: what it doesn't send was emptied."""


def read_thumb(value: Any) -> Thumb | None:
    """Return what a feedback invoke's value says; None if it is none.

    Teams wraps what was filled in in JSON within JSON: its own dialog as 'feedbackText', the bot's under the ids of its
    fields. The Playground sends plain words. The value itself may be wrapped in 'data'.
    """
    action = _action(value)
    reaction = action.get("reaction")
    if reaction not in list(Reaction):
        return None
    filled = _filled(action.get("feedback"))
    reason = filled.get("reason")
    return Thumb(
        reaction=Reaction(reaction),
        reason=Fault(reason) if reason in list(Fault) else None,
        comment=_text(filled, "comment") or _text(filled, "feedbackText"),
        correction=_text(filled, "correction"),
        is_whole=filled.get("form") == WHOLE_FORM or "reason" in filled,
    )


def _action(value: Any) -> Json:
    data = value if isinstance(value, dict) else {}
    found = data.get("actionValue")
    if found is None and isinstance(data.get("data"), dict):
        found = data["data"].get("actionValue")
    return found if isinstance(found, dict) else {}


def _filled(said: Any) -> Json:
    if isinstance(said, dict):
        return said
    if not isinstance(said, str):
        return {}
    try:
        wrapped = json.loads(said)
    except (ValueError, RecursionError):
        wrapped = None
    return wrapped if isinstance(wrapped, dict) else {"comment": said}


def _text(filled: Json, key: str) -> str:
    value = filled.get(key)
    return value if isinstance(value, str) else ""
