"""Trains the starter from nothing: copying, growth to four layers, then skills and look-ups, shortest rows first.

    python -m tuning.starter.train --out DIR --minutes 75 --seed 1 --threads 2

Each thread is a process with its own rows, and their gradients are averaged. The folder gets `tokenizer.model`,
`checkpoint.pt` (to go on from after a stop) and `model/`, the best so far on seeds that training never uses.
"""

import argparse
import json
import random
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.distributed
from torch.multiprocessing.spawn import start_processes
from transformers import LlamaForCausalLM

from tuning.starter.architecture import COPYING_LAYERS, LAYERS, build_model, grow
from tuning.starter.batches import Batch, Encoder, batches
from tuning.starter.copying import copy_batch
from tuning.starter.examination import examine
from tuning.starter.lookups import lookup_batch, quoting_row, recital_row, statement_row
from tuning.starter.rows import SIZES, VARIETY, Row, row
from tuning.starter.tokenizer import corpus, save_tokenizer, train_tokenizer
from tuning.starter.training import COPYING_RATE, PEAK_LEARNING_RATE, Optimizer, average, step

TOKENS_PER_BATCH = 8192
LONGEST_ROW = 1800
COPIES_UNTIL_S = 150
LONGEST_COPY = 450
EXAMINE_EVERY_S = 180
_UNSEEN_SEED = 10**9


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a training run was asked for."""

    out: Path
    minutes: float
    seed: int
    threads: int
    port: int


def sizes_at(progress: float) -> list[str]:
    """Return how long rows are when this share of the skills' time is over; the sizes are equally likely."""
    if progress < 0.2:
        return ["tiny", "short"]
    if progress < 0.4:
        return ["tiny", "short", "short", "short", "middle"]
    if progress < 0.7:
        return ["short", "middle", "middle", "long"]
    return ["short", "excerpts", "excerpts", "middle", "middle", "long", "long"]


def variety_at(progress: float) -> float:
    """Return how much statements and questions vary: not at all before the plain ones are mostly understood."""
    return min(VARIETY, max(0.0, (progress - 0.3) * 1.25))


def value_first_at(progress: float) -> float:
    """Return how often statements that name the value first are preferred: they are the harder ones to look up."""
    return 0.35 if progress < 0.85 else 0.0


def learning_rate_at(progress: float, steps: int) -> float:
    """Return the rate: a short rise, a plateau, and a fall to zero over the last 40 %."""
    return PEAK_LEARNING_RATE * min(1.0, (steps + 1) / 100) * min(1.0, (1 - progress) / 0.4)


def _together(value: float) -> float:
    return average(torch.tensor([value], dtype=torch.float64)).item()


def learn_copying(rng: random.Random, recipe: Recipe) -> LlamaForCausalLM:
    """Return two layers that copy sequences of hundreds of random tokens; rows grow whenever the loss is small."""
    model = build_model(COPYING_LAYERS, seed=recipe.seed)
    optimizer, longest, steps, started = Optimizer(model), 32, 0, time.monotonic()
    while _together(time.monotonic() - started) < COPIES_UNTIL_S:
        batch = copy_batch(rng, rows=max(2, 1500 // longest), shortest=max(8, longest // 2), longest=longest)
        loss = _together(step(model, optimizer, batch, learning_rate=COPYING_RATE * min(1.0, (steps + 1) / 50)))
        steps += 1
        if steps % 25 == 0:
            _say(f"copying  step {steps:5}  rows of {longest:3} tokens  loss {loss:.3f}")
        if loss < 0.3 and steps > 20:
            if longest == LONGEST_COPY and loss < 0.1:
                break
            longest = min(LONGEST_COPY, int(longest * 1.2))
    return model


def _say(line: str) -> None:
    if torch.distributed.get_rank() == 0:
        sys.stdout.write(f"{time.strftime('%H:%M:%S')}  {line}\n")
        sys.stdout.flush()


def _save(recipe: Recipe, model: LlamaForCausalLM, optimizer: Optimizer, state: dict[str, float]) -> None:
    part = recipe.out / "checkpoint.part"
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "state": state}, part)
    part.replace(recipe.out / "checkpoint.pt")


def _bar(progress: float) -> str:
    full = round(progress * 20)
    return "#" * full + "." * (20 - full)


def kind_at(steps: int) -> str:
    """Return what the batch of this step holds: rows, or one of the drills."""
    drills = {0: "statements", 3: "recitals", 9: "quotes", 13: "recitals", 19: "copying"}
    return drills.get(steps % 20, "rows")


