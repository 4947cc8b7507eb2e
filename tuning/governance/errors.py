"""What governance refuses.

Refusal
├── NotAllowed
│   └── PermissionMissing
└── WrongState
    └── PolicyOutdated
"""

from collections.abc import Mapping

from tuning.domain.errors import NotAllowed, WrongState
from tuning.domain.permissions import Permission


class PermissionMissing(NotAllowed):
    """You may not do that."""

    def __init__(self, sentence: str, permission: Permission, subject_id: str) -> None:
        """Take the sentence to show, and for the audit what was refused on what."""
        super().__init__(sentence)
        self.permission = permission
        self.subject_id = subject_id


class PolicyOutdated(WrongState):
    """The policy was changed meanwhile."""

    def __init__(self, sentence: str, typed: Mapping[str, str]) -> None:
        """Take who changed what, and the fields as they are now with what this admin had changed put on top."""
        super().__init__(sentence)
        self.typed = typed
