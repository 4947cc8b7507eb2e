"""How soon an admin's word is felt in chats: a release that answers, and one that stops in the middle of an answer.

    python -m benchmarks.decisions [--rounds 10]

The real engine, the real bot, and a Teams on loopback; each round has a new agent. First an admin approves a release of
the starter, which the engine hasn't seen, and somebody asks it at once: from the admin's message to the whole answer.
(Of a long one, Teams takes the first words a second after the line that says what is being done.) Then the admin rolls
it back, and somebody asks the release before, which the engine hasn't seen either. At last somebody asks an agent of a
model with 100 million parameters, and the admin revokes its release while it writes: from that message to the last text
that the person is shown, and to the last token that the engine chooses. Weights that are random make no sense, and the
larger model's go on until somebody stops them or 400 tokens are full.
"""

import argparse
import asyncio
import hashlib
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from rich.console import Console
from sqlmodel import SQLModel

from benchmarks.harness.models import SIZES, make_adapters, make_model, make_starter, make_starter_adapters
from benchmarks.harness.servers import Server, engine
from bot.app import make_app
from bot.loopback import Json, Loopback, PersonalChat
from bot.settings import Settings
from tuning.domain.agents import Agent
from tuning.domain.fields import now
from tuning.domain.prompts import Task
from tuning.domain.releases import Release, ReleaseState
from tuning.domain.runs import Run, RunState
from tuning.governance.tenant import Tenant
from tuning.sources.people import FilePeople
from tuning.store import Store, conversations

BAR_S = 1.0
STILL_S = 1.0
"""So long nothing is chosen any more before it counts as the end."""
LOOK_S = 0.02
LONGEST_S = 120.0
"""So long nothing may be shown before something is wrong."""
QUESTION = "What belongs into a letter to a customer about the delivery of a pump?"
PEOPLE = """{"tenant_id": "t", "groups": [{"id": "admins", "name": "Admins", "members": ["admin"]}], "users": [
  {"id": "owner", "name": "Owner", "mail": "owner@example.com", "title": ""},
  {"id": "asker", "name": "Asker", "mail": "asker@example.com", "title": ""},
  {"id": "admin", "name": "Admin", "mail": "admin@example.com", "title": ""}]}"""


@dataclass(frozen=True, kw_only=True)
class Stop:
    """What a revocation took, in seconds from the admin's message."""

    shown_s: float
    """To the last text by the revoked release that somebody is shown."""
    chosen_s: float
    """To the last token that the engine chooses."""


class Watch(Loopback):
    """A Teams that notes when each piece of a growing answer came."""

    def __init__(self, bot_url: str) -> None:
        """Take where the bot listens."""
        super().__init__(bot_url)
        self.shown: list[float] = []

    async def _post(self, request: web.Request) -> web.Response:
        activity: Json = await request.json()
        if any(one.get("streamType") == "streaming" for one in activity.get("entities") or []):
            async with self._changed:
                self.shown.append(time.monotonic())
                self._changed.notify_all()
        return await super()._post(request)

    async def until_shown(self, count: int) -> None:
        """Wait until more than so many pieces have come."""
        async with asyncio.timeout(LONGEST_S), self._changed:
            await self._changed.wait_for(lambda: len(self.shown) > count)


def prepare(tenant: Tenant, number: int, adapters: Sequence[Path]) -> None:
    """Put an agent into the store, live with the first adapter; with another one, that waits; and somebody who asks."""
    agent_id = f"agent{number}"
    releases = [_release(number, which, adapter) for which, adapter in enumerate(adapters)]
    agent = Agent(
        id=agent_id,
        name=f"Letters {number}",
        owner_id="owner",
        task=Task.QUESTIONS,
        audience=["asker"],
        live_release_id=releases[0].id,
    )
    runs = [Run(id=one.id, agent_id=agent_id, started_by="owner", state=RunState.READY) for one in releases]
    rows: list[SQLModel] = [agent, *runs, *releases]
    with tenant.store.transaction() as session:
        session.add_all(rows)
        session.flush()
        conversations.start(session, "a:asker", "asker", agent_id)


def _release(number: int, which: int, adapter: Path) -> Release:
    release_id = f"{'bc'[which] * 4}{number:04}"
    return Release(
        id=release_id,
        agent_id=f"agent{number}",
        run_id=release_id,
        number=which + 1,
        state=ReleaseState.SUBMITTED if which else ReleaseState.LIVE,
        live_at=None if which else now(),
        adapter_path=str(adapter.resolve()),
        adapter_sha256=hashlib.sha256(adapter.read_bytes()).hexdigest(),
        peft_path="",
        base_sha256="",
        audience=["asker"],
    )


