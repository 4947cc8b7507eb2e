"""What the admins allow in the organisation: one row, and how each of its settings is called, written and read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from tuning.domain.documents import UNKNOWN_LABEL, Source
from tuning.domain.errors import InvalidInput
from tuning.domain.fields import words
from tuning.languages import mark, number, say

Value = bool | int | str | list[str]


class DriftAction(StrEnum):
    """What becomes of a release when some of its audience may no longer read what it learned from."""

    WARN = "warn"
    SUSPEND = "suspend"


class Policy(SQLModel, table=True):
    """Who may tune, how much, and on what."""

    id: int = Field(default=1, primary_key=True)
    revision: int = 0
    """How often it has been changed; who saves a form says which revision it showed."""
    is_tuning_on: bool = True
    """Off: no agents are made and no run begins; what is under way comes to its end."""
    tuner_ids: list[str] = Field(default_factory=list, sa_type=JSON)
    """Principals that may start runs of their agents; empty: everybody in the organisation."""
    maker_ids: list[str] = Field(default_factory=list, sa_type=JSON)
    """Principals that may make agents; empty: everybody in the organisation."""
    data_owner_ids: list[str] = Field(default_factory=list, sa_type=JSON)
    """Principals one of whom must agree to a release besides the admin who approves it; empty: nobody is asked."""
    is_answering: bool = True
    """Whether tuned agents answer, however tuning is switched."""
    agents_per_owner: int = 10
    runs_per_day: int = 20
    documents_per_agent: int = 10_000
    """How many documents a run may learn from."""
    minutes_per_run: int = 1_440
    """How long a run may compute, in minutes."""
    base_models: list[str] = Field(default_factory=list, sa_type=JSON)
    """Base models that may be tuned, by name; empty: any."""
    source_keys: list[str] = Field(default_factory=list, sa_type=JSON)
    """Sources that agents may learn from, by id or by kind; empty: all."""
    labels: list[str] = Field(
        default_factory=lambda: ["Personal", "Public", "General", "Confidential", "Highly Confidential"], sa_type=JSON
    )
    """The organisation's sensitivity labels, lowest first."""
    highest_label: str = ""
    """The highest label that is learned from; empty: every label."""
    drift_action: DriftAction = Field(default=DriftAction.WARN, sa_type=words(DriftAction))
    """Owner and admins are told either way."""
    retention_days: int = 730
    """How long conversations, feedback and what agents learned from are kept."""
    is_naming_people: bool = False
    """Whether analytics name people, and show questions that only one person asked."""

    def allows_source(self, source: Source) -> bool:
        """Return whether agents may learn from a source."""
        return not self.source_keys or source.id in self.source_keys or source.kind in self.source_keys

    def allows_base_model(self, name: str) -> bool:
        """Return whether a base model may be tuned."""
        return not self.base_models or name in self.base_models

    def highest_of(self, labels: Iterable[str]) -> str:
        """Return the highest of some labels, '' if there is none; a label that isn't known counts as the highest."""
        order = [one.casefold() for one in self.labels]

        def height(label: str) -> int:
            return order.index(label.casefold()) if label.casefold() in order else len(order)

        return max((label for label in labels if label and label != UNKNOWN_LABEL), key=height, default="")

    def objection_to_label(self, label: str) -> str:
        """Return why a document with that label is not learned from; a label that isn't known counts as the highest."""
        order = [one.casefold() for one in self.labels]
        if not self.highest_label or not label:
            return ""
        if label.casefold() in order and order.index(label.casefold()) <= order.index(self.highest_label.casefold()):
            return ""
        if label == UNKNOWN_LABEL:
            return say("Its sensitivity label could not be read; `attune doctor` says what is missing.")
        return say(
            "Labelled '{label}': agents learn up to '{highest}' in your organisation.",
            label=label,
            highest=self.highest_label,
        )


