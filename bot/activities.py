"""Activities of the Bot Framework: JSON to `Incoming`, `Message` to JSON. Pure."""

import html
import re
from enum import StrEnum
from typing import Any

from bot.errors import Malformed
from bot.turn import Attachment, FileOffer, Incoming, Json, Message, SavedFile, Scope, SignInCard
from tuning.languages import say

ADAPTIVE_CARD = "application/vnd.microsoft.card.adaptive"
OAUTH_CARD = "application/vnd.microsoft.card.oauth"
FILE_DOWNLOAD = "application/vnd.microsoft.teams.file.download.info"
FILE_CONSENT = "application/vnd.microsoft.teams.card.file.consent"
FILE_INFO = "application/vnd.microsoft.teams.card.file.info"
MAX_CITATIONS = 20
MAX_INFORMATION = 1_000
MAX_TEXT = 38_000
"""Characters: Teams takes about 100 KB of UTF-16 a message, with everything around the text; stay under 80 KB."""
_MENTION = re.compile(r"<at[^<>]{0,100}>([^<]{0,300})</at>")
"""Bounded, so that a message full of openings takes no longer to read than any other."""
MAX_ENTITIES = 100


class Thumbs(StrEnum):
    """What a pressed thumb opens; `feedbackLoop.type` in Teams' words."""

    PLAIN = "default"
    """A dialog of Teams' own, with one field."""
    ASKING = "custom"
    """A dialog of the bot's, with reasons, comment and correction."""


def incoming(activity: Any) -> Incoming:
    """Read an activity as Teams sends it; raise `Malformed` with a sentence if it is none."""
    if not isinstance(activity, dict) or not isinstance(activity.get("type"), str) or not activity["type"]:
        msg = "The body must be an activity: a JSON object with a 'type'."
        raise Malformed(msg)
    sender, chat, bot = (_object(activity, key) for key in ("from", "conversation", "recipient"))
    chat_id, service_url = _text(chat, "id"), _text(activity, "serviceUrl")
    if not chat_id or not service_url:
        msg = "The activity must have a 'serviceUrl' and a 'conversation' with an 'id'."
        raise Malformed(msg)
    tenant = _object(_object(activity, "channelData"), "tenant")
    return Incoming(
        type=activity["type"],
        name=_text(activity, "name") or _text(_object(activity, "channelData"), "eventType"),
        activity_id=_text(activity, "id"),
        sent_at=_text(activity, "timestamp"),
        text=_without_mention(_text(activity, "text"), activity, bot),
        person_id=_text(sender, "aadObjectId"),
        chat_id=chat_id,
        scope=_scope(chat),
        # Teams fills conversation.tenantId too, but botbuilder's samples and the Playground only the channel data.
        tenant_id=_text(tenant, "id") or _text(chat, "tenantId"),
        locale=_text(activity, "locale") or "en",
        value=activity.get("value"),
        reply_to_id=_text(activity, "replyToId"),
        attachments=_attachments(activity.get("attachments")),
        reference={
            "serviceUrl": service_url,
            "channelId": _text(activity, "channelId"),
            "conversation": chat,
            "bot": bot,
            "user": sender,
            "locale": _text(activity, "locale"),
            "zone": _text(activity, "localTimezone"),
        },
        is_bot_added=_is_bot_added(activity, bot),
    )


def outgoing(message: Message, reference: Json, reply_to_id: str = "", *, thumbs: Thumbs = Thumbs.PLAIN) -> Json:
    """Return the message activity for a chat, with thumbs of that kind below an answer."""
    activity: Json = {**_addressed("message", reference), "textFormat": "markdown", "text": message.text[:MAX_TEXT]}
    if reply_to_id:
        activity["replyToId"] = reply_to_id
    if message.card is not None:
        activity["attachments"] = [{"contentType": ADAPTIVE_CARD, "content": message.card}]
    if message.file is not None:
        activity["attachments"] = [*activity.get("attachments", []), _file_card(message.file)]
    if message.sign_in is not None:
        activity["attachments"] = [_sign_in(message.sign_in)]
    if message.is_answer:
        activity["entities"] = [_ai_label(message)]
        activity["channelData"] = {"feedbackLoop": {"type": thumbs.value}}
    return activity


def typing(reference: Json) -> Json:
    """Return the activity that shows three moving dots."""
    return _addressed("typing", reference)


def chunk(reference: Json, text: str, *, kind: str, sequence: int, stream_id: str) -> Json:
    """Return one step of a stream: kind 'informative' or 'streaming', the text so far, numbered from 1."""
    info: Json = {"type": "streaminfo", "streamType": kind, "streamSequence": sequence}
    if stream_id:
        info["streamId"] = stream_id
    longest = MAX_INFORMATION if kind == "informative" else MAX_TEXT
    return {**_addressed("typing", reference), "text": text[:longest], "entities": [info]}


