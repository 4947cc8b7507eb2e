"""The scheduler on its own: every token is fed once and in order, budgets hold, and nobody waits for ever."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.lookup import Draft, verified
from serving.scheduler import Limits, Scheduler, Turn
from tests.fakes.costs import FreeTurns


@dataclass(eq=False)
class FakeJob:
    key: str
    prompt: list[int]
    answer: int
    pending: list[int] = field(default_factory=list)
    position: int = 0
    row: int = -1
    reused: int = 0
    fed: list[int] = field(default_factory=list)
    chosen: list[int] = field(default_factory=list)
    guess: int = 0
    guess_right: int = 0
    chance: float = 0.99

    def __post_init__(self):
        self.pending = self.prompt
        self.room = len(self.prompt) + self.answer

    def draft(self, most: int) -> Draft:
        """As many tokens as it likes, of which the first few are right."""
        begun = len(self.chosen)
        count = min(self.guess, most) if begun else 0
        tokens = [500 + begun + place if place < self.guess_right else -1 for place in range(count)]
        return Draft(tokens, [self.chance**place for place in range(1, count + 1)])

    @property
    def finished(self) -> bool:
        return len(self.chosen) == self.answer


class Rig:
    """Does what the engine does with a turn, without a model."""

    def __init__(self, limits: Limits) -> None:
        self.scheduler: Scheduler[str, FakeJob] = Scheduler(limits)
        self.open: set[str] = set()
        self.turns: list[Turn[str, FakeJob]] = []

    def submit(self, job: FakeJob) -> None:
        self.scheduler.submit(job.key, job)

    def step(self) -> None:
        close, open_ = self.scheduler.place()
        assert all(not any(job.row >= 0 and not job.finished for job in self.running(lane.key)) for lane in close)
        self.open = self.open - {lane.key for lane in close} | set(open_)
        turn = self.scheduler.next_turn()
        if turn is None:
            return
        self.turns.append(turn)
        for feed in turn.feeds:
            job = feed.job
            if not job.fed:
                job.fed = job.prompt[: job.reused]
            wants_logits = feed.wants_logits
            assert job.position + feed.size <= job.room
            job.fed = job.fed + job.pending[: feed.count]
            job.position += feed.count
            job.pending = job.pending[feed.count :]
            chosen = list(verified(feed.draft, range(500 + len(job.chosen), 600).__getitem__)) if wants_logits else []
            job.chosen += chosen
            job.fed = job.fed + chosen[:-1]
            job.position += len(chosen[:-1])
            job.pending = job.pending or chosen[-1:]
            self.scheduler.note(turn.key, job, chosen)
            if job.finished:
                self.scheduler.remove(turn.key, job)

    def running(self, key: str) -> list[FakeJob]:
        lane = self.scheduler.lanes.get(key)
        return list(lane.running) if lane else []


LIMITS = Limits(lanes=2, sequences=3, cells=80, batch_tokens=16, draft_tokens=5)
jobs = st.lists(
    st.builds(
        FakeJob,
        key=st.sampled_from("abcdefgh"),
        prompt=st.lists(st.integers(0, 2), min_size=1, max_size=60),
        answer=st.integers(1, 20),
        guess=st.integers(0, 8),
        guess_right=st.integers(0, 8),
    ),
    max_size=30,
)


@given(jobs, st.integers(0, 5))
@settings(max_examples=100)
def test_every_token_is_fed_once_in_order_and_all_budgets_hold(jobs, turns_between):
    rig = Rig(LIMITS)
    for job in jobs:
        rig.submit(job)
        for _ in range(turns_between):
            rig.step()
    for _ in range(3000):
        if rig.scheduler.idle:
            break
        rig.step()
        assert len(rig.open) <= LIMITS.lanes
        assert rig.open == set(rig.scheduler.lanes)
    assert rig.scheduler.idle
    for job in jobs:
        assert job.finished
        assert job.fed == job.prompt + job.chosen[:-1]
    for turn in rig.turns:
        assert 0 < sum(feed.size for feed in turn.feeds) <= LIMITS.batch_tokens
        assert sum(len(feed.draft) for feed in turn.feeds) <= LIMITS.draft_tokens
        assert len({feed.job.row for feed in turn.feeds}) == len(turn.feeds) <= LIMITS.sequences


def test_an_adapter_gets_a_lane_although_the_others_never_rest():
    rig = Rig(Limits(lanes=1, sequences=2, cells=80, batch_tokens=16))
    patient = FakeJob(key="b", prompt=[1], answer=3)
    rig.submit(FakeJob(key="a", prompt=[1], answer=5))
    for turn in range(60):
        if turn == 1:
            rig.submit(patient)
        if turn % 3 == 0:
            rig.submit(FakeJob(key="a", prompt=[turn], answer=5))
        rig.step()
    assert patient.finished
    assert sum(turn.key == "a" for turn in rig.turns) > 20


@pytest.mark.parametrize("lanes", [1, 2, 8])
def test_many_more_adapters_than_lanes_are_all_served(lanes):
    """A lane that was marked for others before its first turn would be closed without having served anybody."""
    rig = Rig(Limits(lanes=lanes, sequences=4, cells=400, batch_tokens=64))
    jobs = [FakeJob(key=f"k{number % 40}", prompt=[number] * 20, answer=5) for number in range(80)]
    for job in jobs:
        rig.submit(job)
    for _ in range(2000):
        rig.step()
    assert all(job.finished for job in jobs)


def test_a_long_prompt_does_not_stop_the_answers_beside_it():
    rig = Rig(Limits(lanes=1, sequences=3, cells=400, batch_tokens=16))
    talker = FakeJob(key="a", prompt=[1], answer=30)
    rig.submit(talker)
    rig.step()
    rig.submit(FakeJob(key="a", prompt=[2] * 300, answer=1))
    for _ in range(10):
        rig.step()
    assert len(talker.chosen) == 11


def test_the_likeliest_tokens_are_drafted_whoever_s_they_are_and_leave_a_prompt_its_half():
    rig = Rig(Limits(lanes=1, sequences=4, cells=400, batch_tokens=16, draft_tokens=12))
    rig.scheduler.costs = FreeTurns()
    for number, (guess, chance) in enumerate([(1, 0.9), (9, 0.9), (9, 0.9), (9, 0.1)]):
        rig.submit(FakeJob(key="a", prompt=[number], answer=30, guess=guess, chance=chance))
    for _ in range(2):
        rig.step()
    assert [len(feed.draft) for feed in rig.turns[-1].feeds] == [1, 6, 5, 0]
    rig.scheduler.remove("a", rig.running("a")[-1])
    rig.submit(FakeJob(key="a", prompt=[7] * 100, answer=1))
    rig.step()
    drafted = sum(len(feed.draft) for feed in rig.turns[-1].feeds)
    assert drafted == 6
    assert max(feed.count for feed in rig.turns[-1].feeds) == 16 - 3 - drafted


def test_a_short_prompt_overtakes_a_long_one():
    rig = Rig(Limits(lanes=1, sequences=3, cells=800, batch_tokens=32))
    rig.submit(FakeJob(key="a", prompt=[2] * 300, answer=1))
    rig.step()
    short = FakeJob(key="a", prompt=[3] * 16, answer=1)
    rig.submit(short)
    rig.step()
    assert short.finished


def test_a_reading_lane_leaves_most_turns_to_an_answering_one():
    rig = Rig(Limits(lanes=2, sequences=2, cells=2000, batch_tokens=64))
    reader, talker = FakeJob(key="a", prompt=[1] * 1280, answer=1), FakeJob(key="b", prompt=[1], answer=200)
    rig.submit(reader)
    rig.submit(talker)
    for _ in range(60):
        rig.step()
    turns = [turn.key for turn in rig.turns]
    assert turns.count("b") > 3 * turns.count("a") > 0


def test_who_comes_anew_has_the_next_turn_but_no_more_than_a_fair_share():
    rig = Rig(Limits(lanes=2, sequences=2, cells=2000, batch_tokens=64))
    rig.submit(FakeJob(key="a", prompt=[1] * 1280, answer=1))
    for _ in range(3):
        rig.step()
    rig.submit(FakeJob(key="b", prompt=[2], answer=200))
    rig.submit(FakeJob(key="a", prompt=[3], answer=200))
    for _ in range(12):
        rig.step()
    turns = [turn.key for turn in rig.turns[3:]]
    assert turns[0] == "b"
    assert "a" in turns


def test_what_a_retired_lane_held_is_not_kept():
    rig = Rig(replace(LIMITS, swap_bytes=1000))
    rig.submit(FakeJob(key="a", prompt=[1] * 40, answer=1))
    for _ in range(3):
        rig.step()
    ledger = rig.scheduler.lanes["a"].ledger
    ledger.swap_out(*ledger.left()[0], np.zeros(100, np.uint8))
    assert ledger.swap.used == 100
    rig.scheduler.retire("a")
    assert ledger.swap.used == 0
    close, _ = rig.scheduler.place()
    assert [lane.retired for lane in close] == [True]


def test_a_pinned_lane_stays_open():
    rig = Rig(Limits(lanes=2, sequences=2, cells=80, batch_tokens=16))
    rig.scheduler.pinned.add("a")
    for key in "abcd":
        rig.submit(FakeJob(key=key, prompt=[1], answer=1))
        rig.step()
    assert rig.open == {"a", "d"}


def test_a_retired_lane_closes_after_its_last_answer():
    rig = Rig(LIMITS)
    job = FakeJob(key="a", prompt=[1], answer=3)
    rig.submit(job)
    rig.step()
    rig.scheduler.retire("a")
    rig.step()
    assert rig.open == {"a"}
    rig.step()
    rig.step()
    assert job.finished
    assert rig.open == set()


def test_a_job_given_up_while_waiting_is_gone():
    rig = Rig(LIMITS)
    job = FakeJob(key="a", prompt=[1], answer=3)
    rig.submit(job)
    rig.scheduler.remove("a", job)
    assert rig.scheduler.idle


def test_conversations_that_begin_alike_read_the_beginning_once():
    rig = Rig(Limits(lanes=1, sequences=8, cells=1000, batch_tokens=64))
    jobs = [FakeJob(key="a", prompt=[*range(192), *[1000 + number] * 64], answer=4) for number in range(8)]
    for job in jobs:
        rig.submit(job)
    while not rig.scheduler.idle:
        rig.step()
    fed = sum(feed.count for turn in rig.turns for feed in turn.feeds)
    assert [job.reused for job in jobs] == [0] + [192] * 7
    assert fed == 192 + 8 * 64 + 8 * 3
