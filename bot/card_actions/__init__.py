"""What buttons do: one handler per verb. Each looks everything up again and checks permission again."""

from adaptive_cards.verbs import Verb
from bot.card_actions import access, agents, audit, feedback, inventory, policy, releases, runs, tending, usage, wizard
from bot.card_actions.press import Handler

HANDLERS: dict[Verb, Handler] = {
    Verb.AGENT_PICK: agents.pick,
    Verb.AGENT_MANAGE: tending.manage,
    Verb.AGENT_PAUSE: tending.pause,
    Verb.AGENT_RESUME: tending.resume,
    Verb.AGENT_HAND_OVER: tending.hand_over,
    Verb.AGENT_DELETE: tending.delete,
    Verb.RETRAINING_SAVE: tending.retrain_when,
    Verb.STARTER_ASK: agents.ask_starter,
    Verb.WIZARD_CREATE: wizard.create,
    Verb.WIZARD_OPEN: wizard.open_step,
    Verb.WIZARD_ABOUT: wizard.save_about,
    Verb.WIZARD_SOURCES: wizard.save_sources,
    Verb.WIZARD_AUDIENCE: wizard.save_audience,
    Verb.WIZARD_SEARCH: wizard.search_audience,
    Verb.RUN_START: runs.start,
    Verb.RUN_CANCEL: runs.cancel,
    Verb.RUN_RETRY: runs.retry,
    Verb.RELEASE_OPEN: releases.show,
    Verb.RELEASE_TRY: releases.try_out,
    Verb.RELEASE_SUBMIT: releases.submit,
    Verb.RELEASE_APPROVE: releases.approve,
    Verb.RELEASE_REJECT: releases.reject,
    Verb.FEEDBACK_CORRECT: feedback.correct,
    Verb.INBOX_OPEN: feedback.open_inbox,
    Verb.INBOX_ACCEPT: feedback.accept,
    Verb.INBOX_MERGE: feedback.merge,
    Verb.INBOX_REJECT: feedback.reject,
    Verb.INVENTORY_OPEN: inventory.open_page,
    Verb.AUDIT_OPEN: audit.open_page,
    Verb.USAGE_OPEN: usage.show,
    Verb.ACCESS_ASK: access.ask,
    Verb.ACCESS_GRANT: access.grant,
    Verb.ACCESS_DECLINE: access.decline,
    Verb.ACCESS_END: access.take_back,
    Verb.POLICY_SAVE: policy.save,
    Verb.POLICY_SEARCH: policy.search,
}
