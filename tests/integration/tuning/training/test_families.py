"""Each family of base models, tiny: what it learns, the engine reads, thinks and answers, to the token."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from serving.gguf import read_header
from tests.integration.tuning.training.conftest import FACTS, TEMPLATE, prompt, train_tokenizer
from tests.integration.tuning.training.test_loop import (
    assert_each_row_by_itself_would_teach_the_same,
    with_noise,
    with_passages,
)
from tests.integration.tuning.training.test_parity import CONVERTER, assert_thinks_alike, engine
from tuning.inference import Inference
from tuning.training import adapters, loop, models
from tuning.training.base_model import prepare_base
from tuning.training.export import export_adapter
from tuning.training.parity import parity
from tuning.training.reference import ReferenceModel


@dataclass(frozen=True, kw_only=True)
class Family:
    """How transformers names a family, and what llama.cpp calls its architecture."""

    name: str
    architecture: str
    settings: dict[str, Any] = field(default_factory=dict)
    tokenizer: Callable[[Path], None] = lambda _: None
    """Makes of the tiny Llama's tokenizer, in this folder, one of the family's kind."""
    turn_end: str = ""
    """What ends an answer, where that is not the end of a text."""

    def __str__(self) -> str:
        """Name it as tests are called."""
        return f"{self.name}{self.turn_end}"


def words_after_a_space(folder: Path) -> None:
    """Put a space before the first word after each marker: the converter does not pass on that there is none."""
    transformers.LlamaTokenizer.from_pretrained(folder, add_prefix_space=True, legacy=True).save_pretrained(folder)


def byte_pairs(folder: Path) -> None:
    """Replace it by one on bytes, as those of the family are."""
    template = transformers.AutoTokenizer.from_pretrained(folder).chat_template
    lines = [f"{question} {answer} {prompt(question)[0]['content']}" for question, answer in FACTS.items()]
    tokenizer = transformers.Qwen2Tokenizer().train_new_from_iterator(
        lines * 20, 400, new_special_tokens=["<|system|>", "<|user|>", "<|assistant|>"]
    )
    tokenizer.chat_template = template.replace("{{ bos_token }}", "")
    for left in folder.glob("tokenizer*"):
        left.unlink()
    tokenizer.save_pretrained(folder)


def ends_of_turns(folder: Path) -> None:
    """Replace it by one with a token that ends turns beside the one that ends texts, as Gemma's has."""
    for left in folder.glob("tokenizer*"):
        left.unlink()
    tokenizer = train_tokenizer(folder, TURN_END)
    tokenizer.chat_template = TEMPLATE.replace("eos_token", f"'{TURN_END}\\n'")
    tokenizer.save_pretrained(folder)


TURN_END = "<end_of_turn>"
FAMILIES = (
    Family(name="Mistral", architecture="llama"),
    Family(name="Qwen2", architecture="qwen2", tokenizer=byte_pairs),
    Family(name="Qwen3", architecture="qwen3", settings={"head_dim": 16}, tokenizer=byte_pairs),
    Family(
        name="Phi3",
        architecture="phi3",
        settings={"pad_token_id": 0, "original_max_position_embeddings": 1024},
        tokenizer=words_after_a_space,
    ),
    Family(name="Gemma2", architecture="gemma2", settings={"head_dim": 16, "query_pre_attn_scalar": 16}),
    Family(name="Gemma3Text", architecture="gemma3", settings={"head_dim": 16, "query_pre_attn_scalar": 16}),
    Family(
        name="Gemma3Text",
        architecture="gemma3",
        settings={"head_dim": 16, "query_pre_attn_scalar": 16},
        tokenizer=ends_of_turns,
        turn_end=TURN_END,
    ),
    Family(name="SmolLM3", architecture="smollm3", settings={"pad_token_id": 0}),
)


def make_base(family, base, folder):
    """A tiny model of the family with the tiny Llama's tokenizer."""
    shutil.copytree(base, folder, ignore=shutil.ignore_patterns("config.json", "*.safetensors", "generation*"))
    family.tokenizer(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    shape = getattr(transformers, f"{family.name}Config")(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=1024,
        initializer_range=0.1,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        **family.settings,
    )
    torch.manual_seed(3)
    model = transformers.AutoModelForCausalLM.from_config(shape)
    if family.turn_end:
        ends = [tokenizer.eos_token_id, tokenizer.convert_tokens_to_ids(family.turn_end)]
        model.generation_config.eos_token_id = ends
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def converter(tmp_path_factory):
    """The converter, which knows byte-pair tokenizers by name only, told that one it doesn't know is Qwen's."""
    folder = tmp_path_factory.mktemp("converter") / "converter"
    shutil.copytree(CONVERTER, folder)
    knows = folder / "conversion" / "base.py"
    code = knows.read_text("utf-8")
    assert code.count("        if res is None:\n") == 1
    knows.write_text(
        code.replace("        if res is None:\n", '        res = res or "qwen2"\n        if res is None:\n')
    )
    return folder


@pytest.mark.parametrize("family", FAMILIES, ids=str)
def test_a_model_of_the_family_learns_from_rows_together_as_from_each_by_itself(family, base, config, tmp_path):
    source = make_base(family, base, tmp_path / "model")
    model = with_noise(adapters.attach(models.load_model(source, torch.device("cpu")), config))
    models.set_chance(model, drops_out=False)
    assert_each_row_by_itself_would_teach_the_same(model, with_passages(source))


@pytest.mark.timeout(900)
@pytest.mark.parametrize("family", FAMILIES, ids=str)
def test_a_model_of_the_family_is_served_as_it_was_trained(family, base, config, converter, tmp_path):
    source = make_base(family, base, tmp_path / "model")
    config = replace(config, base=source, folder=tmp_path / "artifacts" / "run", epochs=40)
    peft = loop.train(config, is_stopped=lambda: False)
    adapter = config.folder / "adapter.gguf"
    sha256 = export_adapter(peft, source, adapter, converter)
    made = prepare_base(source, tmp_path / "base", "q8_0", converter)
    assert read_header(made.path).architecture == family.architecture
    prompts = [prompt(question) for question in FACTS]
    trained, base_alone = (ReferenceModel(source, it, threads=1) for it in (peft, None))
    assert_thinks_alike(made.f16_path, adapter, trained, base_alone, prompts)
    with engine(made.f16_path, tmp_path / "artifacts") as url:
        inference = Inference(url)
        inference.load_adapter("run", adapter, sha256)
        tuned = parity(trained, prompts, inference, "run", max_tokens=20)
        untuned = parity(base_alone, prompts, inference, "run", max_tokens=20)
    assert tuned["prompts"] == tuned["faithful"] == tuned["answers"] == 1.0
    assert untuned["answers"] < 1.0
