"""The passages that answer a question best, among those that the person who asks may read."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from operator import mul

from sqlmodel import Session

from tuning.documents.expansion import UNKNOWN, Expansion, Place
from tuning.documents.passages import units
from tuning.domain.vectors import Encoded
from tuning.rephrasing.kinds import kind
from tuning.rephrasing.related import related
from tuning.rephrasing.telling import LIGHT_WORDS, STOP_WORDS, WORD, stem
from tuning.rephrasing.words import phrases
from tuning.store import matches
from tuning.store.matches import Match

_CANDIDATES = 60
_LOOKED_INTO = 30
"""Of the candidates, those whose sentences are looked at one by one."""
FUSION = 10
"""How slowly a rank's worth falls: with 60, as in the paper, the first of one ranking loses to what is common in both;
on the sample organisation's questions, 10 shows the right passage more often."""
_MAX_QUESTION = 2_000
"""Characters of a question that are looked at; who pastes a document asks at its beginning or its end."""
_MAX_NOTIONS = 32
_MAX_WIDE = 300
"""Related words that are looked for; SQLite puts no more than 500 queries together."""
_SYNONYM, _RELATED = 0.8, 0.7
"""What a synonym, and what something related, count beside the question's own word."""
_LIGHT = 0.5
"""What a notion counts whose words are in many questions."""
_PLACE, _NEIGHBOURS, _SENTENCE = 0.5, 0.4, 1.0
"""What notions count once more in title and headings, beside each other, and in one sentence."""
_KIND = 1.0
"""What it counts that a sentence has something of the kind that is asked for, such as a length of time."""


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
    fits: tuple[float, ...] = ()
    """How well each of its units fits the question by words; empty where the text is not Attune's own."""
    asked: tuple[float, ...] = ()
    """How near the question is to those that each unit was asked, from 0 to 1; empty where search has learned none."""
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
    expansion: Expansion | None = None,
) -> list[FoundPassage]:
    """Return at most `limit` passages that fit a question, best first; none when nothing in it can be looked for.

    Trimmed by the principals inside the query. BM25 chooses the candidates; among these, passages rank by how much of
    the question's weight (by the rarity of its words among the candidates) they cover, in its own words or in
    synonyms, headings and neighbouring words counting extra. With the question's vector, this ranking is fused with
    that by the nearest vectors, and with that by the nearest questions where an expansion has learned them.
    """
    asked = notions(text)
    own = dict.fromkeys(word for notion in asked for form in notion.forms for word in form)
    # A word of a related phrase alone is not related: 'trip' is not 'start of the trip'.
    wide = dict.fromkeys(form[0] for notion in asked for form in notion.related if len(form) == 1)
    candidates = matches.match(
        session,
        list(own),
        [word for word in wide if word not in own][:_MAX_WIDE],
        principals=principals,
        source_ids=source_ids,
        limit=max(_CANDIDATES, limit),
    )
    ranked = rank(text, asked, candidates)
    rankings = [[it for _, it in ranked]]
    if vector is not None and own:
        near = matches.nearest(
            session, vector, principals=principals, source_ids=source_ids, limit=max(_CANDIDATES, limit)
        )
        rankings.append(near)
        ranked = fuse(*rankings)
    likenesses: dict[Place, float] = {}
    if expansion is not None and own:
        likenesses = dict(expansion.nearest(text))
        ids = list(dict.fromkeys(passage_id for passage_id, _ in likenesses))[:_CANDIDATES]
        readable = matches.of_ids(session, ids, principals=principals, source_ids=source_ids)
        known = readable | {it.passage_id: it for _, it in ranked}
        ranked = fuse(*rankings, _by_questions(known.values(), expansion, likenesses))
    wanted = [_Wanted(notion) for notion in asked]
    found = [_found(text, wanted, it, score) for score, it in ranked[:limit]]
    return found if expansion is None else [_with_asked(it, expansion, likenesses) for it in found]


