"""Every card: valid, small, mobile-safe, with ids only in its buttons, and looking as it did."""

import json
import re
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from jsonschema import Draft7Validator

from adaptive_cards.access import (
    Holder,
    answered_card,
    ask_card,
    asked_card,
    holders_card,
    request_card,
    requests_card,
    settled_card,
)
from adaptive_cards.agent import agent_card
from adaptive_cards.answer import answer_card
from adaptive_cards.approval import Case, Decided, approval_card, decided_card, taken_back_card
from adaptive_cards.approvals import Case as WaitingCase
from adaptive_cards.approvals import approvals_card
from adaptive_cards.audit import Entry, audit_card
from adaptive_cards.blind import blind_card, rated_card
from adaptive_cards.digest import Waiting, digest_card, withdrawn_card
from adaptive_cards.draft import draft_card, saved_card
from adaptive_cards.drift import Lost
from adaptive_cards.elements import MAX_BYTES, escape, plain
from adaptive_cards.erasure import Erased, document_card, person_card, receipt_card
from adaptive_cards.evaluation import evaluation_card
from adaptive_cards.examples import example_card
from adaptive_cards.failure import failure_card
from adaptive_cards.history import Past, Word, history_card
from adaptive_cards.inbox import Inbox, inbox_card
from adaptive_cards.inventory import Line, Somebody, inventory_card, whois_card
from adaptive_cards.my_agents import Overview, my_agents_card
from adaptive_cards.notice import (
    approved_card,
    drifted_card,
    learned_card,
    rejected_card,
    source_failed_card,
    suspended_card,
)
from adaptive_cards.opinion import Opinion, corrected_card, no_opinion_card, opinion_card, thumb_card
from adaptive_cards.pages import Page
from adaptive_cards.pairs import PAGE as PAIRS_PAGE
from adaptive_cards.pairs import PairsForm, pairs_card
from adaptive_cards.policy import PolicyForm, policy_card
from adaptive_cards.progress import progress_card
from adaptive_cards.quiet import quiet_card
from adaptive_cards.samples import RoundForm, SampleForm, no_samples_card, round_card, sample_card, went_on_card
from adaptive_cards.tending import Tended, deleted_card, deletion_card, handed_over_card, held_card, tending_card
from adaptive_cards.together import Item, Side
from adaptive_cards.usage import usage_card
from adaptive_cards.verbs import Verb
from adaptive_cards.welcome import agents_card, welcome_card
from adaptive_cards.wizard.about import MAX_HOLDOUT, about_card
from adaptive_cards.wizard.audience import audience_card
from adaptive_cards.wizard.details import details_card
from adaptive_cards.wizard.review import PairCount, Review, review_card
from adaptive_cards.wizard.sources import Find, Looked, sources_card
from tests.factories import (
    make_agent,
    make_answer,
    make_document,
    make_pair,
    make_release,
    make_run,
    make_sample,
    make_source,
)
from tuning.domain.agents import AgentState, Retraining
from tuning.domain.comparisons import Pair
from tuning.domain.datasets import HoldoutQuestion
from tuning.domain.documents import Coverage, Exclusion, Redaction
from tuning.domain.drafts import Draft
from tuning.domain.drift import Drift
from tuning.domain.evaluations import Evaluation
from tuning.domain.feedback import Fault, Feedback, FeedbackState, Reaction
from tuning.domain.grants import Grant, GrantState
from tuning.domain.notices import Notice, NoticeKind
from tuning.domain.pairs import FoundBy, PairVerdict
from tuning.domain.policy import SETTINGS, Policy, written
from tuning.domain.principals import Group, Person
from tuning.domain.prompts import Task
from tuning.domain.quiet import QuietHours
from tuning.domain.releases import Decision, ReleaseState
from tuning.domain.runs import RunState, Stage
from tuning.domain.samples import Reason, Verdict
from tuning.domain.usage import Asker, Topic, UsageReport, Use, UseLine

