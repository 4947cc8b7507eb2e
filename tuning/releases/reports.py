"""The full report on a release, as a file that its owner is offered in chat."""

from pathlib import Path

from tuning.domain.audit import Tag
from tuning.domain.drafts import Draft
from tuning.domain.errors import WrongState
from tuning.domain.permissions import Permission
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import say
from tuning.store import agents, audit, drafts, releases, runs


def hand_out(tenant: Tenant, actor_id: str, release_id: str, chat_id: str) -> Draft:
    """Make the report a file to offer to the release's owner in a chat, in the place of what they had of it.

    Raise `WrongState` if there is none: never written, or erased with what it quotes.
    """
    with access.act(tenant, actor_id, release_id) as session:
        release = releases.get(session, release_id)
        access.check(session, tenant, actor_id, Permission.RELEASE_TRY, release)
        agent, measured = agents.get(session, release.agent_id), runs.evaluation(session, release.run_id)
        path = Path(measured.report_path) if measured and measured.report_path else None
        if path is None or not path.is_file():
            raise WrongState(
                say("There is no report on it: none was written, or it has been erased with what it quotes.")
            )
        draft = Draft(
            release_id=release.id,
            person_id=actor_id,
            chat_id=chat_id,
            name=f"report-{agent.id}-{release.number}.html",
            content=path.read_bytes(),
        )
        drafts.forget_evidence(session, release.id, actor_id)
        session.add(draft)
        audit.record(session, Tag.REPORT_HANDED_OUT, actor_id, release.id, agent_id=agent.id)
    return draft
