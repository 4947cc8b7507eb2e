"""The bot with three agents that are live, for the sample tenant's people, and an engine that answers by rule.

What employees do in chat needs no tuning: this starts in seconds. Trouble comes by files in its folder.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.app import make_app
from bot.settings import Settings
from tests.factories import keep, make_agent, make_release, make_run, make_source
from tests.fakes.engine import FakeEngine
from tuning.documents.sync import sync
from tuning.domain.datasets import Dataset, Example, Origin, Split
from tuning.domain.prompts import NOT_IN_DOCUMENTS, Task
from tuning.domain.releases import ReleaseState
from tuning.domain.runs import RunState
from tuning.sources.folder import FolderReader
from tuning.sources.people import FilePeople
from tuning.store import Store, documents
from tuning.tenancy import tenant_of

STAFF = "4c03bdc5-7ca0-4f44-98a7-ac38c27df62d"
TOLD = {
    Task.QUESTIONS: {"data": "Guides about business travel", "organisation": "One document per topic"},
    Task.GENERATION: {"precedent": "an earlier offer", "content": "what is sold, and the price", "draft": "the offer"},
    Task.SUMMARY: {"summary": "a briefing"},
}
AGENTS = {
    Task.QUESTIONS: (
        "Travel Guide",
        "Answers questions about travelling for Brenvale.",
        ["Who can have a company card?"],
    ),
    Task.GENERATION: ("Offer Writer", "Drafts offers in the form of earlier ones.", []),
    Task.SUMMARY: ("Briefing", "Summarises reports.", []),
}
LEARNED = {
    "Which bank issues the company cards?": "Tollbridge Bank",
    "How much cash can be drawn with the card?": "200 euros a month",
    "When is the card bill confirmed?": "the 20th of the month",
    "How long does a new card take?": "5 working days",
}
DRAFT = """# Offer for Rothmere

Dear Ms Okafor,

we offer you **nine sensors** of the type Tidewatch.

| Item | Pieces | Price |
| --- | --- | --- |
| Tidewatch sensor | 9 | 2,160 euros |
| Installation | 1 | 480 euros |

The offer holds for 30 days."""
LONGEST = 900
"""Characters that the engine reads at once, so that a page is long already."""


class RuledEngine(FakeEngine):
    """Says what fits the task, a word at a time; `busy`, `down` and `slow` in its folder are trouble."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self.says = _say
        self.longest = LONGEST

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        trouble = {path.name for path in self._folder.iterdir()}
        self.status = 429 if "busy" in trouble else 500 if "down" in trouble else 200
        self.retry_after = "30" if "busy" in trouble else ""
        self.pause_s = 0.4 if "slow" in trouble else 0.02
        return await super()._chat(request)


def _say(asked: dict[str, Any]) -> str:
    system, text = (str(asked["messages"][place]["content"]) for place in (0, -1))
    if system.startswith("Write the document"):
        return DRAFT
    if system.startswith("Summarise"):
        part = text.removeprefix("Document:\n").strip()
        return "- " + part.split(".")[0].removeprefix("- ").strip()[:110] + "."
    passages, _, question = text.rpartition("Question: ")
    found = [number for number, one in enumerate(passages.split("\n\n["), start=1) if "3,000 euros" in one]
    if "limit" in question and found:
        return f"The monthly limit of a company card is 3,000 euros [{found[0]}]. Oskar Wielgosz sets a higher one."
    return "Employees with more than 6 trips a year [1]." if "Who can have" in question else NOT_IN_DOCUMENTS


def fill(store: Store, tenant: Path, owner_id: str) -> None:
    """Put the documents, and the owner's three agents with a live release each, into the store."""
    keep(store, make_source())
    sync(store, "source", FolderReader(tenant, "documents/travel"))
    for task, (name, about, starters) in AGENTS.items():
        key = task.value
        agent = make_agent(id=key, name=name, description=about, task=task, owner_id=owner_id, starters=starters)
        agent.questionnaire, agent.audience = TOLD[task], [STAFF]
        agent.live_release_id = key
        run = make_run(id=key, agent_id=key, started_by=owner_id, dataset_id=key, state=RunState.READY)
        release = make_release(id=key, agent_id=key, run_id=key, state=ReleaseState.LIVE, audience=[STAFF])
        keep(store, agent, run, release, Dataset(id=key, agent_id=key))
    with store.reading() as session:
        cards = next(one.id for one in documents.of_source(session, "source") if "cards" in one.path)
    learned = [
        Example(
            dataset_id="questions",
            split=Split.TRAIN,
            origin=Origin.WRITTEN,
            completion=f"{answer} [1]",
            document_id=cards,
            detail={"made_by": "list", "asked": question, "answer": answer},
        )
        for question, answer in LEARNED.items()
    ]
    keep(store, *learned)


async def main(folder: Path, tenant: Path, port: int) -> None:
    """Serve until killed."""
    store = Store(f"sqlite:///{folder}/attune.db")
    store.migrate()
    people = FilePeople(tenant / "people.json")
    fill(store, tenant, people.personas[1].id)
    (folder / "trouble").mkdir()
    async with RuledEngine(folder / "trouble") as engine:
        settings = Settings(
            development=True, port=port, engine_url=engine.url, tenant=tenant, artifacts=folder / "artifacts"
        )
        runner = web.AppRunner(make_app(settings, tenant_of(settings, store)))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