NASTY = "<at>all</at> **bold** [link](https://evil.example) `code`\n# heading\n- item\n1. one | two" * 20
AGENT = make_agent(
    name="Travel *helper*", description="Trips, *hotels* and trains.", starters=["May I fly?", "Who pays?"]
)
SUBMITTED = make_release(state=ReleaseState.SUBMITTED, note="Please publish.")
CANARY = make_release(number=2, state=ReleaseState.CANARY, share=10)
RATINGS = (
    "Release 2: 7 of 8 people who rated it liked it (88 %). Release 1: 60 of 80 people who rated it liked it (75 %)."
)
SCORE = {"mean": 0.83, "low": 0.75, "high": 0.9, "n": 80}
EVALUATION = Evaluation(
    run_id="run",
    scores={
        variant: {"exact_match": SCORE, "token_f1": SCORE, "refusal": SCORE}
        for variant in ("base", "base+retrieval", "tuned", "tuned+retrieval")
    },
    objections=["It declines 3 of 20 questions less than the base."],
    criteria=[
        {"rule": "most_words", "value": "40", "is_critical": True, "share": 0.97, "n": 99},
        {"rule": "cites", "value": "", "is_critical": False, "share": 0.8, "n": 99},
    ],
    samples=[
        {"question": "May I fly?", "reference": "No.", "answers": {"base+retrieval": "Maybe.", "tuned": "No."}},
    ],
)
RATED = Evaluation(
    run_id="run",
    report_path="report.html",
    scores=EVALUATION.scores,
    samples=EVALUATION.samples,
    rating={
        "against": "incumbent+retrieval",
        "better": 7,
        "equal": 2,
        "worse": 3,
        "mean": 0.67,
        "low": 0.39,
        "high": 0.86,
        "n": 12.0,
    },
)
PAIR = Pair(
    comparison_id="comparison",
    question="May I *fly*?",
    reference="Over 600 km.",
    first="Over 600 km [1].",
    second="Yes, you may.",
    number=3,
    total=12,
)
CASE = Case(
    agent=AGENT,
    release=SUBMITTED,
    evaluation=EVALUATION,
    owner="Ana",
    audience=["Staff"],
    people=4,
    learned=30,
    left_out=[
        {"title": "Bonus *rules*", "reason": "Not readable by Staff."},
        {"title": "Budget", "reason": "Not in its source any more."},
    ],
    dataset_sha256="d" * 64,
    drift=Drift(release_id="release", learned=30),
    lost=(),
)
MOVED = Drift(release_id="release", learned=30, changed=7, deleted=2, lost={"c": ["staff"]})
LOST = [Lost(title="Bonus *rules*", who=["Staff", "Ana"])]
FEEDBACK = Feedback(
    id="feedback",
    agent_id="agent",
    answer_id="answer",
    person_id="bo",
    question="May I fly?",
    comment="It is wrong.",
    correction="Only over 600 km.",
    reaction=Reaction.DISLIKE,
)
INBOX = Inbox(
    agent=AGENT,
    items=[
        Item(feedback=FEEDBACK, answer="No.", who="Bo *Berg*"),
        Item(
            feedback=Feedback(
                id="another",
                agent_id="agent",
                answer_id="other",
                person_id="eli",
                question="Am I allowed to fly, or may I not fly?",
                correction="Yes, if the journey is over 600 km and by day.",
            ),
            answer="Never.",
            who="Eli",
        ),
    ],
    number=1,
    total=3,
    to_read=4,
    accepted=2,
    accepted_since_run=1,
    sides=[
        Side(who=["Bo *Berg*", "accepted before"], correction="Only over 600 km."),
        Side(who=["Eli"], correction="Yes, if the journey is over 600 km and by day."),
    ],
)
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
WORDS: dict[str, Any] = {
    "answer_id": "answer",
    "person_id": "bo",
    "question": "May I fly?",
    "agent_id": "agent",
    "given_at": NEW_YEAR,
}
SAID = Feedback(id="feedback", reaction=Reaction.DISLIKE, reason=Fault.OUTDATED, comment="It is wrong.", **WORDS)
ACCEPTED = Feedback(id="feedback", reaction=Reaction.DISLIKE, reason=Fault.WRONG, state=FeedbackState.ACCEPTED, **WORDS)
OPINION = Opinion(feedback=SAID, agent="Travel *helper*", answer="No.", number=0, total=2, done="✓ Taken back.")
HELD = "Tuning is switched off in your organisation. Ask an admin to switch it on."
NASTY_INBOX = replace(
    INBOX,
    items=[
        Item(
            feedback=Feedback(
                id="feedback",
                agent_id="agent",
                answer_id="answer",
                person_id="bo",
                question=NASTY,
                comment=NASTY,
                correction=NASTY,
            ),
            answer=NASTY,
            who=NASTY[:60],
        )
    ]
    * 5,
    sides=[Side(who=[NASTY] * 5, correction=NASTY)] * 6,
    problem=NASTY[:500],
)
SAMPLE = SampleForm(
    agent=AGENT,
    sample=make_sample(said="Whoever *likes*.", reason=Reason.DOUBTFUL, is_ambiguous=True, answer="Over 600 km."),
    place=1,
    total=48,
    looked_at=1,
    in_round=12,
    title="Trips, *by air*",
    passage="You may fly over 600 km. Trains are for everything else.",
)
PAIRS = PairsForm(
    agent=make_agent(task=Task.SUMMARY),
    pairs=[
        make_pair(),
        make_pair(id="words", found_by=FoundBy.WORDS),
        make_pair(id="yes", found_by=FoundBy.BOTH, verdict=PairVerdict.ACCEPTED),
        make_pair(id="no", verdict=PairVerdict.REJECTED),
    ],
    documents={
        "flights": make_document("Incident report: compressor, *Halden*", id="flights"),
        "trips": make_document("Compressor in short", id="trips"),
        "brief": make_document("Brief 12", id="brief"),
    },
    beginnings={
        "flights": "The fault began on 3 March 2026 at 09:12 and lasted four hours. The bearing had run dry, and " * 2,
        "trips": "Compressor in Halden for four hours. Cause: a dry bearing.",
        "brief": "- Customer: Kestrel",
    },
    page=Page.of(29, PAIRS_PAGE),
    undecided=26,
    accepted=1,
    least=21,
)
COVERAGE = Coverage(
    eligible_ids=("a", "b"),
    exclusions=(Exclusion(document_id="c", title="Bonus", reason="Not readable by Staff."),),
)
LOSSES = [[step, 4.0 / (step + 1)] for step in range(200)]
PEOPLE: list[Group | Person] = [
    Group(id="staff", name="Staff", member_ids=("ana",)),
    Person(id="bo", name="Bo", mail="bo@example.com"),
]


def make_notice(kind):
    """A notice to Ana that waited for the end of her quiet hours."""
    return Notice(id="notice", kind=kind, person_id="ana", subject_id="subject", is_held=True)