def _by_questions(passages: Iterable[Match], expansion: Expansion, likenesses: Mapping[Place, float]) -> list[Match]:
    """Return the passages that were asked something like it, nearest first, and among them those nobody asked about."""
    best: dict[int, float] = {}
    for (passage_id, _), likeness in likenesses.items():
        best[passage_id] = max(likeness, best.get(passage_id, 0.0))
    scored = [(best.get(it.passage_id, _unasked(it.document_id, expansion)), it) for it in passages]
    return [it for likeness, it in sorted(scored, key=lambda one: -one[0]) if likeness]


def _unasked(document_id: str, expansion: Expansion) -> float:
    """Return what a unit counts that no question is near to."""
    return 0.0 if document_id in expansion.document_ids else UNKNOWN


def _with_asked(found: FoundPassage, expansion: Expansion, likenesses: Mapping[Place, float]) -> FoundPassage:
    other = _unasked(found.document_id, expansion)
    return replace(
        found,
        asked=tuple(likenesses.get((found.passage_id, unit), other) for unit in range(len(found.fits))),
    )


def _found(question: str, wanted: Sequence["_Wanted"], match: Match, score: float) -> FoundPassage:
    parts = units(match.text)
    fits = tuple(_fits(question, parts, wanted, [notion.weight for notion in wanted]))
    nearness = match.likenesses or fits
    return FoundPassage(
        passage_id=match.passage_id,
        document_id=match.document_id,
        title=match.title,
        heading=match.heading,
        text=match.text,
        excerpt=parts[nearness.index(max(nearness))],
        likenesses=match.likenesses,
        fits=fits,
        url=match.url,
        label=match.label,
        score=score,
    )


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
    related: tuple[tuple[str, ...], ...] = ()
    """What may be meant all the same."""


def notions(text: str) -> list[Notion]:
    """Return what of a question is worth looking for, in order, each thing once."""
    if len(text) > _MAX_QUESTION:
        text = f"{text[: _MAX_QUESTION // 2]} {text[-_MAX_QUESTION // 2 :]}"
    found: dict[tuple[str, ...], Notion] = {}
    for phrase, synonyms in phrases(text):
        asked, *others = (_telling(form) for form in (phrase, *synonyms))
        if asked:
            found[asked] = Notion(forms=(asked, *dict.fromkeys(other for other in others if other)))
    return _with_related(list(found.values())[:_MAX_NOTIONS])


def _with_related(asked: Sequence[Notion]) -> list[Notion]:
    """Return notions with what is related to their words, or to these and those that follow."""
    words = [word for notion in asked for word in notion.forms[0]]
    owners = [place for place, notion in enumerate(asked) for _ in notion.forms[0]]
    more: dict[int, dict[tuple[str, ...], None]] = defaultdict(dict)
    for at, others in related(words):
        more[owners[at]].update(dict.fromkeys(others))
    return [replace(notion, related=tuple(more[place])) for place, notion in enumerate(asked)]


def _telling(phrase: str) -> tuple[str, ...]:
    return tuple(word for word in WORD.findall(phrase.lower()) if word not in STOP_WORDS)


class _Wanted:
    """A notion, ready to be looked for among words as `stem` has them."""

    def __init__(self, notion: Notion) -> None:
        own, *others = (tuple(stem(word) for word in form) for form in notion.forms)
        wide = [tuple(stem(word) for word in form) for form in notion.related]
        weights = dict.fromkeys(wide, _RELATED) | dict.fromkeys(others, _SYNONYM)
        self.own = own
        self.weight = _LIGHT if all(word in LIGHT_WORDS for word in notion.forms[0]) else 1.0
        self.forms = [own, *weights]
        self._words = {form[0]: weight for form, weight in weights.items() if len(form) == 1}
        self._phrases = [(weight, frozenset(form)) for form, weight in weights.items() if len(form) > 1]

    def likeness(self, words: AbstractSet[str]) -> float:
        """Return how far words hold it, 0 to 1: the share of its own, or what stands for it."""
        best = sum(word in words for word in self.own) / len(self.own)
        if best < 1:
            best = max([best, *(self._words[word] for word in self._words.keys() & words)])
            best = max([best, *(weight for weight, form in self._phrases if weight > best and form <= words)])
        return best


