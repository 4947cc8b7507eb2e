"""Every button and command, in every role, in every state: what happens is what docs/governance.md says."""

import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from adaptive_cards.agent import starter_key
from adaptive_cards.verbs import Verb
from bot import matrix
from bot.answering import Answering
from bot.commands import COMMANDS
from bot.engine import Engine
from bot.matrix import Act, Role
from bot.messages import Messages
from bot.presses import Presses
from bot.turn import Scope
from tests.factories import (
    keep,
    make_agent,
    make_answer,
    make_document,
    make_pair,
    make_release,
    make_run,
    make_sample,
    make_source,
    make_tenant,
)
from tests.fakes.people import FakePeople
from tests.fakes.turn import FakeTurn
from tuning.domain.agents import AgentState
from tuning.domain.audit import Tag
from tuning.domain.comparisons import Comparison
from tuning.domain.conversations import Chat, Conversation
from tuning.domain.datasets import Dataset, Example, Origin, Split
from tuning.domain.drafts import Draft
from tuning.domain.evaluations import Evaluation, Variant
from tuning.domain.feedback import Feedback, FeedbackState
from tuning.domain.fields import now
from tuning.domain.grants import Grant, GrantState
from tuning.domain.notices import Notice, NoticeKind, NoticeState
from tuning.domain.releases import Approval, Decision, ReleaseState
from tuning.domain.rooms import Room
from tuning.domain.runs import RunState
from tuning.governance.tenant import Tenant
from tuning.store import Store, policy

WHO = {
    Role.OWNER: "ana",
    Role.OWNING_ADMIN: "cy",
    Role.ADMIN: "dee",
    Role.ASKER: "bo",
    Role.DATA_OWNER: "ida",
    Role.COLLEAGUE: "eli",
    Role.OUTSIDER: "fay",
    Role.GUEST: "gus",
    Role.STRANGER: "zed",
}
PEOPLE = FakePeople(
    people=[who for role, who in WHO.items() if role not in {Role.GUEST, Role.STRANGER}],
    guests=["gus"],
    groups={"staff": ["ana", "bo", "eli", "ida", "admins"], "admins": ["cy", "dee"], "leads": ["ana"]},
)
REFERENCE = {"conversation": {"id": "chat"}}
EXAMPLE: Mapping[str, Any] = {
    "dataset_id": "dataset",
    "split": Split.TRAIN,
    "origin": Origin.LIST,
    "completion": "No.",
    "document_id": "flights",
    "detail": {"asked": "May I fly?"},
}
UNGOVERNED = {"conversation", "notice"}
"""What acts change that leave no event: who talks with whom, and how a message reaches its person."""
REFUSALS = {Tag.ACCESS_REFUSED, Tag.ACT_REFUSED}

