"""`attune demo`: tells the story with a progress bar and prints what was measured."""

import asyncio
import sys
import time
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bot.demo.figures import FILE, corrections_table, facts_table, figures, scores_table, write
from bot.demo.sample import Sample, read_sample
from bot.demo.stage import Memory, NotPrepared, clear, demo_settings, running
from bot.demo.story import Story, Unexpected
from bot.loopback import Loopback
from bot.settings import Settings
from tuning.domain.prompts import question_messages
from tuning.domain.runs import Run
from tuning.inference import BASE, Inference, Prompt
from tuning.store.store import Store

FOLDER = Path("var/demo")
SPEED_PROMPTS = 32
SPEED_TOKENS = 64
SPEED_ROUNDS = 5


def main() -> None:
    """Run the demo in its own folder; end with status 1 and a sentence if a step comes out wrong."""
    console = Console()
    settings = Settings()
    try:
        asyncio.run(demonstrate(settings, FOLDER.resolve(), console))
    except (Unexpected, NotPrepared, LookupError, TimeoutError) as error:
        console.print(
            f"[red]The demo stopped:[/] {str(error) or 'the bot did not answer in time.'} Logs: {FOLDER}/logs"
        )
        sys.exit(1)


async def demonstrate(settings: Settings, folder: Path, console: Console) -> Story:
    """Start the parts, tell the story, print the tables, keep the figures in the folder's figures.json."""
    clear(folder)
    settings = demo_settings(settings, folder)
    sample = read_sample(settings.tenant, settings.admin_group)
    memory, started = Memory(), time.monotonic()
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(), console=console,
    ) as bars:  # fmt: skip
        bar = bars.add_task("Engine, worker and bot start", total=None, note="")

        async def on_step(name: str) -> None:
            nonlocal bar
            bars.update(bar, total=1, completed=1, note="")
            bar = bars.add_task(name, total=None, note="")

        def on_run(run: Run) -> None:
            bars.update(bar, total=1, completed=run.progress, note=run.stage.value)

        def say(part: str, line: str) -> None:
            if "unexpectedly" in line or part == "prepare":
                bars.console.print(f"[dim]{part}: {line}[/]", highlight=False)

        async with running(settings, memory, say), Loopback(f"http://127.0.0.1:{settings.port}") as loopback:
            store = Store(settings.store_url)
            story = Story(sample=sample, store=store, loopback=loopback, on_step=on_step, on_run=on_run)
            await story.tell()
            await on_step("How fast the engine writes")
            speed = await asyncio.to_thread(_tokens_per_second, settings, sample)
        bars.update(bar, total=1, completed=1)
    served = settings.artifacts / "base" / "base.gguf"
    measured = figures(story, memory, served, seconds=time.monotonic() - started, tokens_per_second=speed)
    write(measured, folder / FILE)
    for question, answer in story.answers:
        console.print(f"[bold]{question}[/]\n  {answer}", highlight=False)
    for table in (scores_table(story), corrections_table(story), facts_table(measured, story)):
        console.print(table)
    return story


def _tokens_per_second(settings: Settings, sample: Sample) -> float:
    """Return how many tokens the base model writes per second when eight people ask at once: the median of rounds.

    A round takes a third of a second, and the worker may be doing something else in it.
    """
    questions = [sample.holdout[index % len(sample.holdout)].question for index in range(SPEED_PROMPTS)]
    prompts = [
        Prompt(model=BASE, messages=question_messages(text), max_tokens=SPEED_TOKENS, temperature=1.0, seed=number)
        for number, text in enumerate(questions)
    ]
    engine = Inference(settings.engine_url, api_key=settings.engine_api_key.get_secret_value())
    speeds = []
    for _round in range(SPEED_ROUNDS):
        started = time.monotonic()
        answers = engine.answer_all(prompts, concurrency=8)
        speeds.append(sum(answer.completion_tokens for answer in answers) / (time.monotonic() - started))
    return median(speeds)


if __name__ == "__main__":
    main()
