"""The passages that answer a question best, among those that the person who asks may read."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from tuning.rephrasing.telling import STOP_WORDS, WORD, stem
from tuning.rephrasing.words import phrases
from tuning.store import documents
from tuning.store.documents import Match

_CANDIDATES = 40
_MAX_QUESTION = 2_000
"""Characters of a question that are looked at; who pastes a document asks at its beginning or its end."""
_MAX_NOTIONS = 32
_SYNONYM = 0.8
"""What a synonym counts beside the question's own word."""


@dataclass(frozen=True, kw_only=True)
class FoundPassage:
    """A passage that search found, with where it stands."""

    passage_id: int
    document_id: str
    title: str
    heading: str
    text: str
    url: str
    label: str
    score: float
    """Higher is better; comparable within one search only."""


def search(
    session: Session, text: str, *, principals: frozenset[str], source_ids: Sequence[str], limit: int = 4
) -> list[FoundPassage]:
    """Return at most `limit` passages that fit a question, best first; none when nothing in it can be looked for.

    Trimmed by the principals inside the query. BM25 chooses the candidates; among these, passages rank by how much of
    the question's weight (by the rarity of its words among the candidates) they cover, in its own words or in
    synonyms, headings and neighbouring words counting extra.
    """
    asked = notions(text)
    terms = dict.fromkeys(word for notion in asked for form in notion.forms for word in form)
    candidates = documents.match(
        session, list(terms), principals=principals, source_ids=source_ids, limit=max(_CANDIDATES, limit)
    )
    ranked = rank(asked, candidates)[:limit]
    return [
        FoundPassage(
            passage_id=it.passage_id,
            document_id=it.document_id,
            title=it.title,
            heading=it.heading,
            text=it.text,
            url=it.url,
            label=it.label,
            score=score,
        )
        for score, it in ranked
    ]


@dataclass(frozen=True, kw_only=True)
class Notion:
    """Something that a question is about, in all the ways to call it."""

    forms: tuple[tuple[str, ...], ...]
    """Words in small letters, without the common ones: as the question has it, then its synonyms."""


def notions(text: str) -> list[Notion]:
    """Return what of a question is worth looking for, in order, each thing once."""
    if len(text) > _MAX_QUESTION:
        text = f"{text[: _MAX_QUESTION // 2]} {text[-_MAX_QUESTION // 2 :]}"
    found: dict[tuple[str, ...], Notion] = {}
    for phrase, synonyms in phrases(text):
        asked, *others = (_telling(form) for form in (phrase, *synonyms))
        if asked:
            found[asked] = Notion(forms=(asked, *dict.fromkeys(other for other in others if other)))
    return list(found.values())[:_MAX_NOTIONS]


def _telling(phrase: str) -> tuple[str, ...]:
    return tuple(word for word in WORD.findall(phrase.lower()) if word not in STOP_WORDS)


def rank(asked: Sequence[Notion], candidates: Sequence[Match]) -> list[tuple[float, Match]]:
    """Return candidates, given best first by BM25, with a score each, best first."""
    wanted = [[tuple(stem(word) for word in form) for form in notion.forms] for notion in asked]
    bodies = [[stem(word.lower()) for word in WORD.findall(it.text)] for it in candidates]
    places = [{stem(word.lower()) for word in WORD.findall(f"{it.title} {it.heading}")} for it in candidates]
    everything = [place.union(body) for body, place in zip(bodies, places, strict=True)]
    rarity = [
        math.log(1 + len(candidates) / (1 + sum(_likeness(forms, words) > 0 for words in everything)))
        for forms in wanted
    ]
    scored = []
    for position, (candidate, body, place, words) in enumerate(
        zip(candidates, bodies, places, everything, strict=True)
    ):
        covered = sum(weight * _likeness(forms, words) for weight, forms in zip(rarity, wanted, strict=True))
        in_place = sum(weight * _likeness(forms, place) for weight, forms in zip(rarity, wanted, strict=True))
        pairs = _neighbours(wanted, body, rarity)
        scored.append((covered + 0.3 * in_place + 0.5 * pairs + 2.0 / (3 + position), candidate))
    return sorted(scored, key=lambda it: -it[0])


def _likeness(forms: Sequence[tuple[str, ...]], words: Collection[str]) -> float:
    """Return how far the words hold a notion, 0 to 1: whole, by a synonym, or the share of its words."""
    asked, *others = forms
    share = sum(word in words for word in asked) / len(asked)
    return max(share, _SYNONYM if any(all(word in words for word in other) for other in others) else 0.0)


def _neighbours(wanted: Sequence[Sequence[tuple[str, ...]]], body: Sequence[str], rarity: Sequence[float]) -> float:
    """Return the weight of the notions that are neighbours both in the question and, at most two words apart, here."""
    positions: dict[str, list[int]] = {}
    for index, word in enumerate(body):
        positions.setdefault(word, []).append(index)
    ends = [[at for form in forms for at in positions.get(form[-1], ())] for forms in wanted]
    starts = [[at for form in forms for at in positions.get(form[0], ())] for forms in wanted]
    total = 0.0
    for left in range(len(wanted) - 1):
        if any(abs(a - b) <= 2 for a in ends[left] for b in starts[left + 1]):  # noqa: PLR2004
            total += min(rarity[left], rarity[left + 1])
    return total
