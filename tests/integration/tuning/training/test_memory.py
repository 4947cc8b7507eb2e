"""What a training takes is known before it begins: it is made to fit, or refused with the reason."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
import transformers

from tests.integration.tuning.training.conftest import FACTS
from tests.integration.tuning.training.test_loop import ALONE, CPU, never
from tuning.domain.datasets import Origin
from tuning.domain.prompts import Passage, question_messages
from tuning.training import adapters, loop, memory, models
from tuning.training.errors import MemoryTooSmall
from tuning.training.memory import FACTOR
from tuning.training.rows import plan, render_row

MIB = 2**20
PASSAGES = [Passage(title="Travel", heading="", text=f"{number} " + "one word and another " * 40) for number in (1, 2)]


def on_passages(tokenizer):
    return tuple(
        render_row(tokenizer, question_messages(q, [shown]), a, Origin.LIST)
        for shown in PASSAGES
        for q, a in FACTS.items()
    )


@pytest.fixture
def lessons(config):
    """The config with examples over passages instead, for one short epoch."""
    lines = [
        {"split": "train", "origin": "list", "messages": question_messages(q, [shown]), "completion": a}
        for shown in PASSAGES
        for q, a in FACTS.items()
    ]
    config.examples.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return replace(config, epochs=1, batch_rows=10, batch_tokens=10**5)


def make_medium(base, folder):
    """A model of 12 million parameters, with the tiny one's tokenizer."""
    shutil.copytree(base, folder, ignore=shutil.ignore_patterns("config.json", "*.safetensors", "generation*"))
    shape = transformers.AutoConfig.from_pretrained(base)
    for name, value in {
        "hidden_size": 384,
        "intermediate_size": 1152,
        "num_hidden_layers": 6,
        "num_attention_heads": 6,
        "num_key_value_heads": 6,
        "head_dim": 64,
    }.items():
        setattr(shape, name, value)
    transformers.LlamaForCausalLM(shape).save_pretrained(folder)
    return folder


PEAK = """
import re, sys
from pathlib import Path
from tuning.training.child import main
code = main()
peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
Path(sys.argv[1]).with_suffix(".peak").write_text(peak[1])
sys.exit(code)
"""


def peak_of(config, tmp_path) -> int:
    """The most memory that the training's own process has taken, in bytes.

    It says so itself: what the kernel tells a parent (`ru_maxrss`) counts what the parent had taken before.
    """
    config.write(tmp_path / "config.json")
    subprocess.run([sys.executable, "-c", PEAK, tmp_path / "config.json"], check=True)
    return int((tmp_path / "config.peak").read_text()) * 1024


def learned(config):
    return json.loads((config.folder / loop.MANIFEST).read_text())["memory"]


