"""The engine on a tiny model: the same tokens as transformers, whatever runs beside them."""

import logging
import queue
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

from serving.adapters import Adapters
from serving.budget import lane_bytes
from serving.config import EngineConfig
from serving.engine import Engine, _Order
from serving.errors import (
    AdapterMismatch,
    DeadlinePassed,
    DecodingFailed,
    MemoryTooSmall,
    PromptTooLong,
    QueueFull,
    ShuttingDown,
)
from serving.gguf import read_header
from serving.metrics import Metrics
from serving.quantise import quantise
from serving.request import Finish, Output, Request, Sampling, Tune
from tests.fakes.costs import FreeTurns

# The first test of a run makes the tiny model, which takes a minute on a busy machine.
pytestmark = pytest.mark.timeout(900)

GREEDY = Sampling(temperature=0.0)
DRAWS = 240
CHI_SQUARE_8 = 26.1
"""Of 8 degrees of freedom; a right engine stays below it in 999 of 1,000 sets of seeds."""


class Client:
    """Asks an engine and waits for answers."""

    def __init__(self, engine: Engine, tunes: dict[str, Tune]) -> None:
        self.engine = engine
        self.tunes = tunes

    def ask(self, model: str, prompt: Sequence[int], **fields) -> tuple[Request, queue.Queue[Output]]:
        outputs: queue.Queue[Output] = queue.Queue()
        given = {"max_tokens": 16, "sampling": GREEDY, "top_logprobs": 0, **fields}
        request = Request(tune=self.tunes[model], prompt=prompt, deliver=outputs.put, **given)
        self.engine.submit(request)
        return request, outputs

    def answer(self, model: str, prompt: Sequence[int], **fields) -> Output:
        return finished(self.ask(model, prompt, **fields)[1])


def finished(outputs: "queue.Queue[Output]") -> Output:
    output = outputs.get(timeout=180)
    if output.error:
        raise output.error
    return output


def tokens(output: Output) -> list[int]:
    return [item.token for item in output.logprobs]


def reused(output: Output) -> int:
    assert output.usage
    return output.usage.reused_tokens


@contextmanager
def running(config: EngineConfig, adapters: dict[str, Path]) -> Iterator[Client]:
    engine = Engine(config, Metrics())
    register = Adapters(folder=config.adapter_dir, base=config.model, lanes=engine.lane_count)
    engine.start()
    tunes: dict[str, Tune] = {"base": None}
    for name, path in adapters.items():
        tunes[name] = register.check(name, path)
    try:
        yield Client(engine, tunes)
    finally:
        engine.stop()
        engine.ended.result()


def hold(engine: Engine) -> threading.Event:
    """Keep the engine's thread busy until the event is set."""
    event = threading.Event()

    def wait() -> None:
        event.wait(60)

    engine._orders.put(_Order(wait))
    return event


@pytest.fixture(scope="module")
def config(tiny_model):
    return EngineConfig(
        model=tiny_model.gguf,
        adapter_dir=tiny_model.gguf.parent,
        threads=1,
        context_tokens=768,
        lanes=2,
        sequences=6,
        batch_tokens=128,
        kv_type="f32",
    )


@pytest.fixture(scope="module")
def client(config, tiny_model):
    with running(config, tiny_model.adapters) as client:
        yield client


@pytest.fixture(scope="module")
def prompts():
    draw = random.Random(3)
    common = [1, *(draw.randrange(270, 400) for _ in range(40))]
    return [[*common, *(draw.randrange(270, 400) for _ in range(length))] for length in (1, 5, 30, 190, 12, 7)]


@pytest.fixture(scope="module")
def expected(tiny_model, prompts):
    """What transformers answers, by model and prompt."""
    torch.set_num_threads(1)
    texts: dict[tuple[str, int], list[int]] = {}
    for name in ("base", *tiny_model.adapters):
        model = AutoModelForCausalLM.from_pretrained(tiny_model.folder, dtype=torch.float32)
        if name != "base":
            model = PeftModel.from_pretrained(model, tiny_model.adapter_folders[name])
        for index, prompt in enumerate(prompts):
            ids = torch.tensor([prompt])
            mask = torch.ones_like(ids)
            answer = model.generate(ids, attention_mask=mask, max_new_tokens=16, do_sample=False, pad_token_id=0)
            texts[name, index] = answer[0, len(prompt) :].tolist()
    return texts


