"""What the Playground can't show, in the shapes that Microsoft's documentation records: each is answered as it says."""

import pytest
from sqlmodel import select

from tuning.domain.audit import Tag
from tuning.domain.feedback import Feedback
from tuning.store import audit

FEEDBACK = {"actionName": "feedback", "actionValue": {"reaction": "like", "feedback": '{"feedbackText":"Nice."}'}}
CONTEXT = {"theme": "default"}


def is_answer(sent):
    return "\n\n_" in sent.text


async def answered(person):
    await person.deliver("invoke", name="adaptiveCard/action", value=execute("agent.pick", agent_id="agent"))
    return await person.say("How do I book a trip?", wanted=is_answer)


def execute(verb, trigger="manual", **data):
    action = {"type": "Action.Execute", "id": "1", "title": "", "verb": verb, "data": data}
    return {"action": action, "trigger": trigger}


@pytest.mark.parametrize("value", [FEEDBACK, {"data": FEEDBACK}], ids=["at the root", "below data"])
async def test_a_form_for_feedback_is_a_dialog(chat, value):
    status, body = await chat("bo").deliver("invoke", name="message/fetchTask", value=value, replyToId="m1")
    assert (status, body["task"]["type"]) == (200, "message")


async def test_a_thumb_is_answered_with_nothing_and_kept(chat, tenant):
    bo = chat("bo")
    sent = await answered(bo)
    assert await bo.deliver("invoke", name="message/submitAction", value=FEEDBACK, replyToId=sent.id) == (200, {})
    with tenant.store.reading() as session:
        assert session.exec(select(Feedback)).one().comment == "Nice."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("task/fetch", {"data": {"data": {"msteams": {"type": "task/fetch"}}}, "context": CONTEXT}),
        ("task/submit", {"data": {"name": "Travel"}, "context": CONTEXT}),
    ],
)
async def test_a_dialog_that_is_not_there_says_so(chat, name, value):
    status, body = await chat("bo").deliver("invoke", name=name, value=value)
    assert (status, body["task"]["type"]) == (200, "message")
    assert "can't be used any more" in body["task"]["value"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("suggestedActions/submit", {"vote": "approve"}),
        ("suggestedAction/submit", {"vote": "approve"}),
        ("composeExtension/query", {"commandId": "search", "parameters": [{"name": "q", "value": "x"}]}),
        ("signin/verifyState", {"state": "123456"}),
    ],
)
async def test_what_the_app_does_not_offer_is_not_implemented(chat, name, value):
    assert (await chat("bo").deliver("invoke", name=name, value=value))[0] == 501


async def test_a_card_that_refreshes_by_itself_changes_nothing_and_shows_only_what_the_person_may_see(chat, tenant):
    for person, kind in (("ana", "adaptive"), ("bo", "message")):
        value = execute("agent.manage", "automatic", agent_id="agent")
        status, body = await chat(person).deliver("invoke", name="adaptiveCard/action", value=value)
        assert (status, body["statusCode"]) == (200, 200)
        assert kind in body["type"]
    with tenant.store.reading() as session:
        assert {event.tag for event in audit.chain(session)} <= {Tag.ACCESS_REFUSED}


@pytest.mark.parametrize("action", ["accept", "decline"])
async def test_consent_to_a_file_that_is_gone_is_acknowledged_and_answered_in_the_chat(chat, action):
    bo = chat("bo")
    info = {"contentUrl": "https://x.sharepoint.com/a", "name": "a.docx", "uploadUrl": "https://x.sharepoint.com/up"}
    value = {"type": "fileUpload", "action": action, "context": {"draft": "gone"}, "uploadInfo": info}
    assert await bo.deliver("invoke", name="fileConsent/invoke", value=value) == (200, {})
    assert "isn't kept any more" in (await bo.wait(lambda _sent: True)).text


async def test_a_stream_ends_in_one_message_with_one_label(chat):
    sent = await answered(chat("bo"))
    info, label = sent.activity["entities"]
    assert info == {"type": "streaminfo", "streamType": "final", "streamId": sent.id}
    assert (label["@type"], label["@context"], label["@id"], label["additionalType"]) == (
        "Message",
        "https://schema.org",
        "",
        ["AIGeneratedContent"],
    )


async def test_a_reaction_a_removal_and_a_receipt_are_taken_in_silence(chat, teams):
    bo = chat("bo")
    for kind, fields in (
        ("messageReaction", {"reactionsAdded": [{"type": "like"}], "replyToId": "m1"}),
        ("installationUpdate", {"action": "remove"}),
        ("conversationUpdate", {"membersRemoved": [{"id": "28:attune"}]}),
        ("event", {"name": "application/vnd.microsoft.readReceipt", "value": {"lastReadMessageId": "1"}}),
        ("typing", {}),
    ):
        assert await bo.deliver(kind, **fields) == (202, None)
    assert teams.messages == {}