@pytest.mark.timeout(900)
@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux tells a process its own peak.")
@pytest.mark.parametrize("size", ["tiny", "medium"])
def test_the_estimate_is_near_what_is_taken(lessons, base, tmp_path, size):
    source = base if size == "tiny" else make_medium(base, tmp_path / "medium")
    config = replace(lessons, base=source)
    taken = peak_of(config, tmp_path)
    needed = learned(config)["needed_bytes"]
    print(f"{size}: {taken / 2**20:.0f} MiB taken, {needed / 2**20:.0f} MiB estimated")  # noqa: T201 - for docs
    assert needed / FACTOR < taken < needed * FACTOR
    if size == "medium":
        # With a third of what the steps add it is made to fit, and does.
        resting = memory._resting(config, models.load_outline(source), CPU)
        tight = replace(config, folder=tmp_path / "tight", memory_bytes=resting + (needed - resting) // 3)
        less = peak_of(tight, tmp_path)
        assert learned(tight)["needed_bytes"] <= tight.memory_bytes
        assert "since" in learned(tight)["reason"]
        assert less < taken
        assert less < learned(tight)["needed_bytes"] * FACTOR


def fit(config, room):
    """How a training fits, with so many bytes beyond what is there between steps."""
    outline = models.load_outline(config.base)
    stages = plan(config, models.load_tokenizer(config.base))
    allowed = memory._resting(config, outline, CPU) + room
    return memory.fit(replace(config, memory_bytes=allowed), outline, stages, CPU)


def test_what_does_not_fit_is_cut_smaller_then_computed_again_then_refused(lessons):
    ample = fit(lessons, 2**30)
    assert ample.reason == ""
    assert not ample.is_checkpointed
    peak = ample.needed_bytes - (ample.free_bytes - 2**30)
    found = [it for share in range(100, 10, -5) if (it := _fits(lessons, peak * share // 100))]
    ways = list(dict.fromkeys((it.most_tokens > 0, it.is_checkpointed) for it in found))
    assert ways == [(True, False), (False, False), (False, True)]
    assert "computed one by one, and their activations again instead of kept, since" in found[-1].reason
    assert all(it.needed_bytes <= it.free_bytes for it in found)
    assert [it.needed_bytes for it in found] == sorted((it.needed_bytes for it in found), reverse=True)
    with pytest.raises(MemoryTooSmall, match="GiB are free"):
        fit(lessons, peak // 50)


def _fits(config, room):
    try:
        return fit(config, room)
    except MemoryTooSmall:
        return None


def test_too_little_memory_is_refused_before_anything_is_loaded(config, monkeypatch):
    monkeypatch.setattr(models, "load_model", None)
    with pytest.raises(MemoryTooSmall, match="GiB are free"):
        loop.train(replace(config, memory_bytes=50 * MIB), is_stopped=never)


@pytest.mark.parametrize("drops_out", [True, False])
def test_smaller_parts_and_activations_computed_again_leave_gradients_as_they_are(base, config, drops_out):
    batch = on_passages(models.load_tokenizer(base))
    found = []
    for most_tokens, is_checkpointed in ((10**6, False), (300, False), (0, True)):
        torch.manual_seed(1)
        model = adapters.attach(models.load_model(base, CPU), config).double()
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(weight, std=0.05, generator=torch.Generator().manual_seed(1))
        if is_checkpointed:
            models.compute_again(model)
        models.set_chance(model, drops_out=drops_out)
        loss = loop.learn(model, batch, replace(ALONE, most_tokens=most_tokens))
        found.append((loss, {name: it.grad for name, it in model.named_parameters() if it.requires_grad}))
    for loss, gradients in found[1:]:
        assert loss == pytest.approx(found[0][0], rel=1e-6)
        torch.testing.assert_close(gradients, found[0][1], rtol=1e-5, atol=1e-8)


def test_activations_computed_again_are_not_kept(base, config):
    """What a row keeps for the way back, in bytes."""
    row = on_passages(models.load_tokenizer(base))[0]
    kept = {}
    for is_checkpointed in (False, True):
        model = adapters.attach(models.load_model(base, CPU), config)
        if is_checkpointed:
            models.compute_again(model)
        models.set_chance(model, drops_out=False)
        sizes: dict[int, int] = {}

        def note(tensor, sizes=sizes):
            sizes[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            model(input_ids=torch.tensor([row.tokens]), use_cache=False)
        weights = {it.untyped_storage().data_ptr() for it in model.parameters()}
        kept[is_checkpointed] = sum(size for pointer, size in sizes.items() if pointer not in weights)
    assert kept[True] < kept[False] / 2


@pytest.mark.parametrize(("units", "dtype"), [(True, torch.bfloat16), (False, torch.float32)])
def test_bfloat16_is_for_wide_models_on_hardware_that_has_it(base, config, monkeypatch, units, dtype):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": True})
    assert next(models.load_model(base, CPU).parameters()).dtype == torch.float32
    monkeypatch.setattr(models, "WIDE", 1)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": units})
    model = adapters.attach(models.load_model(base, CPU), config)
    assert model.get_input_embeddings().weight.dtype == dtype
    assert {weight.dtype for weight in model.parameters() if weight.requires_grad} == {torch.float32}


def test_bfloat16_learns_what_float32_learns(base, config, monkeypatch):
    monkeypatch.setattr(models, "WIDE", 1)
    losses = {}
    for units in (True, False):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda units=units: {"amx_bf16": units})
        torch.manual_seed(1)
        model = adapters.attach(models.load_model(base, CPU), config)
        losses[units] = loop.learn(model, on_passages(models.load_tokenizer(base)), ALONE)
    assert losses[True] == pytest.approx(losses[False], rel=0.02)
