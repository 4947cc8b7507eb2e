"""What a dataset is made of: the documents that count, their passages, and what must stay out of training."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

from sqlmodel import Session

from tuning.datasets.copies import originals
from tuning.datasets.questions import Context, normalised
from tuning.documents.excerpts import SPARE, condensed
from tuning.documents.expansion import Asked, Expansion
from tuning.documents.passages import units
from tuning.documents.search import FoundPassage, search
from tuning.documents.secrets import redact
from tuning.domain.agents import Agent
from tuning.domain.conversations import Answer
from tuning.domain.datasets import HoldoutQuestion, Split
from tuning.domain.documents import Coverage, Document, Source
from tuning.domain.feedback import Feedback
from tuning.domain.samples import Sample
from tuning.domain.vectors import Encoded
from tuning.governance.agents import learners
from tuning.governance.eligibility import coverage, told_to
from tuning.governance.tenant import Tenant
from tuning.store import agents, conversations, documents, feedback, policy, samples

_HOLDOUT_SHARE = 0.10
_VALIDATION_SHARE = 0.05
_LEAST_FOR_VALIDATION = 10


@dataclass(frozen=True, kw_only=True)
class Material:
    """The agent's sources as they are now."""

    agent: Agent
    locations: Mapping[str, str]
    """Source id to location."""
    documents: Mapping[str, Document]
    """The eligible ones, by id, in the order of location and path."""
    contexts: Sequence[Context]
    """Their passages, in order."""
    coverage: Coverage
    holdout: Sequence[HoldoutQuestion]
    corrections: Sequence[Feedback]
    judged: Sequence[tuple[Feedback, Answer]]
    """Corrections and thumbs, each with the answer it is on."""
    corrected: Mapping[str, Answer]
    """The answers that corrections are on, by the correction's id."""
    unnoted_in_talks: Collection[str]
    """The answers of which nobody noted what they were made of, and that may repeat an earlier one."""
    splits: Mapping[str, Split]
    """Document id to what it is for."""
    labelled: Sequence[Sample] = ()
    """What owners have said of samples."""
    lists: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """SHA-256 of the lists that all of the audience may read, by source id and path."""

    def address(self, document: Document) -> str:
        """Return a document's path in the tenant folder."""
        return f"{self.locations[document.source_id]}/{document.path}"

    def on(self, source_id: str, path: str) -> Sequence[Context]:
        """Return the passages of the eligible document at this path of a source; none if there is no such document."""
        return self._by_place.get((source_id, path), ())

    @cached_property
    def _by_place(self) -> Mapping[tuple[str, str], Sequence[Context]]:
        found: dict[tuple[str, str], list[Context]] = {}
        for context in self.contexts:
            document = self.documents[context.document_id]
            found.setdefault((document.source_id, document.path), []).append(context)
        return found

    def at(self, path: str) -> Document | None:
        """Return the eligible document whose path in the tenant folder ends with this one."""
        found = [it for it in self.documents.values() if f"/{self.address(it)}".endswith(f"/{path}")]
        return found[0] if found else None