ABOUT = {"about_data": "Policies", "about_organisation": "By topic", "instructions": "Be brief."}
FEEDBACK = {"feedback_id": "feedback", "agent_id": "agent", "number": 0}
PRESSES: Mapping[Verb, dict[str, Any]] = {
    Verb.AGENTS_OPEN: {"number": 1},
    Verb.MY_AGENTS_OPEN: {"number": 1},
    Verb.AGENT_PICK: {"agent_id": "agent"},
    Verb.AGENT_MANAGE: {"agent_id": "agent"},
    Verb.AGENT_PAUSE: {"agent_id": "agent"},
    Verb.AGENT_RESUME: {"agent_id": "agent"},
    Verb.AGENT_HAND_OVER: {"agent_id": "agent", "person": "Eli"},
    Verb.RETRAINING_SAVE: {"agent_id": "agent", "when": "after", "after": "5"},
    Verb.STARTER_ASK: {"agent_id": "agent", "starter": starter_key("May I fly?")},
    Verb.FOLLOW_UP_ASK: {"agent_id": "agent", "example_id": 1},
    Verb.WIZARD_CREATE: {"name": "Another", "task": "summary"},
    Verb.WIZARD_DETAILS: {"agent_id": "agent", "name": "Another", "task": "questions"},
    Verb.WIZARD_OPEN: {"agent_id": "agent", "step": "review"},
    Verb.WIZARD_ABOUT: {"agent_id": "agent", **ABOUT},
    Verb.WIZARD_SOURCES: {"agent_id": "agent", "sources": "second"},
    Verb.WIZARD_MORE: {"agent_id": "agent", "number": 1},
    Verb.WIZARD_FIND: {"agent_id": "agent", "find": "policies"},
    Verb.WIZARD_INSIDE: {"agent_id": "agent", "found": "site|people"},
    Verb.WIZARD_ADD: {"agent_id": "agent", "found": "item|drive|folder"},
    Verb.WIZARD_AUDIENCE: {"agent_id": "agent", "audience": "leads"},
    Verb.WIZARD_SEARCH: {"agent_id": "agent", "search": "lea"},
    Verb.AGENT_DELETE: {"agent_id": "agent"},
    Verb.SAMPLES_OPEN: {"agent_id": "agent", "number": 0},
    Verb.SAMPLE_LABEL: {"agent_id": "agent", "sample_id": "sample", "verdict": "good", "number": 0},
    Verb.PAIRS_OPEN: {"agent_id": "agent", "number": 0},
    Verb.PAIRS_FIND: {"agent_id": "agent"},
    Verb.PAIRS_ACCEPT: {"agent_id": "agent", "number": 0, "shown": 1},
    Verb.PAIR_ACCEPT: {"agent_id": "agent", "pair_id": "pair", "number": 0},
    Verb.PAIR_REJECT: {"agent_id": "agent", "pair_id": "pair", "number": 0},
    Verb.RUN_START: {"agent_id": "agent"},
    Verb.RUN_GO_ON: {"run_id": "run"},
    Verb.RUN_CANCEL: {"run_id": "run"},
    Verb.RUN_RETRY: {"run_id": "run"},
    Verb.RELEASE_OPEN: {"release_id": "release"},
    Verb.EXAMPLES_OPEN: {"release_id": "release", "number": 0},
    Verb.BLIND_OPEN: {"release_id": "release"},
    Verb.BLIND_FURTHER: {"release_id": "release"},
    Verb.BLIND_RATE: {"comparison_id": "comparison", "choice": "equal"},
    Verb.REPORT_OPEN: {"release_id": "release"},
    Verb.RELEASE_TRY: {"release_id": "release"},
    Verb.RELEASE_SUBMIT: {"release_id": "release", "note": "Please."},
    Verb.RELEASE_WITHDRAW: {"release_id": "release"},
    Verb.APPROVALS_OPEN: {"number": 0},
    Verb.CASE_OPEN: {"release_id": "release"},
    Verb.RELEASE_APPROVE: {"release_id": "release"},
    Verb.RELEASE_CONSENT: {"release_id": "release"},
    Verb.RELEASE_HISTORY: {"agent_id": "agent", "number": 0},
    Verb.RELEASE_REJECT: {"release_id": "release", "reason": "Too early."},
    Verb.FEEDBACK_CORRECT: {"answer_id": "answer", "correction": "Yes."},
    Verb.FEEDBACK_OPEN: {"number": 0},
    Verb.FEEDBACK_CHANGE: {"feedback_id": "feedback", "number": 0, "comment": "Too short."},
    Verb.FEEDBACK_WITHDRAW: {"feedback_id": "feedback", "number": 0},
    Verb.DRAFT_SAVE: {"draft_id": "draft"},
    Verb.INBOX_OPEN: {"agent_id": "agent", "number": 0},
    Verb.INBOX_ACCEPT: {**FEEDBACK, "question": "May I fly?", "correction": "Yes."},
    Verb.INBOX_MERGE: {
        **FEEDBACK,
        "are_several": True,
        "together": "feedback",
        "question": "May I fly?",
        "correction": "Yes.",
    },
    Verb.INBOX_REJECT: FEEDBACK,
    Verb.PERSON_ERASE: {"person_id": "bo"},
    Verb.DOCUMENT_ERASE: {"document_id": "flights"},
    Verb.INVENTORY_OPEN: {"number": 0},
    Verb.AUDIT_OPEN: {"before": 0, "about": "agent"},
    Verb.USAGE_OPEN: {"agent_id": "agent", "days": 30},
    Verb.HOLDERS_OPEN: {"number": 0},
    Verb.REQUESTS_OPEN: {"number": 0},
    Verb.REQUEST_OPEN: {"grant_id": "grant"},
    Verb.ACCESS_ASK: {"justification": "For travel."},
    Verb.ACCESS_GRANT: {"grant_id": "grant", "term": "7"},
    Verb.ACCESS_DECLINE: {"grant_id": "grant", "reason": "Not yet."},
    Verb.ACCESS_END: {"grant_id": "grant"},
    Verb.NOTICES_SAVE: {"begins": "18:00", "ends": "08:00"},
    Verb.DIGEST_OPEN: {"notice_id": "notice", "number": 0},
    Verb.NOTICE_OPEN: {"notice_id": "notice"},
    Verb.POLICY_SAVE: {"revision": 0, "runs_per_day": "7"},
    Verb.POLICY_SEARCH: {"revision": 0, "search": "lea"},
}
MESSAGES: Mapping[str, str] = {
    **{command.words: command.words for command in COMMANDS},
    "approve": "approve release",
    "consent": "consent release",
    "reject": "reject release Too early.",
    "pilot": "pilot agent Eli",
    "releases": "releases agent",
    "evidence": "evidence release",
    "report": "report release",
    "canary": "canary agent 50",
    "rollback": "rollback agent 1",
    "cancel": "cancel agent",
    "delete": "delete agent",
    "pause": "pause agent",
    "resume": "resume agent",
    "hand over": "hand over agent to Eli",
    "bind": "bind agent",
    "retire": "retire agent",
    "usage": "usage agent",
    "erase": "erase 00000000-0000-4000-8000-000000000000",
    "whois": "whois bo",
    "grant": "grant gus 7 days",
    "revoke": "revoke agent Wrong numbers.",
}