NASTY_AGENT = make_agent(
    name=NASTY[:60], description=NASTY[:300], instructions=NASTY[:2000], starters=[NASTY[:200]] * 6
)
ENTRY = Entry(
    number=12,
    at=datetime(2026, 1, 1, tzinfo=UTC),
    who="Cy",
    what="release:rejected",
    on="Travel, release 1",
    why="Too early.",
)
LINE = Line(
    name="Travel",
    agent_id="xkrdbbbb",
    owner="Ana",
    state="live",
    live="release 1 since 2026-01-01",
    canary="",
    drift="7 of 30 documents changed, 2 deleted",
    newest="release 2 is candidate",
)
NASTY_LINE = replace(LINE, name=NASTY[:60], owner=NASTY)
SOMEBODY = Somebody(
    name="Bo", mail="bo@example.com", title="", person_id="bo", roles=["make agents"], owns=[], asks=["Travel", "HR"]
)
NASTY_SOMEBODY = replace(SOMEBODY, name=NASTY, mail=NASTY, title=NASTY, owns=[NASTY] * 50, asks=[NASTY] * 50)
NASTY_ENTRY = replace(ENTRY, who=NASTY, on=NASTY, why=NASTY)
POLICY = PolicyForm(
    revision=3,
    typed={key: written(getattr(Policy(), key)) for key in SETTINGS},
    choices={
        "tuner_ids": [("Staff (group)", "staff")],
        "maker_ids": [("Staff (group)", "staff")],
        "base_models": [("starter", "starter")],
        "source_keys": [("Every folder", "folder"), ("Travel", "source")],
        "highest_label": [("No limit", "any"), ("General", "General")],
    },
    changed="Cy changed it last, on 2026-01-01 at 08:00 UTC.",
)
WRONG_POLICY = replace(
    POLICY,
    typed={**POLICY.typed, "runs_per_day": "many"},
    problems={"runs_per_day": "Type a whole number from 1 to 10,000."},
)
GRANT = Grant(id="grant", person_id="bo", justification="To tune on travel.", asked_at=NEW_YEAR)
GRANTED = Grant(id="grant", person_id="bo", state=GrantState.GRANTED, decided_by="cy", expires_at=NEW_YEAR)
DECLINED = Grant(id="grant", person_id="bo", state=GrantState.DECLINED, decided_by="cy", reason="Not yet.")
NASTY_GRANT = Grant(id="grant", person_id="bo", justification=NASTY[:1000], reason=NASTY[:1000], asked_at=NEW_YEAR)
NASTY_POLICY = replace(
    POLICY,
    typed=dict.fromkeys(SETTINGS, NASTY[:500]),
    choices={key: [(NASTY[:120], str(number)) for number in range(24)] for key in POLICY.choices},
    problems=dict.fromkeys(SETTINGS, NASTY[:120]),
    note=NASTY,
)
USE = Use(
    conversations=9,
    questions=40,
    answered=38,
    declined=4,
    likes=10,
    dislikes=2,
    corrections=3,
    seconds=80.0,
    within_1_s=12,
    within_2_s=30,
    within_5_s=37,
    within_10_s=37,
    within_30_s=37,
)
USED = UseLine(agent_id="agent", name="Travel", people=3, use=USE)
USAGE = UsageReport(
    agent=None,
    days=7,
    people=4,
    total=USE,
    by_day=[
        (date(2026, 1, 1) + timedelta(days=number), Use(questions=4 * number, likes=number, dislikes=min(number, 2)))
        for number in range(7)
    ],
    lines=[USED, UseLine(agent_id="other", name="Other", people=1, use=Use(questions=1))],
    askers=[Asker(name="person 0c8f41aa", questions=80, last_day=date(2026, 1, 6))],
    topics=[
        Topic(
            words=["parental", "leave"],
            questions=3,
            people=2,
            asked_on=[date(2026, 1, number) for number in (6, 4, 4)],
            example="How long is parental leave?",
        ),
        Topic(words=["visa"], questions=2, people=2, asked_on=[date(2026, 1, 2)] * 2),
    ],
    topics_since=date(2026, 1, 1),
)
NASTY_USAGE = UsageReport(
    agent=NASTY_AGENT,
    days=365,
    people=4,
    total=USE,
    by_day=[(date(2026, 1, 1) + timedelta(days=number), Use(questions=1, likes=number % 2)) for number in range(365)],
    lines=[UseLine(agent_id="agent", name=NASTY, people=3, use=USE)] * 40,
    askers=[Asker(name=NASTY, questions=80, last_day=date(2026, 1, 6))] * 5,
    topics=[Topic(words=[NASTY] * 3, questions=3, people=2, asked_on=[date(2026, 1, 6)] * 3, example=NASTY)] * 5,
    topics_since=date(2026, 1, 1),
)
NASTY_CASE = Case(
    agent=NASTY_AGENT,
    release=make_release(state=ReleaseState.SUBMITTED, note=NASTY[:1000]),
    evaluation=Evaluation(
        run_id="run",
        scores=EVALUATION.scores,
        objections=[NASTY] * 5,
        criteria=[{"rule": "says", "value": NASTY[:100], "is_critical": True, "share": 0.5, "n": 9}] * 10,
        samples=[{"question": NASTY, "reference": NASTY, "answers": {"tuned": NASTY, "base+retrieval": NASTY}}] * 9,
    ),
    owner=NASTY[:60],
    audience=[NASTY[:60]] * 50,
    people=1,
    learned=1,
    left_out=[{"title": NASTY, "reason": NASTY}] * 1_000,
    dataset_sha256="",
    drift=Drift(
        release_id="release", learned=10_000, changed=9_999, lost={str(one): ["staff"] for one in range(1_000)}
    ),
    lost=[Lost(title=NASTY, who=[NASTY] * 50)] * 1_000,
    pilot=[NASTY] * 50,
    consented_by=NASTY[:60],
    is_for_data_owner=True,
)


def made(state, decision, who, reason="", **values):
    """What was decided on Ana's release."""
    release = make_release(state=state, share=10, pilot=["leads"])
    told = {"agent": AGENT, "release": release, "decision": decision, "who": who, "reason": reason}
    return Decided(**{**told, **values})


