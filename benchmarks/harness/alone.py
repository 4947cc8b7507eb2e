"""What the engine does that its peer doesn't: hundreds of adapters, releases under load, look-up decoding."""

import random
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

from benchmarks.harness.load import Ask, ask_all
from benchmarks.harness.models import SIZES, make_adapters, make_model, make_starter, some_tokens
from benchmarks.harness.servers import engine, register
from benchmarks.harness.works import ROUNDS
from serving.config import EngineConfig
from tuning.domain.prompts import Passage, question_messages
from tuning.inference import BASE, Inference, Prompt

REGISTERED = 200
ZIPF_PEOPLE = 64


def many_adapters(threads: int) -> tuple[float, float, float]:
    """Measure Zipf traffic over 8 adapters and over 200, with 8 lanes: both rates, and MB that each adapter took."""
    model, kinds = make_model(SIZES["100M"]), make_adapters(SIZES["100M"], 4)
    rates, resident = [], []
    for count in (8, REGISTERED):
        adapters = [kinds[number % len(kinds)] for number in range(count)]
        with engine(
            model, adapters=adapters, THREADS=threads, LANES=8, SEQUENCES=8, CONTEXT_TOKENS=2048, QUEUE=ZIPF_PEOPLE
        ) as server:
            resident.append(server.process.memory_info().rss)
            rounds = [ask_all(server, _zipf(count, seed)) for seed in range(ROUNDS)]
        rates.append(statistics.median(one.rate for one in rounds))
    each = (resident[1] - resident[0]) / (REGISTERED - 8) / 2**20
    return rates[0], rates[1], each


def _zipf(adapters: int, seed: int) -> list[Ask]:
    """Return questions to agents of which the n-th is asked 1/n as often as the first."""
    rng = random.Random(seed)
    popular = rng.choices(range(adapters), [1 / (rank + 1) for rank in range(adapters)], k=ZIPF_PEOPLE)
    return [
        Ask(
            prompt=[*some_tokens(random.Random(f"zipf {adapter}"), 128), *some_tokens(rng, 32)],
            tokens=32,
            adapter=adapter,
            after_s=rng.uniform(0, 2.0),
        )
        for adapter in popular
    ]


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


TOPICS = ("claims", "visas", "hotels", "trains", "taxis", "meals", "laptops", "visitors")
SHARED = "Every claim is handed in within 30 days of the journey. " * 6


def look_up(threads: int) -> tuple[float, float, int]:
    """Let the starter quote passages, without look-up decoding and with it.

    Returns both rates, in tokens per second, and how many texts are equal.
    """
    model = make_starter()
    rates, texts = [], []
    for draft_tokens in (0, EngineConfig.draft_tokens):
        with engine(model, THREADS=threads, CONTEXT_TOKENS=2048, DRAFT_TOKENS=draft_tokens) as server:
            inference = Inference(server.url)
            seconds, answers = [], inference.answer_all(_quoting(), concurrency=1)
            for _ in range(ROUNDS):
                began = time.perf_counter()
                answers = inference.answer_all(_quoting(), concurrency=1)
                seconds.append(time.perf_counter() - began)
        rates.append(sum(answer.completion_tokens for answer in answers) / statistics.median(seconds))
        texts.append([answer.text for answer in answers])
    return rates[0], rates[1], sum(map(str.__eq__, *texts))


def _quoting() -> list[Prompt]:
    """Return questions whose answer is a long sentence of a passage."""
    prompts = []
    for topic in TOPICS:
        text = f"Whoever asks for {topic} writes to the travel desk in the basement at 09:30 on Wednesdays."
        passages = [Passage(title="Guide", heading=topic, text=text), Passage(title="Guide", heading="", text=SHARED)]
        messages = question_messages(f"What does the guide say on {topic}?", passages)
        prompts.append(Prompt(model=BASE, messages=messages, max_tokens=48, temperature=0.0))
    return prompts
