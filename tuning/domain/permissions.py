"""What can be permitted: '<noun>:<verb>', one per thing that a person can do."""

from enum import StrEnum


class Permission(StrEnum):
    """Every act that governance decides on."""

    AGENT_CREATE = "agent:create"
    AGENT_CONFIGURE = "agent:configure"
    AGENT_ASK = "agent:ask"
    AGENT_PAUSE = "agent:pause"
    AGENT_HAND_OVER = "agent:hand_over"
    AGENT_DELETE = "agent:delete"
    RUN_START = "run:start"
    RUN_CANCEL = "run:cancel"
    RELEASE_TRY = "release:try"
    RELEASE_SUBMIT = "release:submit"
    RELEASE_APPROVE = "release:approve"
    RELEASE_CONSENT = "release:consent"
    RELEASE_REJECT = "release:reject"
    RELEASE_RETIRE = "release:retire"
    RELEASE_RESTORE = "release:restore"
    RELEASE_REVOKE = "release:revoke"
    RELEASE_HISTORY = "release:history"
    APPROVALS_READ = "approvals:read"
    FEEDBACK_GIVE = "feedback:give"
    FEEDBACK_REVIEW = "feedback:review"
    AUDIT_READ = "audit:read"
    USAGE_READ = "usage:read"
    ACCESS_ASK = "access:ask"
    ACCESS_DECIDE = "access:decide"
    NOTICE_OPEN = "notice:open"
    POLICY_CHANGE = "policy:change"
