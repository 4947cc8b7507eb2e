"""The numbers of use on both databases: what is counted bit by bit is what the migration counts at once."""

import random
from datetime import UTC, datetime, timedelta

from alembic import command
from alembic.config import Config
from sqlmodel import col, delete, select

from tests.factories import keep, make_agent, make_answer, make_tenant
from tuning.domain.conversations import Answer, Conversation
from tuning.domain.feedback import Reaction
from tuning.domain.prompts import NOT_IN_DOCUMENTS
from tuning.domain.usage import DailyUse, PersonUse, together
from tuning.governance import feedback
from tuning.store import store as stored
from tuning.store import usage

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def chat(tenant):
    """Sixty questions of three people in five days, some tried, stopped, declined, and judged by whoever asked."""
    rng = random.Random(7)
    keep(tenant.store, make_agent(), *(Conversation(id=f"t{n}", chat_id=str(n), **talk(n)) for n in range(12)))
    for number in range(60):
        talk_of, person_id = (number % 12, ("ana", "bo", "cy")[number % 3])
        answer = make_answer(
            id=str(number),
            conversation_id=f"t{talk_of}",
            person_id=person_id,
            release_id=rng.choice(["r1", "r2"]),
            asked_at=NOON + timedelta(hours=2 * number),
        )
        with tenant.store.transaction() as session:
            session.add(answer)
            usage.asked(session, answer)
        if rng.random() < 0.9:
            answer.seconds, answer.is_declined = rng.choice([0.5, 1.0, 4.0, 60.0]), rng.random() < 0.3
            answer.text = f"{NOT_IN_DOCUMENTS} " if answer.is_declined else "No."
            with tenant.store.transaction() as session:
                session.merge(answer)
                usage.answered(session, answer)
        for _change in range(rng.randrange(3)):
            given = feedback.give(
                tenant, person_id, answer.id, reaction=rng.choice(list(Reaction)), correction=rng.choice(["", "Yes."])
            )
            if rng.random() < 0.3:
                feedback.withdraw(tenant, person_id, given.id)


def talk(number):
    return {
        "person_id": "ana",
        "agent_id": "agent",
        "is_current": False,
        "release_id": "r3" if number == 11 else None,
    }


def counted(store):
    with store.reading() as session:
        days = session.exec(select(DailyUse)).all()
        people = session.exec(select(PersonUse)).all()
        return sorted(str(row.model_dump()) for row in (*days, *people))


def test_what_is_counted_bit_by_bit_is_what_there_is_and_stays_when_the_answers_go(store, tmp_path):
    chat(make_tenant(store, tmp_path))
    bit_by_bit = counted(store)
    count_at_once(store)
    assert counted(store) == bit_by_bit
    with store.transaction() as session:
        answers = [one for one in session.exec(select(Answer)) if one.conversation_id != "t11"]
        told = usage.total(session, None, NOON.date())
        assert (told.questions, told.conversations) == (len(answers), 11)
        assert told.answered == sum(one.seconds is not None for one in answers)
        assert told.declined == sum(one.is_declined for one in answers) > 5
        assert (told.seconds_for(0.4), told.seconds_for(0.7), told.seconds_for(0.95)) == (1, 5, None)
        assert len(usage.askers(session, ["agent"], NOON.date())) == 3
        assert together(usage.by_day(session, ["agent"], NOON.date()).values()).declined == told.declined
        newest = usage.declined(session, ["agent"], NOON.date(), limit=99)
        assert len(newest) == told.declined
        last = usage.total(session, None, max(one.asked_at for one in answers).date())
        assert 0 < last.questions < 13
        session.exec(delete(Answer).where(col(Answer.id) != ""))
        assert usage.total(session, None, NOON.date()) == told
        assert usage.total(session, ["other"], NOON.date()).questions == 0


def count_at_once(store):
    """Make the tables anew, out of the answers."""
    config = Config()
    config.set_main_option("script_location", str(stored._MIGRATIONS))
    with store._writing.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0007-1")
    store.migrate()