class World:
    """One agent of Ana's, with what belongs to it in some state."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.presses = Presses(tenant)
        answering = Answering(tenant, Engine("http://127.0.0.1:9"), None)  # type: ignore[arg-type]
        self._messages = Messages(tenant, answering, self.presses, None)  # type: ignore[arg-type]
        # Past SQLAlchemy, because this looks at everything a thousand times.
        self._file = sqlite3.connect(str(tenant.store.url.database), isolation_level=None)
        self._file.execute("PRAGMA synchronous=OFF")
        self._empty = sqlite3.connect(":memory:")
        self._beginnings: dict[matrix.State | None, sqlite3.Connection] = {}
        self._count_changes()
        people = [Chat(person_id=who, reference=REFERENCE, welcomed_at=now()) for who in WHO.values()]
        talks = [Conversation(chat_id=f"chat-{who}", person_id=who, agent_id="agent") for who in WHO.values()]
        keep(self.tenant.store, *people, *talks)
        with self.tenant.store.transaction() as session:
            allowed = policy.get(session)
            allowed.data_owner_ids = ["ida"]
            session.add(allowed)
        self._file.backup(self._empty)
        self._state: matrix.State | None = None

    def become(self, state: matrix.State | None) -> None:
        """Forget everything, and put the agent there with its subjects in that state."""
        if state not in self._beginnings:
            self._empty.backup(self._file)
            keep(self.tenant.store, *_subjects(state, self.tenant.folder / "report.html"))
            self._beginnings[state] = sqlite3.connect(":memory:")
            self._file.backup(self._beginnings[state])
        self._state = state
        self.begin_again()

    def begin_again(self) -> None:
        """Undo what was done since."""
        self._beginnings[self._state].backup(self._file)

    def give_to(self, role: Role) -> None:
        """Make somebody the owner of the agent."""
        self._file.execute("UPDATE agent SET owner_id = ?", [WHO[role]])

    async def do(self, name: str, person_id: str) -> str:
        """Press a button or send a command the way Teams does, and return what was shown."""
        where = {"bind": ("room", Scope.GROUP), "unbind": ("bound;messageid=1", Scope.CHANNEL)}
        chat_id, scope = where.get(name, (f"chat-{person_id}", Scope.PERSONAL))
        message = MESSAGES.get(name, "")
        if name in set(Verb):
            turn = FakeTurn(message, person_id=person_id, chat_id=chat_id, reference=REFERENCE, scope=scope)
            return str(await self.presses.press(turn, name, PRESSES[Verb(name)]))
        return str((await self.say(message, person_id, chat_id=chat_id, scope=scope)).sent)

    async def say(self, text: str, person_id: str, *, chat_id: str, scope: Scope) -> FakeTurn:
        """Send a message the way Teams does."""
        turn = FakeTurn(text, person_id=person_id, chat_id=chat_id, reference=REFERENCE, scope=scope)
        await self._messages.handle(turn)
        return turn

    def tags(self, person_id: str) -> set[Tag]:
        """What the audit says of a person since the world began."""
        found = self._file.execute("SELECT tag FROM auditevent WHERE actor_id = ?", [person_id])
        return {Tag(tag) for (tag,) in found}

    def changes(self) -> Counter[str]:
        """How many rows of which table have been written, changed or deleted, but for the audit's."""
        return Counter(dict(self._file.execute("SELECT name, number FROM changes WHERE number > 0")))

    def break_the_audit(self) -> None:
        """Let no event be recorded until the world begins again."""
        self._file.execute("CREATE TRIGGER full BEFORE INSERT ON auditevent BEGIN SELECT RAISE(ABORT, 'full'); END")

    def _count_changes(self) -> None:
        self._file.execute("CREATE TABLE changes (name TEXT PRIMARY KEY, number INTEGER)")
        for table in SQLModel.metadata.sorted_tables:
            self._file.execute("INSERT INTO changes VALUES (?, 0)", [table.name])
            for act in ("INSERT", "UPDATE", "DELETE") if table.name != "auditevent" else ():
                count = f"BEGIN UPDATE changes SET number = number + 1 WHERE name = '{table.name}'; END"
                self._file.execute(f"CREATE TRIGGER {table.name}_{act} AFTER {act} ON {table.name} {count}")

    def close(self) -> None:
        for database in (self._file, self._empty, *self._beginnings.values()):
            database.close()


