"""The loop learns, repeats itself exactly, and can be cut anywhere."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.integration.tuning.training.conftest import FACTS, prompt
from tuning.domain.datasets import Origin
from tuning.domain.prompts import Message, Passage, question_messages
from tuning.training import adapters, child, loop, models
from tuning.training.batches import Batch, Row, groups
from tuning.training.crew import Crew
from tuning.training.errors import NothingToLearn, ParentUnfit, Stopped
from tuning.training.progress import Progress
from tuning.training.rows import plan, render, render_row

CPU = torch.device("cpu")
ALONE = Crew(device=CPU)


def never() -> bool:
    return False


def adapter_hash(config) -> str:
    manifest = json.loads((config.folder / loop.MANIFEST).read_text())
    return str(manifest["adapter_sha256"])


@contextmanager
def started(config, tmp_path) -> Iterator[subprocess.Popen[bytes]]:
    """The training in its own process, once it has written a checkpoint."""
    config.write(tmp_path / "config.json")
    with subprocess.Popen([sys.executable, "-m", "tuning.training", str(tmp_path / "config.json")]) as process:
        try:
            while not (config.folder / "checkpoint.pt").is_file():
                assert process.poll() is None
                time.sleep(0.05)
            yield process
        finally:
            process.kill()


def run_child(config, tmp_path, monkeypatch) -> int:
    """What the child does, in this process, which other tests need as it is."""
    config.write(tmp_path / "config.json")
    monkeypatch.setattr(child, "_give_way", lambda: None)
    monkeypatch.setattr(child, "_keep_memory", lambda: None)
    monkeypatch.setattr(sys, "argv", ["training", str(tmp_path / "config.json")])
    handler = signal.getsignal(signal.SIGTERM)
    try:
        return child.main()
    finally:
        signal.signal(signal.SIGTERM, handler)


def test_loss_is_on_the_completion_and_its_end_token_only(base):
    tokenizer = models.load_tokenizer(base)
    messages = prompt("Who signs the travel form?")
    row = render_row(tokenizer, messages, "Ada Lind", Origin.LIST)
    assert tokenizer.decode(row.tokens[row.start :]) == "Ada Lind</s>"
    assert list(row.tokens[: row.start]) == render(tokenizer, messages)
    history: list[Message] = [
        *messages,
        {"role": "assistant", "content": "Ada Lind"},
        {"role": "user", "content": "Since when?"},
    ]
    row = render_row(tokenizer, history, "2019", Origin.LIST)
    assert tokenizer.decode(row.tokens[row.start :]) == "2019</s>"


def with_noise(model: torch.nn.Module) -> Any:
    """The model in float64, with an adapter that does something."""
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.05, generator=torch.Generator().manual_seed(1))
    return model.double()


def with_passages(base: Path) -> Batch:
    """Questions on no passage, on one, and on another."""
    tokenizer = models.load_tokenizer(base)
    passages = [
        Passage(title="Travel", heading="", text=f"{number} " + "one word and another " * 40) for number in (1, 2)
    ]
    return tuple(
        render_row(tokenizer, question_messages(q, shown), a, Origin.LIST)
        for shown in ([], passages[:1], passages[1:])
        for q, a in FACTS.items()
    )


def assert_each_row_by_itself_would_teach_the_same(model: Any, batch: Batch) -> None:
    loss = loop.learn(model, batch, ALONE)
    gradients = {name: weight.grad.clone() for name, weight in model.named_parameters() if weight.requires_grad}
    model.zero_grad()
    total, count = torch.zeros((), dtype=torch.double), 0
    for row in batch:
        tokens = torch.tensor([row.tokens])
        labels = torch.where(torch.arange(len(row.tokens)) >= row.start, tokens, -100)
        logits = model(input_ids=tokens).logits[0, :-1]
        total = total + torch.nn.functional.cross_entropy(logits, labels[0, 1:], ignore_index=-100, reduction="sum")
        count += len(row.tokens) - row.start
    (total / count).backward()
    assert loss == pytest.approx((total / count).item(), rel=1e-6)
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            torch.testing.assert_close(gradients[name], weight.grad, rtol=1e-5, atol=1e-8)


def test_a_shared_beginning_leaves_loss_and_gradients_as_they_are(base, config):
    model = with_noise(adapters.attach(models.load_model(base, CPU), config))
    batch = with_passages(base)
    assert len(groups(batch)) == 3
    assert_each_row_by_itself_would_teach_the_same(model, batch)


def test_the_last_layer_sees_what_is_looked_at_and_no_more(base, config):
    model = adapters.attach(models.load_model(base, CPU), config)
    batch = with_passages(base)
    seen: dict[str, list[int]] = {"first": [], "last": []}
    first, last = model.get_base_model().model.layers
    first.mlp.register_forward_hook(lambda _module, given, _found: seen["first"].append(given[0].shape[:2].numel()))
    last.mlp.gate_proj.register_forward_hook(
        lambda _module, given, _found: seen["last"].append(given[0].shape[:2].numel())
    )
    loop.learn(model, batch, ALONE)
    assert sum(seen["last"]) == sum(len(row.tokens) - row.start for row in batch)
    assert sum(seen["first"]) > 5 * sum(seen["last"])


def test_lora_is_on_attention_and_mlp_and_nowhere_else(base, config):
    model = models.load_model(base, CPU)
    expected = ["down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj"]
    assert adapters.targets(model) == expected
    tuned = adapters.attach(model, config)
    trained = [name for name, weight in tuned.named_parameters() if weight.requires_grad]
    assert len(trained) == 2 * 2 * len(expected)
    assert all("lora_" in name and ".layers." in name for name in trained)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("is_orthogonalised", [False, True])
def test_killed_and_resumed_gives_the_same_adapter_as_uninterrupted(config, tmp_path, is_orthogonalised):
    config = replace(config, is_orthogonalised=is_orthogonalised)
    loop.train(config, is_stopped=never)
    cut = replace(config, folder=tmp_path / "cut", checkpoint_s=0.0)
    with started(cut, tmp_path) as process:
        process.kill()
    assert not (cut.folder / loop.ADAPTER).exists()
    calls = iter([False] * 7 + [True])
    with pytest.raises(Stopped):
        loop.train(cut, is_stopped=lambda: next(calls))
    loop.train(cut, is_stopped=never)
    assert adapter_hash(cut) == adapter_hash(config)
    progress = Progress.read(cut.folder)
    assert progress
    assert progress.step == progress.steps == json.loads((cut.folder / loop.MANIFEST).read_text())["steps"]


def test_a_step_that_is_orthogonalised_moves_all_directions_alike(base, config):
    started = adapters.state(adapters.attach(models.load_model(base, CPU), config))
    config = replace(config, is_orthogonalised=True, adaptation_epochs=0, epochs=1, batch_rows=len(FACTS))
    learned = load_file(loop.train(config, is_stopped=never) / adapters.WEIGHTS)
    moves = [learned[name] - started[name] for name in learned if "lora_B" in name]
    assert len(moves) > 1
    for move in moves:
        strengths = torch.linalg.svdvals(move)
        # A gradient of one batch has few directions that matter; of those Muon's iteration leaves none behind.
        assert strengths[3] > 0.3 * strengths[0]


def test_a_finished_training_is_not_repeated(config):
    config = replace(config, epochs=1)
    first = loop.train(config, is_stopped=never)
    written = (first / adapters.WEIGHTS).stat().st_mtime_ns
    assert loop.train(config, is_stopped=never) == first
    assert (first / adapters.WEIGHTS).stat().st_mtime_ns == written


@pytest.mark.parametrize("how", ["file", "signal"])
def test_it_stops_when_asked_and_leaves_a_checkpoint(config, tmp_path, monkeypatch, how):
    config.folder.mkdir()
    if how == "file":
        (config.folder / "cancel").touch()
    else:
        learn = loop.learn

        def interrupted(*given):
            os.kill(os.getpid(), signal.SIGTERM)
            return learn(*given)

        monkeypatch.setattr(loop, "learn", interrupted)
    assert run_child(config, tmp_path, monkeypatch) == child.STOPPED
    assert (config.folder / "checkpoint.pt").is_file()
    assert not (config.folder / loop.ADAPTER).exists()


def test_a_loss_that_is_not_finite_ends_the_run_with_a_remedy(config, base, tmp_path, monkeypatch):
    spoilt = tmp_path / "spoilt"
    shutil.copytree(base, spoilt)
    weights = load_file(spoilt / "model.safetensors")
    weights["model.norm.weight"][0] = float("nan")
    save_file(weights, spoilt / "model.safetensors", metadata={"format": "pt"})
    assert run_child(replace(config, base=spoilt), tmp_path, monkeypatch) == child.FAILED
    failure = json.loads((config.folder / child.FAILURE).read_text())
    assert failure["code"] == "loss_not_finite"
    assert "learning rate" in failure["remedy"]
    assert not (config.folder / loop.ADAPTER).exists()


def test_a_missing_base_is_said_in_one_sentence(config, tmp_path, monkeypatch):
    assert run_child(replace(config, base=tmp_path / "nowhere"), tmp_path, monkeypatch) == child.FAILED
    failure = json.loads((config.folder / child.FAILURE).read_text())
    assert failure["code"] == "base_missing"
    assert "nowhere" in failure["error"]


def test_the_rate_rises_to_its_peak_and_falls_to_nearly_nothing():
    shares = [loop.schedule(step, 100, 0.1) for step in range(100)]
    assert shares[:10] == sorted(shares[:10])
    assert max(shares) == shares[9] == shares[10] == 1
    assert shares[10:] == sorted(shares[10:], reverse=True)
    assert 0 < shares[-1] < 0.001
    assert loop.schedule(0, 1, 0.05) == 1


def test_examples_that_are_all_too_long_are_refused(config):
    with pytest.raises(NothingToLearn, match="None of the 10 examples"):
        loop.train(replace(config, row_tokens=8), is_stopped=never)


def test_a_parents_adapter_is_continued(config, tmp_path):
    parent = loop.train(config, is_stopped=never)
    again = replace(config, folder=tmp_path / "again", parent=parent, epochs=1, adaptation_epochs=0.0)
    loop.train(again, is_stopped=never)
    first, last = Progress.read(config.folder), Progress.read(again.folder)
    assert first
    assert last
    assert first.losses[0][1] > 3
    assert last.losses[0][1] < first.losses[0][1] / 3


def test_a_parent_that_touches_the_embeddings_is_refused(config, tmp_path):
    parent = loop.train(replace(config, epochs=1), is_stopped=never)
    path = parent / "adapter_config.json"
    settings = json.loads(path.read_text())
    settings["target_modules"].append("embed_tokens")
    path.write_text(json.dumps(settings))
    with pytest.raises(ParentUnfit, match="embed_tokens"):
        loop.train(replace(config, folder=tmp_path / "child", parent=parent), is_stopped=never)


def test_the_same_config_plans_the_same_batches(config):
    tokenizer = models.load_tokenizer(config.base)
    assert plan(config, tokenizer) == plan(config, tokenizer)
    assert plan(config, tokenizer) != plan(replace(config, seed=2), tokenizer)
    assert all(isinstance(row, Row) for stage in plan(config, tokenizer) for batch in stage.batches for row in batch)
