"""A button that was pressed, and what comes of it."""

from collections.abc import Callable
from dataclasses import dataclass

from adaptive_cards.elements import Element
from bot.turn import Json, Scope
from tuning.domain.drafts import Draft
from tuning.domain.errors import InvalidInput
from tuning.governance.tenant import Tenant
from tuning.languages import mark, say

STALE = mark("That button can't be used any more. Send 'help' to see what you can do.")
MAX_TEXT = 30_000
MAX_NUMBER = 2**31 - 1
"""Every database can compare with it."""


@dataclass(frozen=True, kw_only=True)
class Press:
    """Who pressed a button where, with the ids it carries and what was typed in. Nothing in it is trusted."""

    person_id: str
    chat_id: str
    scope: Scope = Scope.PERSONAL
    """Where the chat takes place."""
    data: Json

    def id(self, key: str) -> str:
        """Return an id that the button carries; raise `InvalidInput` for a button that lacks it."""
        value = self.data.get(key)
        if not isinstance(value, str) or not value:
            raise InvalidInput(say(STALE))
        return value

    def number(self, key: str) -> int:
        """Return a number that the button carries; raise `InvalidInput` for a button that lacks it."""
        value = self.data.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MAX_NUMBER:
            raise InvalidInput(say(STALE))
        return value

    def text(self, key: str) -> str:
        """Return what was typed in; empty if nothing was."""
        value = self.data.get(key)
        return value.strip()[:MAX_TEXT] if isinstance(value, str) else ""

    def choices(self, key: str) -> list[str]:
        """Return what was chosen."""
        return [value for value in self.text(key).split(",") if value]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a button leads to: the card is replaced, or a sentence is said; then what follows in the chat."""

    card: Element | None = None
    sentence: str = ""
    question: str = ""
    """A question to answer next, as if the person had typed it."""
    draft_id: str = ""
    """A file to put into the person's OneDrive; what comes of that is shown."""
    offered: Draft | None = None
    """A file to offer in the chat."""


Handler = Callable[[Tenant, Press], Outcome]