PAST = Past(
    release=make_release(number=2, state=ReleaseState.LIVE, live_at=NEW_YEAR, created_at=NEW_YEAR),
    evaluation=EVALUATION,
    decisions=[
        Word(at=NEW_YEAR, who="Cy", decision=Decision.APPROVED, reason="Good *work*."),
        Word(at=NEW_YEAR, who="Ida", decision=Decision.CONSENTED, reason=""),
    ],
    pilot=(),
    evidence_sha256="e" * 64,
)
OLDER = Past(
    release=make_release(state=ReleaseState.REJECTED, created_at=NEW_YEAR),
    evaluation=None,
    decisions=[Word(at=NEW_YEAR, who="Cy", decision=Decision.REJECTED, reason="Too early.")],
    pilot=(),
    evidence_sha256="",
)
NASTY_PAST = Past(
    release=make_release(state=ReleaseState.PILOT, created_at=NEW_YEAR),
    evaluation=Evaluation(run_id="run", scores=EVALUATION.scores, objections=[NASTY] * 5),
    decisions=[Word(at=NEW_YEAR, who=NASTY, decision=Decision.APPROVED, reason=NASTY)] * 20,
    pilot=[NASTY] * 50,
    evidence_sha256="",
)
OVERVIEW = Overview(
    agent=AGENT,
    state=AgentState.LIVE_TUNING,
    audience=["Staff", "Leads", "Bo *Berg*", "Eli", "Ida"],
    needs_run=True,
    live=make_release(state=ReleaseState.LIVE, live_at=NEW_YEAR),
    drift=MOVED,
    newest=make_release(number=3),
    waiting=make_release(id="second", number=2, state=ReleaseState.SUBMITTED),
    run=make_run(progress=0.5),
    to_read=2,
    use=USED,
    days=30,
)
FRESH = Overview(
    agent=make_agent(id="fresh", name="HR"),
    state=AgentState.DRAFT,
    audience=[],
    needs_run=False,
    live=None,
    drift=None,
    newest=None,
    waiting=None,
    run=None,
    to_read=0,
    use=None,
    days=30,
)
SOURCES = [(make_source(id=f"s{number}", name=f"Folder {number}"), number) for number in range(1, 60)]
CARDS = {
    "welcome": welcome_card("Bo Berg", [AGENT]),
    "welcome, nobody to ask": welcome_card("", []),
    "agents": agents_card([make_agent(id=str(number)) for number in range(20)], "3", Page.of(20, 10)),
    "agents, many of a name": agents_card([make_agent(id=str(number)) for number in range(20)]),
    "approvals": approvals_card(
        [
            WaitingCase(
                release_id="a", release="release 2", agent="Travel *helper*", owner="Ana", submitted_at=NEW_YEAR
            ),
            WaitingCase(release_id="b", release="release 1", agent="HR", owner="Bo", submitted_at=None),
        ],
        Page.of(22, 10, 1),
    ),
    "approvals, nasty": approvals_card(
        [WaitingCase(release_id="a" * 8, release="release 2", agent=NASTY, owner=NASTY, submitted_at=NEW_YEAR)] * 10,
        Page.of(60, 10, 1),
    ),
    "agent": agent_card(AGENT, SUBMITTED),
    "agent, drafts": agent_card(
        make_agent(
            name="Offers",
            task=Task.GENERATION,
            description="Writes offers as our sales team does.",
            questionnaire={"precedent": "last *offer*", "content": "deal terms", "draft": "an offer letter"},
        ),
        SUBMITTED,
    ),
    "agent on trial": agent_card(AGENT, SUBMITTED, is_trial=True),
    "answer": answer_card(make_answer()),
    "answer, what to ask next": answer_card(make_answer(), {1: "May I *fly* to Rome?", 2: "Who books trips?"}),
    "answer, long": answer_card(make_answer(text="word " * 5000)),
    "answer, taken back": answer_card(make_answer(), note="✓ Taken back."),
    "corrected": corrected_card(FEEDBACK),
    "corrected, nasty": corrected_card(NASTY_INBOX.items[0].feedback),
    "thumb up": thumb_card(Reaction.LIKE, None),
    "thumb down": thumb_card(Reaction.DISLIKE, FEEDBACK),
    "my feedback": opinion_card(OPINION),
    "my feedback, accepted": opinion_card(
        replace(OPINION, feedback=ACCEPTED, number=1, problem="There is nothing in the feedback.", done="")
    ),
    "my feedback, nasty": opinion_card(
        replace(OPINION, feedback=NASTY_INBOX.items[0].feedback, agent=NASTY[:60], answer=NASTY, problem=NASTY)
    ),
    "my feedback, none": no_opinion_card("✓ Taken back."),
    "details": details_card(name="Travel", problems={"name": "You already have an agent called 'Travel'."}),
    "details, tuned": details_card(
        AGENT, name=AGENT.name, task=AGENT.task, description=AGENT.description, is_task_fixed=True
    ),
    "about": about_card(AGENT, [HoldoutQuestion(agent_id="agent", question="May I fly?", answer=None)]),
    "about, wrong": about_card(
        AGENT,
        typed={"about_data": "", "criteria": "is friendly"},
        problems={"about_data": "Please fill in: ...", "criteria": "Line 1 of the criteria can't be used."},
    ),
    "about, wrong, nasty": about_card(NASTY_AGENT, problems=dict.fromkeys(["criteria", "starters"], NASTY)),
    "draft": draft_card(Draft(id="draft", person_id="bo", chat_id="chat", name="Offer *1*.docx", content=b"")),
    "draft, saved": saved_card("Offer *1*.docx", "https://brenvale-my.sharepoint.com/personal/bo/Offer.docx"),
    "sources": sources_card(AGENT, [(make_source(), 12)], problems={"sources": "Choose at least one source."}),
    "sources, none": sources_card(AGENT, []),
    "sources, many": sources_card(AGENT, [(make_source(), 12), *SOURCES], number=1),
    "sources, nasty": sources_card(
        make_agent(name=NASTY[:60]),
        [(make_source(id=f"source{number:02}", name=NASTY), 10_000) for number in range(60)],
        chosen=[f"source{number:02}" for number in range(20)],
        looked=Looked(
            text=NASTY[:500], found=[Find(key=str(number), kind="folder", name=NASTY) for number in range(40)]
        ),
    ),
    "audience, nasty": audience_card(
        make_agent(name=NASTY[:60]),
        [Person(id=f"found{number:03}" * 4, name=NASTY, title=NASTY, mail=NASTY) for number in range(20)],
        [Group(id=f"group{number:03}" * 4, name=NASTY, member_ids=()) for number in range(50)],
    ),
    "sources, found": sources_card(
        AGENT,
        [(make_source(synced_at=None), 0)],
        chosen=["source"],
        looked=Looked(
            text="leave",
            found=[
                Find(key="site|host,1,2", kind="site", name="People and Culture"),
                Find(key="item|drive|root", kind="library", name="Documents"),
                Find(key="item|drive|policies", kind="folder", name="Policies"),
                Find(key="item|drive|leave", kind="file", name="Leave *and* absence.docx"),
            ],
        ),
        is_live=True,
    ),
    "sources, nothing found": sources_card(AGENT, [], looked=Looked(text="xyz", inside="item|drive|root", found=[])),
    "audience": audience_card(AGENT, PEOPLE, PEOPLE[:1], search="b", problems={"audience": "Choose again."}),
    "review": review_card(
        Review(
            agent=AGENT,
            coverage=COVERAGE,
            suggestions=["Drop Guests: 1 more file."],
            audience=["Staff"],
            advice=[
                "Expect more of search than of tuning: 2 of 2 documents changed in the last 30 days.",
                "Nothing is measured yet: the run scores both, on the 12 questions that you gave.",
            ],
        )
    ),
    "review, pairs": review_card(
        Review(
            agent=make_agent(task=Task.SUMMARY),
            coverage=COVERAGE,
            audience=["Staff"],
            pairs=PairCount(is_mapped=False, accepted=12, undecided=16),
        )
    ),
    "review, changed": review_card(
        Review(
            agent=AGENT,
            coverage=COVERAGE,
            audience=["Staff"],
            drift=MOVED,
            changed=["Your answers and instructions: release 1 is told them at once, but was tuned with others."],
            is_tuned=True,
            note="✓ Saved. It counts in full only after a new run: see below.",
        )
    ),
    "review, tuning": review_card(
        Review(
            agent=AGENT,
            coverage=COVERAGE,
            audience=["Staff"],
            changed=["Criteria: release 1 was measured by others."],
            taken_in="The run under way takes it in.",
            is_tuned=True,
            is_tuning=True,
        )
    ),
    "review, nasty": review_card(
        Review(
            agent=NASTY_AGENT,
            coverage=COVERAGE,
            suggestions=[NASTY] * 9,
            audience=[NASTY[:120]] * 50,
            changed=[NASTY] * 6,
            advice=["Expect something of both."],
            problem=NASTY,
        )
    ),
    "review, without secrets": review_card(
        Review(
            agent=AGENT,
            coverage=replace(
                COVERAGE,
                redactions=(
                    Redaction(document_id="d1", title="Payroll *FAQ*", counts={"account": 2, "password": 1}),
                    Redaction(document_id="d2", title="Wi-Fi", counts={"key": 1}),
                ),
            ),
            audience=["Staff"],
        )
    ),
    "review, incomplete": review_card(
        Review(
            agent=make_agent(questionnaire={}, source_ids=[]),
            coverage=COVERAGE,
            problem="It can't be tuned yet.",
        )
    ),
    "progress, queued": progress_card(AGENT, make_run()),
    "progress": progress_card(
        AGENT,
        make_run(
            state=RunState.RUNNING,
            stage=Stage.TRAINING,
            progress=0.4,
            seconds_left=75.0,
            losses=LOSSES,
            metrics={"baseline": {"mean": 0.33, "low": 0.24, "high": 0.42, "n": 99.0}},
        ),
    ),
    "progress, samples": progress_card(
        AGENT, make_run(state=RunState.LABELLING, stage=Stage.DATASET, progress=0.2, dataset_id="dataset")
    ),
    "progress, ready": progress_card(AGENT, make_run(state=RunState.READY, progress=1.0)),
    "failure": failure_card(AGENT, make_run(failure="out_of_memory", error="It ran out of memory.", remedy="Add it.")),
    "evaluation": evaluation_card(AGENT, make_release(), EVALUATION, {"train/list": 120, "holdout/owner": 80}),
    "evaluation, compared blindly": evaluation_card(
        AGENT,
        make_release(),
        RATED,
        {},
        advice="Use both: together they reach 30%, retrieval alone 20% and tuning 10%.",
    ),
    "blind": blind_card(AGENT, make_release(), PAIR),
    "blind, nasty": blind_card(
        NASTY_AGENT, make_release(), replace(PAIR, question=NASTY, reference=NASTY, first=NASTY, second=NASTY)
    ),
    "blind, done": rated_card(AGENT, make_release(), RATED),
    "blind, nothing to compare": rated_card(AGENT, make_release(), EVALUATION),
    "example": example_card(AGENT, make_release(), EVALUATION, 0),
    "example, none": example_card(AGENT, make_release(), Evaluation(run_id="run"), 0),
    "example, nasty": example_card(AGENT, make_release(), NASTY_CASE.evaluation, 1),
    "evaluation, submitted": evaluation_card(AGENT, SUBMITTED, EVALUATION, {"train/list": 120}),
    "evaluation, nothing measured": evaluation_card(AGENT, make_release(), Evaluation(run_id="run"), {}),
    "approval": approval_card(CASE),
    "approval, drifted": approval_card(replace(CASE, drift=MOVED, lost=LOST)),
    "approval, nasty": approval_card(NASTY_CASE),
    "approval, by two": approval_card(
        replace(CASE, approved_by="Cy", pilot=["Leads"], is_for_admin=False, is_for_data_owner=True)
    ),
    "approved": decided_card(made(ReleaseState.LIVE, Decision.APPROVED, "Cy")),
    "approved, waits for a data owner": decided_card(made(ReleaseState.SUBMITTED, Decision.APPROVED, "Cy")),
    "agreed": decided_card(made(ReleaseState.LIVE, Decision.CONSENTED, "Ida")),
    "agreed, waits for an admin": decided_card(made(ReleaseState.SUBMITTED, Decision.CONSENTED, "Ida", "Fine.")),
    "agreed, canary": decided_card(made(ReleaseState.CANARY, Decision.CONSENTED, "Ida", standing=RATINGS)),
    "pilot": decided_card(
        made(ReleaseState.PILOT, Decision.APPROVED, "Cy", pilot=["Leads", "Bo *Berg*"], standing="3 people have asked.")
    ),
    "agreed, pilot, nasty": decided_card(
        made(ReleaseState.PILOT, Decision.CONSENTED, NASTY, NASTY[:1000], pilot=[NASTY] * 50, standing=NASTY)
    ),
    "releases": history_card(AGENT, [PAST, OLDER], page_number=1, has_older=True, is_for_admin=True),
    "releases, none": history_card(AGENT, [], page_number=0, has_older=False, is_for_admin=False),
    "releases, nasty": history_card(NASTY_AGENT, [NASTY_PAST] * 3, page_number=1, has_older=True, is_for_admin=True),
    "approval, beside a live one": approval_card(replace(CASE, agent=make_agent(live_release_id="old"))),
    "canary": decided_card(made(ReleaseState.CANARY, Decision.APPROVED, "Cy", "Carefully.", standing=RATINGS)),
    "rolled back": decided_card(
        made(
            ReleaseState.REJECTED,
            Decision.ROLLED_BACK,
            "Attune",
            f"It is rated worse. {RATINGS}",
            agent=make_agent(name=AGENT.name, live_release_id="old"),
        )
    ),
    "rolled back, the only one": decided_card(made(ReleaseState.REJECTED, Decision.ROLLED_BACK, "Cy")),
    "rejected": decided_card(made(ReleaseState.REJECTED, Decision.REJECTED, "Cy", "Too early.")),
    "inbox": inbox_card(replace(INBOX, items=INBOX.items[:1], sides=INBOX.sides[:1])),
    "inbox, together": inbox_card(INBOX),
    "inbox, together, nasty": inbox_card(NASTY_INBOX),
    "inbox, empty": inbox_card(replace(INBOX, items=[], sides=[], number=0, total=0, to_read=0, accepted=1)),
    "tending": tending_card(Tended(agent=AGENT, state=AgentState.IDLE, accepted=0)),
    "tending, paused": tending_card(
        Tended(
            agent=make_agent(is_paused=True, live_release_id="release", retraining=Retraining.AFTER, retrain_after=5),
            state=AgentState.PAUSED,
            accepted=3,
            note="✓ Saved.",
        )
    ),
    "tending, held": tending_card(
        Tended(
            agent=make_agent(live_release_id="release", retraining=Retraining.AFTER, retraining_held=HELD),
            state=AgentState.LIVE,
            accepted=1,
            typed={"after": "many"},
            problems={"after": "Type a whole number from 1 to 1,000."},
        )
    ),
    "tending, scheduled": tending_card(
        Tended(
            agent=make_agent(
                live_release_id="release",
                retraining=Retraining.WEEKLY,
                retrain_at=time(21, 30),
                retrain_on=5,
                retrain_zone="Europe/Berlin",
                retrain_next_at=datetime(2026, 1, 2, 20, 30, tzinfo=UTC),
            ),
            state=AgentState.LIVE,
            accepted=1,
            zone="Europe/Berlin",
        )
    ),
    "tending, nasty": tending_card(
        Tended(
            agent=make_agent(name=NASTY[:60], retraining_held=NASTY),
            state=AgentState.LIVE,
            accepted=1,
            typed={"after": NASTY},
        )
    ),
    "news: handed over to you": handed_over_card(AGENT, "Ana *Arp*", is_yours=True),
    "news: handed over by an admin": handed_over_card(AGENT, "Bo", is_yours=False),
    "notices": quiet_card(QuietHours(person_id="ana", begins=time(18), ends=time(8), zone="Europe/Berlin")),
    "notices, nasty": quiet_card(QuietHours(person_id="ana", zone=NASTY), problem=NASTY),
    "digest": digest_card(
        [
            Waiting(notice=make_notice(NoticeKind.RUN_READY), title="Travel, release 2 is ready for you to look at"),
            Waiting(notice=make_notice(NoticeKind.SOURCE_FAILED), title=""),
        ],
        Page.of(2, 15),
    ),
    "digest, nasty": digest_card(
        [Waiting(notice=make_notice(NoticeKind.RUN_READY), title=NASTY[:300])] * 15, Page.of(60, 15, 1)
    ),
    "news: settled": withdrawn_card(NoticeKind.RELEASE_SUBMITTED),
    "tending, tuning": tending_card(Tended(agent=AGENT, state=AgentState.TUNING, accepted=0, run=make_run())),
    "tending, delete": deletion_card(make_agent(name="Travel *helper*"), releases=2, answers=1234),
    "tending, deleted": deleted_card(NASTY, rows=1234, event_id=5678),
    "erasure, person": person_card("bo", "Bo", ["HR help, release 2"]),
    "erasure, document": document_card("flights", "Flights", ["policies/flights.docx", "old/flights.docx"], []),
    "erasure, nasty": document_card("flights", NASTY, [NASTY] * 60, [NASTY] * 60),
    "erasure, receipt": receipt_card(
        Erased(subject_id="bo", at=NEW_YEAR, rows=1234, stopped=1, event_id=5678, event_hash="a" * 64)
    ),
    "news: held": held_card(make_agent(retraining_held=HELD)),
    "sample": sample_card(SAMPLE),
    "sample, labelled": sample_card(
        replace(
            SAMPLE,
            sample=make_sample(
                verdict=Verdict.EDITED,
                owner_question="May I fly?",
                owner_answer="Only over 600 km.",
                reason=Reason.BEST,
            ),
            place=2,
            run=make_run(state=RunState.LABELLING),
        )
    ),
    "sample, nasty": sample_card(
        replace(
            SAMPLE,
            sample=make_sample(question=NASTY, answer=NASTY, said=NASTY),
            title=NASTY,
            passage=NASTY,
            problem=NASTY[:500],
        )
    ),
    "samples, round done": round_card(
        RoundForm(
            agent=AGENT,
            samples=[*[make_sample(verdict=Verdict.GOOD)] * 9, *[make_sample(verdict=Verdict.BAD)] * 3],
            number=0,
            rounds=4,
            labelled=12,
        )
    ),
    "samples, none": no_samples_card(AGENT),
    "pairs": pairs_card(PAIRS),
    "pairs, for drafts": pairs_card(
        replace(
            PAIRS,
            agent=make_agent(task=Task.GENERATION),
            pairs=[make_pair(content_id="brief", found_by=FoundBy.BOTH)],
            page=Page.of(1, PAIRS_PAGE),
            undecided=1,
        )
    ),
    "pairs, none": pairs_card(replace(PAIRS, pairs=[], page=Page.of(0, PAIRS_PAGE), undecided=0, accepted=0)),
    "pairs, nasty": pairs_card(
        replace(
            PAIRS,
            agent=make_agent(name=NASTY, task=Task.GENERATION),
            pairs=[make_pair(content_id="brief")] * PAIRS_PAGE,
            documents={key: make_document(NASTY, id=key) for key in ("flights", "trips", "brief")},
            beginnings=dict.fromkeys(("flights", "trips", "brief"), NASTY),
            problem=NASTY[:500],
        )
    ),
    "samples, tuning goes on": went_on_card(AGENT),
    "my agents": my_agents_card([OVERVIEW, FRESH], Page.of(9, 6, 1)),
    "my agents, nasty": my_agents_card(
        [replace(OVERVIEW, agent=NASTY_AGENT, audience=[NASTY] * 50, drift=NASTY_CASE.drift)] * 6, Page.of(60, 6, 3)
    ),
    "my agents, none": my_agents_card([], Page.of(0, 6)),
    "news: approved": approved_card(AGENT, SUBMITTED, "Cy", "Good."),
    "news: canary": approved_card(AGENT, CANARY, "Cy", ""),
    "news: pilot": approved_card(AGENT, make_release(state=ReleaseState.PILOT), "Cy", ""),
    "news: rejected": rejected_card(AGENT, SUBMITTED, "Cy", "Too early."),
    "news: revoked": rejected_card(AGENT, make_release(live_at=datetime(2026, 1, 1, tzinfo=UTC)), "Cy", "Wrong."),
    "news: suspended": suspended_card(AGENT, SUBMITTED),
    "news: drifted": drifted_card(AGENT, make_release(state=ReleaseState.LIVE), LOST * 10, is_owner=False),
    "news: drifted and waiting": drifted_card(AGENT, SUBMITTED, LOST, is_owner=False),
    "news: drifted and stopped": drifted_card(AGENT, make_release(state=ReleaseState.SUSPENDED), LOST, is_owner=True),
    "news: source failed": source_failed_card(
        make_source(sync_error="The source's folder is *away*.", synced_at=datetime(2026, 1, 1, tzinfo=UTC))
    ),
    "news: learned": learned_card(AGENT, SUBMITTED),
    "audit": audit_card([ENTRY] * 2, about="agent", subject="Travel", is_first=False, has_older=True),
    "audit, nothing": audit_card([], about="", subject="", is_first=True, has_older=False),
    "audit, nasty": audit_card([NASTY_ENTRY] * 10, about="x", subject=NASTY, is_first=True, has_older=True),
    "retired": decided_card(made(ReleaseState.RETIRED, Decision.RETIRED, "Cy")),
    "retired, a pilot": decided_card(made(ReleaseState.CANDIDATE, Decision.RETIRED, "Ana")),
    "taken back": taken_back_card(AGENT, make_release()),
    "restored": decided_card(made(ReleaseState.LIVE, Decision.RESTORED, "Cy")),
    "inventory": inventory_card([LINE] * 2, total=30, number=1, has_more=True),
    "inventory, nothing": inventory_card([], total=0, number=0, has_more=False),
    "inventory, canary": inventory_card(
        [replace(LINE, canary=f"release 2 for 10 %. {RATINGS}", newest="")], total=1, number=0, has_more=False
    ),
    "inventory, nasty": inventory_card([NASTY_LINE] * 10, total=10, number=0, has_more=False),
    "whois": whois_card("bo", [SOMEBODY]),
    "whois, nobody": whois_card("bo", []),
    "whois, nasty": whois_card(NASTY, [NASTY_SOMEBODY] * 5),
    "access: ask": ask_card("Say what you need it for.", "x"),
    "access: asked": asked_card(),
    "access: request": request_card(GRANT, "Bo", "Analyst", "Say for how long."),
    "access: request, nasty": request_card(NASTY_GRANT, NASTY, NASTY, NASTY),
    "access: requests": requests_card([Holder(grant=GRANT, name="Bo", decided_by="")] * 2, Page.of(12, 10, 1)),
    "access: requests, nasty": requests_card(
        [Holder(grant=NASTY_GRANT, name=NASTY, decided_by="")] * 10, Page.of(60, 10, 1)
    ),
    "access: granted": settled_card(Holder(grant=GRANTED, name="Bo", decided_by="Cy")),
    "access: declined": settled_card(Holder(grant=DECLINED, name="Bo", decided_by="Cy")),
    "access: news, granted": answered_card(GRANTED, "Cy"),
    "access: news, declined": answered_card(DECLINED, "Cy"),
    "access: holders": holders_card([Holder(grant=GRANTED, name="Bo", decided_by="Cy")] * 2, Page.of(12, 10, 1)),
    "access: holders, nasty": holders_card(
        [Holder(grant=NASTY_GRANT, name=NASTY, decided_by=NASTY)] * 10, Page.of(60, 10, 1)
    ),
    "access: holders, nobody": holders_card([], Page.of(0, 10)),
    "policy": policy_card(POLICY),
    "policy, wrong": policy_card(WRONG_POLICY),
    "policy, saved": policy_card(replace(POLICY, is_saved=True)),
    "policy, outdated": policy_card(replace(POLICY, note="Dee changed the policy while you had it open.")),
    "policy, nasty": policy_card(NASTY_POLICY),
    "usage": usage_card(USAGE),
    "usage of an agent": usage_card(replace(USAGE, agent=AGENT, lines=[replace(USED, name="release 1")], topics=[])),
    "usage, none": usage_card(replace(USAGE, total=Use(), people=0)),
    "usage, nasty": usage_card(NASTY_USAGE, 1),
    "nasty agent": agent_card(NASTY_AGENT, SUBMITTED),
    "nasty about": about_card(NASTY_AGENT),
}


