"""The passages that answer a question best, among those that the person who asks may read."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from tuning.documents.passages import units
from tuning.domain.vectors import Encoded
from tuning.rephrasing.telling import STOP_WORDS, WORD, stem
from tuning.rephrasing.words import phrases
from tuning.store import documents
from tuning.store.documents import Match

_CANDIDATES = 40
FUSION = 10
"""How slowly a rank's worth falls: with 60, as in the paper, the first of one ranking loses to what is common in both;
on the sample organisation's questions, 10 shows the right passage more often."""
_MAX_QUESTION = 2_000
"""Characters of a question that are looked at; who pastes a document asks at its beginning or its end."""
_MAX_NOTIONS = 32
_SYNONYM = 0.8
"""What a synonym counts beside the question's own word."""

_Forms = Sequence[tuple[str, ...]]
"""The words of a notion in each way to call it, as `stem` has them."""


@dataclass(frozen=True, kw_only=True)
class FoundPassage:
    """A passage that search found, with where it stands."""

    passage_id: int
    document_id: str
    title: str
    heading: str
    text: str
    excerpt: str
    """The one unit of it that fits the question best."""
    likenesses: tuple[float, ...] = ()
    """How near each of its units is to the question in meaning; empty where nothing can tell."""
    url: str
    label: str
    score: float
    """Higher is better; comparable within one search only."""
    is_live: bool = False
    """Whether SharePoint found it at this moment, and not the index."""
    is_changed: bool = False
    """Whether the file has changed since the index read it, or is new."""


def search(
    session: Session,
    text: str,
    *,
    principals: frozenset[str],
    source_ids: Sequence[str],
    limit: int = 4,
    vector: Encoded | None = None,
) -> list[FoundPassage]:
    """Return at most `limit` passages that fit a question, best first; none when nothing in it can be looked for.

    Trimmed by the principals inside the query. BM25 chooses the candidates; among these, passages rank by how much of
    the question's weight (by the rarity of its words among the candidates) they cover, in its own words or in
    synonyms, headings and neighbouring words counting extra. With the question's vector, this ranking is fused with
    that by the nearest vectors.
    """
    asked = notions(text)
    terms = dict.fromkeys(word for notion in asked for form in notion.forms for word in form)
    candidates = documents.match(
        session, list(terms), principals=principals, source_ids=source_ids, limit=max(_CANDIDATES, limit)
    )
    ranked = rank(asked, candidates)
    if vector is not None and terms:
        near = documents.nearest(
            session, vector, principals=principals, source_ids=source_ids, limit=max(_CANDIDATES, limit)
        )
        ranked = fuse([it for _, it in ranked], near)
    return [
        FoundPassage(
            passage_id=it.passage_id,
            document_id=it.document_id,
            title=it.title,
            heading=it.heading,
            text=it.text,
            excerpt=_nearest(it) if it.likenesses else _excerpt(asked, it.text),
            likenesses=it.likenesses,
            url=it.url,
            label=it.label,
            score=score,
        )
        for score, it in ranked[:limit]
    ]


def _nearest(match: Match) -> str:
    return units(match.text)[max(range(len(match.likenesses)), key=match.likenesses.__getitem__)]


def fuse(*rankings: Sequence[Match]) -> list[tuple[float, Match]]:
    """Return what stands in any ranking, best first, by its reciprocal ranks (Cormack, Clarke and Buettcher 2009)."""
    found = {it.passage_id: it for ranking in rankings for it in ranking}
    scores = dict.fromkeys(found, 0.0)
    for ranking in rankings:
        for place, it in enumerate(ranking, start=1):
            scores[it.passage_id] += 1 / (FUSION + place)
    return sorted(((scores[passage_id], it) for passage_id, it in found.items()), key=lambda it: -it[0])


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
    wanted = _stemmed(asked)
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


def excerpt(question: str, text: str, *, answer: str = "") -> str:
    """Return the unit of a passage that covers most of a question, the first of equals.

    Of a passage that holds the answer, where one is given, it is one of those that hold it: what is learned from must
    not be cut away.
    """
    return _excerpt(notions(question), text, answer)


def _excerpt(asked: Sequence[Notion], text: str, answer: str = "") -> str:
    parts, wanted = units(text), _stemmed(asked)
    return max([part for part in parts if answer in part] or parts, key=lambda part: _fit(wanted, part))


def _stemmed(asked: Sequence[Notion]) -> list[_Forms]:
    return [[tuple(stem(word) for word in form) for form in notion.forms] for notion in asked]


def _fit(wanted: Sequence[_Forms], text: str) -> float:
    words = {stem(word.lower()) for word in WORD.findall(text)}
    return sum(_likeness(forms, words) for forms in wanted)


def _likeness(forms: _Forms, words: Collection[str]) -> float:
    """Return how far the words hold a notion, 0 to 1: whole, by a synonym, or the share of its words."""
    asked, *others = forms
    share = sum(word in words for word in asked) / len(asked)
    return max(share, _SYNONYM if any(all(word in words for word in other) for other in others) else 0.0)


def _neighbours(wanted: Sequence[_Forms], body: Sequence[str], rarity: Sequence[float]) -> float:
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
