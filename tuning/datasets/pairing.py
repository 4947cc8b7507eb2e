"""Which documents belong together as precedent and target: found by names and words, for an owner to confirm.

Names come first: what two files are called without the words that say what each is ('report', 'summary', 'final',
'v2'). What names leave over is compared by rare words, and what words speak against is dropped. Where two answers are
possible, there is none: an owner sees at once what is in no pair, but hardly which of fifty pairs is wrong.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import PurePosixPath

from tuning.datasets.likeness import Likeness, is_beaten, only
from tuning.domain.pairs import FoundBy
from tuning.domain.prompts import Task

MOST_BY_WORDS = 2_000
"""Documents above which only names are compared."""
_SHORTER = 0.7
"""Of its document's length, what a summary has at most where its name doesn't say that it is one."""


class Rank(IntEnum):
    """What a file's name says that it is; of two, the lower one is the precedent."""

    CONTENT = -1
    PRECEDENT = 0
    DRAFT = 1
    TARGET = 2


_CALLED = {
    Task.SUMMARY: {
        Rank.PRECEDENT: "report reports document documents full transcript transcripts paper papers minutes original "
        "originals source long precedent bericht berichte dokument dokumente langfassung protokoll protokolle "
        "mitschrift volltext lang",
        Rank.TARGET: "summary summaries summarised summarized abstract abstracts digest brief briefs briefing synopsis "
        "tldr short target zusammenfassung zusammenfassungen kurzfassung kurzfassungen kurzbericht kurz",
    },
    Task.GENERATION: {
        Rank.CONTENT: "brief briefs briefing changes content contents notes input inputs auftrag angaben änderungen "
        "stichworte inhalt inhalte",
        Rank.PRECEDENT: "precedent precedents template templates sample samples previous prior original originals "
        "source old vorlage vorlagen muster vorgänger alt",
        Rank.DRAFT: "draft drafts entwurf entwürfe",
        Rank.TARGET: "target targets final finished result results output signed approved new ziel endfassung fertig "
        "ergebnis neu",
    },
}
"""What words of a name mean, for agents of each task."""
_SMALL_WORDS = """
a an and our the of on to for from in we them und zu zum zur von vom für der die das des den im aus unser unsere wir
"""
_SMALL = frozenset(_SMALL_WORDS.split())
_ISO_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_. ]?(0[1-9]|1[0-2])[-_. ]?([0-2]\d|3[01])(?!\d)")
_DAY_FIRST = re.compile(r"(?<!\d)([0-2]?\d|3[01])\.(0?[1-9]|1[0-2])\.((?:19|20)\d\d)(?!\d)")
_VERSION = re.compile(r"(?<![^\W\d_])(?:v|ver|version|rev|revision|fassung)[-_. ]?(\d{1,3})(?!\d)", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-zäöüß])(?=[A-ZÄÖÜ])")
_NAME_WORD = re.compile(r"[^\W\d_]+|\d+")


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A document to find a partner for."""

    id: str
    path: str
    """With the name of its source in front."""
    text: str


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """Two documents that seem to belong together, by id."""

    precedent_id: str
    target_id: str
    content_id: str = ""
    """What the target was made of besides; empty where there is nothing, or it is not sure."""
    found_by: FoundBy


@dataclass(frozen=True, kw_only=True)
class _Named:
    """A document with what its name says."""

    paper: Paper
    key: tuple[str, ...]
    """The words of its name and folders that don't say what it is, in alphabetical order."""
    dates: tuple[str, ...]
    rank: Rank | None
    version: int | None

    @property
    def id(self) -> str:
        return self.paper.id


@dataclass(frozen=True, kw_only=True)
class _Pair:
    precedent: _Named
    target: _Named
    content: _Named | None = None
    found_by: FoundBy = FoundBy.NAMES

    @property
    def ids(self) -> tuple[str, str]:
        return self.precedent.id, self.target.id


