import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import activities
from bot.errors import Malformed
from bot.turn import Citation, Incoming, Message, Scope

REFERENCE = {
    "serviceUrl": "https://smba.trafficmanager.net/emea/",
    "channelId": "msteams",
    "conversation": {"id": "a:1"},
    "bot": {"id": "28:bot"},
    "user": {"id": "29:bo"},
}


def raw(**fields):
    return {
        "type": "message",
        "serviceUrl": "https://smba.trafficmanager.net/emea/",
        "conversation": {"id": "a:1", "conversationType": "personal"},
        "recipient": {"id": "28:bot", "name": "Attune"},
        **fields,
    }


def test_a_person_is_who_entra_says_not_who_the_activity_says():
    incoming = activities.incoming(raw(**{"from": {"id": "29:x", "name": "Ana", "aadObjectId": "bo"}}))
    assert incoming.person_id == "bo"
    assert activities.incoming(raw(**{"from": {"id": "ana", "name": "Ana"}})).person_id == ""


def test_the_tenant_is_in_the_channel_data():
    assert activities.incoming(raw(channelData={"tenant": {"id": "t"}})).tenant_id == "t"


@pytest.mark.parametrize(
    ("kind", "scope"), [("personal", Scope.PERSONAL), ("groupChat", Scope.GROUP), ("channel", Scope.CHANNEL)]
)
def test_a_mention_of_the_bot_is_no_part_of_the_question(kind, scope):
    mention = {"type": "mention", "text": "<at>Attune</at>", "mentioned": {"id": "28:bot"}}
    chat = {"id": "19:x", "conversationType": kind}
    incoming = activities.incoming(
        raw(text="<at>Attune</at>&nbsp;May I fly &amp; hop?", entities=[mention], conversation=chat)
    )
    assert (incoming.text, incoming.scope) == ("May I fly & hop?", scope)


@pytest.mark.parametrize(("kind"), ["personal", "groupChat", "channel"])
def test_other_people_who_are_mentioned_stay_in_the_question(kind):
    chat = {"id": "19:x", "conversationType": kind}
    mentions = [
        {"type": "mention", "text": "<at>Attune</at>", "mentioned": {"id": "28:bot"}},
        {"type": "mention", "text": "<at>Anna Berg</at>", "mentioned": {"id": "29:anna"}},
    ]
    incoming = activities.incoming(
        raw(text="<at>Attune</at> whois <at>Anna Berg</at>", entities=mentions, conversation=chat)
    )
    assert incoming.text == "whois Anna Berg"


def test_the_html_that_teams_repeats_a_message_as_is_no_attachment():
    html = {"contentType": "text/html", "content": "<p>hello</p>"}
    file = {
        "contentType": activities.FILE_DOWNLOAD,
        "name": "report.docx",
        "content": {"downloadUrl": "https://x.sharepoint.com/1"},
    }
    found = activities.incoming(raw(attachments=[html, file])).attachments
    assert [(one.name, one.url) for one in found] == [("report.docx", "https://x.sharepoint.com/1")]


def test_the_bot_notices_that_it_was_added():
    added = activities.incoming(raw(type="conversationUpdate", membersAdded=[{"id": "28:bot"}]))
    other = activities.incoming(raw(type="conversationUpdate", membersAdded=[{"id": "29:bo"}]))
    installed = activities.incoming(raw(type="installationUpdate", action="add"))
    removed = activities.incoming(raw(type="installationUpdate", action="remove"))
    assert [one.is_bot_added for one in (added, other, installed, removed)] == [True, False, True, False]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["from", "conversation", "recipient", "channelData", "text", "entities", "attachments", "membersAdded", "value",
     "replyToId", "locale", "serviceUrl", "type", "id"]
)  # fmt: skip


@given(st.dictionaries(FIELDS, JSON, max_size=6))
def test_any_activity_is_read_or_malformed(fields):
    try:
        incoming = activities.incoming(raw(**fields))
    except Malformed as error:
        assert str(error)  # noqa: PT017 - either outcome is right, a crash is not
    else:
        assert isinstance(incoming, Incoming)


@pytest.mark.parametrize(("url", "is_shown"), [("https://docs.example/rail", True), ("file:///srv/rail.md", False)])
def test_a_citation_leads_to_web_addresses_only(url, is_shown):
    citation = Citation(position=1, title="Rail", url=url, abstract="By rail.")
    sent = activities.outgoing(Message(text="Yes [1].", is_answer=True, citations=[citation]), REFERENCE)
    assert (url in str(sent)) is is_shown


def test_an_answer_has_one_label_with_its_citations_and_thumbs():
    citation = Citation(position=2, title="Rail " * 40, url="", abstract="By rail. " * 40)
    sent = activities.outgoing(Message(text="Yes [2].", is_answer=True, citations=[citation]), REFERENCE)
    (label,) = sent["entities"]
    claim = label["citation"][0]
    assert label["additionalType"] == ["AIGeneratedContent"]
    assert claim["position"] == 2
    assert (len(claim["appearance"]["name"]), len(claim["appearance"]["abstract"])) == (80, 160)
    assert "url" not in claim["appearance"]
    assert sent["channelData"] == {"feedbackLoop": {"type": "default"}}


def test_an_answer_and_its_citations_carry_the_documents_sensitivity():
    open_one, secret = (
        Citation(position=at, title="Rail", url="", abstract="By rail.", label=label)
        for at, label in ((1, ""), (2, "Confidential"))
    )
    sent = activities.outgoing(
        Message(text="Yes [1] [2].", is_answer=True, citations=[open_one, secret], label="Confidential"), REFERENCE
    )
    (label,) = sent["entities"]
    first, second = (claim["appearance"] for claim in label["citation"])
    assert "usageInfo" not in first
    assert second["usageInfo"] == label["usageInfo"]
    assert (label["usageInfo"]["@type"], label["usageInfo"]["name"]) == ("CreativeWork", "Confidential")


def test_what_no_model_wrote_has_neither_label_nor_thumbs():
    sent = activities.outgoing(Message(text="Hello."), REFERENCE)
    assert "entities" not in sent
    assert "channelData" not in sent


def test_a_stream_is_numbered_from_one_and_ends_without_a_number():
    first = activities.chunk(REFERENCE, "Looking ...", kind="informative", sequence=1, stream_id="")
    last = activities.final(Message(text="Yes.", is_answer=True), REFERENCE, "s1")
    assert first["entities"] == [{"type": "streaminfo", "streamType": "informative", "streamSequence": 1}]
    assert last["entities"][0] == {"type": "streaminfo", "streamType": "final", "streamId": "s1"}
    assert (first["type"], last["type"]) == ("typing", "message")


def test_a_message_stays_below_what_teams_takes():
    sent = activities.outgoing(Message(text="ä" * 200_000), REFERENCE)
    assert len(sent["text"].encode("utf-16-le")) < 80 * 1024