def nodes(value):
    if isinstance(value, list):
        return [node for item in value for node in nodes(item)]
    if not isinstance(value, dict):
        return []
    return [value, *(node for item in value.values() for node in nodes(item))]


def as_old_clients_see(value):
    """Put the fallback in the place of elements that only Teams knows."""
    if isinstance(value, list):
        return [as_old_clients_see(item) for item in value]
    if not isinstance(value, dict):
        return value
    if str(value.get("type", "")).startswith("Chart."):
        return as_old_clients_see(value["fallback"])
    return {key: as_old_clients_see(item) for key, item in value.items()}


@pytest.fixture(scope="module")
def validator(schemas):
    return Draft7Validator(json.loads((schemas / "adaptivecards" / "adaptive-card-1.5.0.json").read_text("utf-8")))


@pytest.mark.parametrize("name", CARDS)
def test_it_is_valid(name, validator):
    problems = [error.message for error in validator.iter_errors(as_old_clients_see(deepcopy(CARDS[name])))]
    assert not problems, problems[:3]


@pytest.mark.parametrize("name", CARDS)
def test_it_is_small(name):
    assert len(json.dumps(CARDS[name])) < MAX_BYTES


@pytest.mark.parametrize("name", CARDS)
def test_its_buttons_carry_ids_only_and_work_in_older_clients(name):
    for node in nodes(CARDS[name]):
        if node.get("type") == "Action.Execute":
            assert node["verb"] in set(Verb)
            assert node["fallback"]["data"] == {"verb": node["verb"], **node["data"]}
            assert all(len(str(value)) <= 40 for value in node["data"].values())


