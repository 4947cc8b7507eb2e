"""What can be wrong with a source or a directory, each with the sentence that a person reads.

Refusal
├── DirectoryUnreadable
├── SourceMissing
├── OutsideSource
└── UploadRefused
"""

from typing import ClassVar

from tuning.domain.errors import Refusal


class DirectoryUnreadable(Refusal):
    """The list of people can't be read. Mend people.json; until then nobody is known."""

    code: ClassVar[str] = "directory_unreadable"


class SourceMissing(Refusal):
    """The source's folder is not there any more. Put it back, or choose another source."""

    code: ClassVar[str] = "source_missing"


class OutsideSource(Refusal):
    """That file is not in the source."""

    code: ClassVar[str] = "outside_source"


class UploadRefused(Refusal):
    """That file can't be taken."""

    code: ClassVar[str] = "upload_refused"