def test_greedy_tokens_are_those_of_transformers_for_base_and_adapters(client, prompts, expected):
    # Two lanes and four models: lanes are closed and opened anew all the time.
    for index, prompt in enumerate(prompts):
        for name in client.tunes:
            assert tokens(client.answer(name, prompt)) == expected[name, index], (name, index)
    assert len({tuple(expected[name, 0]) for name in client.tunes}) == len(client.tunes)


def test_answers_side_by_side_are_the_same_as_alone(client, prompts, expected):
    asked = [
        (name, index, client.ask(name, prompt)[1]) for index, prompt in enumerate(prompts) for name in client.tunes
    ]
    for name, index, outputs in asked:
        assert tokens(finished(outputs)) == expected[name, index], (name, index)


def test_a_conversation_reuses_its_past_and_others_its_beginning(config, tiny_model, prompts, expected):
    with running(config, {}) as client:
        first = client.answer("base", prompts[3])
        assert reused(first) == 0
        again = client.answer("base", [*prompts[3], *tokens(first), 300, 301])
        assert reused(again) == len(prompts[3]) + 15
        other = client.answer("base", prompts[2])
        assert reused(other) >= 41
        assert tokens(other) == expected["base", 2]
        fresh = client.answer("base", prompts[3])
        assert reused(fresh) == len(prompts[3]) - 1
        assert tokens(fresh) == expected["base", 3]


@pytest.mark.parametrize("kv_type", ["f16", "f32"])
def test_more_conversations_than_a_lane_has_room_for_all_go_on_where_they_were(config, prompts, kv_type):
    draw = random.Random(4)
    first = [[*prompts[0][:41], *(draw.randrange(270, 400) for _ in range(150))] for _ in range(8)]
    lane = replace(config, sequences=4, lanes=1, kv_type=kv_type)  # 768 tokens, and eight times 150
    with running(lane, {}) as client:
        second = [[*prompt, *tokens(client.answer("base", prompt)), 300, 301] for prompt in first]
        gone_on = [client.answer("base", prompt) for prompt in second]
        assert [reused(one) for one in gone_on] == [len(prompt) + 15 for prompt in first]
    # Without memory for what is swapped out, most are read again, and say the same.
    budget = lane_bytes(lane, read_header(lane.model))
    with running(replace(lane, kv_bytes=budget), {}) as client:
        for prompt in first:
            client.answer("base", prompt)
        anew = [client.answer("base", prompt) for prompt in second]
    assert sum(map(reused, anew)) < sum(map(reused, gone_on)) / 2
    if kv_type == "f32":  # in half precision, keys that were computed in another batch may round differently
        assert [tokens(one) for one in anew] == [tokens(one) for one in gone_on]


def test_an_adapter_that_lost_its_lane_goes_on_where_it_was(config, tiny_model, prompts):
    names = ["base", *tiny_model.adapters]
    assert len(names) > 1
    texts: list[list[list[int]]] = []
    for kv_bytes in (config.kv_bytes, lane_bytes(config, read_header(config.model))):
        with running(replace(config, lanes=1, kv_bytes=kv_bytes), tiny_model.adapters) as client:
            first = {name: client.answer(name, prompts[3]) for name in names}
            second = {name: [*prompts[3], *tokens(first[name]), 300, 301] for name in names}
            others = [client.answer(name, prompts[2]) for name in names]
            gone_on = [client.answer(name, second[name]) for name in names]
            assert [reused(one) for one in others] == [41 if kv_bytes == config.kv_bytes else 0 for _ in names]
            kept = [len(second[name]) - 3 if kv_bytes == config.kv_bytes else 0 for name in names]
            assert [reused(one) for one in gone_on] == kept
            texts.append([tokens(one) for one in (*others, *gone_on)])
    assert texts[0] == texts[1]


def test_memory_pressure_changes_no_answer(config, prompts, expected):
    tight = replace(config, context_tokens=256, sequences=4)
    with running(tight, {}) as client:
        for _ in range(2):
            asked = [(index, client.ask("base", prompt)[1]) for index, prompt in enumerate(prompts)]
            for index, outputs in asked:
                assert tokens(finished(outputs)) == expected["base", index]


def test_the_same_seed_gives_the_same_text_whatever_runs_beside_it(client, prompts):
    drawn = Sampling(temperature=1.0, top_p=0.95, seed=11)
    alone = client.answer("red", prompts[1], sampling=drawn)
    crowd = [client.ask("red", prompt, sampling=Sampling(seed=index))[1] for index, prompt in enumerate(prompts)]
    beside = client.answer("red", prompts[1], sampling=drawn)
    for outputs in crowd:
        finished(outputs)
    assert beside.text == alone.text
    assert client.answer("red", prompts[1], sampling=Sampling(seed=12)).text != alone.text


