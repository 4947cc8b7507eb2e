"""What a button can ask for: '<noun>.<verb>', one handler each in the bot."""

from enum import StrEnum


class Verb(StrEnum):
    """The verbs of all buttons."""

    AGENT_PICK = "agent.pick"
    STARTER_ASK = "starter.ask"
    WIZARD_CREATE = "wizard.create"
    WIZARD_OPEN = "wizard.open"
    WIZARD_ABOUT = "wizard.about"
    WIZARD_SOURCES = "wizard.sources"
    WIZARD_AUDIENCE = "wizard.audience"
    WIZARD_SEARCH = "wizard.search"
    RUN_START = "run.start"
    RUN_CANCEL = "run.cancel"
    RUN_RETRY = "run.retry"
    RELEASE_OPEN = "release.open"
    RELEASE_TRY = "release.try"
    RELEASE_SUBMIT = "release.submit"
    RELEASE_APPROVE = "release.approve"
    RELEASE_REJECT = "release.reject"
    FEEDBACK_CORRECT = "feedback.correct"
    INBOX_OPEN = "inbox.open"
    INBOX_ACCEPT = "inbox.accept"
    INBOX_REJECT = "inbox.reject"
    INVENTORY_OPEN = "inventory.open"
    AUDIT_OPEN = "audit.open"
    POLICY_SAVE = "policy.save"
    POLICY_SEARCH = "policy.search"