class Kind(StrEnum):
    """What a setting holds."""

    SWITCH = "switch"
    NUMBER = "number"
    PRINCIPALS = "principals"
    NAMES = "names"
    NAME = "name"
    DRIFT_ACTION = "drift action"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One field of the policy as people see it."""

    title: str
    word: str
    """What it is called in the command."""
    kind: Kind
    least: int = 1
    most: int = 0
    """The largest number."""
    nobody: str = mark("everybody")
    """What it means that no principals are chosen."""


SETTINGS: Mapping[str, Setting] = {
    "is_tuning_on": Setting(title=mark("Tuning"), word="tuning", kind=Kind.SWITCH),
    "is_answering": Setting(title=mark("Answers of tuned agents"), word="answers", kind=Kind.SWITCH),
    "tuner_ids": Setting(title=mark("Tuning is on for"), word="tuners", kind=Kind.PRINCIPALS),
    "maker_ids": Setting(title=mark("Agents are made by"), word="makers", kind=Kind.PRINCIPALS),
    "data_owner_ids": Setting(
        title=mark("Data owners who must agree to a release"),
        word="dataowners",
        kind=Kind.PRINCIPALS,
        nobody=mark("nobody"),
    ),
    "agents_per_owner": Setting(title=mark("Agents per owner"), word="agents", kind=Kind.NUMBER, most=1_000),
    "runs_per_day": Setting(title=mark("Runs in 24 hours"), word="runs", kind=Kind.NUMBER, most=10_000),
    "documents_per_agent": Setting(title=mark("Documents per agent"), word="documents", kind=Kind.NUMBER, most=10_000),
    "minutes_per_run": Setting(title=mark("Compute minutes per run"), word="minutes", kind=Kind.NUMBER, most=10_080),
    "base_models": Setting(title=mark("Base models"), word="models", kind=Kind.NAMES),
    "source_keys": Setting(title=mark("Sources"), word="sources", kind=Kind.NAMES),
    "labels": Setting(title=mark("Sensitivity labels, lowest first"), word="labels", kind=Kind.NAMES),
    "highest_label": Setting(title=mark("Highest sensitivity label"), word="label", kind=Kind.NAME),
    "drift_action": Setting(title=mark("When permissions drift"), word="drift", kind=Kind.DRIFT_ACTION),
    "retention_days": Setting(title=mark("Days until it is forgotten"), word="retention", kind=Kind.NUMBER, most=3_650),
    "is_naming_people": Setting(title=mark("Analytics and inboxes name people"), word="names", kind=Kind.SWITCH),
}
"""Field to what people are told of it, in the order of the card."""
MAX_DIGITS = 9
"""Of a number; Python refuses to read thousands of them."""
MAX_NAMES = 100
MAX_NAME = 120
ANY = "any"
"""What a form holds for a name that is empty: clients show no choice whose value is."""
DRIFT_ACTIONS: Mapping[DriftAction, str] = {DriftAction.WARN: mark("warn"), DriftAction.SUSPEND: mark("suspend")}
"""What people call what is done."""
_SWITCH = {"on": True, "off": False}


def written(value: Value) -> str:
    """Return a value as a field of a form holds it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return ",".join(value) if isinstance(value, list) else str(value) or ANY


def read(key: str, typed: str) -> Value:
    """Return the value that was typed or chosen for a setting; raise `InvalidInput` with what to type instead."""
    setting, text = SETTINGS[key], typed.strip()
    match setting.kind:
        case Kind.SWITCH:
            if text.casefold() not in _SWITCH:
                raise InvalidInput(say("Choose on or off."))
            return _SWITCH[text.casefold()]
        case Kind.NUMBER:
            is_number = text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS
            if not is_number or not setting.least <= int(text) <= setting.most:
                least, most = number(setting.least), number(setting.most)
                raise InvalidInput(say("Type a whole number from {least} to {most}.", least=least, most=most))
            return int(text)
        case Kind.DRIFT_ACTION:
            if text.casefold() not in set(DriftAction):
                raise InvalidInput(say("Choose warn or suspend."))
            return DriftAction(text.casefold())
        case Kind.NAME:
            return "" if text == ANY else text[:MAX_NAME]
        case _:
            names = [name.strip() for name in text.replace("\n", ",").split(",") if name.strip()]
            if len(names) > MAX_NAMES or any(len(name) > MAX_NAME for name in names):
                raise InvalidInput(
                    say(
                        "At most {names} names of {characters} characters fit here.",
                        names=MAX_NAMES,
                        characters=MAX_NAME,
                    )
                )
            return list(dict.fromkeys(names))
