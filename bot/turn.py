"""What a handler sees of Teams: one incoming activity, and the ways to reply to it."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

Json = dict[str, Any]
EDIT, DELETION = "messageUpdate", "messageDelete"
CHANGES = frozenset({EDIT, DELETION})
"""Types of activities that change a message sent before."""


class Scope(StrEnum):
    """Where a chat takes place."""

    PERSONAL = "personal"
    GROUP = "groupChat"
    CHANNEL = "channel"


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file that a person sent along."""

    name: str
    media_type: str
    url: str
    """Where to download it; empty if it can't be downloaded."""


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """One activity, with what the channel knows for certain about it."""

    __pydantic_config__ = {"hide_input_in_errors": True}  # noqa: RUF012 - errors are logged, and texts must not be

    type: str
    """'message', 'invoke', 'installationUpdate' ..."""
    name: str = ""
    """Which invoke it is, or which change of a message."""
    activity_id: str = ""
    sent_at: str = ""
    """When, as Teams wrote it."""
    text: str = ""
    """Without the mention of the bot."""
    person_id: str = ""
    """The sender's Entra object id; empty if Teams did not say."""
    chat_id: str = ""
    scope: Scope = Scope.PERSONAL
    tenant_id: str = ""
    locale: str = "en"
    value: Any = None
    reply_to_id: str = ""
    attachments: tuple[Attachment, ...] = ()
    reference: Json = field(default_factory=dict)
    """How to reach this chat later."""
    is_bot_added: bool = False
    """Whether the bot has just been installed or added to the chat."""

    @property
    def delivery_id(self) -> str:
        """What two deliveries of the same have in common; empty if nothing tells.

        Changes of a message carry the message's own id; a question that a button asks, that of the press.
        """
        if not self.activity_id or not (self.type in CHANGES or self.type == "invoke"):
            return self.activity_id
        return f"{self.activity_id}:{self.name}:{self.sent_at}"


@dataclass(frozen=True, kw_only=True)
class Citation:
    """One passage that an answer cites, as Teams shows it."""

    position: int
    """The n of [n] in the text."""
    title: str
    url: str
    abstract: str
    label: str = ""
    """The document's sensitivity label."""


@dataclass(frozen=True, kw_only=True)
class FileOffer:
    """A file that Teams asks the person about: whether it may be put into their OneDrive."""

    draft_id: str
    name: str
    size: int
    """In bytes."""
    about: str


@dataclass(frozen=True, kw_only=True)
class SavedFile:
    """A file in the person's OneDrive, as Teams named it."""

    name: str
    url: str
    unique_id: str


@dataclass(frozen=True, kw_only=True)
class InvokeReply:
    """What an invoke is answered with."""

    status: int = 200
    body: Json | None = None


@dataclass(frozen=True, kw_only=True)
class SignInCard:
    """What makes Teams hand over the person's token: silently where it can, else after a press of its button."""

    id: str
    """Comes back with the token."""
    resource: str
    """What the token is for: the Application ID URI."""
    url: str
    """Where the button leads."""
    about: str


@dataclass(frozen=True, kw_only=True)
class Message:
    """What the bot says: text, a card, a file, or several of them."""

    text: str = ""
    card: Json | None = None
    file: FileOffer | SavedFile | None = None
    sign_in: SignInCard | None = None
    is_answer: bool = False
    """Whether a model wrote it: AI label, thumbs."""
    citations: Sequence[Citation] = ()
    label: str = ""
    """The highest sensitivity label of the documents cited."""


class AnswerStream(Protocol):
    """One answer as it grows; chunks are whole texts so far."""

    @property
    def activity_id(self) -> str:
        """The message that shows it; empty until Teams has said which."""
        ...

    async def inform(self, text: str) -> None:
        """Say what is being done before there is any text."""
        ...

    async def write(self, text: str) -> None:
        """Show the text so far, as often as Teams takes it; raise `StreamStopped` if the person pressed Stop."""
        ...

    async def finish(self, message: Message) -> str:
        """Show the whole answer and return its activity id; raise `StreamStopped` if the person pressed Stop."""
        ...


class Turn(Protocol):
    """One incoming activity and the chat it came from."""

    @property
    def incoming(self) -> Incoming:
        """What came in."""
        ...

    async def send(self, message: Message) -> str:
        """Send a message to the chat and return its activity id; raise `NotDelivered`."""
        ...

    async def update(self, activity_id: str, message: Message) -> None:
        """Replace a message that the bot sent earlier; raise `NotDelivered`."""
        ...

    async def typing(self) -> None:
        """Show that the bot is busy."""
        ...

    async def sign_in(self, *, is_asked_for: bool = False, is_waited_for: bool = True) -> frozenset[str] | None:
        """Return what Attune may do in Microsoft 365 for who sent this; None: nothing, or nothing at the moment.

        In personal chat Teams is asked for their token first, if need be, which takes a few seconds at most; not again
        for a while if that led to nothing, unless the person asks for it. Who does not wait yet asks again later.
        """
        ...

    def stream(self, activity_id: str = "") -> AbstractAsyncContextManager[AnswerStream]:
        """Begin an answer: streamed where Teams can (personal chat), otherwise typing and one message.

        Given a message that was to show it before a restart, the answer takes its place.
        """
        ...
