"""The policy's form out of what the store and the directory hold: as it is, or with what an admin typed."""

from collections.abc import Iterable, Mapping

from sqlmodel import Session

from adaptive_cards.elements import Element
from adaptive_cards.policy import Choices, PolicyForm, policy_card
from tuning.domain.documents import SourceKind
from tuning.domain.policy import ANY, SETTINGS, Kind, Policy, written
from tuning.domain.principals import Group
from tuning.governance import policy as governed
from tuning.governance.tenant import Tenant
from tuning.languages import day, mark, say
from tuning.store import audit, documents

MAX_FOUND = 16
KINDS = {
    SourceKind.FOLDER: mark("Every folder"),
    SourceKind.UPLOAD: mark("What people upload"),
    SourceKind.SHAREPOINT: mark("Every SharePoint library"),
}


def policy(
    tenant: Tenant,
    actor_id: str,
    *,
    typed: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
    revision: int | None = None,
    note: str = "",
    is_saved: bool = False,
    search: str = "",
) -> Element:
    """Return the form for an admin; what is not typed is as the policy has it, and so is its revision."""
    now = governed.show(tenant, actor_id)
    filled = {key: written(getattr(now, key)) for key in SETTINGS} | dict(typed or {})
    with tenant.store.reading() as session:
        form = PolicyForm(
            revision=now.revision if revision is None else revision,
            typed=filled,
            choices=_choices(tenant, session, now, filled, search),
            problems=problems or {},
            changed=_changed(tenant, session),
            note=note,
            is_saved=is_saved,
            search=search,
        )
    return policy_card(form)


def _choices(
    tenant: Tenant, session: Session, now: Policy, typed: Mapping[str, str], search: str
) -> dict[str, Choices]:
    found = tenant.people.search(search, MAX_FOUND)
    shown = [one.id for one in found if search or isinstance(one, Group)]
    sources = [source for source in documents.sources(session) if source.kind is not SourceKind.UPLOAD]
    fitting = [source for source in sources if search.casefold() in source.name.casefold()] or sources
    chosen = [source for source in sources if source.id in typed["source_keys"].split(",")]
    labels = now.labels if "labels" not in typed else [one.strip() for one in typed["labels"].split(",") if one.strip()]
    known = dict.fromkeys([tenant.base_model, *now.base_models])
    principals = [key for key, setting in SETTINGS.items() if setting.kind is Kind.PRINCIPALS]
    return {
        **{key: _titled(tenant, [*filter(None, typed[key].split(",")), *shown]) for key in principals},
        "base_models": [(name, name) for name in known if name],
        "source_keys": [
            *((say(title), kind.value) for kind, title in KINDS.items()),
            *((source.name, source.id) for source in [*chosen, *(one for one in fitting if one not in chosen)]),
        ],
        "highest_label": [(say("No limit"), ANY), *((name, name) for name in labels)],
    }


def _titled(tenant: Tenant, principal_ids: Iterable[str]) -> list[tuple[str, str]]:
    return [
        (say("{name} (group)", name=tenant.name_of(one)) if tenant.people.group(one) else tenant.name_of(one), one)
        for one in dict.fromkeys(principal_ids)
    ]


def _changed(tenant: Tenant, session: Session) -> str:
    last = next((one for one in reversed(audit.events(session, governed.SUBJECT)) if "changes" in one.detail), None)
    if last is None:
        return ""
    return say(
        "{person} changed it last, on {day} at {time} UTC.",
        person=tenant.name_of(last.actor_id),
        day=day(last.at),
        time=f"{last.at:%H:%M}",
    )
