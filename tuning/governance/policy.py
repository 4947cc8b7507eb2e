"""The policy in the admins' hands: shown, changed by one at a time, and what it has against a run."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlmodel import Session

from tuning.domain.audit import Tag
from tuning.domain.documents import Source
from tuning.domain.errors import InvalidFields, InvalidInput, NotAllowed
from tuning.domain.permissions import Permission
from tuning.domain.policy import DRIFT_ACTIONS, SETTINGS, DriftAction, Kind, Policy, Value, read, written
from tuning.governance import access
from tuning.governance.errors import PolicyOutdated
from tuning.governance.rules import TUNING_IS_OFF
from tuning.governance.tenant import Tenant
from tuning.languages import number, say
from tuning.store import audit, documents
from tuning.store import policy as stored

SUBJECT = "policy"


def show(tenant: Tenant, actor_id: str) -> Policy:
    """Return the policy to an admin."""
    with access.act(tenant, actor_id, SUBJECT) as session:
        access.check(session, tenant, actor_id, Permission.POLICY_CHANGE)
        return stored.get(session)


def change(tenant: Tenant, actor_id: str, typed: Mapping[str, str], *, revision: int | None = None) -> Policy:
    """Set what was typed, all of it or nothing; what is left out stays.

    Raises:
        InvalidFields: with the sentence for each field that is wrong.
        PolicyOutdated: it is not at that revision (None: whichever) any more, because another admin changed it.
    """
    with access.act(tenant, actor_id, SUBJECT) as session:
        access.check(session, tenant, actor_id, Permission.POLICY_CHANGE)
        policy = stored.get_for_update(session)
        if revision is not None and revision != policy.revision:
            raise _outdated(session, tenant, policy, typed, revision)
        before = policy.model_dump()
        for key, value in _values(session, tenant, policy, typed).items():
            setattr(policy, key, value)
        changes = {key: [before[key], value] for key, value in policy.model_dump().items() if value != before[key]}
        if changes:
            policy.revision += 1
            session.add(policy)
            audit.record(session, Tag.POLICY_CHANGED, actor_id, SUBJECT, revision=policy.revision, changes=changes)
        return policy


def told(tenant: Tenant, session: Session, key: str, value: Value) -> str:
    """Return a setting's value as people read it."""
    match SETTINGS[key].kind, value:
        case Kind.PRINCIPALS, list():
            return ", ".join(map(tenant.name_of, value)) or say(SETTINGS[key].nobody)
        case Kind.NAMES, list():
            sources = {source.id: source.name for source in documents.sources(session)}
            return ", ".join(sources.get(name, name) for name in value) or say("all")
        case Kind.DRIFT_ACTION, str():
            return say(DRIFT_ACTIONS[DriftAction(value)])
        case _:
            return written(value)


def objection_to_run(tenant: Tenant, session: Session, source_ids: Sequence[str]) -> str:
    """Return why no run may begin on these sources, as a sentence; empty if one may."""
    policy = stored.get(session)
    if not policy.is_tuning_on:
        return say(TUNING_IS_OFF)
    if not policy.allows_base_model(tenant.base_model):
        return say(
            "Your organisation doesn't allow the base model '{model}' to be tuned. Ask an admin.",
            model=tenant.base_model,
        )
    chosen = [source for source in documents.sources(session) if source.id in source_ids]
    return objection_to_sources(policy, chosen)


def objection_to_sources(policy: Policy, sources: Iterable[Source]) -> str:
    """Return which sources must not be learned from, as a sentence; empty if all may be."""
    barred = [f"'{source.name}'" for source in sources if not policy.allows_source(source)]
    if not barred:
        return ""
    names = ", ".join(barred)
    return say("Your organisation doesn't allow agents to learn from {sources}. Choose others.", sources=names)


def check_documents(session: Session, count: int) -> None:
    """Raise `NotAllowed` if that many documents are more than an agent may learn from."""
    limit = stored.get(session).documents_per_agent
    if count > limit:
        raise NotAllowed(
            say(
                "Your organisation lets an agent learn from {limit} documents, and its sources hold {count}. "
                "Choose fewer sources, or ask an admin for more, then start again.",
                limit=number(limit),
                count=number(count),
            )
        )


def _values(session: Session, tenant: Tenant, policy: Policy, typed: Mapping[str, str]) -> dict[str, Value]:
    values: dict[str, Value] = {}
    problems: dict[str, str] = {}
    for key, text in typed.items():
        try:
            values[key] = read(key, text)
            _check(session, tenant, key, values[key])
        except InvalidInput as problem:
            problems[key] = problem.sentence
    labels, highest = values.get("labels", policy.labels), values.get("highest_label", policy.highest_label)
    known = {label.casefold() for label in labels} if isinstance(labels, list) else set()
    if highest and str(highest).casefold() not in known and not problems:
        problems["highest_label"] = say(
            "'{label}' is none of the labels: choose another, or name it among them.", label=highest
        )
    if problems:
        raise InvalidFields(problems)
    return values


def _check(session: Session, tenant: Tenant, key: str, value: Value) -> None:
    names = value if isinstance(value, list) else []
    if SETTINGS[key].kind is Kind.PRINCIPALS and not all(tenant.people.principals(name) for name in names):
        raise InvalidInput(say("Somebody chosen here is not in the organisation's directory. Choose again."))
    if key == "base_models" and names and tenant.base_model not in names:
        raise InvalidInput(
            say("'{model}' is what agents are tuned on here: choose it, or switch tuning off.", model=tenant.base_model)
        )
    if key == "source_keys":
        known = {key for source in documents.sources(session) for key in (source.id, source.kind)}
        if not known.issuperset(names):
            raise InvalidInput(say("One of the sources is not there any more. Choose again."))


def _outdated(
    session: Session, tenant: Tenant, policy: Policy, typed: Mapping[str, str], revision: int
) -> PolicyOutdated:
    later = [event for event in audit.events(session, SUBJECT) if event.detail.get("revision", 0) > revision]
    firsts: dict[str, Any] = {}
    for event in later:
        firsts = {key: before for key, (before, _after) in event.detail["changes"].items()} | firsts
    names = say(" and ").join(dict.fromkeys(tenant.name_of(event.actor_id) for event in later))
    what = "; ".join(
        say(
            "{setting} from {before} to {after}",
            setting=say(SETTINGS[key].title),
            before=told(tenant, session, key, before),
            after=told(tenant, session, key, getattr(policy, key)),
        )
        for key, before in firsts.items()
    )
    sentence = say(
        "{person} changed the policy while you had it open: {changes}. Nothing of yours is saved yet. "
        "What you had changed is still in the form: look at it, then save again.",
        person=names or say("Somebody"),
        changes=what,
    )
    # Untouched fields show what the other admin set; only what this one had changed stays as it was typed.
    seen = {key: firsts.get(key, getattr(policy, key)) for key in typed}
    merged = {
        key: text if _differs(key, text, seen[key]) else written(getattr(policy, key)) for key, text in typed.items()
    }
    return PolicyOutdated(sentence, merged)


def _differs(key: str, typed: str, value: Value) -> bool:
    try:
        wanted = read(key, typed)
    except InvalidInput:
        return True
    if isinstance(wanted, list) and isinstance(value, list) and key != "labels":
        return set(wanted) != set(value)
    return wanted != value
