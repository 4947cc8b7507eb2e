"""The story that the demo tells, step by step: every step is a person in a chat, and ends with what the bot said."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.demo.sample import Sample, holdout_lines
from bot.demo.stage import cpu_seconds
from bot.loopback import Json, Loopback, PersonalChat, Sent, texts
from tuning.domain.datasets import Dataset
from tuning.domain.evaluations import Evaluation
from tuning.domain.principals import Person
from tuning.domain.releases import Release
from tuning.domain.runs import Run, RunState
from tuning.store import agents, datasets, documents, releases, runs
from tuning.store.store import Store

POLL_S = 0.25
RUN_TIMEOUT_S = 1800.0
ANSWER_TIMEOUT_S = 240.0
FOOTER = "\n\n_"
"""What stands between an answer and the line that says whose it is."""

OnStep = Callable[[str], Awaitable[None]]
OnRun = Callable[[Run], None]


class Unexpected(Exception):  # noqa: N818 - names say what happened, without a suffix
    """The bot answered something else than the story goes on with."""


@dataclass(kw_only=True)
class Round:
    """One run with its release, and what it took."""

    run: Run
    release: Release
    evaluation: Evaluation
    dataset: Dataset
    seconds: float
    """From the button 'Start tuning' or 'Retrain now' to the evaluation card."""
    cpu_seconds: float
    """Of all processes together, in that time."""
    seconds_to_live: float = 0.0
    """From the admin's 'approve' to the end of the first answer by the new release."""


@dataclass(kw_only=True)
class Corrected:
    """A question before and after its correction was learned."""

    question: str
    before: str
    wanted: str
    after: str = ""


