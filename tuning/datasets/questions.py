"""A question with its answer and the passage that supports it; and when two texts say the same."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from tuning.documents.passages import units
from tuning.documents.search import excerpt
from tuning.domain.datasets import Origin
from tuning.domain.documents import DocumentPassage
from tuning.domain.prompts import Passage

_WORD = re.compile(r"[^\W_]+(?:[.,:@/-][^\W_]+)*")
_CITATION = re.compile(r"\s*\[\d+\]")
_SMALL_WORDS = """
a about an and any are as at be by can could do does for from get give have how i in is it its may me must my
of on or our shall should tell that the their there they this to us was we what when where which who whom will
with would you your many much long please
"""
_SMALL = frozenset(_SMALL_WORDS.split())
_SHINGLE = 2
NEARLY_THE_SAME = 0.6
"""Jaccard similarity of word shingles from which two questions count as one."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """A passage as examples show it, with where it stands."""

    passage: Passage
    passage_id: int
    document_id: str
    is_excerpted: bool = False
    """Whether prompts show only what of it fits the question."""
    found_with: tuple[str, str] = ("", "")
    """The question that search found it with, and what of it fits that one."""

    def shown_with(self, question: str, *, answer: str = "") -> Passage:
        """Return what a prompt shows of it with a question; the part that holds the answer, where that is known."""
        if not self.is_excerpted:
            return self.passage
        asked, found = self.found_with
        if asked == question and answer in found:
            return replace(self.passage, text=found)
        return replace(self.passage, text=excerpt(question, self.passage.text, answer=answer))

    @staticmethod
    def of(title: str, stored: DocumentPassage, *, is_excerpted: bool = False) -> "Context":
        """Return the context of a stored passage."""
        if stored.id is None:
            raise ValueError("The passage is not stored yet.")
        shown = Passage(title=title, heading=stored.heading, text=stored.text)
        return Context(passage=shown, passage_id=stored.id, document_id=stored.document_id, is_excerpted=is_excerpted)


@dataclass(frozen=True, kw_only=True)
class Question:
    """One fact of a passage, asked for."""

    origin: Origin
    text: str
    answer: str
    context: Context
    made_by: str = ""
    """The rule that made it, or 'model'."""
    supersedes: str = field(default="", compare=False)
    """The passage's own answer, where a correction or the owner's own answer has taken its place."""
    is_good: bool = field(default=False, compare=False)
    """Whether the owner has said so: it is asked once more than others."""
    sample_id: str = field(default="", compare=False)
    """The sample that the owner has put into these words."""


def unit_of(question: Question) -> int | None:
    """Return which unit of its passage answers a question; None if none holds the answer as a whole.

    Of several it is the one that shares most words with the question.
    """
    answer = f" {normalised(question.supersedes or question.answer)} "
    parts = units(question.context.passage.text)
    holding = [at for at, part in enumerate(parts) if answer in f" {normalised(part)} "]
    if len(holding) < 2:  # noqa: PLR2004
        return holding[0] if holding else None
    words = content_words(question.text)
    return max(holding, key=lambda at: len(words & content_words(parts[at])))


def without_citation(answer: str) -> str:
    """Return an answer without '[1]'."""
    return _CITATION.sub("", answer).strip()


def normalised(text: str) -> str:
    """Return what counts when two answers are compared: words in small letters without articles and citations."""
    words = [word.lower() for word in _WORD.findall(_CITATION.sub("", text))]
    return " ".join(word for word in words if word not in {"the", "a", "an"})


def content_words(text: str) -> frozenset[str]:
    """Return the telling words of a text, without plural endings."""
    words = (word.lower() for word in _WORD.findall(text))
    return frozenset(word.removesuffix("s") for word in words if word not in _SMALL and len(word) > 1)


def shingles(text: str) -> frozenset[tuple[str, ...]]:
    """Return the runs of two words in a text; its words if there is but one."""
    words = normalised(text).split()
    runs = {tuple(words[at : at + _SHINGLE]) for at in range(max(1, len(words) - _SHINGLE + 1))}
    return frozenset(runs)


def similarity(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> float:
    """Return the Jaccard similarity of two sets of shingles, 0 to 1."""
    return len(one & other) / len(one | other) if one or other else 1.0


def asks_the_same(one: str, other: str) -> bool:
    """Return whether two questions are nearly the same, and neither names what the other doesn't: a city, say."""
    first, second = content_words(one), content_words(other)
    is_near = similarity(shingles(one), shingles(other)) >= NEARLY_THE_SAME
    return is_near and (first <= second or second <= first)


class Seen:
    """Texts that have been met, found again by shingles without comparing with every one."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        """Begin with these texts."""
        self._by_shingle: dict[tuple[str, ...], list[int]] = {}
        self._all: list[frozenset[tuple[str, ...]]] = []
        for text in texts:
            self.add(text)

    def add(self, text: str) -> None:
        """Remember a text."""
        found = shingles(text)
        for shingle in found:
            self._by_shingle.setdefault(shingle, []).append(len(self._all))
        self._all.append(found)

    def has(self, text: str, threshold: float = NEARLY_THE_SAME) -> bool:
        """Whether a remembered text is nearly the same."""
        return self.place(text, threshold) is not None

    def place(self, text: str, threshold: float = NEARLY_THE_SAME) -> int | None:
        """Return which remembered text is nearly the same, the first of them, counted from 0; None if none is."""
        found = shingles(text)
        near = {index for shingle in found for index in self._by_shingle.get(shingle, ())}
        return min((index for index in near if similarity(found, self._all[index]) >= threshold), default=None)
