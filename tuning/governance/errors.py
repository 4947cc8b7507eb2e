"""What governance refuses.

Refusal
└── NotAllowed
    └── PermissionMissing
"""

from tuning.domain.errors import NotAllowed
from tuning.domain.permissions import Permission


class PermissionMissing(NotAllowed):
    """You may not do that."""

    def __init__(self, sentence: str, permission: Permission, subject_id: str) -> None:
        """Take the sentence to show, and for the audit what was refused on what."""
        super().__init__(sentence)
        self.permission = permission
        self.subject_id = subject_id
