"""What can go wrong in the store.

Refusal
└── LeaseLost
"""

from tuning.domain.errors import Refusal


class LeaseLost(Refusal):
    """Another worker has taken this job over, because this one was not heard of for too long. It stops here."""

    code = "lease_lost"