@pytest.mark.parametrize("name", CARDS)
def test_its_choices_hold_no_markdown(name):
    choices = [choice for node in nodes(CARDS[name]) for choice in node.get("choices", ())]
    assert not [choice["title"] for choice in choices if set(choice["title"]) & set("*_`[]~\n")]


@pytest.mark.parametrize("name", CARDS)
def test_its_fields_have_labels(name):
    assert all(node.get("label") for node in nodes(CARDS[name]) if str(node.get("type", "")).startswith("Input."))


@pytest.mark.parametrize("name", [name for name in CARDS if "nasty" not in name and "long" not in name])
def test_it_looks_as_it_did(name, snapshot):
    assert CARDS[name] == snapshot


def test_text_from_people_stays_text():
    assert escape("**a** [b](c) `d`") == r"\*\*a\*\* \[b\](c) \`d\`"
    assert escape("# a\n- b\n1. c") == "\\# a\n\\- b\n1\\. c"
    assert escape("3 - 2 = 1") == "3 - 2 = 1"


def test_a_choice_is_read_as_text_by_clients_that_know_markdown_and_by_those_that_do_not():
    assert plain("[Ana](https://x.example) *Arp*") == "(Ana)(https://x.example) Arp"
    assert plain("1. Leads\n(group)") == "\N{ZERO WIDTH SPACE}1. Leads (group)"


