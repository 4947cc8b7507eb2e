"""Which documents an agent may learn from: only those that every part of its audience may read. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from tuning.domain.documents import Coverage, Document, Exclusion, Redaction
from tuning.domain.policy import Policy
from tuning.domain.principals import ORGANISATION, People
from tuning.languages import number, say, say_many


class Action(StrEnum):
    """What an owner could do about coverage."""

    DROP = "drop"
    """Take somebody out of the audience; gains documents."""
    SHARE = "share"
    """Let somebody in the audience read more files; gains documents."""
    ADD = "add"
    """Take a group into the audience that may read everything the agent learns from; gains people."""


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """One change to audience or files, with what it would gain."""

    action: Action
    principal_id: str
    gain: int
    """Documents for drop and share, people for add."""
    document_ids: tuple[str, ...] = ()
    """The documents to share."""
    sentence: str


def coverage(documents: Iterable[Document], audience: Sequence[str], people: People, policy: Policy) -> Coverage:
    """Sort documents into those that every member of the audience may read and the rest, with the reason for each.

    A principal may read a document if its access list names the principal itself, a group that it is in, or (for
    members) the organisation. What is labelled higher than the policy lets agents learn is left out too.
    """
    reading = _Reading(audience, people)
    labels: dict[str, str] = {}
    eligible: list[str] = []
    exclusions: list[Exclusion] = []
    redactions: list[Redaction] = []
    for document in documents:
        if document.label not in labels:
            labels[document.label] = policy.objection_to_label(document.label)
        if reason := _reason(document, reading) or labels[document.label]:
            exclusions.append(Exclusion(document_id=document.id, title=document.title, reason=reason))
        else:
            eligible.append(document.id)
            if document.redacted:
                redactions.append(Redaction(document_id=document.id, title=document.title, counts=document.redacted))
    return Coverage(eligible_ids=tuple(eligible), exclusions=tuple(exclusions), redactions=tuple(redactions))


def told_to(found: Coverage, documents: Iterable[Document], principals: frozenset[str]) -> Coverage:
    """Return a coverage for somebody to read: without the titles of documents that they may not open themselves."""
    theirs = {document.id for document in documents if not principals.isdisjoint(document.readers)}
    hidden = say("A document that you may not read")
    exclusions = tuple(one if one.document_id in theirs else replace(one, title=hidden) for one in found.exclusions)
    return replace(found, exclusions=exclusions)


def suggestions(
    documents: Iterable[Document], audience: Sequence[str], people: People, policy: Policy
) -> list[Suggestion]:
    """Return what would gain documents (dropping or sharing) or people (adding), the greatest gain first."""
    reading = _Reading(audience, people)
    readable = [
        document
        for document in documents
        if not document.is_deleted and not document.left_out and not policy.objection_to_label(document.label)
    ]
    shut_out = {document.id: reading.shut_out(document.readers) for document in readable}
    eligible = {tuple(document.readers) for document in readable if audience and not shut_out[document.id]}
    # Only where one principal alone stands in the way does a change about that principal gain the document.
    alone = {key: who[0] for key, who in shut_out.items() if len(who) == 1}
    found: list[Suggestion] = []
    for principal_id, gain in Counter(alone.values()).items():
        name = _name(principal_id, people)
        kept = tuple(key for key, who in alone.items() if who == principal_id)
        if len(reading.may_be) > 1:
            text = say_many(
                "Drop {name} from the audience: {count} more file to learn from.",
                "Drop {name} from the audience: {count} more files to learn from.",
                gain,
                name=name,
            )
            found.append(Suggestion(action=Action.DROP, principal_id=principal_id, gain=gain, sentence=text))
        text = say_many(
            "Share {count} file with {name}: {count} more file to learn from.",
            "Share {count} files with {name}: {count} more files to learn from.",
            gain,
            name=name,
        )
        found.append(
            Suggestion(action=Action.SHARE, principal_id=principal_id, gain=gain, document_ids=kept, sentence=text)
        )
    found += _additions(eligible, audience, people)
    return sorted(found, key=lambda one: (one.action is Action.ADD, -one.gain, one.sentence))


def losses(documents: Iterable[Document], audience: Iterable[str], people: People) -> dict[str, list[str]]:
    """Return the documents, of those that are still in their sources, that some of an audience may not read, with whom.

    Who is not in the directory any more can't ask, and loses nothing. Nor does anybody by an access list that could not
    be read in one sync: meanwhile nobody finds the document, and the next sync decides.
    """
    reading = _Reading([principal_id for principal_id in audience if people.principals(principal_id)], people)
    return {
        document.id: list(who)
        for document in documents
        if not document.is_deleted and document.unknown_syncs != 1 and (who := reading.shut_out(document.readers))
    }


class _Reading:
    """Who of an audience may read what: each access list is looked at once, for most documents share theirs."""

    def __init__(self, audience: Sequence[str], people: People) -> None:
        self.may_be = {principal_id: people.principals(principal_id) for principal_id in audience}
        self._people = people
        self._shut_out: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._reasons: dict[tuple[str, ...], str] = {}
        self._names: dict[str, str] = {}

    def shut_out(self, readers: Sequence[str]) -> tuple[str, ...]:
        """Return whom of the audience an access list doesn't let in."""
        key = tuple(readers)
        if key not in self._shut_out:
            self._shut_out[key] = tuple(who for who, are in self.may_be.items() if are.isdisjoint(key))
        return self._shut_out[key]

    def reason(self, readers: Sequence[str]) -> str:
        """Return why not all of the audience may read what has this access list, as a sentence; empty if all may."""
        who = self.shut_out(readers)
        if who not in self._reasons:
            self._reasons[who] = self._sentence([self._name(one) for one in who])
        return self._reasons[who]

    def _sentence(self, names: list[str]) -> str:
        if not names:
            return ""
        if not names[1:]:
            return say("Not readable by {name}.", name=names[0])
        return say("Not readable by {names} and {last}.", names=", ".join(names[:-1]), last=names[-1])

    def _name(self, principal_id: str) -> str:
        if principal_id not in self._names:
            self._names[principal_id] = _name(principal_id, self._people)
        return self._names[principal_id]


def _additions(eligible: Collection[tuple[str, ...]], audience: Sequence[str], people: People) -> list[Suggestion]:
    covered = frozenset[str]().union(*(people.members(principal_id) for principal_id in audience))
    groups = {reader for readers in eligible for reader in readers if people.group(reader)} - set(audience)
    found = []
    for group_id in sorted(groups):
        gain = len(people.members(group_id) - covered)
        may_be = people.principals(group_id)
        if gain and not any(may_be.isdisjoint(readers) for readers in eligible):
            text = say(
                "Add {name} to the audience: {count} more people, and no document is lost.",
                name=_name(group_id, people),
                count=number(gain),
            )
            found.append(Suggestion(action=Action.ADD, principal_id=group_id, gain=gain, sentence=text))
    return found


def _reason(document: Document, reading: _Reading) -> str:
    if document.is_deleted:
        return say("Not in its source any more.")
    if document.left_out:
        return document.left_out
    if not reading.may_be:
        return say("The agent has no audience.")
    return reading.reason(document.readers)


def _name(principal_id: str, people: People) -> str:
    if principal_id == ORGANISATION:
        return say("everybody in the organisation")
    found = people.group(principal_id) or people.person(principal_id)
    return found.name if found else say("somebody who is not in the directory")
