"""A candidate release for its owner: what it scored, examples, try it, submit it, take it back."""

from adaptive_cards.approval import MAX_PILOT
from adaptive_cards.elements import Element, aside, card, escape, execute, heading, paragraph, text_input
from adaptive_cards.scores import chart, criteria, objections, rating, scores_table
from adaptive_cards.verbs import Verb
from tuning.domain.agents import Agent
from tuning.domain.evaluations import Evaluation
from tuning.domain.releases import Release, ReleaseState
from tuning.languages import mark, say, say_many

SHARE = mark("Share of the questions set aside, with the 95 % interval. Search: the documents are looked up too.")
STATES = {
    ReleaseState.CANDIDATE: mark("Only you can see it."),
    ReleaseState.SUBMITTED: mark("Submitted: an admin decides."),
    ReleaseState.PILOT: mark("Its pilot gets it."),
    ReleaseState.CANARY: mark("It answers a share of its audience."),
    ReleaseState.LIVE: mark("Live: it answers its audience."),
    ReleaseState.SUPERSEDED: mark("Replaced by a newer release."),
    ReleaseState.REJECTED: mark("Turned down by an admin."),
    ReleaseState.SUSPENDED: mark("Suspended."),
    ReleaseState.REVOKED: mark("Taken back by an admin."),
    ReleaseState.RETIRED: mark("Retired."),
}


def evaluation_card(
    agent: Agent, release: Release, evaluation: Evaluation, examples: dict[str, int], *, advice: str = ""
) -> Element:
    """Return the evaluation, with whether search or tuning did more; with buttons until something is decided."""
    trained = sum(number for key, number in examples.items() if key.startswith("train"))
    note = text_input("note", say("Note for the admins who decide"), longest=1_000, is_multiline=True)
    pilot = text_input("pilot", say("Pilot to propose: groups or people who get it first"), longest=MAX_PILOT)
    is_candidate = release.state == ReleaseState.CANDIDATE
    return card(
        heading(say("{agent}: {release} is ready", agent=escape(agent.name), release=release.label)),
        aside(f"{say(STATES[ReleaseState(release.state)])} {_counted(trained)}"),
        aside(say("Id for commands: {id}", id=release.id)),
        *chart(evaluation, agent.task),
        scores_table(evaluation),
        aside(say(SHARE)) if evaluation.scores else None,
        paragraph(advice) if advice else None,
        *rating(evaluation),
        *criteria(evaluation),
        *objections(evaluation),
        *([note, pilot] if is_candidate else []),
        actions=[
            *(
                [
                    execute(say("Try it"), Verb.RELEASE_TRY, is_validated=False, release_id=release.id),
                    execute(say("Submit"), Verb.RELEASE_SUBMIT, style="positive", release_id=release.id),
                ]
                if is_candidate
                else []
            ),
            *([_withdraw(release)] if release.state == ReleaseState.SUBMITTED else []),
            *(_looks(release, is_candidate=is_candidate) if evaluation.samples else []),
            *([_report(release)] if evaluation.report_path else []),
            execute(say("Label samples"), Verb.SAMPLES_OPEN, is_validated=False, agent_id=agent.id, number=0),
        ],
    )


def _looks(release: Release, *, is_candidate: bool) -> list[Element]:
    """Return the ways to look closer, for who wants to see before they submit."""
    blind = execute(say("Compare blindly"), Verb.BLIND_OPEN, is_validated=False, release_id=release.id)
    examples = execute(say("Examples"), Verb.EXAMPLES_OPEN, is_validated=False, release_id=release.id, number=0)
    return [*([blind] if is_candidate else []), examples]


def _withdraw(release: Release) -> Element:
    return execute(say("Take back"), Verb.RELEASE_WITHDRAW, is_validated=False, release_id=release.id)


def _report(release: Release) -> Element:
    return execute(say("Full report"), Verb.REPORT_OPEN, is_validated=False, release_id=release.id)


def _counted(trained: int) -> str:
    if not trained:
        return ""
    return say_many("It learned from {count} example.", "It learned from {count} examples.", trained)