def test_every_question_of_the_hold_out_survives_being_edited():
    card = about_card(AGENT, [HoldoutQuestion(agent_id="agent", question="May I fly?", answer="No.")])
    field = next(node for node in nodes(card) if node.get("id") == "holdout")
    assert field["value"] == "May I fly? | No."


def test_as_many_questions_as_were_typed_stand_in_the_form_again():
    typed = "\n".join(f"{'x' * 90}{number:04}?|yes" for number in range(151))[:MAX_HOLDOUT].rpartition("\n")[0]
    asked = [line.split("|") for line in typed.splitlines()]
    card = about_card(AGENT, [HoldoutQuestion(agent_id="agent", question=one, answer=two) for one, two in asked])
    assert next(node for node in nodes(card) if node.get("id") == "holdout")["value"] == typed
    assert len(json.dumps(card)) < MAX_BYTES


@pytest.mark.parametrize(
    ("state", "is_paused", "says"),
    [
        (ReleaseState.LIVE, False, "✓ Cy approved it. It answers its audience now."),
        (ReleaseState.LIVE, True, "✓ Cy let it go live. It answers its audience as soon as its owner resumes it."),
        (ReleaseState.SUSPENDED, False, "It is suspended now. Cy decided on it last."),
        (ReleaseState.SUPERSEDED, False, "It is superseded now. Cy decided on it last."),
        (ReleaseState.CANDIDATE, False, "It is candidate now. Cy decided on it last."),
    ],
)
def test_what_was_decided_is_told_with_what_has_become_of_it(state, is_paused, says):
    agent = make_agent(live_release_id="release", is_paused=is_paused)
    assert says in str(decided_card(made(state, Decision.APPROVED, "Cy", agent=agent)))


