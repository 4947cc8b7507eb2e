"""What the engine does that its peer doesn't: hundreds of adapters, releases under load, look-up decoding."""

import random
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace

from benchmarks.harness.load import Ask, Round, ask_all, joined
from benchmarks.harness.models import SIZES, make_adapters, make_grown_starter, make_model, some_tokens
from benchmarks.harness.servers import Server, engine, register
from benchmarks.harness.works import ROUNDS
from serving.config import EngineConfig
from tuning.inference import BASE, Inference, Prompt
from tuning.starter.rows import summary_row

REGISTERED = 200


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """How people ask some of many agents."""

    name: str
    questions: int
    """In a round."""
    within_s: float | None
    """They come at random within this time; none: each as soon as the last one is answered."""
    most_slower: float | None = None
    """The share by which 200 adapters may be slower than 8, if there is a bar."""


TRAFFIC = (
    Traffic(name="one after the other", questions=40, within_s=None, most_slower=0.1),
    Traffic(name="three a second", questions=30, within_s=10.0, most_slower=0.1),
    Traffic(name="32 within two seconds", questions=32, within_s=2.0),
)


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of two ways of doing the same work: medians over rounds."""

    rate: float
    """Tokens written per second."""
    cpu_ms: float
    """Milliseconds that the engine computed per token written."""
    first_s: float = 0.0
    """Seconds to the first token, the median."""


def many_adapters(threads: int) -> tuple[list[tuple[Traffic, Side, Side]], float]:
    """Measure Zipf traffic over 8 adapters and over 200, with 8 lanes, after every one has been asked once.

    Returns both sides of each kind of traffic, and the MB that each adapter took.
    """
    model, kinds = make_model(SIZES["100M"]), make_adapters(SIZES["100M"], 4)
    limits = {"THREADS": threads, "LANES": 8, "SEQUENCES": 8, "CONTEXT_TOKENS": 2048}
    counts = (8, REGISTERED)
    with ExitStack() as stack:
        servers = [
            stack.enter_context(engine(model, adapters=[kinds[n % len(kinds)] for n in range(count)], **limits))
            for count in counts
        ]
        resident = [server.process.memory_info().rss for server in servers]
        for server, count in zip(servers, counts, strict=True):
            for adapter in range(count):
                ask_all(server, [replace(_question(random.Random(f"first {adapter}"), adapter), tokens=1)])
        sides: list[tuple[Traffic, Side, Side]] = []
        for traffic in TRAFFIC:
            rounds: list[list[Round]] = [[], []]
            for number in range(ROUNDS + 1):
                for place, count in enumerate(counts):
                    one = _ask_zipf(servers[place], traffic, count, number)
                    rounds[place] += [one] if number else []  # the first warms up
            few, many = map(_side, rounds)
            sides.append((traffic, few, many))
    return sides, (resident[1] - resident[0]) / (REGISTERED - 8) / 2**20


def _side(rounds: Sequence[Round]) -> Side:
    return Side(
        rate=statistics.median(one.rate for one in rounds),
        cpu_ms=statistics.median(one.cpu_ms for one in rounds),
        first_s=statistics.median(one.median_first_s for one in rounds if one.first_s) if rounds[0].first_s else 0.0,
    )


def _ask_zipf(server: Server, traffic: Traffic, adapters: int, seed: int) -> Round:
    asks = _zipf(traffic, adapters, seed)
    if traffic.within_s is not None:
        return ask_all(server, asks)
    return joined([ask_all(server, [ask]) for ask in asks])


def _zipf(traffic: Traffic, adapters: int, seed: int) -> list[Ask]:
    """Return questions to agents of which the n-th is asked 1/n as often as the first."""
    rng = random.Random(f"{traffic.name} {seed}")
    popular = rng.choices(range(adapters), [1 / (rank + 1) for rank in range(adapters)], k=traffic.questions)
    return [_question(rng, adapter, after_s=rng.uniform(0, traffic.within_s or 0.0)) for adapter in popular]


def _question(rng: random.Random, adapter: int, *, after_s: float = 0.0) -> Ask:
    """Return a question to an agent, which begins as all questions to it do."""
    prompt = [*some_tokens(random.Random(f"zipf {adapter}"), 128), *some_tokens(rng, 32)]
    return Ask(prompt=prompt, tokens=24, adapter=adapter, after_s=after_s)


def publish_under_load(threads: int) -> list[float]:
    """Register new adapters while 8 people ask without a pause; return the seconds to each one's first token.

    Raises:
        RuntimeError: a request failed.
    """
    model, adapters = make_model(SIZES["100M"]), make_adapters(SIZES["100M"], 4)
    waited: list[float] = []
    with (
        engine(model, adapters=adapters[:1], THREADS=threads, LANES=4, SEQUENCES=10, CONTEXT_TOKENS=4096) as server,
        ThreadPoolExecutor(max_workers=1) as beside,
    ):
        rng = random.Random("publishing")
        crowd = [Ask(prompt=some_tokens(rng, 256), tokens=128, adapter=0, after_s=index / 4) for index in range(24)]
        load = beside.submit(ask_all, server, crowd)
        for number, path in enumerate(adapters[1:], start=1):
            time.sleep(2.0)
            began = time.perf_counter()
            register(server.url, f"adapter-{number}", path)
            registered = time.perf_counter() - began
            answer = ask_all(server, [Ask(prompt=some_tokens(rng, 64), tokens=8, adapter=number)])
            waited.append(registered + answer.first_s[0])
            if load.done():
                raise RuntimeError("The load was over before the last release was published.")
        load.result()
    return waited


DOCUMENTS = 12


def look_up(threads: int) -> tuple[Side, Side, int]:
    """Have documents summarised, without look-up decoding and with it, in turns.

    The starter, at the size of the other works, copies the sentences that matter. Returns both sides, and how many
    texts are equal.
    """
    model = make_grown_starter(SIZES["100M"])
    with ExitStack() as stack:
        servers = [
            stack.enter_context(engine(model, THREADS=threads, CONTEXT_TOKENS=2048, DRAFT_TOKENS=draft_tokens))
            for draft_tokens in (0, EngineConfig.draft_tokens)
        ]
        rounds: list[list[Round]] = [[], []]
        texts: list[list[str]] = [[], []]
        for number in range(ROUNDS + 1):
            for place, server in enumerate(servers):
                one, texts[place] = _summarise(server)
                rounds[place] += [one] if number else []  # the first warms up
    without, with_it = map(_side, rounds)
    return without, with_it, sum(map(str.__eq__, *texts))


def _summarise(server: Server) -> tuple[Round, list[str]]:
    began, computed = time.perf_counter(), server.cpu_s()
    answers = Inference(server.url).answer_all(_documents(), concurrency=1)
    written = sum(answer.completion_tokens for answer in answers)
    one = Round(seconds=time.perf_counter() - began, written=written, cpu_s=server.cpu_s() - computed)
    return one, [answer.text for answer in answers]


def _documents() -> list[Prompt]:
    """Return documents of a dozen sentences to summarise."""
    rng = random.Random("look-up")
    rows = [summary_row(rng, longest=16) for _ in range(DOCUMENTS)]
    return [Prompt(model=BASE, messages=row.messages[:-1], max_tokens=96, temperature=0.0) for row in rows]
