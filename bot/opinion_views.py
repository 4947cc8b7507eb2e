"""What people have said about answers, as cards: looked up at the moment, theirs alone."""

from adaptive_cards.elements import Element
from adaptive_cards.opinion import Opinion, no_opinion_card, opinion_card
from tuning.governance import feedback
from tuning.governance.tenant import Tenant
from tuning.store import agents, conversations


def own(tenant: Tenant, person_id: str, number: int, *, problem: str = "", done: str = "") -> Element:
    """Return one piece of a person's own feedback, counted from the newest; numbers past either end go round.

    With it stands what was wrong with what they filled in, or what has been done.
    """
    given, total = feedback.own(tenant, person_id, number)
    if given is None:
        return no_opinion_card(done)
    with tenant.store.reading() as session:
        agent = agents.get(session, given.agent_id)
        answer = conversations.answer(session, given.answer_id)
    return opinion_card(
        Opinion(
            feedback=given,
            agent=agent.name,
            answer=answer.text,
            number=number % total,
            total=total,
            problem=problem,
            done=done,
        )
    )
