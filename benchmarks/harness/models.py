"""Models and adapters of a given size with random weights, as GGUF: how fast they are does not depend on the values."""

import random
import shutil
from dataclasses import dataclass
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

from serving.convert import convert_adapter, convert_base
from serving.quantise import quantise
from tuning.settings import TuningSettings
from tuning.starter.report import MODEL as STARTER

FOLDER = Path("var/benchmarks")
VOCABULARY = 2048
CONTEXT = 2048
FIRST_WORD = 263
"""Ids below are special pieces and bytes. Their embeddings are zero, so that greedy answers never hold one: an end
would make answers differ in length, and half a character is held back instead of streamed."""
TOKENIZER_FILES = ("tokenizer.model", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja")


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large a Llama is."""

    name: str
    width: int
    inner: int
    layers: int
    heads: int


SIZES = {
    "100M": Size(name="100M", width=768, inner=2560, layers=12, heads=12),
    "350M": Size(name="350M", width=1024, inner=3328, layers=24, heads=16),
    "500M": Size(name="500M", width=1280, inner=3584, layers=24, heads=20),
}


def make_folder(size: Size) -> Path:
    """Return the model's folder in the format for training, made at the first call."""
    source = FOLDER / size.name
    if not (source / "config.json").exists():
        torch.manual_seed(1)
        config = LlamaConfig(
            vocab_size=VOCABULARY,
            hidden_size=size.width,
            intermediate_size=size.inner,
            num_hidden_layers=size.layers,
            num_attention_heads=size.heads,
            num_key_value_heads=size.heads,
            max_position_embeddings=CONTEXT,
            tie_word_embeddings=True,
            bos_token_id=1,
            eos_token_id=2,
        )
        model = LlamaForCausalLM(config)
        with torch.no_grad():
            model.model.embed_tokens.weight[:FIRST_WORD] = 0.0
        model.half().save_pretrained(source)
        for name in TOKENIZER_FILES:
            shutil.copy(STARTER / name, source / name)
    return source


def make_model(size: Size) -> Path:
    """Return the model in Q8_0, made at the first call; the starter's tokenizer cuts its text."""
    target = FOLDER / f"{size.name}-q8_0.gguf"
    if not target.exists():
        source = make_folder(size)
        half = FOLDER / f"{size.name}-f16.gguf"
        convert_base(source, half, "f16", converter_dir=TuningSettings().converter)
        quantise(half, target, "Q8_0")
        half.unlink()
    return target


def make_adapters(size: Size, count: int, *, rank: int = 16) -> list[Path]:
    """Return LoRA adapters for every linear layer, made at the first call."""
    return _adapters(make_folder(size), size.name, count, rank)


def make_starter_adapters(count: int, *, rank: int = 16) -> list[Path]:
    """Return LoRA adapters of the shipped starter for every linear layer, made at the first call."""
    return _adapters(STARTER, "starter", count, rank)


def _adapters(source: Path, name: str, count: int, rank: int) -> list[Path]:
    found = []
    for number in range(count):
        target = FOLDER / f"{name}-adapter-{number}.gguf"
        if not target.exists():
            FOLDER.mkdir(parents=True, exist_ok=True)
            torch.manual_seed(number)
            model = LlamaForCausalLM.from_pretrained(source, dtype=torch.float32)
            tuned = get_peft_model(
                model, LoraConfig(r=rank, target_modules="all-linear", init_lora_weights=False, task_type="CAUSAL_LM")
            )
            trained = FOLDER / f"{name}-adapter-{number}"
            tuned.save_pretrained(trained)
            convert_adapter(trained, source, target, converter_dir=TuningSettings().converter)
            shutil.rmtree(trained)
        found.append(target)
    return found


def make_starter() -> Path:
    """Return the shipped starter in Q8_0, made at the first call."""
    target = FOLDER / "starter-q8_0.gguf"
    if not target.exists():
        half = FOLDER / "starter-f16.gguf"
        convert_base(STARTER, half, "f16", converter_dir=TuningSettings().converter)
        quantise(half, target, "Q8_0")
        half.unlink()
    return target


def make_grown_starter(size: Size) -> Path:
    """Return the shipped starter in Q8_0 at another size: it says the same, and costs what a model of that size costs.

    Everything that is added is zero: features, heads, and layers that add nothing (after Chen et al. 2016, Net2Net,
    arXiv:1511.05641). So a model of that size really quotes, which one with random weights doesn't. Made at the first
    call.
    """
    target = FOLDER / f"starter-{size.name}-q8_0.gguf"
    if not target.exists():
        grown = FOLDER / f"starter-{size.name}"
        _grow(LlamaForCausalLM.from_pretrained(STARTER, dtype=torch.float32), size).half().save_pretrained(grown)
        for name in TOKENIZER_FILES:
            shutil.copy(STARTER / name, grown / name)
        half = FOLDER / f"starter-{size.name}-f16.gguf"
        convert_base(grown, half, "f16", converter_dir=TuningSettings().converter)
        quantise(half, target, "Q8_0")
        half.unlink()
        shutil.rmtree(grown)
    return target


def _grow(small: LlamaForCausalLM, size: Size) -> LlamaForCausalLM:
    """Put a model into a larger one whose other weights are zero."""
    ratio = small.config.hidden_size / size.width
    config = LlamaConfig.from_dict(
        small.config.to_dict()
        | {
            "hidden_size": size.width,
            "intermediate_size": size.inner,
            "num_hidden_layers": size.layers,
            "num_attention_heads": size.heads,
            "num_key_value_heads": size.heads,
            "rms_norm_eps": small.config.rms_norm_eps * ratio,
        }
    )
    large = LlamaForCausalLM(config)
    weights = small.state_dict()
    with torch.no_grad():
        for name, weight in large.state_dict().items():
            weight.zero_()
            if name in weights:
                # A mean over more features, all others zero, is smaller by the ratio: norms make up for it.
                part = weights[name] * (ratio**0.5 if "norm" in name else 1.0)
                weight[tuple(slice(length) for length in part.shape)] = part
    return large


def some_tokens(rng: random.Random, count: int) -> list[int]:
    """Return this many ids of words."""
    return [rng.randrange(FIRST_WORD, VOCABULARY) for _ in range(count)]