def _subjects(state: matrix.State | None, report: Path) -> Iterator[SQLModel]:
    is_live = state in {AgentState.LIVE, AgentState.LIVE_TUNING, AgentState.PAUSED, ReleaseState.LIVE}
    is_canary = state in {ReleaseState.CANARY, ReleaseState.PILOT}
    agent = make_agent(
        starters=["May I fly?"],
        live_release_id="old" if is_canary else "release" if is_live else None,
        canary_release_id="release" if is_canary else None,
        is_paused=state is AgentState.PAUSED,
    )
    if is_canary:
        yield make_run(id="old", state=RunState.READY)
        yield make_release(id="old", run_id="old", number=2, state=ReleaseState.LIVE)
    if state is AgentState.DRAFT:
        agent.questionnaire = {}
    yield agent
    yield make_sample()
    yield Room(id="bound", agent_id="agent")
    yield Draft(id="draft", person_id="bo", chat_id="room", name="Offer.docx", content=b"PK")
    yield make_source()
    yield make_document("Flights")
    yield make_document("Trips")
    yield make_pair()
    yield Dataset(id="dataset", agent_id="agent")
    yield Example(id=1, **EXAMPLE)
    yield make_source(id="second", location="documents/second")
    if isinstance(state, RunState):
        yield make_run(state=state)
    if isinstance(state, ReleaseState) or is_live:
        yield make_run(state=RunState.READY)
        answers = {"base": "No.", "tuned": "Yes."}
        samples = [{"question": "May I fly?", "reference": "Yes.", "answers": answers}]
        yield Evaluation(run_id="run", samples=samples, report_path=str(report))
        yield Comparison(
            id="comparison", release_id="release", position=0, sample=0, against=Variant.BASE, is_candidate_first=True
        )
        stands = state if isinstance(state, ReleaseState) else ReleaseState.LIVE
        was_live = stands in {ReleaseState.LIVE, ReleaseState.SUPERSEDED, ReleaseState.RETIRED}
        yield make_release(state=stands, share=10, pilot=["bo"], live_at=now() if was_live else None)
        if state not in {ReleaseState.CANDIDATE, ReleaseState.SUBMITTED}:
            rejected = state is ReleaseState.REJECTED
            decision = Decision.REJECTED if rejected else Decision.APPROVED
            yield Approval(release_id="release", decision=decision, decided_by="dee")
    if state in {AgentState.TUNING, AgentState.LIVE_TUNING}:
        yield make_run(id="next", state=RunState.RUNNING, created_at=now() - timedelta(minutes=5))
    if isinstance(state, GrantState):
        decided_by = "" if state is GrantState.ASKED else "dee"
        yield Grant(id="grant", person_id="gus", justification="For travel.", state=state, decided_by=decided_by)
    if isinstance(state, NoticeState):
        yield Notice(id="notice", kind=NoticeKind.SOURCE_FAILED, person_id="bo", subject_id="source", state=state)
    if isinstance(state, FeedbackState):
        yield make_answer()
        yield Feedback(id="feedback", agent_id="agent", answer_id="answer", person_id="bo", question="?", state=state)