def test_a_pilot_that_was_revoked_is_taken_back_and_not_turned_down():
    release = make_release(state=ReleaseState.REVOKED)
    assert "taken back" in str(rejected_card(AGENT, release, "Cy", "Wrong."))
    assert "turned down" in str(rejected_card(AGENT, make_release(state=ReleaseState.REJECTED), "Cy", "Wrong."))


@pytest.mark.parametrize(
    ("state", "commands"),
    [
        (ReleaseState.SUBMITTED, ["reject release"]),
        (ReleaseState.CANARY, ["rollback agent", "policy drift suspend"]),
        (ReleaseState.PILOT, ["rollback agent", "policy drift suspend"]),
        (ReleaseState.LIVE, ["revoke agent", "policy drift suspend"]),
        (ReleaseState.SUSPENDED, []),
    ],
)
def test_what_admins_read_of_drift_stops_that_release_and_no_other(state, commands):
    body = drifted_card(make_agent(), make_release(state=state), LOST, is_owner=False)["body"]
    assert re.findall(r"\*\*(.+?)\*\*", str(body)) == commands


def test_to_share_documents_again_is_no_way_back_for_what_was_suspended():
    shown = str(drifted_card(AGENT, make_release(state=ReleaseState.SUSPENDED), LOST, is_owner=True))
    assert "A new run learns without these documents." in shown
    assert "shared with them again" not in shown


def test_what_is_wrong_with_the_policy_stands_below_its_field():
    body = CARDS["policy, wrong"]["body"]
    place = next(place for place, node in enumerate(body) if node.get("id") == "runs_per_day")
    assert (body[place]["value"], body[place + 1]["text"]) == ("many", "✗ Type a whole number from 1 to 10,000.")


def test_what_is_wrong_in_the_wizard_stands_below_its_field():
    body = CARDS["about, wrong"]["body"]
    ids = [node.get("id") for node in body]
    for key, value, sentence in (
        ("about_data", "", "✗ Please fill in: ..."),
        ("criteria", "is friendly", "✗ Line 1 of the criteria can't be used."),
    ):
        place = ids.index(key)
        assert (body[place]["value"], body[place + 1]["text"]) == (value, sentence)
    assert body[-1]["text"] == "Nothing is saved yet: see what stands after ✗."
    assert body[ids.index("instructions")]["value"] == AGENT.instructions


def test_a_year_of_usage_is_drawn_week_by_week():
    (chart,) = [node for node in nodes(CARDS["usage, nasty"]) if node.get("type") == "Chart.VerticalBar"]
    assert [bar["y"] for bar in chart["data"]] == [1, *[7] * 52]
    assert [bar["x"] for bar in chart["data"]][:2] == ["01-01", "01-02"]


def test_a_day_without_thumbs_has_no_satisfaction_and_leaves_room_on_the_axis():
    quiet = {date(2026, 1, 1), date(2026, 1, 3)}
    by_day = [(day, Use(questions=1, likes=day not in quiet)) for day, _use in USAGE.by_day]
    (chart,) = [node for node in nodes(usage_card(replace(USAGE, by_day=by_day))) if node.get("type") == "Chart.Line"]
    assert [point["x"] for point in chart["data"][0]["values"]] == [f"2026-01-0{day}" for day in (2, 4, 5, 6, 7)]
    without = [(day, Use(questions=1)) for day, _use in USAGE.by_day]
    shown = nodes(usage_card(replace(USAGE, by_day=without)))
    assert not [node for node in shown if node.get("type") == "Chart.Line"]


def test_corrections_and_how_soon_answers_came_stand_beside_each_agent_on_the_same_page():
    lines = [replace(USED, name=f"agent {number}", use=replace(USE, corrections=number)) for number in range(10)]
    first, second = [node for node in nodes(usage_card(replace(USAGE, lines=lines), 1)) if node.get("type") == "Table"]
    told = [[cell["items"][0]["text"] for cell in row["cells"]] for row in second["rows"]]
    assert told == [
        ["Agent", "Corrected", "Half came", "95 % came"],
        ["agent 8", "8", "within 2 s", "within 5 s"],
        ["agent 9", "9", "within 2 s", "within 5 s"],
    ]
    assert len(first["rows"]) == len(second["rows"])


def test_an_example_over_passages_that_do_not_answer_it_says_so():
    sample = {"question": "Who?", "reference": "", "split": "holdout", "origin": "unanswerable", "answers": {}}
    shown = str(example_card(AGENT, make_release(), Evaluation(run_id="run", samples=[sample]), 0))
    assert "It was asked over passages that don't answer it." in shown


def test_however_much_there_is_to_do_about_an_agent_no_button_is_cut_off():
    submitted = make_release(id="second", number=3, state=ReleaseState.SUBMITTED)
    busy = replace(OVERVIEW, newest=make_release(number=4), waiting=submitted, to_read=5)
    sets = [one for one in my_agents_card([busy], Page.of(1, 6, 0))["body"] if one["type"] == "ActionSet"]
    assert [len(one["actions"]) for one in sets] == [6, 1]
    assert sets[1]["actions"][0]["title"] == "Usage"
