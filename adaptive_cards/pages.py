"""Long lists page by page: which part is shown, and the buttons that turn the page. Pages are counted from 0."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from adaptive_cards.elements import Element, aside, execute
from adaptive_cards.verbs import Verb
from tuning.languages import number as number_of
from tuning.languages import say

Item = TypeVar("Item")


@dataclass(frozen=True, kw_only=True)
class Page:
    """A part of a list."""

    number: int
    size: int
    """Items on a full page."""
    total: int
    """Items on all of them."""

    @classmethod
    def of(cls, total: int, size: int, number: int = 0) -> Self:
        """Return the page of that number; past either end, the nearest."""
        last = max((total - 1) // size, 0)
        return cls(number=min(max(number, 0), last), size=size, total=total)

    def cut(self, items: Sequence[Item]) -> Sequence[Item]:
        """Return what of all items is on the page."""
        return items[self.number * self.size :][: self.size]

    @property
    def is_whole(self) -> bool:
        """Whether everything is on it."""
        return self.total <= self.size

    def place(self) -> Element | None:
        """Return '11 to 20 of 60'; nothing where everything is shown."""
        if self.is_whole:
            return None
        first, last = self.number * self.size + 1, min((self.number + 1) * self.size, self.total)
        names = {"first": number_of(first), "last": number_of(last), "total": number_of(self.total)}
        return aside(say("{first} to {last} of {total}", **names))

    def steps(self, verb: Verb, titles: tuple[str, str] | None = None, **ids: str | int) -> list[Element]:
        """Return the buttons to the page before and after, where there is one."""
        before, after = titles or (say("Previous"), say("Next"))
        is_last = (self.number + 1) * self.size >= self.total
        steps = [*([] if self.number == 0 else [(before, -1)]), *([] if is_last else [(after, 1)])]
        given: dict[str, Any] = ids
        return [execute(title, verb, number=self.number + step, **given) for title, step in steps]
