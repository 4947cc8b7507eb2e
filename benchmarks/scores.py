"""What a run learns with other settings: exact match on its hold-out, by heart and over passages, and what is wrong.

    attune demo                                         makes the store, the examples and a first adapter, once
    python -m benchmarks.scores                         trains on the same examples as runs do, and scores it
    python -m benchmarks.scores --set epochs=3 rank=64  trains with other settings
    python -m benchmarks.scores --adapter FOLDER        scores an adapter that is there; 'base' for none

transformers answers, not the engine: the run's parity check says how far both are apart.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tuning.domain.datasets import Example, Split
from tuning.domain.prompts import NOT_IN_DOCUMENTS, Message, Task, question_messages
from tuning.evaluation.evaluate import MAX_TOKENS
from tuning.evaluation.intervals import bootstrap
from tuning.evaluation.scorers import exact_match, is_refusal, token_f1
from tuning.settings import TuningSettings
from tuning.store import Store, agents, datasets, runs
from tuning.tenancy import tenant_of
from tuning.training.config import TrainingConfig
from tuning.training.reference import ReferenceModel
from tuning.worker.retrieval import retrieval

WRONG = 20
"""Answers to print that are not right."""


def train(run_folder: Path, base: Path, changes: dict[str, Any], threads: int) -> Path:
    """Train on a run's examples in a child process, as a worker does, and return the adapter's folder."""
    folder = Path("var/benchmark") / time.strftime("%Y%m%d-%H%M%S")
    config = TrainingConfig.for_base(base, examples=run_folder / "examples.jsonl", folder=folder, threads=threads)
    config = replace(config, **changes)
    folder.mkdir(parents=True)
    config.write(folder / "config.json")
    subprocess.run([sys.executable, "-m", "tuning.training", str(folder / "config.json")], check=True)
    return folder / "adapter"


def score(model: ReferenceModel, holdout: Sequence[Example], prompts: Sequence[list[Message]], title: str) -> None:
    """Answer all prompts and print how many answers are right, and some that are wrong."""
    console = Console()
    rows = [
        (it, model.answer(prompt, max_tokens=MAX_TOKENS[Task.QUESTIONS]).text)
        for it, prompt in zip(holdout, prompts, strict=True)
    ]
    answered = [(it.completion, said) for it, said in rows if it.completion != NOT_IN_DOCUMENTS]
    declined = [float(is_refusal(said)) for it, said in rows if it.completion == NOT_IN_DOCUMENTS]
    table = Table(title=title, title_justify="left")
    for column in ("", "mean", "95 % interval", "n"):
        table.add_column(column)
    for name, values in (
        ("exact match", [exact_match(said, wanted) for wanted, said in answered]),
        ("token F1", [token_f1(said, wanted) for wanted, said in answered]),
        ("rightly declined", declined),
    ):
        if values:
            found = bootstrap(values)
            table.add_row(name, f"{found.mean:.1%}", f"{found.low:.1%} to {found.high:.1%}", str(found.n))
    console.print(table)
    wrong = [(it, said) for it, said in rows if not exact_match(said, it.completion)]
    for it, said in wrong[:WRONG]:
        console.print(f"{it.question}\n   wanted: {it.completion}\n   said:   {said}", highlight=False, markup=False)


def changes_of(settings: Sequence[str]) -> dict[str, Any]:
    """Return 'name=value' settings as the config takes them; raise `SystemExit` for an unknown name."""
    known = {field.name for field in fields(TrainingConfig)}
    changes = {name: json.loads(value) for name, _, value in (setting.partition("=") for setting in settings)}
    if unknown := set(changes) - known:
        sys.exit(f"There is no setting {', '.join(sorted(unknown))}: they are {', '.join(sorted(known))}.")
    return changes


def main() -> None:
    """Train unless an adapter is named, and score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--demo", type=Path, default=Path("var/demo"), help="where attune demo has kept its files")
    parser.add_argument("--adapter", default="", help="score this one instead of training")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="settings of the training")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--retrieval", action="store_true", help="score with the passages that search finds, too")
    chosen = parser.parse_args()
    folders = sorted((chosen.demo / "artifacts" / "runs").glob("*/examples.jsonl"), key=lambda it: it.stat().st_mtime)
    if not folders:
        sys.exit(f"{chosen.demo} holds no run: run attune demo once, or name another folder with --demo.")
    settings = TuningSettings()
    folder = folders[0].parent
    adapter = chosen.adapter or str(train(folder, settings.base_model, changes_of(chosen.set), chosen.threads))
    store = Store(f"sqlite:///{chosen.demo.resolve()}/attune.db")
    tenant = tenant_of(settings, store)
    with store.reading() as session:
        run = runs.get(session, folder.name)
        agent = agents.get(session, run.agent_id)
        holdout = datasets.examples(session, run.dataset_id or "", split=Split.HOLDOUT)
    model = ReferenceModel(settings.base_model, None if adapter == "base" else Path(adapter), threads=chosen.threads)
    score(model, holdout, [it.messages for it in holdout], f"{adapter}, by heart")
    if chosen.retrieval:
        find = retrieval(tenant, agent)
        prompts = [question_messages(it.question, find(it.question), instructions=agent.guidance) for it in holdout]
        score(model, holdout, prompts, f"{adapter}, with retrieval")
    store.close()


if __name__ == "__main__":
    main()
