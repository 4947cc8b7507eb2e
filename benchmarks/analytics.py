"""How long the figures of use take to look at, over as many questions as are asked for.

    python -m benchmarks.analytics [--questions 1000000]

A year of questions to 50 agents by 2,000 people, on SQLite, in a folder that is gone afterwards. The totals are made
from the answers by the migration, which is timed too; then each report is made eleven times after one to
warm up, and the median counts.
"""

import argparse
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from alembic import command
from alembic.config import Config
from rich.console import Console

from tuning.domain.agents import Agent
from tuning.domain.fields import now
from tuning.domain.principals import Group, Person
from tuning.governance import usage
from tuning.governance.tenant import Tenant
from tuning.store import Store

AGENTS, PEOPLE, DAYS, TURNS = 50, 2_000, 365, 4
TOPICS = ("leave", "visa", "parking", "laptop", "salary", "travel", "pension", "training", "badge", "canteen")
ROUNDS = 11
BAR_S = 0.3
ADMIN = "p0"


@dataclass(frozen=True)
class Directory:
    """An organisation in which everybody is known and one person is the admin."""

    def person(self, person_id: str) -> Person | None:
        """Return a person of that id."""
        return Person(id=person_id, name=person_id, mail="")

    def group(self, group_id: str) -> Group | None:  # noqa: ARG002
        """Return nothing: there are no groups."""
        return None

    def principals(self, principal_id: str) -> frozenset[str]:
        """Return the person alone."""
        return frozenset({principal_id})

    def members(self, principal_id: str) -> frozenset[str]:  # noqa: ARG002
        """Return the admin."""
        return frozenset({ADMIN})

    def search(self, text: str, limit: int = 10) -> list[Person | Group]:  # noqa: ARG002
        """Return nobody."""
        return []


def main() -> None:
    """Fill a store, time the migration and each report, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=1_000_000)
    number, console = parser.parse_args().questions, Console()
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{folder}/store.db")
        store.migrate()
        fill(store, number)
        console.print(f"{number:,} questions counted by the migration in {count_again(store):.1f} s")
        people = Directory()
        tenant = Tenant(
            store=store, people=people, admin_group_id="admins", artifacts=Path(folder), folder=Path(folder)
        )
        slowest = max(timed(console, tenant, *one) for one in (("", 365), ("", 30), ("a0", 365), ("a0", 30)))
        console.print(f"The slowest takes {slowest * 1000:.0f} ms (bar {BAR_S * 1000:.0f} ms)")
        store.close()


def fill(store: Store, number: int) -> None:
    """Put agents, and answers of a year, into the store; one in ten is that the documents don't say."""
    with store.transaction() as session:
        session.add_all([Agent(id=f"a{one}", name=f"Agent {one}", owner_id="p1") for one in range(AGENTS)])
    with closing(sqlite3.connect(str(store.url.database))) as database:
        database.execute("PRAGMA synchronous=OFF")
        database.executemany(
            "INSERT INTO answer (id, conversation_id, agent_id, release_id, person_id, question, text, citations,"
            " activity_id, incoming_activity_id, seconds, is_stopped, is_declined, asked_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, '[]', '', '', ?, 0, 0, ?)",
            answers(number),
        )
        database.commit()


def answers(number: int) -> Iterator[tuple[object, ...]]:
    """Yield the rows of answers, oldest first."""
    rng, begin = random.Random(1), now() - timedelta(days=DAYS - 1)
    step = timedelta(days=DAYS - 1) / number
    for one in range(number):
        agent = min(int(rng.paretovariate(1.0)) - 1, AGENTS - 1)
        release = f"a{agent}r{3 * one // number}"
        question = f"What is the rule for {rng.choice(TOPICS)} and {rng.choice(TOPICS)} number {one}?"
        text = "The documents don't say." if rng.random() < 0.1 else "It depends [1]."  # noqa: PLR2004
        asked_at = (begin + one * step).strftime("%Y-%m-%d %H:%M:%S.%f")
        talk, person = f"t{one // TURNS}", f"p{rng.randrange(PEOPLE)}"
        yield str(one), talk, f"a{agent}", release, person, question, text, rng.expovariate(0.5), asked_at


def count_again(store: Store) -> float:
    """Let the migration count what is in the store; return how many seconds it took."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parents[1] / "tuning" / "store" / "migrations"))
    with store._writing.begin() as connection:  # noqa: SLF001 - as the store itself migrates
        config.attributes["connection"] = connection
        command.downgrade(config, "0007-1")
    started = time.perf_counter()
    store.migrate()
    return time.perf_counter() - started


def timed(console: Console, tenant: Tenant, agent_id: str, days: int) -> float:
    """Make a report again and again; return the median of the seconds."""
    report = usage.report(tenant, ADMIN, agent_id=agent_id, days=days)
    took, computed = [], []
    for _round in range(ROUNDS):
        started, busy = time.perf_counter(), time.process_time()
        usage.report(tenant, ADMIN, agent_id=agent_id, days=days)
        took.append(time.perf_counter() - started)
        computed.append(time.process_time() - busy)
    median, of = statistics.median(took), "one agent" if agent_id else "all agents"
    console.print(
        f"{of}, {days} days: {report.total.questions:,} questions, {median * 1000:.0f} ms, "
        f"{statistics.median(computed) * 1000:.0f} ms of them computing"
    )
    return median


if __name__ == "__main__":
    main()
