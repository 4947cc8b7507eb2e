"""What Teams was told has arrived is answered, once, whenever the bot dies: real processes, killed with SIGKILL."""

import asyncio
import socket
import sys
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import TestServer
from sqlmodel import select

from bot import activities
from bot.app import make_app
from bot.deliveries import ATTEMPTS, Deliveries
from bot.loopback import Loopback, PersonalChat
from bot.sign_in import SAVE
from tuning.domain.conversations import Answer
from tuning.domain.deliveries import Delivery
from tuning.domain.fields import now
from tuning.store import conversations

PATIENCE_S = 240.0
SCRIPT = Path(__file__).with_name("bot_process.py")


class Bot:
    """A bot that can be killed and started again at the same port."""

    def __init__(self, tenant, engine, root):
        self._arguments = [str(tenant.store.url), str(tenant.folder), "", engine.url]
        self._root = root
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._arguments[2] = str(self.port)
        self.process: asyncio.subprocess.Process | None = None

    async def start(self):
        program = f"import runpy, sys; sys.path.insert(0, {str(self._root)!r}); sys.argv = {['', *self._arguments]!r}"
        program = f"{program}; runpy.run_path({str(SCRIPT)!r}, run_name='__main__')"
        self.process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, cwd=self._root)
        async with asyncio.timeout(PATIENCE_S), aiohttp.ClientSession() as session:
            while True:
                try:
                    async with session.get(f"http://127.0.0.1:{self.port}/health"):
                        return
                except aiohttp.ClientError:
                    await asyncio.sleep(0.1)

    async def kill(self):
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


@pytest.fixture
async def mortal(tenant, engine, root):
    bot = Bot(tenant, engine, root)
    await bot.start()
    yield bot
    await bot.kill()


async def until(happened):
    async with asyncio.timeout(PATIENCE_S):
        while not happened():  # noqa: ASYNC110 - the store knows no events
            await asyncio.sleep(0.05)


def is_answer(sent):
    return "\n\n_" in sent.text


def rows(tenant, table):
    with tenant.store.reading() as session:
        return session.exec(select(table).order_by(table.id)).all()


def age(tenant, by):
    """Let the leases have run out, of deliveries that came in so long ago."""
    with tenant.store.transaction() as session:
        for delivery in session.exec(select(Delivery)):
            delivery.received_at -= by
            delivery.held_until = now() - timedelta(seconds=1)
            session.add(delivery)


async def all_done(tenant):
    await until(lambda: all(one.done_at is not None for one in rows(tenant, Delivery)))


@asynccontextmanager
async def talking(bot, tenant):
    """Bo's chat, in which Ana's agent has been picked."""
    async with Loopback(f"http://127.0.0.1:{bot.port}") as teams:
        bo = PersonalChat(teams, person_id="bo", name="Bo", tenant_id="tenant")
        with tenant.store.transaction() as session:
            conversations.start(session, bo.chat_id, "bo", "agent")
        yield bo


async def test_a_bot_killed_at_any_moment_answers_once(mortal, tenant, engine):
    async with talking(mortal, tenant) as bo:
        teams = bo.loopback

        def answers():
            return [sent for sent in teams.messages.get(bo.chat_id, {}).values() if is_answer(sent)]

        # As soon as it has said that it has the message; the next process waits for the lease to run out.
        engine.pause_s = 5.0
        activity = bo._activity("message", text="How do I book a trip?")
        assert (await teams.deliver(activity))[0] == 202
        await mortal.kill()
        engine.pause_s = 0.0
        await mortal.start()
        await bo.wait(is_answer)
        assert (await teams.deliver(activity))[0] == 202  # Teams delivers some again
        await all_done(tenant)
        assert len(answers()) == 1

        # While the engine answers.
        engine.pause_s = 5.0
        asked = len(engine.asked)
        await teams.deliver(bo._activity("message", text="And a longer one?"))
        await until(lambda: len(engine.asked) > asked)
        await mortal.kill()
        engine.pause_s = 0.0
        age(tenant, timedelta())
        await mortal.start()
        await all_done(tenant)
        assert len(answers()) == 2

        # Once the person sees the answer, and before the bot knows that they do.
        teams.confirms.clear()
        await bo.say("Who pays?", wanted=is_answer)
        await mortal.kill()
        teams.confirms.set()
        age(tenant, timedelta())
        await mortal.start()
        await all_done(tenant)
        assert len(answers()) == 3
        assert [one.question for one in rows(tenant, Answer)].count("Who pays?") == 1
        assert all(one.activity == {} for one in rows(tenant, Delivery))


async def test_what_is_left_undone_at_an_orderly_end_is_done_at_once_by_the_next(tenant, engine, settings, monkeypatch):
    monkeypatch.setattr("bot.intake.DRAIN_S", 0.0)
    engine.pause_s = 600.0
    async with TestServer(make_app(settings, tenant)) as first, talking(first, tenant) as bo:
        await bo.loopback.deliver(bo._activity("message", text="How do I book a trip?"))
        await until(lambda: engine.asked)
        await first.close()
        engine.pause_s = 0.0
        async with TestServer(make_app(settings, tenant)):
            assert (await bo.wait(is_answer)).text.startswith("Trips are booked by rail")
            await all_done(tenant)
    assert len([sent for sent in bo.loopback.messages[bo.chat_id].values() if is_answer(sent)]) == 1


@pytest.mark.parametrize("left", [{"minutes": 11, "attempts": 1}, {"minutes": 0, "attempts": ATTEMPTS}])
async def test_what_comes_too_late_or_always_kills_the_bot_gets_a_kind_sentence(bot, chat, tenant, engine, left):
    bo = chat("bo")
    with tenant.store.transaction() as session:
        conversations.start(session, bo.chat_id, "bo", "agent")
    dead = Deliveries(tenant.store)
    number = await dead.take_in(activities.incoming(bo._activity("message", text="How do I book a trip?")))
    with tenant.store.transaction() as session:
        delivery = session.get_one(Delivery, number)
        delivery.attempts = left["attempts"]
        session.add(delivery)
    age(tenant, timedelta(minutes=left["minutes"]))
    said = await bo.wait(lambda sent: True)
    assert said.text == (
        'I could not answer "How do I book a trip?" in time, I\'m sorry. Send it again if you still need it.'
    )
    await all_done(tenant)
    assert not engine.asked


async def test_of_a_file_that_comes_too_late_no_id_is_told(bot, chat, tenant):
    bo = chat("bo")
    incoming = replace(activities.incoming(bo._activity("message", text="h7k2mmp4")), type=SAVE)
    await Deliveries(tenant.store).take_in(incoming)
    age(tenant, timedelta(minutes=11))
    said = await bo.wait(lambda sent: True)
    assert said.text == "I could not answer in time, I'm sorry. Send it again if you still need it."