def test_look_up_changes_no_text_whatever_runs_beside_it(config, tiny_model, prompts):
    # The first two are mostly looked up wrongly; the last repeats itself.
    samplings = [GREEDY, Sampling(seed=5), Sampling(temperature=0.7, frequency_penalty=-1, seed=6)]
    texts, accepted = [], 0.0
    for draft_tokens in (0, 16):
        with running(replace(config, draft_tokens=draft_tokens), tiny_model.adapters) as client:
            client.engine._scheduler.costs = FreeTurns()
            asked = [
                client.ask("red", prompt, sampling=sampling, max_tokens=60, stops=("form",), ignore_ends=True)[1]
                for prompt in prompts
                for sampling in samplings
            ]
            texts.append([(output.text, tokens(output)) for output in map(finished, asked)])
            metrics = client.engine.metrics
            assert (metrics.drafted_tokens._value.get() > 0) == (draft_tokens > 0)
            accepted = metrics.accepted_tokens._value.get()
            again = client.answer("red", prompts[0], max_tokens=60, stops=("form",), ignore_ends=True)
            assert tokens(again) == texts[-1][0][1]  # what was drafted wrongly is not in memory any more
    assert texts[0] == texts[1]
    assert accepted > 20


def test_over_many_seeds_drafted_answers_are_drawn_as_the_model_says(config, tiny_model):
    """Chi-square of pairs of tokens against transformers; the prompt holds every token, so the second is drafted."""
    prompt = [1, *random.Random(9).sample(range(3, 400), 397)]
    model = AutoModelForCausalLM.from_pretrained(tiny_model.folder, dtype=torch.float32)
    first = likeliest_three(model, prompt)
    chances = {
        (one, two): first[one] * chance
        for one in first
        for two, chance in likeliest_three(model, [*prompt, one]).items()
    }
    with running(config, {}) as client:
        client.engine._scheduler.costs = FreeTurns()
        asked = [
            client.ask(
                "base", prompt, max_tokens=3, ignore_ends=True, sampling=Sampling(temperature=2.0, top_k=3, seed=seed)
            )[1]
            for seed in range(DRAWS)
        ]
        drawn = Counter(tuple(tokens(finished(outputs))[:2]) for outputs in asked)
        assert client.engine.metrics.drafted_tokens._value.get() > DRAWS / 2
    assert set(drawn) <= set(chances)
    distance = sum((drawn[pair] - DRAWS * chance) ** 2 / (DRAWS * chance) for pair, chance in chances.items())
    assert distance < CHI_SQUARE_8


def likeliest_three(model, prompt: list[int]) -> dict[int, float]:
    with torch.no_grad():
        top = model(torch.tensor([prompt])).logits[0, -1].topk(3)
    return dict(zip(top.indices.tolist(), torch.softmax(top.values / 2.0, dim=-1).tolist(), strict=True))


def test_pieces_of_a_stream_are_the_whole_answer(client, prompts):
    whole = client.answer("blue", prompts[0], max_tokens=60)
    _, outputs = client.ask("blue", prompts[0], max_tokens=60, stream=True)
    pieces: list[Output] = []
    while not pieces or pieces[-1].finish is None:
        pieces.append(finished(outputs))
    assert len(pieces) > 10
    assert "".join(piece.text for piece in pieces) == whole.text
    assert [token for piece in pieces for token in tokens(piece)] == tokens(whole)


