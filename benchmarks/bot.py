"""What a turn costs the bot, how soon people see something, and whether 200 of them at once all get their answers.

    python -m benchmarks.bot                      ends with 1 if a bar is missed
    python -m benchmarks.bot --turns 50 --people 20

Attune's bot and the echo bot of botbuilder's samples are one process each; this one plays Teams and the engine on
loopback. Costs are processor time of the bot's process, user and system, per turn: other work on the machine does not
count. Both bots take turns in five rounds after one to warm up, and the median counts.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from rich.console import Console
from rich.table import Table

from benchmarks.harness.bots import AGENT, Bot, attune, echo
from bot.loopback import Loopback, PersonalChat, Sent
from tests.fakes.engine import FakeEngine

ROUNDS = 5
MOST_CPU_MS, MOST_FIRST_MS = 5.0, 300.0
THINKING_S, PAUSE_S, WORDS, MANY_WORDS = 1.5, 0.05, 60, 500
"""The engine reads the question, then writes a word every 50 ms."""
WITHIN_S = 20.0
"""People who don't ask all at once begin within this time; the answers of many words take longer than that."""
FINAL = "\n\n_"


class Teams(Loopback):
    """A Teams that notes when what arrives in which chat."""

    def __init__(self, bot_url: str) -> None:
        super().__init__(bot_url)
        self.first: dict[tuple[str, str], float] = {}
        """Chat and kind of update to when the first of that kind came."""

    async def _post(self, request: web.Request) -> web.Response:
        chat_id, at = request.match_info["chat"], time.perf_counter()
        for entity in (await request.json()).get("entities") or []:
            self.first.setdefault((chat_id, str(entity.get("streamType"))), at)
        return await super()._post(request)


class Engine(FakeEngine):
    """An engine that notes when it wrote the first word of which answer."""

    def __init__(self) -> None:
        super().__init__()
        self.write(WORDS)
        self.pause_s = PAUSE_S
        self.first: dict[str, float] = {}

    def write(self, words: int) -> None:
        """Answer in so many words from now on."""
        self.says = lambda _request: f"Trips are booked by rail [1]. {'word ' * words}"

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        asked = str((await request.json())["messages"][-1]["content"]).rpartition("Question: ")[2]
        await asyncio.sleep(THINKING_S)
        self.first[asked] = time.perf_counter()
        return await super()._chat(request)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How one question went, in seconds from when it was sent."""

    acknowledged_s: float
    informed_s: float
    """When the informative line came."""
    lag_s: float
    """From the engine's first word to the update with it."""
    is_answered: bool


async def measure(turns: int, people: int, console: Console) -> bool:
    """Measure everything, print it, and return whether all bars are reached."""
    names = [f"p{number}" for number in range(people)]
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        async with Engine() as engine:
            with attune(Path(one), names, engine.url) as bot, echo(Path(other)) as peer:
                async with Teams(bot.url) as teams, Loopback(peer.url) as beside:
                    chats = [chat(teams, name) for name in names]
                    ours = {f"Attune: {text}": (bot, chats[0], text) for text in ("help", "agents")}
                    theirs = {"botbuilder's echo bot": (peer, chat(beside, names[0]), "help")}
                    taken = await costs(console, ours | theirs, turns)
                    await asyncio.gather(*map(pick, chats))
                    alone = [
                        await ask(teams, one, engine, f"How are trips booked, alone {number}?")
                        for number, one in enumerate(chats[:10])
                    ]
                    teams.first.clear()
                    crowd = await asyncio.gather(
                        *(
                            ask(teams, one, engine, f"How are trips booked, together {at}?")
                            for at, one in enumerate(chats)
                        )
                    )
                    teams.first.clear()
                    engine.write(MANY_WORDS)
                    under_way = await asyncio.gather(
                        *(
                            ask(teams, one, engine, f"How are trips booked, in turn {at}?", WITHIN_S * at / people)
                            for at, one in enumerate(chats)
                        )
                    )
                errors = sum(word in bot.log.read_text("utf-8") for word in (" ERROR ", "Traceback"))
    dearest = max(taken[name] for name in ours)
    console.print(f"The dearest command answer: {dearest:.1f} ms (bar {MOST_CPU_MS:.0f} ms)")
    is_soon = show(console, alone, under_way, crowd)
    answered = sum(one.is_answered for one in (*under_way, *crowd))
    console.print(f"{answered} of {2 * people} concurrent conversations answered; errors in the bot's log: {errors}")
    return dearest <= MOST_CPU_MS and is_soon and answered == 2 * people and not errors