def propose(
    papers: Iterable[Paper],
    task: Task,
    *,
    called: Mapping[Rank, str] | None = None,
    refused: Collection[tuple[str, str]] = (),
) -> list[Proposal]:
    """Return the pairs that names and words show, by the target's path; none for an agent that answers questions.

    `called` is what the owner calls each kind of document; `refused` are pairs (precedent, target) that they rejected.
    """
    if task not in _CALLED:
        return []
    ranks = _ranks(task, called or {})
    ordered = sorted(papers, key=lambda it: it.path)
    folders = {rank for paper in ordered if (rank := _folder_rank(paper, ranks)) is not None}
    # One kind of folder alone tells nothing apart: all may lie in 'Summaries'.
    named = {paper.id: _named(paper, ranks, tells=len(folders) > 1) for paper in ordered}
    texts = {key: one.paper.text for key, one in named.items()} if len(named) <= MOST_BY_WORDS else {}
    words = (_SummaryWords if task is Task.SUMMARY else _DraftWords)(named, Likeness(texts))
    found = {
        it.target.id: it for it in map(words.judged, _by_names(named.values(), task)) if it and it.ids not in refused
    }
    taken = {key for it in found.values() for key in it.ids}
    for it in words.pairs():
        if taken.isdisjoint(it.ids) and it.ids not in refused:
            found[it.target.id] = it
            taken |= {*it.ids}
    return [
        Proposal(
            precedent_id=it.precedent.id,
            target_id=it.target.id,
            content_id=it.content.id if it.content else "",
            found_by=it.found_by,
        )
        for it in map(words.completed, (found[key] for key in named if key in found))
    ]


def _ranks(task: Task, called: Mapping[Rank, str]) -> dict[str, Rank]:
    """Return what each telling word of a name means: the owner's own words before those that are usual."""
    usual = {word: rank for rank, words in _CALLED[task].items() for word in words.split()}
    own: dict[str, set[Rank]] = defaultdict(set)
    for rank, words in called.items():
        for word in _NAME_WORD.findall(words.casefold()):
            if word not in _SMALL and not word.isdigit():
                own[word].add(rank)
                own[word.removesuffix("s")].add(rank)
    return usual | {word: next(iter(meant)) for word, meant in own.items() if len(meant) == 1}


def _named(paper: Paper, ranks: Mapping[str, Rank], *, tells: bool) -> _Named:
    """Return what a document's path says; its folders say what it is where its name doesn't, if they tell at all."""
    path = PurePosixPath(paper.path)
    stem, dates, version = _without_dates(path.stem)
    words = _words(stem)
    rank = _rank(words, ranks)
    everything = [*words, *(word for part in path.parts[:-1] for word in _words(part))]
    return _Named(
        paper=paper,
        key=tuple(sorted(word for word in everything if word not in ranks and word not in _SMALL)),
        dates=dates,
        rank=_folder_rank(paper, ranks) if rank is None and tells else rank,
        version=version,
    )


def _folder_rank(paper: Paper, ranks: Mapping[str, Rank]) -> Rank | None:
    parts = PurePosixPath(paper.path).parts[:-1]
    return _rank([word for part in parts for word in _words(part)], ranks)


def _rank(words: Iterable[str], ranks: Mapping[str, Rank]) -> Rank | None:
    """Return what the words say that a document is; None if they say nothing, or two things."""
    said = {ranks[word] for word in words if word in ranks}
    return next(iter(said)) if len(said) == 1 else None


def _without_dates(stem: str) -> tuple[str, tuple[str, ...], int | None]:
    """Return a name without its dates and its version, the dates as in ISO 8601, and the version."""
    dates = [f"{year}-{month}-{day}" for year, month, day in _ISO_DATE.findall(stem)]
    stem = _ISO_DATE.sub(" ", stem)
    dates += [f"{year}-{int(month):02}-{int(day):02}" for day, month, year in _DAY_FIRST.findall(stem)]
    stem = _DAY_FIRST.sub(" ", stem)
    versions = _VERSION.findall(stem)
    return _VERSION.sub(" ", stem), tuple(sorted(dates)), int(versions[-1]) if versions else None


def _words(name: str) -> list[str]:
    """Return the words and numbers of a name; '007' is '7'."""
    found = (word.casefold() for word in _NAME_WORD.findall(_CAMEL.sub(" ", name)))
    return [word.lstrip("0") or "0" if word.isdigit() else word for word in found]


def _by_names(named: Iterable[_Named], task: Task) -> list[_Pair]:
    groups: dict[tuple[object, ...], list[_Named]] = defaultdict(list)
    for one in named:
        # Of a draft the version says how far it is; a summary is one of its own version of the document.
        version = one.version if task is Task.SUMMARY else None
        groups[one.key, one.dates, version].append(one)
    found = []
    for group in groups.values():
        contents = [it for it in group if it.rank is Rank.CONTENT]
        others = [it for it in group if it.rank is not Rank.CONTENT]
        order = _in_order(others, task)
        if order:
            content = contents[0] if len(contents) == 1 else None
            found.append(_Pair(precedent=order[0], target=order[1], content=content))
    return found


