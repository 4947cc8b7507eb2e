"""Answers under way are checked as soon as something was decided, and hardly ever otherwise."""

import asyncio

import pytest

from bot import watch
from bot.watch import Lookout, Watch
from tests.factories import make_tenant
from tuning.domain.audit import Tag
from tuning.store import audit


@pytest.fixture
def watched(store, tmp_path, monkeypatch):
    monkeypatch.setattr(watch, "LOOK_EVERY_S", -1.0)
    monkeypatch.setattr(watch, "CHECK_EVERY_S", -1.0)
    return Watch(make_tenant(store, tmp_path))


def decide(store):
    with store.transaction() as session:
        audit.record(session, Tag.RELEASE_REVOKED, "admin", "release")


async def test_an_answer_is_checked_once_and_then_after_each_decision(watched, store):
    lookout = Lookout(watched)
    assert [await lookout.is_due() for _ in range(3)] == [True, False, False]
    decide(store)
    assert [await lookout.is_due() for _ in range(2)] == [True, False]


async def test_what_nobody_decides_is_checked_after_a_while(watched, monkeypatch):
    lookout = Lookout(watched)
    assert await lookout.is_due()
    assert not await lookout.is_due()
    monkeypatch.setattr(watch, "ANYWAY_EVERY_S", -1.0)
    assert await lookout.is_due()


async def test_an_answer_does_not_ask_at_every_word(watched, monkeypatch):
    monkeypatch.setattr(watch, "CHECK_EVERY_S", 60.0)
    assert not await Lookout(watched).is_due()


async def test_the_store_is_looked_at_once_for_all_answers(watched, store, monkeypatch):
    monkeypatch.setattr(watch, "LOOK_EVERY_S", 60.0)
    looks = []
    look = watched._look

    def counted():
        looks.append(1)
        return look()

    monkeypatch.setattr(watched, "_look", counted)
    assert await asyncio.gather(*(Lookout(watched).is_due() for _ in range(50))) == [True] * 50
    assert len(looks) == 1