@dataclass(kw_only=True)
class Story:
    """The loop once round, and round again with corrections."""

    sample: Sample
    store: Store
    loopback: Loopback
    on_step: OnStep
    """Called with the name of each step as it begins."""
    on_run: OnRun = lambda _: None
    """Called with the run as it goes on."""
    agent_id: str = ""
    rounds: list[Round] = field(default_factory=list)
    corrected: list[Corrected] = field(default_factory=list)
    answers: list[tuple[str, str]] = field(default_factory=list)
    """Questions asked along the way, with the answers."""
    _approved_at: float = 0.0

    async def tell(self) -> None:
        """Go through all steps.

        Raises:
            Unexpected: a step came out differently; it says how.
            TimeoutError: the bot did not answer.
        """
        owner, admin = self._chat(self.sample.owner), self._chat(self.sample.admin)
        employee, outsider = self._chat(self.sample.employee), self._chat(self.sample.outsider)
        await self.on_step("People open their chats")
        for chat in (owner, admin, employee, outsider):
            await chat.open()
            await chat.wait(lambda _: True)
        await self.on_step("The owner makes an agent")
        review = await self._make_agent(owner)
        await self.on_step("Documents become a tuned release")
        await self._run(owner, review, "Start tuning")
        await self.on_step("The owner submits, an admin approves")
        await self._publish(owner, admin)
        await self.on_step("An employee asks; an outsider is turned away")
        await self._pick(employee)
        await self._measure_live(employee)
        await self._ask_some(employee)
        await self._turn_away(outsider)
        await self.on_step("The employee corrects answers")
        await self._correct(employee)
        await self.on_step("The owner accepts the corrections")
        inbox = await self._accept(owner)
        await self.on_step("The agent learns them")
        await self._run(owner, inbox, "Retrain now")
        await self.on_step("The new release goes live")
        await self._publish(owner, admin)
        await self._measure_live(employee)
        await self.on_step("The employee asks again")
        await employee.say("new")  # what was said before holds the corrections already
        for one in self.corrected:
            one.after = body(await self._ask(employee, one.question))
        await owner.wait(_is_card(f"{self.rounds[-1].release.label} is live"))
        await employee.wait(_is_card("Your correction has been learned"))

    def _chat(self, person: Person) -> PersonalChat:
        return PersonalChat(self.loopback, person_id=person.id, name=person.name, tenant_id=self.sample.tenant_id)

    async def _make_agent(self, owner: PersonalChat) -> Json:
        agent = self.sample.agent
        form = _card(await owner.say("create agent", wanted=lambda sent: sent.card is not None))
        form = _next(
            await owner.press(
                form, "Next", name=agent["name"], task=agent["task"], description=agent.get("description", "")
            )
        )
        answers = {f"about_{key}": text for key, text in agent["questionnaire"].items()}
        form = _next(
            await owner.press(
                form,
                "Next",
                **answers,
                instructions=agent["instructions"],
                starters="\n".join(agent["starters"]),
                holdout=holdout_lines(self.sample.holdout),
            )
        )
        with self.store.reading() as session:
            self.agent_id = next(
                one.id for one in agents.owned_by(session, owner.person_id) if one.name == agent["name"]
            )
            located = {source.location: source.id for source in documents.sources(session)}
        form = _next(await owner.press(form, "Next", sources=",".join(located[place] for place in agent["sources"])))
        return _next(await owner.press(form, "Next", audience=",".join(agent["audience"])))

    async def _run(self, owner: PersonalChat, card: Json, button: str) -> None:
        started, spent, after = time.monotonic(), cpu_seconds(), self.loopback.latest(owner.chat_id)
        await owner.press(card, button)
        run = await self._wait_for_run()
        if run.state is not RunState.READY:
            msg = f"The run ended as {run.state}: {run.error} {run.remedy}"
            raise Unexpected(msg)
        await owner.wait(lambda sent: _has_button(sent, "Submit"), after=after, timeout_s=ANSWER_TIMEOUT_S)
        with self.store.reading() as session:
            release = releases.of_run(session, run.id)
            evaluation = runs.evaluation(session, run.id)
            dataset = datasets.get(session, run.dataset_id or "")
        if release is None or evaluation is None:
            msg = "The run is ready, but there is no release with an evaluation."
            raise Unexpected(msg)
        took = {"seconds": time.monotonic() - started, "cpu_seconds": cpu_seconds() - spent}
        self.rounds.append(Round(run=run, release=release, evaluation=evaluation, dataset=dataset, **took))

    async def _wait_for_run(self) -> Run:
        async with asyncio.timeout(RUN_TIMEOUT_S):
            known = {one.run.id for one in self.rounds}
            while True:
                with self.store.reading() as session:
                    fresh = [run for run in runs.of_agent(session, self.agent_id) if run.id not in known]
                if fresh:
                    self.on_run(fresh[0])
                    if fresh[0].is_over:
                        return fresh[0]
                await asyncio.sleep(POLL_S)

    async def _publish(self, owner: PersonalChat, admin: PersonalChat) -> None:
        release = self.rounds[-1].release
        ready = await owner.wait(lambda sent: _has_button(sent, "Submit") and release.label in _all_text(sent))
        after = self.loopback.latest(admin.chat_id)
        await owner.press(_card(ready), "Submit", note="Measured on our own questions; please publish.")
        await admin.wait(lambda sent: _has_button(sent, "Approve"), after=after)
        waiting = await admin.say("approvals", wanted=lambda sent: release.id in _all_text(sent))
        if not _has_button(waiting, "Approve"):
            msg = f"'approvals' shows release {release.id} without a button to approve it."
            raise Unexpected(msg)
        self._approved_at = time.monotonic()
        await admin.say(f"approve {release.id}")

    async def _pick(self, employee: PersonalChat) -> None:
        listed = await employee.say("agents", wanted=lambda sent: sent.card is not None)
        await employee.press(_card(listed), f"Ask {self.sample.agent['name']}")

    async def _measure_live(self, employee: PersonalChat) -> None:
        """Note how long after the approval was sent the new release had given its first answer."""
        answer = await self._ask(employee, self.sample.agent["starters"][0])
        latest = self.rounds[-1]
        if latest.release.label not in answer.text:
            msg = f"{latest.release.label} was approved, but the answer came from another: {answer.text}"
            raise Unexpected(msg)
        latest.seconds_to_live = time.monotonic() - self._approved_at

    async def _ask_some(self, employee: PersonalChat) -> None:
        known = [one for one in self.sample.holdout if one.answer][:2]
        unknown = [one for one in self.sample.holdout if not one.answer][:1]
        for one in (*known, *unknown):
            self.answers.append((one.question, (await self._ask(employee, one.question)).text))

    async def _turn_away(self, outsider: PersonalChat) -> None:
        listed = await outsider.say("agents")
        if self.sample.agent["name"] in _all_text(listed):
            msg = f"{outsider.name} is not in the audience and can see the agent."
            raise Unexpected(msg)

    async def _correct(self, employee: PersonalChat) -> None:
        for one in self.sample.corrections:
            answer = await self._ask(employee, one.question)
            self.corrected.append(Corrected(question=one.question, before=body(answer), wanted=one.answer or ""))
            await employee.press(_card(answer), "Send correction", correction=one.answer or "")

    async def _accept(self, owner: PersonalChat) -> Json:
        card = _card(await owner.say("inbox", wanted=lambda sent: _has_button(sent, "Accept")))
        for _ in self.sample.corrections:
            card = _next(await owner.press(card, "Accept"))
        return card

    async def _ask(self, person: PersonalChat, question: str) -> Sent:
        return await person.say(question, wanted=lambda sent: FOOTER in sent.text, timeout_s=ANSWER_TIMEOUT_S)


def body(answer: Sent) -> str:
    """Return an answer without the line that says whose it is."""
    return answer.text.split(FOOTER)[0]


def _card(sent: Sent) -> Json:
    if sent.card is None:
        raise Unexpected(f"A card was expected, and the bot said: {sent.text}")
    return sent.card


def _next(answer: Json | str) -> Json:
    if isinstance(answer, str):
        raise Unexpected(f"A card was expected, and the bot said: {answer}")
    return answer


def _is_card(ending: str) -> Callable[[Sent], bool]:
    """Return what tells a card with a line that ends like this."""
    return lambda sent: any(line.endswith(ending) for line in texts(sent.card))


def _has_button(sent: Sent, title: str) -> bool:
    return f'"title": "{title}"' in _all_text(sent)


def _all_text(sent: Sent) -> str:
    return json.dumps(sent.activity, ensure_ascii=False)