def test_a_stop_text_ends_the_answer_before_it(client, prompts):
    whole = client.answer("base", prompts[0], max_tokens=40).text
    stop = whole[len(whole) // 2 :][:3]
    answer = client.answer("base", prompts[0], max_tokens=40, stops=(stop,))
    assert answer.finish is Finish.STOP
    assert answer.text == whole[: whole.index(stop)]


def test_log_probabilities_are_those_of_transformers(client, tiny_model, prompts):
    answer = client.answer("base", prompts[1], max_tokens=4, top_logprobs=3)
    model = AutoModelForCausalLM.from_pretrained(tiny_model.folder, dtype=torch.float32)
    with torch.no_grad():
        logits = model(torch.tensor([[*prompts[1], *tokens(answer)]])).logits[0, len(prompts[1]) - 1 : -1]
    reference = torch.log_softmax(logits, dim=-1)
    for place, item in enumerate(answer.logprobs):
        assert item.logprob == pytest.approx(float(reference[place, item.token]), abs=1e-3)
        assert [value for _, value in item.top] == pytest.approx(sorted(reference[place].tolist())[:-4:-1], abs=1e-3)


def test_tokenisation_is_that_of_transformers(client, tiny_model):
    tokenizer = AutoTokenizer.from_pretrained(tiny_model.folder)
    draw = random.Random(1)
    pieces = [
        "the",
        " ",
        "  ",
        "\n",
        "\n\n",
        " trip",
        "Zürich",
        "48",
        "🙂",
        "x",
        "\t",
        "“q”",
        "<|user|>",
        "</s>",
        "a\u00a0b",
    ]
    for _ in range(200):
        text = "".join(draw.choices(pieces, k=draw.randint(1, 15)))
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        assert client.engine.vocabulary.tokenise(text, add_special=False, parse_special=True) == ids, text


def test_a_request_given_up_ends_within_a_turn(client, prompts):
    request, outputs = client.ask("base", prompts[0], max_tokens=700, stream=True, ignore_ends=True)
    finished(outputs)
    client.engine.cancel(request)
    client.answer("base", prompts[1])  # every turn from here on is after the cancellation
    seen = outputs.qsize()
    client.answer("base", prompts[1])
    assert outputs.qsize() == seen
    assert client.engine.metrics.requests.labels("cancelled")._value.get() == 1


def test_limits_are_told_with_their_figures(config, client):
    with pytest.raises(PromptTooLong, match="800 tokens, but at most 767"):
        client.ask("base", [5] * 800)
    with pytest.raises(MemoryTooSmall, match="needs 393216 bytes"):
        Engine(replace(config, kv_bytes=1000), Metrics())
    assert Engine(replace(config, lanes=9, kv_bytes=3 * 393216), Metrics()).lane_count == 3


@pytest.mark.parametrize("kv_type", ["f16", "f32"])
def test_a_lane_takes_the_memory_that_the_budget_counts(config, prompts, kv_type, caplog):
    """What llama.cpp allocates for keys and values, as it says itself, is what the budget was divided by."""
    caplog.set_level(logging.DEBUG, logger="serving.llama.native")
    one = replace(config, kv_type=kv_type, lanes=1)
    counted = lane_bytes(one, read_header(one.model))
    with running(replace(one, kv_bytes=counted), {}) as client:
        client.answer("base", prompts[0])
    allocated = re.findall(r"KV buffer size =\s+([0-9.]+) MiB", caplog.text)
    assert sum(map(float, allocated)) * 2**20 == pytest.approx(counted, rel=0.02)
    with pytest.raises(MemoryTooSmall):
        Engine(replace(one, kv_bytes=counted - 1), Metrics())


def test_an_answer_is_cut_where_the_context_ends(client):
    answer = client.answer("base", [5] * 760, max_tokens=500, ignore_ends=True)
    assert answer.finish is Finish.LENGTH
    assert len(answer.logprobs) == 8


def test_a_full_queue_turns_the_next_away_and_serves_the_rest(config, prompts):
    with running(replace(config, queue=4), {}) as client:
        held = hold(client.engine)
        asked = [client.ask("base", prompts[0])[1] for _ in range(4)]
        with pytest.raises(QueueFull) as caught:
            client.ask("base", prompts[0])
        assert caught.value.retry_after_s == 1
        held.set()
        assert len({finished(outputs).text for outputs in asked}) == 1
        client.answer("base", prompts[0])


def test_a_late_answer_is_given_up(config, prompts):
    with running(replace(config, deadline_s=0.01), {}) as client:
        held = hold(client.engine)
        _, outputs = client.ask("base", prompts[0])
        time.sleep(0.6)
        held.set()
        with pytest.raises(DeadlinePassed) as caught:
            finished(outputs)
    assert caught.value.status == 504


def test_a_stopped_engine_tells_those_who_wait(config, prompts):
    with running(config, {}) as client:
        _, outputs = client.ask("base", prompts[0], max_tokens=700, ignore_ends=True)
    with pytest.raises(ShuttingDown):
        finished(outputs)
    with pytest.raises(ShuttingDown):
        client.ask("base", prompts[0])


def test_who_asked_for_an_adapter_and_left_harms_nobody(config, tiny_model, prompts):
    engine = Engine(config, Metrics())
    folder = tiny_model.adapters["red"].parent
    adapters = Adapters(folder=folder, base=config.model, lanes=4)
    left = engine.try_adapter(adapters.check("red", tiny_model.adapters["red"]))
    assert left.cancel()
    engine.start()
    answer = Client(engine, {"base": None}).answer("base", prompts[0])
    engine.stop()
    assert answer.usage
    assert engine.ended.result() is None


def test_a_dead_engine_tells_those_who_still_waited_to_be_taken(config, tiny_model, prompts, monkeypatch):
    engine = Engine(config, Metrics())
    client = Client(engine, {"base": None})
    adapters = Adapters(folder=tiny_model.adapters["red"].parent, base=config.model, lanes=4)
    file = adapters.check("red", tiny_model.adapters["red"])

    def die() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(engine, "_obey", die)
    _, outputs = client.ask("base", prompts[0])
    tried = engine.try_adapter(file)
    engine.start()
    with pytest.raises(ShuttingDown):
        finished(outputs)
    with pytest.raises(ShuttingDown):
        tried.result(timeout=60)
    with pytest.raises(ShuttingDown):
        engine.try_adapter(file)
    assert isinstance(engine.ended.exception(), ZeroDivisionError)


def test_a_file_that_vanished_fails_its_requests_only(config, tiny_model, prompts, tmp_path):
    path = tmp_path / "gone.gguf"
    path.write_bytes(tiny_model.adapters["red"].read_bytes())
    with running(replace(config, adapter_dir=tmp_path), {"gone": path}) as client:
        path.unlink()
        with pytest.raises(AdapterMismatch):
            client.answer("gone", prompts[0])
        client.answer("base", prompts[0])


def test_a_crowd_that_comes_and_goes_gets_right_answers(config, tiny_model, prompts, expected):
    # Little memory, fewer lanes than models, and a third of the people leave before their answer is there.
    draw = random.Random(8)
    with running(replace(config, context_tokens=256, sequences=3), tiny_model.adapters) as client:
        asked = []
        for _ in range(120):
            name, index = draw.choice(list(client.tunes)), draw.randrange(len(prompts))
            asked.append((name, index, *client.ask(name, prompts[index], stream=draw.random() < 0.5)))
            if draw.random() < 0.3:
                client.engine.cancel(asked.pop(draw.randrange(len(asked)))[2])
            time.sleep(draw.choice((0, 0, 0.005)))
        for name, index, _, outputs in asked:
            seen: list[int] = []
            finish = None
            while finish is None:
                output = finished(outputs)
                seen += tokens(output)
                finish = output.finish
            assert seen == expected[name, index], (name, index)
        assert client.engine._waiting == 0
        assert client.engine._answers == {}


def test_an_adapter_of_no_numbers_fails_its_requests_only(config, tiny_model, prompts, tmp_path):
    path = tmp_path / "nan.gguf"
    whole = tiny_model.adapters["red"].read_bytes()
    path.write_bytes(whole[:-4000] + np.full(1000, np.nan, np.float32).tobytes())
    with running(replace(config, adapter_dir=tmp_path), {"nan": path}) as client:
        for sampling in (GREEDY, Sampling(top_p=0.9)):
            with pytest.raises(DecodingFailed, match="numbers overflowed"):
                client.answer("nan", prompts[0], sampling=sampling)
        client.answer("base", prompts[0])


def test_an_adapter_is_swapped_under_load_without_a_failed_request(config, tiny_model, prompts):
    with running(config, tiny_model.adapters) as client:
        asked = [client.ask("red", prompt, max_tokens=30)[1] for prompt in prompts]
        old = client.tunes["red"]
        assert old
        client.engine.retire(old)
        asked += [client.ask("blue", prompt, max_tokens=30)[1] for prompt in prompts]
        for outputs in asked:
            finished(outputs)


@pytest.mark.parametrize("kind", ["Q8_0", "F16"])
def test_a_quantised_base_serves_base_and_adapters(config, tiny_model, prompts, tmp_path, kind):
    model = tmp_path / f"{kind}.gguf"
    quantise(tiny_model.gguf, model, kind, threads=1)
    assert model.stat().st_size < tiny_model.gguf.stat().st_size
    with running(replace(config, model=model, kv_type="f16"), tiny_model.adapters) as client:
        assert len(tokens(client.answer("base", prompts[0]))) == 16
        assert len(tokens(client.answer("red", prompts[0]))) == 16
