"""What can be wrong with a source or a directory, each with the sentence that a person reads.

Refusal
├── DirectoryUnreadable
├── SourceMissing
│   ├── Microsoft365Refused
│   │   ├── ConsentMissing
│   │   └── NotDelegated
│   └── SourceGone
├── LinkRefused
├── OutsideSource
├── SharedFileRefused
└── UploadRefused
"""

from typing import ClassVar

from tuning.domain.errors import Refusal
from tuning.languages import say


class DirectoryUnreadable(Refusal):
    """The list of people can't be read. Mend people.json; until then nobody is known."""

    code: ClassVar[str] = "directory_unreadable"


class SourceMissing(Refusal):
    """The source's folder is not there any more. Put it back, or choose another source."""

    code: ClassVar[str] = "source_missing"


class SourceGone(SourceMissing):
    """The source was deleted where it came from. Choose another source."""

    code: ClassVar[str] = "source_gone"


class Microsoft365Refused(SourceMissing):
    """Microsoft 365 didn't let Attune in. `attune doctor` says what is missing."""

    code: ClassVar[str] = "microsoft365_refused"


class ConsentMissing(Microsoft365Refused):
    """Attune may not act for you in Microsoft 365 yet: an admin has to consent, as docs/microsoft365.md says."""

    code: ClassVar[str] = "consent_missing"


class NotDelegated(Microsoft365Refused):
    """Attune can't act for you in Microsoft 365 at the moment. Send me **sign in** alone, then try again."""

    code: ClassVar[str] = "not_delegated"


class LinkRefused(Refusal):
    """That is not an address of SharePoint. Open the folder in the browser and copy its address."""

    code: ClassVar[str] = "link_refused"


class OutsideSource(Refusal):
    """That file is not in the source."""

    code: ClassVar[str] = "outside_source"


class SharedFileRefused(Refusal):
    """The file that the link leads to can't be read here."""

    code: ClassVar[str] = "shared_file_refused"

    def __init__(self, name: str, problem: str) -> None:
        """Take what it is called, and what is wrong with it, as a sentence."""
        refused = say("I can't use '{name}'.", name=name)
        super().__init__(f"{refused} {problem}")


class UploadRefused(Refusal):
    """That file can't be taken."""

    code: ClassVar[str] = "upload_refused"
