"""Topics of working life in everyday words, each file an area: how documents state a fact, and how people ask for it.

A file's blocks begin with `# heading | heading` and hold aspects: `= label : kinds of value`, or `[value; value]`, then
sentences of documents after `>` and questions after `?`. Slots are those of `Family`; `{x}` is a name in all lines.
"""

import re
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path

from tuning.starter.facts.family import Family

_FOLDER = Path(__file__).parent
_FILES = {
    "hr": ("conditions", "people"),
    "it": ("it",),
    "travel": ("travel",),
    "security": ("security",),
    "finance": ("travel",),
    "product": ("product",),
    "general": ("people", "security", "product"),
}
_UNSEEN_EVERY = 12
"""One topic of this many is kept out of training, so that examinations can ask about it."""

_COMMON = frozenset(["company", "from", "into", "more", "office", "other", "people", "rule", "team", "that", "their"])
_COMMON |= {"time", "with", "work", "working", "your", "when", "what", "after", "before", "than", "where", "each"}


@dataclass(frozen=True, kw_only=True)
class Topic:
    """What a section of a document is about."""

    name: str
    """Its first heading."""
    aspects: tuple[Family, ...]
    """The facts that the section may state; no two of them answer the same question."""

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of its headings, by which it could be taken for another topic."""
        return words_of(self.aspects[0].topics)


@cache
def topics_of(area: str, *, unseen: bool = False) -> tuple[Topic, ...]:
    """Return an area's topics: those to train on, or those that training never sees."""
    read = [topics_in((_FOLDER / f"{name}.txt").read_text(encoding="utf-8")) for name in _FILES[area]]
    return tuple(
        topic
        for topics in read
        for at, topic in enumerate(topics)
        if (at % _UNSEEN_EVERY == _UNSEEN_EVERY - 1) == unseen
    )


def topics_in(text: str) -> list[Topic]:
    """Return the topics that a file holds.

    Raises:
        ValueError: a line is none of a heading, an aspect, a sentence and a question.
    """
    topics = []
    for block in text.split("\n# ")[0 if text.startswith("# ") else 1 :]:
        headings, *aspects = block.removeprefix("# ").split("\n= ")
        named = "|".join(part.strip() for part in headings.split("|"))
        topics.append(Topic(name=named.split("|")[0], aspects=tuple(_aspect(named, aspect) for aspect in aspects)))
    return topics


def _aspect(headings: str, text: str) -> Family:
    first, *lines = (line.strip() for line in text.strip().splitlines() if line.strip())
    label, _, kinds = (part.strip() for part in first.partition(" : "))
    said: dict[str, list[str]] = {">": [], "?": []}
    for line in lines:
        if line[0] not in said:
            raise ValueError(f"'{line}' under '{label}' must begin with '>' (a sentence) or '?' (a question).")
        said[line[0]].append(line[1:].strip())
    is_list = kinds.startswith("[")
    is_named = any("{x}" in line for line in lines) and "{x}" not in label
    return Family(
        topics=headings,
        about=(f"{label}, {{x}}" if is_named else label,),
        values="" if is_list else kinds.replace(";", " "),
        options=tuple(value.strip() for value in kinds.strip("[]").split(";")) if is_list else (),
        statements=tuple(said[">"]),
        questions=tuple(said["?"]),
    )


def named(topic: Topic, name: str) -> Topic:
    """Return the topic with this name wherever it speaks of a thing that has one."""

    def filled(lines: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(line.replace("{x}", name) for line in lines)

    return replace(
        topic,
        aspects=tuple(
            replace(
                aspect,
                about=filled(aspect.about),
                statements=filled(aspect.statements),
                questions=filled(aspect.questions),
            )
            for aspect in topic.aspects
        ),
    )


def words_of(text: str) -> frozenset[str]:
    """Return the words that tell what a text is about, in small letters and without a plural's s."""
    return frozenset(word.rstrip("s") for word in re.findall(r"[a-z]{4,}", text.lower())) - _COMMON
