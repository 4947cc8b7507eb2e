"""What a notice looks like when it is sent: made from its subject as it is then."""

from adaptive_cards.failure import failure_card
from adaptive_cards.notice import approved_card, learned_card, rejected_card, source_failed_card, suspended_card
from adaptive_cards.progress import progress_card
from bot import access_views, drift_views, views
from bot.turn import Message
from tuning.domain.notices import Notice, NoticeKind
from tuning.governance.tenant import Tenant
from tuning.store import agents, documents, releases, runs


def message(tenant: Tenant, notice: Notice) -> Message | None:
    """Return the message; None if there is nothing to say any more. Raises like the views."""
    match notice.kind:
        case NoticeKind.RUN_STARTED | NoticeKind.RUN_READY | NoticeKind.RUN_FAILED:
            return _of_run(tenant, notice)
        case NoticeKind.ACCESS_ASKED | NoticeKind.ACCESS_DECIDED:
            return Message(card=access_views.news(tenant, notice))
        case NoticeKind.RELEASE_DRIFTED:
            card = drift_views.news(tenant, notice.person_id, notice.subject_id)
            return Message(card=card) if card else None
        case NoticeKind.SOURCE_FAILED:
            with tenant.store.reading() as session:
                source = documents.get_source(session, notice.subject_id)
            return Message(card=source_failed_card(source)) if source.sync_failures else None
        case NoticeKind.RELEASE_SUBMITTED:
            return Message(card=views.approval(tenant, notice.person_id, notice.subject_id))
        case _:
            return _news(tenant, notice)


def _of_run(tenant: Tenant, notice: Notice) -> Message | None:
    match notice.kind:
        case NoticeKind.RUN_STARTED:
            with tenant.store.reading() as session:
                run = runs.get(session, notice.subject_id)
                return None if run.is_over else Message(card=progress_card(agents.get(session, run.agent_id), run))
        case NoticeKind.RUN_READY:
            with tenant.store.reading() as session:
                release = releases.of_run(session, notice.subject_id)
            return Message(card=views.evaluation(tenant, notice.person_id, release.id)) if release else None
        case _:
            with tenant.store.reading() as session:
                run = runs.get(session, notice.subject_id)
                return Message(card=failure_card(agents.get(session, run.agent_id), run))


def _news(tenant: Tenant, notice: Notice) -> Message | None:
    with tenant.store.reading() as session:
        release = releases.get(session, notice.subject_id)
        agent = agents.get(session, release.agent_id)
        decisions = releases.decisions(session, release.id)
    if notice.kind == NoticeKind.FEEDBACK_LEARNED:
        return Message(card=learned_card(agent, release))
    if notice.kind == NoticeKind.RELEASE_SUSPENDED:
        return Message(card=suspended_card(agent, release))
    if not decisions:
        return None
    who, reason = tenant.name_of(decisions[-1].decided_by), decisions[-1].reason
    if notice.kind in {NoticeKind.RELEASE_RETIRED, NoticeKind.RELEASE_RESTORED, NoticeKind.RELEASE_ROLLED_BACK}:
        return Message(card=views.decided(tenant, release))
    if notice.kind == NoticeKind.RELEASE_APPROVED:
        return Message(card=approved_card(agent, release, who, reason))
    return Message(card=rejected_card(agent, release, who, reason))
