"""A candidate release for its owner: what it scored, examples, try it, submit it."""

from adaptive_cards.elements import Element, aside, card, escape, execute, heading, show_card, text_input
from adaptive_cards.numbers import count
from adaptive_cards.scores import objections, samples, scores_table
from adaptive_cards.verbs import Verb
from tuning.domain.agents import Agent
from tuning.domain.evaluations import Evaluation
from tuning.domain.releases import Release, ReleaseState

STATES = {
    ReleaseState.CANDIDATE: "Only you can see it.",
    ReleaseState.SUBMITTED: "Submitted: an admin decides.",
    ReleaseState.CANARY: "It answers a share of its audience.",
    ReleaseState.LIVE: "Live: it answers its audience.",
    ReleaseState.SUPERSEDED: "Replaced by a newer release.",
    ReleaseState.REJECTED: "Turned down by an admin.",
    ReleaseState.SUSPENDED: "Suspended.",
    ReleaseState.REVOKED: "Taken back by an admin.",
    ReleaseState.RETIRED: "Retired.",
}


def evaluation_card(agent: Agent, release: Release, evaluation: Evaluation, examples: dict[str, int]) -> Element:
    """Return the evaluation; with buttons while the release is a candidate."""
    trained = sum(number for key, number in examples.items() if key.startswith("train"))
    note = text_input("note", "Note for the admins who decide", longest=1_000, is_multiline=True)
    is_candidate = release.state == ReleaseState.CANDIDATE
    shown = samples(evaluation)
    return card(
        heading(f"{escape(agent.name)}: {release.label} is ready"),
        aside(f"{STATES[ReleaseState(release.state)]} {_counted(trained)}"),
        scores_table(evaluation),
        aside("Share of the questions set aside, with the 95 % interval. Search: the documents are looked up too."),
        *objections(evaluation),
        note if is_candidate else None,
        actions=[
            *(
                [
                    execute("Try it", Verb.RELEASE_TRY, is_validated=False, release_id=release.id),
                    execute("Submit", Verb.RELEASE_SUBMIT, style="positive", release_id=release.id),
                ]
                if is_candidate
                else []
            ),
            *([show_card("Examples", card(*shown))] if shown else []),
        ],
    )


def _counted(trained: int) -> str:
    return f"It learned from {count(trained, 'example')}." if trained else ""
