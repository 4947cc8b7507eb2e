"""What people can type besides questions; one file per command."""

from bot.commands.agents import AGENTS
from bot.commands.approvals import APPROVALS
from bot.commands.approve import APPROVE
from bot.commands.audit import AUDIT
from bot.commands.audit_export import AUDIT_EXPORT
from bot.commands.audit_verify import AUDIT_VERIFY
from bot.commands.bind import BIND
from bot.commands.canary import CANARY
from bot.commands.cancel import CANCEL
from bot.commands.command import Command
from bot.commands.consent import CONSENT
from bot.commands.create_agent import CREATE_AGENT
from bot.commands.delete import DELETE
from bot.commands.erase import ERASE
from bot.commands.evidence import EVIDENCE
from bot.commands.grant import GRANT
from bot.commands.hand_over import HAND_OVER
from bot.commands.help import help_command
from bot.commands.inbox import INBOX
from bot.commands.inventory import INVENTORY
from bot.commands.my_agents import MY_AGENTS
from bot.commands.my_feedback import MY_FEEDBACK
from bot.commands.new import NEW
from bot.commands.notices import NOTICES
from bot.commands.pause import PAUSE
from bot.commands.pilot import PILOT
from bot.commands.policy import POLICY
from bot.commands.reject import REJECT
from bot.commands.releases import RELEASES
from bot.commands.report import REPORT
from bot.commands.request_access import REQUEST_ACCESS
from bot.commands.resume import RESUME
from bot.commands.retire import RETIRE
from bot.commands.revoke import REVOKE
from bot.commands.rollback import ROLLBACK
from bot.commands.sign_in import SIGN_IN
from bot.commands.unbind import UNBIND
from bot.commands.upload import UPLOAD
from bot.commands.usage import USAGE
from bot.commands.whois import WHOIS

_OTHERS = (
    AGENTS,
    NEW,
    MY_FEEDBACK,
    SIGN_IN,
    MY_AGENTS,
    CREATE_AGENT,
    UPLOAD,
    REQUEST_ACCESS,
    INBOX,
    REPORT,
    CANCEL,
    PAUSE,
    RESUME,
    HAND_OVER,
    DELETE,
    BIND,
    UNBIND,
    APPROVALS,
    APPROVE,
    CONSENT,
    REJECT,
    PILOT,
    CANARY,
    ROLLBACK,
    RETIRE,
    REVOKE,
    RELEASES,
    EVIDENCE,
    ERASE,
    INVENTORY,
    WHOIS,
    AUDIT,
    AUDIT_EXPORT,
    AUDIT_VERIFY,
    USAGE,
    POLICY,
    GRANT,
    NOTICES,
)
COMMANDS: tuple[Command, ...] = (*_OTHERS, help_command(_OTHERS))
