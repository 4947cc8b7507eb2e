"""What can go wrong between the bot and Teams, or the bot and the engine.

Exception
├── Malformed
├── Unauthorised
├── Replayed
├── NotDelivered
├── StreamStopped
├── QuestionTakenBack
├── AnswerCut
└── StreamOverdue

Refusal
├── EngineDown
├── EngineBusy
├── QuestionTooLong
├── AttachmentRefused
├── LinkNotRead
└── FileNotSaved
"""

from tuning.domain.errors import Refusal
from tuning.languages import say_many

_GONE = frozenset({400, 403, 404, 405, 410})


class Malformed(Exception):  # noqa: N818 - names say what happened, without a suffix
    """The request is no activity of the Bot Framework."""


class Unauthorised(Exception):  # noqa: N818
    """The request does not come from the Bot Framework, or not on behalf of this organisation."""


class Replayed(Exception):  # noqa: N818
    """The activity has been dealt with before."""


class NotDelivered(Exception):  # noqa: N818
    """Teams did not take a message."""

    def __init__(self, status: int, sentence: str) -> None:
        """Take the last HTTP status (0: no answer at all) and what the server said."""
        super().__init__(f"Teams did not take the message (HTTP {status}): {sentence}")
        self.status = status
        self.sentence = sentence

    @property
    def is_gone(self) -> bool:
        """Whether the message to replace was never completed, or is deleted: Teams has several words for it."""
        return self.status in _GONE


class StreamStopped(Exception):  # noqa: N818
    """The person pressed Stop."""


class QuestionTakenBack(Exception):  # noqa: N818
    """The person has deleted or edited the message that is being answered."""


class AnswerCut(Exception):  # noqa: N818
    """The engine has written all that it was asked to, and the answer has no end."""


class StreamOverdue(Exception):  # noqa: N818
    """Teams takes no more chunks of this stream, because it has lasted too long."""


class EngineDown(Refusal):
    """The engine that answers is not running at the moment. Try again in a minute; if that lasts, tell an admin."""

    code = "engine_down"


class EngineBusy(Refusal):
    """Too many people are asking at once. Please try again in a minute."""

    code = "engine_busy"

    def __init__(self, retry_after_s: int = 0) -> None:
        """Take how long the engine asks to wait; 0: it doesn't say."""
        sentence = say_many(
            "Too many people are asking at once. Please try again in {count} second.",
            "Too many people are asking at once. Please try again in {count} seconds.",
            retry_after_s,
        )
        super().__init__(sentence if retry_after_s else "")
        self.retry_after_s = retry_after_s


class QuestionTooLong(Refusal):
    """That is too long for one message. Shorten it, then send it again."""

    code = "question_too_long"


class AttachmentRefused(Refusal):
    """That file can't be read here."""

    code = "attachment_refused"


class LinkNotRead(Refusal):
    """I only open links to documents in SharePoint or OneDrive. Attach the file, or paste its text."""

    code = "link_not_read"


class FileNotSaved(Refusal):
    """I could not put the file into your OneDrive. Please try again with the new card below."""

    code = "file_not_saved"
