"""People are answered in the language of their client, and told news in it; what is recorded stays English."""

import pytest
from sqlmodel import select

from bot.loopback import PersonalChat, find_action, texts
from tests.factories import keep
from tuning.domain.audit import AuditEvent, Tag
from tuning.domain.notices import NoticeKind
from tuning.domain.releases import Approval, Decision
from tuning.store import conversations, notices


@pytest.fixture
def german(teams):
    def open_chat(person_id, locale="de-DE"):
        return PersonalChat(teams, person_id=person_id, name=person_id.title(), tenant_id="tenant", locale=locale)

    return open_chat


def said(card):
    return " ".join(texts(card))


async def test_a_german_client_gets_german_cards_replies_and_answers_and_an_english_one_english(german, engine):
    bo = german("bo", "de-AT")
    await bo.open()
    greeting = (await bo.wait(lambda sent: sent.card is not None)).card
    assert "Ich antworte aus den Dokumenten Ihres Teams. Wen möchten Sie fragen?" in said(greeting)
    introduction = await bo.press(greeting, "Travel fragen")
    assert "Sie sprechen mit Travel" in said(introduction)
    answer = await bo.say("How do I book a trip?", wanted=lambda sent: "\n\n_" in sent.text)
    assert answer.text.endswith("_Travel · Release 1 · aus 1 Quelle_")
    assert find_action(answer.card, "Korrektur senden")
    assert "Wen" not in engine.prompt()
    help_text = (await bo.say("help", wanted=lambda sent: "**help**" in sent.text)).text
    assert "- **new**: beginnt eine neue Unterhaltung mit demselben Agent" in help_text
    assert "shows" not in help_text
    dee = german("dee", "en-US")
    assert "Everything else that you write" in (await dee.say("help")).text


async def test_a_refusal_is_said_in_german_and_recorded_in_english(german, tenant):
    bo = german("bo")
    assert (await bo.say("approvals")).text == "Das dürfen nur Administratoren."
    with tenant.store.reading() as session:
        refused = session.exec(select(AuditEvent).where(AuditEvent.tag == Tag.ACCESS_REFUSED)).all()
    assert [event.detail["sentence"] for event in refused] == ["Only admins may do that."]


async def test_news_come_in_the_language_that_the_person_wrote_in_last(german, tenant):
    ana = german("ana")
    await ana.say("help")
    with tenant.store.reading() as session:
        chat = conversations.chat(session, "ana")
    assert chat is not None
    assert chat.reference["locale"] == "de-DE"
    keep(tenant.store, Approval(release_id="release", decision=Decision.APPROVED, decided_by="cy"))
    with tenant.store.transaction() as session:
        notices.notify(session, NoticeKind.RELEASE_APPROVED, ["ana"], "release")
    news = await ana.wait(lambda sent: sent.card is not None)
    assert "Travel: Release 1 ist live" in said(news.card)
    assert find_action(news.card, "Fragen")
