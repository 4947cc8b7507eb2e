"""The passages that answer a question best, among those that the person who asks may read."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from sqlmodel import Session

from tuning.store import documents
from tuning.store.documents import Match

_CANDIDATES = 40
_MAX_QUESTION = 2_000
"""Characters of a question that are looked at; who pastes a document asks at its beginning or its end."""
_MAX_TERMS = 32
_ENDINGS = ("ations", "ation", "ments", "ment", "ings", "ing", "ies", "ied", "es", "ed", "s", "e", "y")
_LEAST_STEM = 3
_WORD = re.compile(r"[^\W_]+")
STOP_WORDS = frozenset(
    """a about all am an and any anybody anyone are as at be been before being but by can could d dear did do does doing
    don done else ever for from get gets give given good got had happen happens has have having hello hey hi how i if in
    into is it its just kind know let like ll long many may me might mind morning much must my need needed needs now of
    on one or our ours ourselves out over please possible quick re really s shall she should so some somebody someone
    something sorry t tell thank thanks that the their them then there these they thing things this those to too us use
    used using ve very want wants was we were what whats when where whether which while who whom whose why will with
    wonder would yes you your yours""".split()  # noqa: SIM905
)


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
    the question's weight (by the rarity of its words among the candidates) they cover, headings and neighbouring
    words counting extra.
    """
    terms = keywords(text)
    candidates = documents.match(
        session, terms, principals=principals, source_ids=source_ids, limit=max(_CANDIDATES, limit)
    )
    ranked = rank(terms, candidates)[:limit]
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


def keywords(text: str) -> list[str]:
    """Return what of a question is worth looking for, in order: its words in small letters, without the common ones."""
    if len(text) > _MAX_QUESTION:
        text = f"{text[: _MAX_QUESTION // 2]} {text[-_MAX_QUESTION // 2 :]}"
    words = [word.lower() for word in _WORD.findall(text)]
    return list(dict.fromkeys(word for word in words if word not in STOP_WORDS))[:_MAX_TERMS]


def rank(terms: Sequence[str], candidates: Sequence[Match]) -> list[tuple[float, Match]]:
    """Return candidates, given best first by BM25, with a score each, best first."""
    wanted = [stem(term) for term in terms]
    bodies = [[stem(word.lower()) for word in _WORD.findall(it.text)] for it in candidates]
    places = [{stem(word.lower()) for word in _WORD.findall(f"{it.title} {it.heading}")} for it in candidates]
    spread = Counter(word for body, place in zip(bodies, places, strict=True) for word in place.union(body))
    rarity = {term: math.log(1 + len(candidates) / (1 + spread[term])) for term in wanted}
    scored = []
    for position, (candidate, body, place) in enumerate(zip(candidates, bodies, places, strict=True)):
        words = set(body)
        covered = sum(rarity[term] for term in wanted if term in words or term in place)
        in_place = sum(rarity[term] for term in wanted if term in place)
        pairs = _neighbours(wanted, body, rarity)
        scored.append((covered + 0.3 * in_place + 0.5 * pairs + 2.0 / (3 + position), candidate))
    return sorted(scored, key=lambda it: -it[0])


def _neighbours(wanted: Sequence[str], body: Sequence[str], rarity: dict[str, float]) -> float:
    """Return the weight of the words that are neighbours both in the question and, at most two apart, in the text."""
    positions: dict[str, list[int]] = {}
    for index, word in enumerate(body):
        positions.setdefault(word, []).append(index)
    total = 0.0
    for left, right in pairwise(wanted):
        if any(abs(a - b) <= 2 for a in positions.get(left, ()) for b in positions.get(right, ())):  # noqa: PLR2004
            total += min(rarity[left], rarity[right])
    return total


def stem(word: str) -> str:
    """Return a word without its English ending, near enough to what the index does."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _LEAST_STEM and not word.endswith("ss"):
            return word[: -len(ending)]
    return word