def _in_order(group: Sequence[_Named], task: Task) -> tuple[_Named, _Named] | None:
    """Return the precedent and the target of a group; None if it has not two, or may be meant either way."""
    if len(group) != 2:  # noqa: PLR2004 - a pair
        return None
    one, other = group
    if one.rank == other.rank:
        ordered = sorted(group, key=lambda it: it.version or 1)
        is_told = task is Task.GENERATION and (one.version or 1) != (other.version or 1)
        return (ordered[0], ordered[1]) if is_told else None
    if one.rank is not None and other.rank is not None:
        return (one, other) if one.rank < other.rank else (other, one)
    known, unknown = (other, one) if one.rank is None else (one, other)
    if known.rank is Rank.TARGET:
        return unknown, known
    is_source = known.rank is Rank.PRECEDENT and (task is Task.GENERATION or _is_shorter(unknown, known))
    return (known, unknown) if is_source else None


def _is_shorter(one: _Named, other: _Named) -> bool:
    return len(one.paper.text) <= _SHORTER * len(other.paper.text)


class _SummaryWords:
    """What words say of summaries: a summary's rare words stand in its document."""

    def __init__(self, named: Mapping[str, _Named], likeness: Likeness) -> None:
        self._named = named
        self._likeness = likeness

    def judged(self, pair: _Pair) -> _Pair | None:
        """Return a pair that names show with what words say of it; None where they speak against it."""
        documents = self._documents(pair.target)
        if is_beaten(pair.precedent.id, documents):
            return None
        return replace(pair, found_by=FoundBy.BOTH) if only(documents) == pair.precedent.id else pair

    def pairs(self) -> list[_Pair]:
        """Return the pairs that words alone show: each the only one for the other."""
        found = []
        for summary in self._named.values():
            document = self._named.get(only(self._documents(summary)) or "")
            if document and only(self._summaries(document)) == summary.id:
                found.append(_Pair(precedent=document, target=summary, found_by=FoundBy.WORDS))
        return found

    def completed(self, pair: _Pair) -> _Pair:
        """Return the pair as it is: a summary has no content of its own."""
        return replace(pair, content=None)

    def _documents(self, summary: _Named) -> dict[str, float]:
        shares = self._likeness.shares(summary.id)
        return {key: share for key, share in shares.items() if self._may(summary, self._named[key])}

    def _summaries(self, document: _Named) -> dict[str, float]:
        shares = self._likeness.held(document.id)
        return {key: share for key, share in shares.items() if self._may(self._named[key], document)}

    def _may(self, summary: _Named, document: _Named) -> bool:
        if summary.rank is Rank.PRECEDENT or document.rank is Rank.TARGET:
            return False
        return summary.rank is Rank.TARGET or _is_shorter(summary, document)


class _DraftWords:
    """What words say of drafts: a brief's rare words stand in its target, and the two of a pair are of one form."""

    def __init__(self, named: Mapping[str, _Named], likeness: Likeness) -> None:
        self._named = named
        self._likeness = likeness

    def judged(self, pair: _Pair) -> _Pair | None:
        """Return a pair that names show with what words say of it; None where they speak against it."""
        if pair.content is None:
            return pair
        targets = self._targets(pair.content)
        if is_beaten(pair.target.id, targets):
            return None
        return replace(pair, found_by=FoundBy.BOTH) if only(targets) == pair.target.id else pair

    def pairs(self) -> list[_Pair]:
        """Return the pairs that are each the only one for the other, and of which it is known which was first."""
        found = []
        for one in self._named.values():
            other = self._named.get(only(self._mutual(one)) or "")
            if other is None or one.id > other.id or only(self._mutual(other)) != one.id:
                continue
            if order := _in_order((one, other), Task.GENERATION):
                found.append(_Pair(precedent=order[0], target=order[1], found_by=FoundBy.WORDS))
        return found

    def completed(self, pair: _Pair) -> _Pair:
        """Return the pair with the brief that its target alone was made of, where names show none."""
        if pair.content:
            return pair
        briefs = self._likeness.held(pair.target.id)
        best = only({key: share for key, share in briefs.items() if self._named[key].rank is Rank.CONTENT})
        content = self._named.get(best or "")
        is_its = content is not None and only(self._targets(content)) == pair.target.id
        return replace(pair, content=content) if is_its else pair

    def _targets(self, content: _Named) -> dict[str, float]:
        shares = self._likeness.shares(content.id)
        apart = (Rank.CONTENT, Rank.PRECEDENT)
        return {key: share for key, share in shares.items() if self._named[key].rank not in apart}

    def _mutual(self, one: _Named) -> dict[str, float]:
        if one.rank is Rank.CONTENT:
            return {}
        near = self._likeness.mutual(one.id)
        return {key: share for key, share in near.items() if self._named[key].rank is not Rank.CONTENT}
