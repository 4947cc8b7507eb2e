"""The pairs that were found among an agent's documents, page by page, for its owner to accept or to reject."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adaptive_cards.elements import Element, aside, card, escape, execute, heading, paragraph, shorten, wrong
from adaptive_cards.pages import Page
from adaptive_cards.verbs import Verb
from tuning.domain.agents import Agent
from tuning.domain.documents import Document
from tuning.domain.pairs import DocumentPair, FoundBy, PairVerdict
from tuning.domain.prompts import Task
from tuning.languages import mark, number, say, say_many

PAGE = 5
"""Pairs on one."""
MAX_TITLE, MAX_BEGINNING = 60, 110
"""Characters."""
_WHY = {
    FoundBy.NAMES: mark("Their names say so."),
    FoundBy.WORDS: mark("They share words that hardly any other document has; their names don't say it."),
    FoundBy.BOTH: mark("Their names say so, and they share words that hardly any other document has."),
}
_DECIDED = {
    PairVerdict.ACCEPTED: mark("✓ Accepted: it is learned from in the next run."),
    PairVerdict.REJECTED: mark("✗ Rejected: it is not learned from, and not proposed again."),
}
_IS = {
    Task.QUESTIONS: mark("{precedent} and {target}"),
    Task.GENERATION: mark("{precedent} is the precedent of {target}"),
    Task.SUMMARY: mark("{target} is the summary of {precedent}"),
}


@dataclass(frozen=True, kw_only=True)
class PairsForm:
    """The pairs of an agent as its owner sees them."""

    agent: Agent
    pairs: Sequence[DocumentPair]
    """On this page."""
    documents: Mapping[str, Document]
    """Those of the pairs, by id."""
    beginnings: Mapping[str, str]
    """How each begins."""
    page: Page
    undecided: int
    accepted: int
    least: int
    """Pairs that a run needs, those of mapping files included."""
    problem: str = ""


def pairs_card(form: PairsForm) -> Element:
    """Return a page of the pairs with what says that they belong together, and how they begin."""
    agent = form.agent
    blocks = [block for pair in form.pairs for block in _block(form, pair)]
    return card(
        heading(say("{agent}: pairs", agent=escape(agent.name))),
        wrong(form.problem) if form.problem else None,
        paragraph(_told(form)),
        *blocks,
        form.page.place(),
        actions=[
            *_accept_all(form),
            *form.page.steps(Verb.PAIRS_OPEN, agent_id=agent.id),
            execute(
                say("Search again") if form.page.total else say("Look for pairs"), Verb.PAIRS_FIND, agent_id=agent.id
            ),
            execute(say("Change"), Verb.WIZARD_OPEN, agent_id=agent.id, step="review"),
        ],
    )


def _told(form: PairsForm) -> str:
    if not form.page.total:
        return say(
            "No pairs are there to look at. Name documents that belong together alike, such as 'Offer 7 template' and "
            "'Offer 7 final', or list them in mapping.csv with the columns precedent and target, then look again."
        )
    counted = say("{accepted} accepted, {undecided} to look at.", **_counts(form))
    rule = say(
        "Nothing is learned from a pair before you accept it, and a run needs {least}.", least=number(form.least)
    )
    return f"{counted} {rule}"


def _counts(form: PairsForm) -> dict[str, str]:
    return {"accepted": number(form.accepted), "undecided": number(form.undecided)}


def _block(form: PairsForm, pair: DocumentPair) -> list[Element]:
    precedent, target = form.documents[pair.precedent_id], form.documents[pair.target_id]
    content = form.documents.get(pair.content_id or "")
    names = {"precedent": _title(precedent), "target": _title(target)}
    lines = [say("From: {beginning}", beginning=_beginning(form, precedent))]
    if content:
        lines.append(say("With {title}: {beginning}", title=_title(content), beginning=_beginning(form, content)))
    lines.append(say("To: {beginning}", beginning=_beginning(form, target)))
    said = say(_DECIDED[pair.verdict]) if pair.verdict else say(_WHY[pair.found_by])
    return [
        {**paragraph(say(_IS[form.agent.task], **names)), "separator": True},
        *map(aside, lines),
        aside(said),
        {"type": "ActionSet", "actions": _choices(form, pair)},
    ]


def _choices(form: PairsForm, pair: DocumentPair) -> list[Element]:
    ids: dict[str, Any] = {"agent_id": form.agent.id, "pair_id": pair.id, "number": form.page.number}
    accept = execute(say("They belong together"), Verb.PAIR_ACCEPT, style="positive", **ids)
    reject = execute(say("They don't"), Verb.PAIR_REJECT, **ids)
    return [
        *([] if pair.verdict is PairVerdict.ACCEPTED else [accept]),
        *([] if pair.verdict is PairVerdict.REJECTED else [reject]),
    ]


def _accept_all(form: PairsForm) -> list[Element]:
    if not form.undecided:
        return []
    title = say_many("Accept {count} pair", "Accept all {count} pairs", form.undecided)
    ids: dict[str, Any] = {"agent_id": form.agent.id, "shown": form.undecided, "number": form.page.number}
    return [execute(title, Verb.PAIRS_ACCEPT, style="positive", **ids)]


def _title(document: Document) -> str:
    return f"**{escape(shorten(document.title, MAX_TITLE))}**"


def _beginning(form: PairsForm, document: Document) -> str:
    text = " ".join(form.beginnings.get(document.id, "").split())
    return escape(shorten(text, MAX_BEGINNING)) or "—"