@pytest.fixture(scope="module")
def world(migrated, tmp_path_factory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    shutil.copy(migrated, folder / "store.db")
    (folder / "report.html").write_text("Scores")
    store = Store(f"sqlite:///{folder}/store.db")
    world = World(replace(make_tenant(store, folder), people=PEOPLE))
    yield world
    world.close()
    store.close()


def test_no_button_and_no_command_is_missing():
    assert set(matrix.BUTTONS) == set(Verb) == set(PRESSES)
    assert set(matrix.COMMANDS) == {command.words for command in COMMANDS}
    assert set(matrix.STANDINGS) == set(Role) == set(WHO)


def test_the_table_in_the_docs_is_that_of_the_code(root):
    text = (root / matrix.DOCUMENT).read_text("utf-8")
    assert matrix.table() in text
    assert matrix.document(text) == text


@pytest.mark.parametrize(("name", "act"), [*matrix.BUTTONS.items(), *matrix.COMMANDS.items()])
async def test_what_happens_is_what_the_table_says(world: World, name: str, act: Act):
    for state in act.states:
        world.become(state)
        for role in Role:
            if role is Role.OWNING_ADMIN:
                world.give_to(role)
            before = world.changes()
            shown = await world.do(name, WHO[role])
            cell, tags = f"{name}, {state}, {role}: {shown}", world.tags(WHO[role])
            if act.may(role, state):
                assert tags == ({act.leaves} if act.leaves else set()), cell
                assert act.leaves or set(world.changes() - before) <= UNGOVERNED, cell
            else:
                assert world.changes() == before, cell
                assert (tags and tags <= REFUSALS) or "can't be tuned yet" in shown, cell
            if act.may(role, state) or role is Role.OWNING_ADMIN:
                world.begin_again()


@pytest.mark.parametrize("name", [command.words for command in COMMANDS if command.is_personal])
@pytest.mark.parametrize("scope", [Scope.GROUP, Scope.CHANNEL])
async def test_what_is_for_one_person_s_eyes_is_shown_to_no_room(world: World, name: str, scope: Scope):
    world.become(FeedbackState.NEW)
    before = world.changes()
    for person_id in ("ana", "dee"):
        turn = await world.say(MESSAGES[name], person_id, chat_id="room", scope=scope)
        assert [sent.card for sent in turn.sent] == [None]
        assert turn.said == f"Send **{name}** in our personal chat: here everybody would read along."
    assert world.changes() == before


@pytest.mark.parametrize(
    ("name", "act"), [(name, act) for name, act in [*matrix.BUTTONS.items(), *matrix.COMMANDS.items()] if act.leaves]
)
async def test_an_act_whose_event_cannot_be_recorded_is_not_done(world: World, name: str, act: Act):
    state, role = next((state, role) for state in act.states for role in Role if act.may(role, state))
    world.become(state)
    world.break_the_audit()
    before = world.changes()
    with suppress(DBAPIError):
        await world.do(name, WHO[role])
    assert world.changes() == before
    world.begin_again()
    await world.do(name, WHO[role])
    assert world.changes() != before or name == "evidence"