async def costs(console: Console, works: dict[str, tuple[Bot, PersonalChat, str]], turns: int) -> dict[str, float]:
    """Print what turns cost, and return the medians in milliseconds."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for number in range(ROUNDS + 1):
        for name, (bot, person, text) in works.items():
            cost = await cost_ms(bot, person, text, turns)
            taken[name] += [cost] if number else []
    table = Table(title=f"Processor time a turn, medians of {ROUNDS} rounds of {turns} turns")
    for column in ("turn", "ms", "lowest", "highest"):
        table.add_column(column, justify="left" if column == "turn" else "right")
    for name, costs_ms in taken.items():
        table.add_row(name, *(f"{of(costs_ms):.1f}" for of in (statistics.median, min, max)))
    console.print(table)
    return {name: statistics.median(costs_ms) for name, costs_ms in taken.items()}


async def cost_ms(bot: Bot, person: PersonalChat, text: str, turns: int) -> float:
    """Say something again and again; return the processor time that the bot takes for it, in milliseconds."""
    person.loopback.messages.clear()
    before = bot.cpu_s()
    for _turn in range(turns):
        await person.say(text)
    return (bot.cpu_s() - before) / turns * 1000


async def pick(person: PersonalChat) -> None:
    """Choose the agent to ask."""
    value = {"action": {"type": "Action.Execute", "verb": "agent.pick", "data": {"agent_id": AGENT}}}
    await person.deliver("invoke", name="adaptiveCard/action", value=value)


async def ask(teams: Teams, person: PersonalChat, engine: Engine, question: str, after_s: float = 0.0) -> Asked:
    """Ask a question after a while and wait for the end of the answer."""
    await asyncio.sleep(after_s)
    began, after = time.perf_counter(), teams.latest(person.chat_id)
    status, _ = await person.deliver("message", text=question)
    acknowledged_s = time.perf_counter() - began
    answer = await person.wait(is_answer, after=after)
    return Asked(
        acknowledged_s=acknowledged_s,
        informed_s=teams.first[person.chat_id, "informative"] - began,
        lag_s=teams.first[person.chat_id, "streaming"] - engine.first[question],
        is_answered=status == web.HTTPAccepted.status_code and answer.text.startswith("Trips are booked by rail"),
    )


def show(console: Console, alone: Sequence[Asked], under_way: Sequence[Asked], crowd: Sequence[Asked]) -> bool:
    """Print how soon people saw something; return whether they see it soon, but where all ask in the same moment."""
    table = Table(title="Milliseconds, median (95 of 100 within)")
    for column in ("", "request acknowledged", "informative update", "first word, after the engine gave it"):
        table.add_column(column, justify="right" if column else "left")
    for name, some in (
        ("alone, one by one", alone),
        (f"{len(under_way)} under way, begun within {WITHIN_S:.0f} s", under_way),
        (f"{len(crowd)} in the same moment", crowd),
    ):
        table.add_row(
            name,
            _spread([one.acknowledged_s for one in some]),
            _spread([one.informed_s for one in some]),
            _spread([one.lag_s for one in some]),
        )
    console.print(table)
    slowest_ms = [max(one.informed_s for one in some) * 1000 for some in (alone, under_way)]
    console.print(
        f"The slowest informative update: {slowest_ms[0]:.0f} ms alone, {slowest_ms[1]:.0f} ms beside the others "
        f"(bar {MOST_FIRST_MS:.0f} ms)"
    )
    return max(slowest_ms) <= MOST_FIRST_MS


def is_answer(sent: Sent) -> bool:
    """Return whether a message is an answer to its end: what stands below says who answered."""
    return FINAL in sent.text


def chat(teams: Loopback, person_id: str) -> PersonalChat:
    """Return a person's chat with a bot."""
    return PersonalChat(teams, person_id=person_id, name=person_id.title(), tenant_id="tenant")


def _spread(seconds: Sequence[float]) -> str:
    ordered = sorted(one * 1000 for one in seconds)
    return f"{statistics.median(ordered):.0f} ({ordered[-(-95 * len(ordered) // 100) - 1]:.0f})"


def main() -> None:
    """Measure and print; end with 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=200, help="turns of each kind in a round")
    parser.add_argument("--people", type=int, default=200, help="who ask at once")
    chosen = parser.parse_args()
    if not asyncio.run(measure(chosen.turns, chosen.people, Console())):
        sys.exit("A bar is missed.")


if __name__ == "__main__":
    main()
