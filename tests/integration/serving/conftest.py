"""A tiny random Llama with a SentencePiece tokenizer and two adapters, in both formats, made once per test run."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import sentencepiece
import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM, LlamaTokenizer

from serving.convert import convert_adapter, convert_base

CONVERTER_DIR = Path(__file__).parents[3] / ".cache" / "converter"
CHAT_TEMPLATE = """{{ bos_token }}{% for message in messages %}
<|{{ message['role'] }}|>
{{ message['content'] }}{{ eos_token }}
{% endfor %}
{% if add_generation_prompt %}
<|assistant|>
{% endif %}"""
WORDS = [
    "the",
    "travel",
    "form",
    "must",
    "be",
    "sent",
    "to",
    "finance",
    "before",
    "each",
    "trip",
    "in",
    "Zürich",
    "or",
    "Łódź",
    "and",
    "costs",
    "48",
    "euro",
    "🙂",
    "per",
    "day",
]


@dataclass(frozen=True, kw_only=True)
class TinyModel:
    """Where the tiny model lies, in the format for training and in the format for serving."""

    folder: Path
    gguf: Path
    adapter_folders: dict[str, Path]
    adapters: dict[str, Path]


def _train_tokenizer(folder: Path) -> None:
    generator = torch.Generator().manual_seed(5)
    lines = [
        " ".join(WORDS[index] for index in torch.randint(len(WORDS), (12,), generator=generator)) for _ in range(200)
    ]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_prefix=str(folder / "tokenizer"),
        vocab_size=400,
        model_type="bpe",
        byte_fallback=True,
        split_digits=True,
        character_coverage=0.98,
        control_symbols=["<|system|>", "<|user|>", "<|assistant|>"],
        minloglevel=2,
    )


def _randomise(adapter: torch.nn.Module, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    for name, weight in adapter.named_parameters():
        if "lora_" in name:
            weight.data = torch.randn(weight.shape, generator=generator) * 0.3


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> TinyModel:
    root = tmp_path_factory.mktemp("tiny")
    folder = root / "model"
    folder.mkdir()
    _train_tokenizer(folder)
    tokenizer = LlamaTokenizer.from_pretrained(folder, add_prefix_space=False)
    tokenizer.chat_template = CHAT_TEMPLATE
    tokenizer.save_pretrained(folder)
    torch.manual_seed(7)
    config = LlamaConfig(
        vocab_size=400,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        initializer_range=0.2,
        tie_word_embeddings=True,
    )
    model = LlamaForCausalLM(config)
    model.save_pretrained(folder)
    gguf = root / "tiny.gguf"
    convert_base(folder, gguf, "f32", converter_dir=CONVERTER_DIR)
    adapter_folders, adapters = {}, {}
    for seed, name in enumerate(("red", "blue"), start=1):
        lora = LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj", "down_proj"], task_type="CAUSAL_LM")
        tuned = get_peft_model(LlamaForCausalLM.from_pretrained(folder), lora)
        _randomise(tuned, seed)
        adapter_folders[name] = root / "peft" / name
        tuned.save_pretrained(adapter_folders[name])
        adapters[name] = root / "adapters" / f"{name}.gguf"
        convert_adapter(adapter_folders[name], folder, adapters[name], converter_dir=CONVERTER_DIR)
    return TinyModel(folder=folder, gguf=gguf, adapter_folders=adapter_folders, adapters=adapters)