def gather(session: Session, tenant: Tenant, agent_id: str) -> Material:
    """Read what the agent may learn from."""
    agent = agents.get(session, agent_id)
    sources = [documents.get_source(session, source_id) for source_id in agent.source_ids]
    locations = {source.id: source.location for source in sources}
    found = documents.of_sources(session, agent.source_ids)
    found.sort(key=lambda it: (locations[it.source_id], it.path))
    # The owner sees samples of what is learned, and reads what was left out.
    by_all = partial(coverage, audience=learners(agent), people=tenant.people, policy=policy.get(session))
    covered = by_all(found)
    covered = told_to(covered, found, tenant.people.principals(agent.owner_id))
    eligible_ids = set(covered.eligible_ids)
    eligible = {it.id: it for it in found if it.id in eligible_ids}
    passages: dict[str, list[Context]] = {}
    for stored in documents.passages(session, eligible_ids):
        title = eligible[stored.document_id].title
        context = Context.of(title, stored, is_excerpted=tenant.is_excerpted)
        passages.setdefault(stored.document_id, []).append(context)
    holdout = agents.holdout(session, agent_id)
    addresses = {it.id: f"{locations[it.source_id]}/{it.path}" for it in eligible.values()}
    if not holdout:
        texts = {it: [context.passage.text for context in passages.get(it, ())] for it in eligible}
        addresses = {it: addresses[original] for it, original in originals(texts).items()}
    return Material(
        agent=agent,
        locations=locations,
        documents=eligible,
        contexts=[context for document_id in eligible for context in passages.get(document_id, ())],
        coverage=covered,
        holdout=holdout,
        corrections=feedback.to_learn(session, agent_id),
        judged=feedback.judged(session, agent_id),
        corrected=feedback.corrected(session, agent_id),
        unnoted_in_talks=conversations.unnoted_in_talks(session, agent_id),
        splits=splits(addresses, has_holdout=bool(holdout)),
        labelled=samples.labelled(session, agent_id),
        lists={key: sha256 for source in sources for key, sha256 in _lists(source, by_all).items()},
    )


def _lists(source: Source, by_all: Callable[[Iterable[Document]], Coverage]) -> dict[tuple[str, str], str]:
    """Return the SHA-256 of a source's lists that may be learned from, as documents may be."""
    listed = [Document(source_id=source.id, path=path, title=path, **found) for path, found in source.lists.items()]
    eligible = by_all(listed).eligible_ids
    return {(source.id, it.path): it.sha256 for it in listed if it.id in eligible}


def without_secrets(material: Material) -> Material:
    """Return the same with what people said as it may be learned; their rows stay as they are."""

    def clean(given: Feedback) -> Feedback:
        texts = {"question": redact(given.question).text, "correction": redact(given.correction).text}
        return Feedback(**{**given.model_dump(), **texts})

    corrections = [clean(given) for given in material.corrections]
    return replace(material, corrections=corrections, judged=[(clean(it), answer) for it, answer in material.judged])


def splits(addresses: Mapping[str, str], *, has_holdout: bool) -> dict[str, Split]:
    """Return what each document (id to address) is for: mostly training; decided by its address, so that it stays so.

    Documents are reserved only when the owner gave no questions to measure with: an agent should know them all. What
    has the same address is for the same.
    """
    order = sorted(set(addresses.values()), key=chance)
    held = [it for it in order if chance(it) < _HOLDOUT_SHARE] or order[:1]
    held = [] if has_holdout or len(order) < 2 else held  # noqa: PLR2004
    rest = [it for it in order if it not in held]
    checked = [it for it in rest if chance(f"validation {it}") < _VALIDATION_SHARE] or rest[-1:]
    checked = [] if has_holdout or len(order) < _LEAST_FOR_VALIDATION else checked
    found = dict.fromkeys(order, Split.TRAIN)
    found |= dict.fromkeys(checked, Split.VALIDATION) | dict.fromkeys(held, Split.HOLDOUT)
    return {document_id: found[address] for document_id, address in addresses.items()}


