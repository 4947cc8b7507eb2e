"""The button below a draft in a group or channel."""

from bot.card_actions.press import Outcome, Press
from bot.files import open_draft
from tuning.governance.tenant import Tenant


def save(tenant: Tenant, press: Press) -> Outcome:
    """Have the file put into the OneDrive of who asked for it, if that is who pressed."""
    return Outcome(draft_id=open_draft(tenant, press.person_id, press.id("draft_id")).id)
