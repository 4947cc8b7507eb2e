"""What a person says about the messages that reach them unasked: when, and which of a digest to see in full."""

from collections.abc import Mapping, Sequence
from datetime import time
from zoneinfo import available_timezones

from tuning.domain.audit import Tag
from tuning.domain.errors import InvalidInput
from tuning.domain.notices import Notice
from tuning.domain.permissions import Permission
from tuning.domain.quiet import QuietHours
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import say
from tuning.store import audit, conversations, notices, quiet


def quiet_hours(tenant: Tenant, person_id: str) -> QuietHours:
    """Return what a person chose, in the time zone that their client is in now."""
    with tenant.store.reading() as session:
        hours, chat = quiet.get(session, person_id), conversations.chat(session, person_id)
    zone = str(chat.reference.get("zone", "")) if chat else ""
    return QuietHours(**{**hours.model_dump(), "zone": zone if zone in available_timezones() else hours.zone})


def keep_quiet(tenant: Tenant, person_id: str, typed: Mapping[str, str]) -> QuietHours:
    """Keep what a person typed in for the fields of `QuietHours`; raise `InvalidInput` for what can't be used."""
    with access.act(tenant, person_id) as session:
        hours = QuietHours(
            person_id=person_id,
            begins=clock(typed.get("begins", "")),
            ends=clock(typed.get("ends", "")),
            is_weekend_quiet=typed.get("is_weekend_quiet") == "true",
            digest_at=clock(typed.get("digest_at", "")),
            zone=quiet_hours(tenant, person_id).zone,
        )
        hours.must_make_sense()
        quiet.put(session, hours)
        audit.record(session, Tag.NOTICES_CONFIGURED, person_id, person_id)
        return hours


def together(tenant: Tenant, person_id: str, notice_id: str) -> Sequence[Notice]:
    """Return all that came in one digest with a notice; raise `NotAllowed` if it was for somebody else."""
    with access.act(tenant, person_id, notice_id) as session:
        notice = notices.get(session, notice_id)
        access.check(session, tenant, person_id, Permission.NOTICE_OPEN, notice)
        return notices.together(session, notice)


def show(tenant: Tenant, person_id: str, notice_id: str) -> Sequence[Notice]:
    """Have one notice of a digest sent in full, and return all that are in the digest.

    Raises:
        NotAllowed: it was for somebody else.
        WrongState: it is settled, or on its way.
    """
    with access.act(tenant, person_id, notice_id) as session:
        notice = notices.get_for_update(session, notice_id)
        access.check(session, tenant, person_id, Permission.NOTICE_OPEN, notice)
        notice.send_again()
        session.add(notice)
        session.flush()
        return notices.together(session, notice)


def clock(typed: str) -> time | None:
    """Return the time of day that was typed; None for nothing, `InvalidInput` for anything else."""
    if not typed:
        return None
    try:
        return time.fromisoformat(typed).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        raise InvalidInput(say("'{time}' is no time of day. Type one such as 18:30.", time=typed[:20])) from None
