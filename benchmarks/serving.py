"""The engine beside llama-cpp-python's own `Llama`, and grounded answers with and without look-up decoding.

Same model file, threads and length of answers, one run: `make bench`, or
`python -P benchmarks/serving.py --model X.gguf`.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from llama_cpp import Llama
from rich.console import Console
from rich.table import Table

from tuning.domain.prompts import Message, Passage, question_messages
from tuning.inference import BASE, Inference, Prompt

PEOPLE = 8
TOKENS = 48
ROUNDS = 5
CONTEXT_TOKENS = 2048
SHARED = [
    Passage(title=f"Guide {number}", heading="", text="Every claim is handed in within 30 days of the journey. " * 6)
    for number in range(3)
]


TOPICS = ("claims", "visas", "hotels", "trains", "taxis", "meals", "laptops", "visitors")


def guide(topic: str) -> list[Passage]:
    """Return passages of which one says something on the topic."""
    words = f"Whoever asks for {topic} writes to the travel desk in the basement at 09:30 on Wednesdays."
    return [Passage(title="Guide", heading=topic, text=words), *SHARED[:1]]


def conversations() -> list[list[Message]]:
    """Return one prompt per person: the same passages, a question of their own."""
    return [question_messages(f"Who decides about case {number}?", SHARED) for number in range(PEOPLE)]


def ask_llama(model: Llama) -> int:
    """Answer everybody in turn, which is all that `Llama` can do; return the tokens written."""
    written = 0
    for messages in conversations():
        reply = model.create_chat_completion(messages, max_tokens=TOKENS, temperature=1.0, seed=1)
        written += int(reply["usage"]["completion_tokens"])
    return written


def ask_engine(inference: Inference) -> int:
    """Answer everybody at once; return the tokens written."""
    prompts = [
        Prompt(model=BASE, messages=messages, max_tokens=TOKENS, temperature=1.0, seed=1)
        for messages in conversations()
    ]
    return sum(answer.completion_tokens for answer in inference.answer_all(prompts, concurrency=PEOPLE))


def ask_for_quotes(inference: Inference, answers: list[str]) -> int:
    """Ask for the passage itself, one question after the other, and keep the answers; return the tokens written."""
    prompts = [
        Prompt(
            model=BASE,
            messages=question_messages(f"What does the guide say on {topic}?", guide(topic)),
            max_tokens=TOKENS,
            temperature=0.0,
        )
        for topic in TOPICS
    ]
    replies = inference.answer_all(prompts, concurrency=1)
    answers[:] = [reply.text for reply in replies]
    return sum(reply.completion_tokens for reply in replies)


@contextmanager
def engine(model: Path, threads: int, **settings: int) -> Iterator[str]:
    """Run the engine on a free port and yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    values = {
        "MODEL": model,
        "PORT": port,
        "THREADS": threads,
        "CONTEXT_TOKENS": CONTEXT_TOKENS,
        "LOG_LEVEL": "WARNING",
        **settings,
    }
    variables = [f"ATTUNE_ENGINE_{name}={value}" for name, value in values.items()]
    process = subprocess.Popen(["/usr/bin/env", *variables, sys.executable, "-m", "serving"])
    try:
        url = f"http://127.0.0.1:{port}"
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{url}/health").close()  # noqa: S310 - loopback
                break
            except OSError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait()


def measure(ask: Callable[[], int]) -> float:
    """Return tokens per second, the median of the rounds after one to warm up."""
    ask()
    rates = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        rates.append(ask() / (time.perf_counter() - began))
    return statistics.median(rates)


def main() -> None:
    """Measure both and print them side by side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("var/artifacts/base/base.gguf"))
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    chosen = parser.parse_args()
    if not chosen.model.exists():
        sys.exit(f"{chosen.model} is not there: run make up once, or name another model with --model.")
    plain_answers: list[str] = []
    quick_answers: list[str] = []
    with engine(chosen.model, chosen.threads, DRAFT_TOKENS=0) as url:
        plain = measure(partial(ask_for_quotes, Inference(url), plain_answers))
    with engine(chosen.model, chosen.threads) as url:
        quick = measure(partial(ask_for_quotes, Inference(url), quick_answers))
        ours = measure(partial(ask_engine, Inference(url)))
    llama = Llama(
        str(chosen.model),
        n_ctx=CONTEXT_TOKENS,
        n_threads=chosen.threads,
        n_threads_batch=chosen.threads,
        verbose=False,
    )
    peer = measure(partial(ask_llama, llama))
    table = Table(title=f"{PEOPLE} people at once, {chosen.model.name}, {chosen.threads} threads, median of {ROUNDS}")
    for column in ("", "tokens/s", "factor"):
        table.add_column(column)
    table.add_row("llama-cpp-python's Llama, one after the other", f"{peer:,.0f}", "1.0")
    table.add_row("Attune's engine", f"{ours:,.0f}", f"{ours / peer:.1f}")
    Console().print(table)
    same = sum(first == second for first, second in zip(plain_answers, quick_answers, strict=True))
    table = Table(title=f"Grounded answers, greedy, one by one; {same} of {len(TOPICS)} texts are identical")
    for column in ("", "tokens/s", "factor"):
        table.add_column(column)
    table.add_row("Attune's engine without look-up", f"{plain:,.0f}", "1.0")
    table.add_row("Attune's engine with look-up", f"{quick:,.0f}", f"{quick / plain:.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
