"""What a notice looks like when it is sent: made from its subject as it is then."""

from adaptive_cards.elements import Element
from adaptive_cards.failure import failure_card
from adaptive_cards.notice import approved_card, learned_card, rejected_card, source_failed_card, suspended_card
from adaptive_cards.progress import progress_card
from bot import access_views, drift_views, evaluation_views, labelling_views, tending_views, views
from bot.turn import Message
from tuning.domain.notices import Notice, NoticeKind
from tuning.domain.permissions import Permission
from tuning.domain.releases import Decision, ReleaseState
from tuning.domain.runs import RunState
from tuning.governance import access
from tuning.governance.access import Subject
from tuning.governance.tenant import Tenant
from tuning.store import agents, documents, grants, releases, runs


def message(tenant: Tenant, notice: Notice) -> Message | None:
    """Return the message; None if there is nothing to say to them any more. Raises like the views."""
    card: Element | None
    if not _may_see(tenant, notice):
        return None
    match notice.kind:
        case NoticeKind.RUN_STARTED | NoticeKind.RUN_NEEDS_LABELS | NoticeKind.RUN_READY | NoticeKind.RUN_FAILED:
            card = _of_run(tenant, notice)
        case NoticeKind.ACCESS_ASKED | NoticeKind.ACCESS_DECIDED:
            card = access_views.news(tenant, notice)
        case NoticeKind.RELEASE_DRIFTED:
            card = drift_views.news(tenant, notice.person_id, notice.subject_id)
        case NoticeKind.SOURCE_FAILED:
            with tenant.store.reading() as session:
                source = documents.get_source(session, notice.subject_id)
            card = source_failed_card(source) if source.sync_failures else None
        case NoticeKind.AGENT_HANDED_OVER:
            card = tending_views.handed_over(tenant, notice)
        case NoticeKind.RETRAINING_HELD:
            card = tending_views.held(tenant, notice)
        case NoticeKind.RELEASE_SUBMITTED | NoticeKind.RELEASE_CONSENT_ASKED:
            card = views.approval(tenant, notice.person_id, notice.subject_id)
        case _:
            card = _news(tenant, notice)
    return Message(card=card) if card else None


def _may_see(tenant: Tenant, notice: Notice) -> bool:
    """Return whether the person may still see it: they try nothing, so that no refusal of theirs is to be audited."""
    with tenant.store.reading() as session:
        subject: Subject | None
        match notice.kind:
            case NoticeKind.ACCESS_ASKED:
                permission, subject = Permission.ACCESS_DECIDE, grants.get(session, notice.subject_id)
            case NoticeKind.RELEASE_SUBMITTED | NoticeKind.RELEASE_CONSENT_ASKED:
                permission, subject = Permission.RELEASE_REJECT, releases.get(session, notice.subject_id)
            case NoticeKind.RUN_READY:
                permission, subject = Permission.RELEASE_TRY, releases.of_run(session, notice.subject_id)
            case NoticeKind.RUN_NEEDS_LABELS:
                run = runs.get(session, notice.subject_id)
                permission, subject = Permission.AGENT_LABEL, agents.get(session, run.agent_id)
            case _:
                return True
        return subject is not None and access.may(session, tenant, notice.person_id, permission, subject)


def _of_run(tenant: Tenant, notice: Notice) -> Element | None:
    with tenant.store.reading() as session:
        run = runs.get(session, notice.subject_id)
        agent = agents.get(session, run.agent_id)
        release = releases.of_run(session, run.id)
    if notice.kind == NoticeKind.RUN_READY:
        return evaluation_views.evaluation(tenant, notice.person_id, release.id) if release else None
    if notice.kind == NoticeKind.RUN_FAILED:
        return failure_card(agent, run)
    if notice.kind == NoticeKind.RUN_NEEDS_LABELS and run.state == RunState.CANCELLED:
        return progress_card(agent, run)
    if notice.kind == NoticeKind.RUN_NEEDS_LABELS:
        is_open = run.state == RunState.LABELLING
        return labelling_views.sample(tenant, notice.person_id, run.agent_id, 0) if is_open else None
    return None if run.is_over else progress_card(agent, run)


def _news(tenant: Tenant, notice: Notice) -> Element | None:
    with tenant.store.reading() as session:
        release = releases.get(session, notice.subject_id)
        agent = agents.get(session, release.agent_id)
        decisions = releases.decisions(session, release.id)
    if notice.kind == NoticeKind.FEEDBACK_LEARNED:
        return learned_card(agent, release)
    if notice.kind == NoticeKind.RELEASE_SUSPENDED:
        return suspended_card(agent, release)
    is_outdated = notice.kind == NoticeKind.RELEASE_APPROVED and release.state == ReleaseState.CANDIDATE
    if not decisions or is_outdated:
        return None
    who, reason = tenant.name_of(decisions[-1].decided_by), decisions[-1].reason
    if notice.kind in {NoticeKind.RELEASE_RETIRED, NoticeKind.RELEASE_RESTORED, NoticeKind.RELEASE_ROLLED_BACK}:
        return views.decided(tenant, release)
    if notice.kind == NoticeKind.RELEASE_APPROVED:
        approved = [one for one in decisions if one.decision == Decision.APPROVED][-1]
        return approved_card(agent, release, tenant.name_of(approved.decided_by), approved.reason)
    return rejected_card(agent, release, who, reason)