def _drill(rng: random.Random, encoder: Encoder, kind: str, tokens: int) -> Batch:
    if kind == "copying":
        longest = rng.choice([16, 32, 64, 128, 256, 400])
        return copy_batch(rng, rows=max(2, tokens // (4 * longest)), shortest=longest // 2, longest=longest)
    invent = {"statements": statement_row, "quotes": quoting_row, "recitals": recital_row}[kind]
    passages = (2, rng.choice((3, 6)))
    return lookup_batch(lambda: invent(rng, encoder, passages=passages, queries=8), tokens=tokens)


def learn_skills(rng: random.Random, recipe: Recipe, model: LlamaForCausalLM, kept: dict[str, float]) -> None:
    """Train all skills until the time is over, examining the model every few minutes and keeping the best."""
    encoder, optimizer, state = Encoder(recipe.out / "tokenizer.model"), Optimizer(model), dict(kept)
    checkpoint = recipe.out / "checkpoint.pt"
    if checkpoint.exists() and state["steps"]:
        optimizer.load_state_dict(torch.load(checkpoint, weights_only=True)["optimizer"])

    def invent() -> Row:
        now = state["elapsed_s"] / (recipe.minutes * 60)
        return row(rng, SIZES[rng.choice(sizes_at(now))], variety=variety_at(now), value_first=value_first_at(now))

    per_process = TOKENS_PER_BATCH // recipe.threads
    rows = batches(rng, encoder, invent, tokens=per_process, longest=LONGEST_ROW)
    losses: dict[str, float] = {}
    clock, examined_s = time.monotonic(), state["elapsed_s"]
    while (progress := state["elapsed_s"] / (recipe.minutes * 60)) < 1:
        kind = kind_at(int(state["steps"]))
        batch = next(rows) if kind == "rows" else _drill(rng, encoder, kind, per_process)
        loss = _together(step(model, optimizer, batch, learning_rate=learning_rate_at(progress, int(state["steps"]))))
        now = time.monotonic()
        state["elapsed_s"] += _together(now - clock)
        clock = now
        state["steps"] += 1
        state["tokens"] += _together(batch.ids_B_T.numel()) * recipe.threads
        losses[kind] = 0.98 * losses[kind] + 0.02 * loss if kind in losses else loss
        if state["steps"] % 50 == 0:
            shown = "  ".join(f"{name} {value:.3f}" for name, value in sorted(losses.items()))
            rate = state["tokens"] / state["elapsed_s"]
            _say(
                f"[{_bar(progress)}] step {state['steps']:5.0f}  loss: {shown}  "
                f"{rate:5.0f} tokens/s  {state['tokens'] / 1e6:.1f} M tokens"
            )
        if state["elapsed_s"] - examined_s > EXAMINE_EVERY_S or state["elapsed_s"] >= recipe.minutes * 60:
            examined_s = state["elapsed_s"]
            _keep_best(recipe, model, encoder, state)
            if torch.distributed.get_rank() == 0:
                _save(recipe, model, optimizer, state)
            clock = time.monotonic()


def _keep_best(recipe: Recipe, model: LlamaForCausalLM, encoder: Encoder, state: dict[str, float]) -> None:
    """Examine the model, each process on seeds of its own, and write it to `model/` when no earlier one was better."""
    rank = torch.distributed.get_rank()
    score, line = examine(model, encoder, seed=_UNSEEN_SEED + rank, rows=90)
    _say(f"unseen rows: {line}")
    score = _together(score)
    if score >= state["best"]:
        state["best"] = score
        if rank == 0:
            export(model, recipe.out, recipe.out / "model", trained=_account(recipe, state))


def _account(recipe: Recipe, state: dict[str, float]) -> dict[str, str]:
    return {
        "Seed of the training": str(recipe.seed),
        "Tokens trained, padding included": f"{state['tokens'] / 1e6:.1f} million",
        "Minutes of training": f"{state['elapsed_s'] / 60:.0f}, with {recipe.threads} processes of one thread",
        "Steps": f"{state['steps']:.0f}",
    }


def export(model: LlamaForCausalLM, pieces: Path, directory: Path, *, trained: dict[str, str]) -> None:
    """Write weights in half precision, configuration and tokenizer, as transformers and the converter read them.

    `training.json` says how they came about, for the report card.
    """
    shipped = LlamaForCausalLM(model.config)
    shipped.load_state_dict(model.state_dict())
    shipped.half().save_pretrained(directory)
    (directory / "model.safetensors").chmod(0o644)
    save_tokenizer(pieces, directory)
    (directory / "training.json").write_text(json.dumps(trained, indent=2) + "\n")


def _work(rank: int, recipe: Recipe) -> None:
    address = f"tcp://127.0.0.1:{recipe.port}"
    torch.distributed.init_process_group("gloo", init_method=address, rank=rank, world_size=recipe.threads)
    torch.set_num_threads(1)
    torch.manual_seed(recipe.seed)
    state = {"elapsed_s": 0.0, "steps": 0.0, "tokens": 0.0, "best": 0.0}
    checkpoint = recipe.out / "checkpoint.pt"
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        state |= saved["state"]
        model = build_model(LAYERS, seed=recipe.seed)
        model.load_state_dict(saved["model"])
        _say(f"going on after {state['elapsed_s'] / 60:.1f} minutes")
    else:
        first = random.Random(f"{recipe.seed} {rank}")
        model = grow(learn_copying(first, recipe), LAYERS)
    rng = random.Random(f"{recipe.seed} {rank} {state['steps']}")
    learn_skills(rng, recipe, model, state)
    torch.distributed.destroy_process_group()


def main() -> None:
    """Train as the command line asks, or go on from the checkpoint in the folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--out", type=Path, required=True, help="folder for the tokenizer, the checkpoint and the model"
    )
    parser.add_argument("--minutes", type=float, default=75, help="time for the skills")
    parser.add_argument("--seed", type=int, default=1, help="seed of the text and of the first weights")
    parser.add_argument("--threads", type=int, default=2, help="processes that train side by side")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    if not (asked.out / "tokenizer.model").exists():
        train_tokenizer(asked.out, corpus(asked.seed, 6000))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    recipe = Recipe(out=asked.out, minutes=asked.minutes, seed=asked.seed, threads=asked.threads, port=port)
    start_processes(_work, args=(recipe,), nprocs=asked.threads, start_method="spawn")  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
