"""What governance refuses.

Refusal
├── NotAllowed
│   └── PermissionMissing
├── InvalidInput
│   └── PolicyInvalid
└── WrongState
    └── PolicyOutdated
"""

from collections.abc import Mapping

from tuning.domain.errors import InvalidInput, NotAllowed, WrongState
from tuning.domain.permissions import Permission


class PermissionMissing(NotAllowed):
    """You may not do that."""

    def __init__(self, sentence: str, permission: Permission, subject_id: str) -> None:
        """Take the sentence to show, and for the audit what was refused on what."""
        super().__init__(sentence)
        self.permission = permission
        self.subject_id = subject_id


class PolicyInvalid(InvalidInput):
    """Some of it can't be used; nothing was changed."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        """Take the sentence for each field that is wrong."""
        super().__init__(" ".join(problems.values()))
        self.problems = problems


class PolicyOutdated(WrongState):
    """The policy was changed meanwhile."""

    def __init__(self, sentence: str, typed: Mapping[str, str]) -> None:
        """Take who changed what, and the fields as they are now with what this admin had changed put on top."""
        super().__init__(sentence)
        self.typed = typed
