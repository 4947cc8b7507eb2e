"""How soon an admin's word is felt in chats: a new release that answers, and one that stops in the middle of an answer.

    python -m benchmarks.decisions [--rounds 10]

The real engine with the starter, the real bot, and a Teams on loopback. Each round is a new agent with a release that
is live and one that is submitted, which the engine hasn't seen. An admin approves it in chat, and somebody asks: from
the admin's message to the first text of an answer by the new release. While that goes on, the admin revokes it: from
that message to the last text of it that the person is shown, and to the last token that the engine chooses. Adapters
have random weights that drown the starter: what is written makes no sense, and goes on until somebody stops it or 1,200
tokens are full. A round whose answer is over by itself before the revocation is made again.
"""

import argparse
import asyncio
import hashlib
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from rich.console import Console
from sqlmodel import SQLModel

from benchmarks.harness.models import make_starter, make_starter_adapters
from benchmarks.harness.servers import Server, engine
from bot.app import make_app
from bot.loopback import Json, Loopback, PersonalChat
from bot.settings import Settings
from tuning.domain.agents import Agent
from tuning.domain.prompts import Task
from tuning.domain.releases import Release, ReleaseState
from tuning.domain.runs import Run, RunState
from tuning.governance.tenant import Tenant
from tuning.sources.people import FilePeople
from tuning.store import Store, conversations

BAR_S = 1.0
STILL_S = 1.0
"""So long nothing is chosen any more before it counts as the end."""
MOST_TRIES = 4
"""For each round wanted."""
LOOK_S = 0.02
LONGEST_S = 120.0
"""So long nothing may be shown before something is wrong."""
QUESTION = "Write a letter to a customer about the delivery of a pump, with all that belongs into it."
PEOPLE = """{"tenant_id": "t", "groups": [{"id": "admins", "name": "Admins", "members": ["admin"]}], "users": [
  {"id": "owner", "name": "Owner", "mail": "owner@example.com", "title": ""},
  {"id": "asker", "name": "Asker", "mail": "asker@example.com", "title": ""},
  {"id": "admin", "name": "Admin", "mail": "admin@example.com", "title": ""}]}"""


@dataclass(frozen=True, kw_only=True)
class Round:
    """What one round took, in seconds."""

    approve_s: float
    """From the admin's message to the first text by the new release."""
    shown_s: float
    """From the admin's message to the last text by the revoked release that somebody is shown."""
    chosen_s: float
    """From the admin's message to the last token that the engine chooses."""


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


def prepare(tenant: Tenant, number: int, adapters: list[Path]) -> None:
    """Put an agent into the store with a live release and a submitted one, and somebody who talks to it."""
    agent_id, live, waiting = f"agent{number}", f"bbbb{number:04}", f"cccc{number:04}"
    rows: list[SQLModel] = [
        Agent(
            id=agent_id,
            name=f"Letters {number}",
            owner_id="owner",
            task=Task.GENERATION,
            audience=["asker"],
            live_release_id=live,
        ),
    ]
    for count, (release_id, state) in enumerate(((live, ReleaseState.LIVE), (waiting, ReleaseState.SUBMITTED)), 1):
        rows.append(Run(id=release_id, agent_id=agent_id, started_by="owner", state=RunState.READY))
        rows.append(
            Release(
                id=release_id,
                agent_id=agent_id,
                run_id=release_id,
                number=count,
                state=state,
                adapter_path=str(adapters[count - 1].resolve()),
                adapter_sha256=hashlib.sha256(adapters[count - 1].read_bytes()).hexdigest(),
                peft_path="",
                base_sha256="",
                audience=["asker"],
            )
        )
    with tenant.store.transaction() as session:
        session.add_all(rows)
        session.flush()
        conversations.start(session, "a:asker", "asker", agent_id)


async def one_round(teams: Watch, served: Server, number: int) -> Round | None:
    """Approve a release, ask it, and revoke it while it writes; nothing if the answer was over before."""
    admin = PersonalChat(teams, person_id="admin", name="Admin", tenant_id="t")
    asker = PersonalChat(teams, person_id="asker", name="Asker", tenant_id="t")
    before, began = len(teams.shown), time.monotonic()
    await admin.say(f"approve cccc{number:04}")
    asked = asyncio.create_task(asker.say(QUESTION))
    showing = asyncio.create_task(teams.until_shown(before))
    await asyncio.wait([asked, showing], return_when=asyncio.FIRST_COMPLETED)
    if asked.done():
        showing.cancel()
        return None
    await showing
    approve_s = teams.shown[before] - began
    began = time.monotonic()
    ending = asyncio.create_task(asyncio.to_thread(last_token, served, began))
    await admin.say(f"revoke agent{number} Wrong numbers.")
    chosen_s = await ending
    said = await asked
    if "taken back" not in said.text:
        return None
    shown = [at - began for at in teams.shown if at > began]
    return Round(approve_s=approve_s, shown_s=max(shown, default=0.0), chosen_s=chosen_s)


def last_token(served: Server, began: float) -> float:
    """Return how long after a moment the engine has chosen its last token."""
    count, last = served.metric("attune_engine_answer_tokens_total"), began
    while time.monotonic() - max(last, began) < STILL_S:
        time.sleep(LOOK_S)
        if (now := served.metric("attune_engine_answer_tokens_total")) != count:
            count, last = now, time.monotonic()
    return last - began


async def measure(folder: Path, rounds: int) -> list[Round]:
    """Run engine and bot, and every round after one to warm up."""
    (folder / "people.json").write_text(PEOPLE)
    store = Store(f"sqlite:///{folder}/store.db")
    store.migrate()
    people = FilePeople(folder / "people.json")
    tenant = Tenant(store=store, people=people, admin_group_id="admins", artifacts=folder, folder=folder)
    adapters = make_starter_adapters(2, alpha=64)
    # Without look-up: what random weights repeat for ever would be written in a second.
    with engine(make_starter(), DRAFT_TOKENS=0) as served:
        settings = Settings(development=True, engine_url=served.url, admin_group="admins")
        runner = web.AppRunner(make_app(settings, tenant))
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            async with Watch(f"http://127.0.0.1:{runner.addresses[0][1]}") as teams:
                found: list[Round] = []
                for number in range(MOST_TRIES * rounds):
                    await asyncio.to_thread(prepare, tenant, number, adapters)
                    if (made := await one_round(teams, served, number)) is not None:
                        found.append(made)
                    if len(found) > rounds:
                        break
        finally:
            await runner.cleanup()
            store.close()
    if len(found) <= rounds:
        raise RuntimeError(f"Only {len(found)} of {MOST_TRIES * rounds} answers went on until they were revoked.")
    return found[1:]


def main() -> None:
    """Measure, print, and say whether the bar holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(Path(folder), chosen.rounds))
    console = Console()
    for title, taken in (
        ("approve to first text of the new release", [one.approve_s for one in found]),
        ("revoke to last text that somebody is shown", [one.shown_s for one in found]),
        ("revoke to last token that the engine chooses", [one.chosen_s for one in found]),
    ):
        held = "holds" if max(taken) < BAR_S else "is missed"
        console.print(
            f"{title}: median {statistics.median(taken):.2f} s, longest of {len(taken)} {max(taken):.2f} s; "
            f"the bar of {BAR_S:.0f} s {held}"
        )


if __name__ == "__main__":
    main()