def chance(text: str) -> float:
    """Return a number from 0 to 1 that a text always has, and that tells nothing of it."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6]) / 2**48


class Retrieval:
    """Search as it is at chat time, over the eligible documents only."""

    def __init__(self, session: Session, material: Material, tenant: Tenant) -> None:
        """Take what to search in, on behalf of the agent's whole audience."""
        self._session = session
        self._contexts = material.contexts
        self._source_ids = material.agent.source_ids
        self._places = {context.passage_id: place for place, context in enumerate(material.contexts)}
        self._to_learn = {
            it.passage_id for it in self._contexts if material.splits[it.document_id] is not Split.HOLDOUT
        }
        self._people = tenant.people
        self.is_excerpted = tenant.is_excerpted
        """Whether a model is shown units instead of passages."""
        self._expansion: Expansion | None = None
        self._encode = tenant.encode
        principals = (tenant.people.principals(it) for it in material.agent.principals)
        self._principals = frozenset[str]().union(*principals)

    def learn(self, asked: Sequence[Asked]) -> None:
        """Search from now on with what a release of these questions will find by them."""
        # What is kept for measuring was not asked about, but must not stand out: it is shown in no example.
        held = {it.document_id for it in self._contexts if it.passage_id not in self._to_learn}
        self._expansion = Expansion(asked, held) if asked else None

    def mistaken(self, question: str, answer: str) -> Context | None:
        """Return what a chat would show with a question if nothing held its answer; None if search has learned nothing.

        It is one of the passages to learn from, with the unit that was asked in the most like words.
        """
        for (passage_id, unit), _ in self._expansion.nearest(question) if self._expansion else ():
            if passage_id not in self._to_learn:
                continue
            context = self._contexts[self._places[passage_id]]
            shown = units(context.passage.text)[unit]
            if normalised(answer) not in normalised(shown):
                return replace(context, found_with=(question, shown))
        return None

    def best(self, question: str, limit: int) -> list[Context]:
        """Return the passages that a chat would show with a question; may raise EngineAway and EngineRefused."""
        return self._best(question, limit, self._encode(question), self._places)

    def best_to_learn(self, question: str, limit: int) -> list[Context]:
        """Return the passages that a chat would show, but for those kept for measuring; may raise like `best`."""
        return self._best(question, limit, self._encode(question), self._to_learn)

    def best_to_learn_by_words(self, question: str, limit: int) -> list[Context]:
        """Return them as if nothing could tell what the question means."""
        return self._best(question, limit, None, self._to_learn)

    def _best(self, question: str, limit: int, vector: Encoded | None, passage_ids: Collection[int]) -> list[Context]:
        found = self._search(question, self._principals, 3 * limit, vector)
        shown = self._shown([it for it in found if it.passage_id in passage_ids], limit)
        return [self._context(question, it) for it in shown]

    def shown_to(self, person_id: str, question: str, limit: int) -> list[Context | None]:
        """Return the passages that a chat shows a person for a question; None in place of what is not eligible.

        May raise EngineAway and EngineRefused.
        """
        found = self._search(question, self._people.principals(person_id), limit + SPARE, self._encode(question))
        shown = self._shown(found, limit)
        return [self._context(question, it) if it.passage_id in self._places else None for it in shown]

    def distractors(self, question: str, context: Context, limit: int) -> list[Context]:
        """Return passages that share words with a question, beside its own; fewer when there are not so many.

        None of them is kept for measuring: what is shown in training has been learned. Not by meaning: encoding every
        question that a dataset puts would take longer than all else in it.
        """
        found = self.best_to_learn_by_words(question, limit + 1)
        others = [it for it in found if it.passage_id != context.passage_id][:limit]
        at, taken = self._places[context.passage_id], {context.passage_id, *(it.passage_id for it in others)}
        for step in range(1, len(self._contexts)):
            if len(others) >= limit:
                break
            fill = self._contexts[(at + step) % len(self._contexts)]
            if fill.passage_id in self._to_learn and fill.passage_id not in taken:
                taken.add(fill.passage_id)
                others.append(fill)
        return others

    def _search(
        self, question: str, principals: frozenset[str], limit: int, vector: Encoded | None
    ) -> list[FoundPassage]:
        return search(
            self._session,
            question,
            principals=principals,
            source_ids=self._source_ids,
            limit=limit,
            vector=vector,
            expansion=self._expansion,
        )

    def _shown(self, found: Sequence[FoundPassage], limit: int) -> list[FoundPassage]:
        return condensed(found[: limit + SPARE], limit + SPARE) if self.is_excerpted else list(found[:limit])

    def _context(self, question: str, found: FoundPassage) -> Context:
        return replace(self._contexts[self._places[found.passage_id]], found_with=(question, found.excerpt))