def final(message: Message, reference: Json, stream_id: str, *, thumbs: Thumbs = Thumbs.PLAIN) -> Json:
    """Return the message that ends a stream."""
    activity = outgoing(message, reference, thumbs=thumbs)
    info = {"type": "streaminfo", "streamType": "final", "streamId": stream_id}
    activity["entities"] = [info, *activity.get("entities", [])]
    return activity


def _addressed(kind: str, reference: Json) -> Json:
    return {
        "type": kind,
        "channelId": reference.get("channelId", ""),
        "serviceUrl": reference["serviceUrl"],
        "from": reference.get("bot", {}),
        "recipient": reference.get("user", {}),
        "conversation": reference["conversation"],
    }


def _file_card(file: FileOffer | SavedFile) -> Json:
    if isinstance(file, SavedFile):
        saved = {"uniqueId": file.unique_id, "fileType": file.name.rpartition(".")[2]}
        return {"contentType": FILE_INFO, "contentUrl": file.url, "name": file.name, "content": saved}
    context = {"draft": file.draft_id}
    content: Json = {
        "description": file.about,
        "sizeInBytes": file.size,
        "acceptContext": context,
        "declineContext": context,
    }
    return {"contentType": FILE_CONSENT, "name": file.name, "content": content}


def _sign_in(asked: SignInCard) -> Json:
    content: Json = {
        "text": asked.about,
        "connectionName": "",  # of the Bot Framework's token service, which is not used
        "tokenExchangeResource": {"id": asked.id, "uri": asked.resource},
        "buttons": [{"type": "signin", "title": say("Sign in"), "value": asked.url}],
    }
    return {"contentType": OAUTH_CARD, "content": content}


def _ai_label(message: Message) -> Json:
    label: Json = {
        "type": "https://schema.org/Message",
        "@type": "Message",
        "@context": "https://schema.org",
        "@id": "",
        "additionalType": ["AIGeneratedContent"],
    }
    if message.label:
        label["usageInfo"] = _sensitivity(message.label)
    if message.citations:
        label["citation"] = [
            {
                "@type": "Claim",
                "position": citation.position,
                "appearance": {
                    "@type": "DigitalDocument",
                    "name": citation.title[:80],
                    "abstract": citation.abstract[:160],
                    # A file of the server has no address that a Teams client could open, and its path must not leak.
                    **({"url": citation.url} if citation.url.startswith(("https://", "http://")) else {}),
                    **({"usageInfo": _sensitivity(citation.label)} if citation.label else {}),
                },
            }
            for citation in message.citations[:MAX_CITATIONS]
        ]
    return label


def _sensitivity(label: str) -> Json:
    return {
        "type": "https://schema.org/Message",
        "@type": "CreativeWork",
        "name": label,
        "description": say("From documents that your organisation labels '{label}'.", label=label),
    }


def _scope(chat: Json) -> Scope:
    kind = _text(chat, "conversationType")
    if kind in set(Scope):
        return Scope(kind)
    return Scope.GROUP if chat.get("isGroup") else Scope.PERSONAL


def _without_mention(text: str, activity: Json, bot: Json) -> str:
    entities = activity.get("entities")
    for entity in entities[:MAX_ENTITIES] if isinstance(entities, list) else []:
        if isinstance(entity, dict) and entity.get("type") == "mention":
            mentioned = _object(entity, "mentioned")
            if mentioned.get("id") == bot.get("id") and isinstance(entity.get("text"), str):
                text = text.replace(entity["text"], "")
    own = _text(bot, "name")
    text = _MENTION.sub(lambda found: "" if found[1] == own else found[1], text)
    return html.unescape(text).replace("\xa0", " ").strip()


def _is_bot_added(activity: Json, bot: Json) -> bool:
    if activity["type"] == "installationUpdate":
        return _text(activity, "action") in {"add", "add-upgrade", ""}
    added = activity.get("membersAdded")
    members = added if isinstance(added, list) else []
    return any(isinstance(member, dict) and member.get("id") == bot.get("id") for member in members)


def _attachments(found: Any) -> tuple[Attachment, ...]:
    files = []
    for item in found if isinstance(found, list) else []:
        if not isinstance(item, dict) or _text(item, "contentType") in {"text/html", ADAPTIVE_CARD}:
            continue  # Teams repeats the message itself as HTML
        url = _text(_object(item, "content"), "downloadUrl") or _text(item, "contentUrl")
        files.append(Attachment(name=_text(item, "name"), media_type=_text(item, "contentType"), url=url))
    return tuple(files)


def _object(parent: Json, key: str) -> Json:
    value = parent.get(key)
    return value if isinstance(value, dict) else {}


def _text(parent: Json, key: str) -> str:
    value = parent.get(key)
    return value if isinstance(value, str) else ""