def rank(question: str, asked: Sequence[Notion], candidates: Sequence[Match]) -> list[tuple[float, Match]]:
    """Return candidates, given best first by BM25, with a score each, best first."""
    if not candidates:
        return []
    wanted = [_Wanted(notion) for notion in asked]
    bodies = [_stems(it.text) for it in candidates]
    places = [frozenset(_stems(f"{it.title} {it.heading}")) for it in candidates]
    held = [
        [notion.likeness(place.union(body)) for notion in wanted] for body, place in zip(bodies, places, strict=True)
    ]
    weights = [
        notion.weight * math.log(1 + len(candidates) / (1 + sum(column)))
        for notion, column in zip(wanted, zip(*held, strict=True), strict=True)
    ]
    scored = []
    for position, (it, body, place, likenesses) in enumerate(zip(candidates, bodies, places, held, strict=True)):
        score = sum(map(mul, weights, likenesses)) + _PLACE * _weight_of(place, wanted, weights)
        scored.append((score + _NEIGHBOURS * _neighbours(wanted, body, weights) + 2.0 / (3 + position), it))
    scored.sort(key=lambda it: -it[0])
    for at, (score, it) in enumerate(scored[:_LOOKED_INTO]):
        scored[at] = (score + _SENTENCE * max(_fits(question, units(it.text), wanted, weights)), it)
    return sorted(scored, key=lambda it: -it[0])


def _fits(
    question: str, sentences: Sequence[str], wanted: Sequence["_Wanted"], weights: Sequence[float]
) -> Iterator[float]:
    """Yield how well each sentence alone fits a question."""
    told = kind(question)
    for sentence in sentences:
        fit = _weight_of(_words(sentence), wanted, weights)
        yield fit + _KIND if fit and told and told.search(sentence) else fit


def _weight_of(words: AbstractSet[str], wanted: Sequence["_Wanted"], weights: Sequence[float]) -> float:
    return sum(weight * notion.likeness(words) for weight, notion in zip(weights, wanted, strict=True))


def excerpt(question: str, text: str, *, answer: str = "") -> str:
    """Return the unit of a passage that covers most of a question, the first of equals.

    Of a passage that holds the answer, where one is given, it is one of those that hold it: what is learned from must
    not be cut away.
    """
    wanted = [_Wanted(notion) for notion in notions(question)]
    parts = [part for part in units(text) if answer in part] or units(text)
    fits = list(_fits(question, parts, wanted, [notion.weight for notion in wanted]))
    return parts[fits.index(max(fits))]


def _stems(text: str) -> list[str]:
    return [stem(word) for word in WORD.findall(text.lower())]


def _words(text: str) -> frozenset[str]:
    return frozenset(_stems(text))


def _neighbours(wanted: Sequence[_Wanted], body: Sequence[str], weights: Sequence[float]) -> float:
    """Return the weight of the notions that are neighbours both in the question and, at most two words apart, here."""
    positions: dict[str, list[int]] = {}
    for index, word in enumerate(body):
        positions.setdefault(word, []).append(index)
    ends = [[at for form in notion.forms for at in positions.get(form[-1], ())] for notion in wanted]
    starts = [[at for form in notion.forms for at in positions.get(form[0], ())] for notion in wanted]
    total = 0.0
    for left in range(len(wanted) - 1):
        if any(abs(a - b) <= 2 for a in ends[left] for b in starts[left + 1]):  # noqa: PLR2004
            total += min(weights[left], weights[left + 1])
    return total