async def switch(teams: Watch, command: str, release: str) -> float:
    """Let another release answer by a command, and ask it; return how long that took, in seconds."""
    began = time.monotonic()
    await chat(teams, "admin").say(command)
    answer = await chat(teams, "asker").say(QUESTION)
    if release not in answer.text:
        raise RuntimeError(f"Another release answered than {release}: {answer.text[-200:]}")
    return time.monotonic() - began


async def revoke(teams: Watch, served: Server, number: int) -> Stop:
    """Ask a release, and revoke it while it writes."""
    before = len(teams.shown)
    asked = asyncio.create_task(chat(teams, "asker").say(QUESTION))
    await teams.until_shown(before)
    began = time.monotonic()
    ending = asyncio.create_task(asyncio.to_thread(last_token, served, began))
    await chat(teams, "admin").say(f"revoke agent{number} Wrong numbers.")
    chosen_s = await ending
    if "taken back" not in (said := await asked).text:
        raise RuntimeError(f"The answer came to its end before it was revoked: {said.text[-200:]}")
    return Stop(shown_s=max((at - began for at in teams.shown if at > began), default=0.0), chosen_s=chosen_s)


def chat(teams: Watch, person_id: str) -> PersonalChat:
    """Return a person's chat with the bot."""
    return PersonalChat(teams, person_id=person_id, name=person_id.title(), tenant_id="t")


def last_token(served: Server, began: float) -> float:
    """Return how long after a moment the engine has chosen its last token."""
    count, last = served.metric("attune_engine_answer_tokens_total"), began
    while time.monotonic() - max(last, began) < STILL_S:
        time.sleep(LOOK_S)
        if (chosen := served.metric("attune_engine_answer_tokens_total")) != count:
            count, last = chosen, time.monotonic()
    return last - began


@asynccontextmanager
async def bot(folder: Path, served: Server) -> AsyncGenerator[tuple[Tenant, Watch]]:
    """Run the bot with an empty store, and a Teams beside it."""
    (folder / "people.json").write_text(PEOPLE)
    store = Store(f"sqlite:///{folder}/store.db")
    store.migrate()
    people = FilePeople(folder / "people.json")
    tenant = Tenant(store=store, people=people, admin_group_id="admins", artifacts=folder, folder=folder)
    settings = Settings(development=True, engine_url=served.url, admin_group="admins")
    runner = web.AppRunner(make_app(settings, tenant))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with Watch(f"http://127.0.0.1:{runner.addresses[0][1]}") as teams:
            yield tenant, teams
    finally:
        await runner.cleanup()
        store.close()


async def switches(rounds: int) -> list[tuple[float, float]]:
    """Run every round of approving and rolling back after one to warm up."""
    found, adapters = [], make_starter_adapters(2)
    with engine(make_starter()) as served, tempfile.TemporaryDirectory() as folder:
        async with bot(Path(folder), served) as (tenant, teams):
            for number in range(rounds + 1):
                await asyncio.to_thread(prepare, tenant, number, adapters)
                approved_s = await switch(teams, f"approve cccc{number:04}", "release 2")
                found.append((approved_s, await switch(teams, f"rollback agent{number}", "release 1")))
    return found[1:]


async def revocations(rounds: int) -> list[Stop]:
    """Run every round of revoking after one to warm up."""
    found, size = [], SIZES["100M"]
    adapter = make_adapters(size, 1)[0]
    with engine(make_model(size)) as served, tempfile.TemporaryDirectory() as folder:
        async with bot(Path(folder), served) as (tenant, teams):
            for number in range(rounds + 1):
                await asyncio.to_thread(prepare, tenant, number, [adapter])
                found.append(await revoke(teams, served, number))
    return found[1:]


def main() -> None:
    """Measure, print, and say whether the bar holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    chosen = parser.parse_args()
    stops, switched = asyncio.run(revocations(chosen.rounds)), asyncio.run(switches(chosen.rounds))
    console = Console()
    for title, taken in (
        ("approve to the first whole answer of the new release", [approved for approved, _back in switched]),
        ("rollback to the first whole answer of the release before", [back for _approved, back in switched]),
        ("revoke to last text that somebody is shown", [one.shown_s for one in stops]),
        ("revoke to last token that the engine chooses", [one.chosen_s for one in stops]),
    ):
        held = "holds" if max(taken) < BAR_S else "is missed"
        console.print(
            f"{title}: median {statistics.median(taken):.2f} s, longest of {len(taken)} {max(taken):.2f} s; "
            f"the bar of {BAR_S:.0f} s {held}"
        )


if __name__ == "__main__":
    main()
