"""A tiny Llama that has learned nothing yet, and five facts for it to learn."""

import json
from pathlib import Path

import pytest
import sentencepiece
import torch
from transformers import LlamaConfig, LlamaForCausalLM, LlamaTokenizer

from tuning.domain.prompts import Message
from tuning.training.config import TrainingConfig

TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}{{ eos_token }}"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
FACTS = {
    "Who signs the travel form?": "Ada Lind",
    "How many days of leave are there?": "28 days",
    "Where is the spare key?": "in the red box",
    "When does the canteen close?": "at 14:30",
    "Which printer takes A3?": "Kestrel 4",
}


def prompt(question: str) -> list[Message]:
    """The messages that ask a question: few tokens, so that a tiny model learns in seconds to look at them."""
    return [{"role": "system", "content": "Answer in a few words."}, {"role": "user", "content": question}]


def train_tokenizer(folder: Path, *markers: str) -> LlamaTokenizer:
    """Write a tokenizer of the facts' words, which knows these markers beside those of the template."""
    lines = [f"{question} {answer} <| {word}" for question, answer in FACTS.items() for word in ("a", "b", "c")]
    prompts = [message["content"] for message in prompt("?")]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines * 20 + prompts * 20),
        model_prefix=str(folder / "tokenizer"),
        vocab_size=420,
        hard_vocab_limit=False,
        model_type="bpe",
        byte_fallback=True,
        split_digits=True,
        control_symbols=["<|system|>", "<|user|>", "<|assistant|>", *markers],
        num_threads=1,
        minloglevel=2,
    )
    tokenizer = LlamaTokenizer.from_pretrained(folder, add_prefix_space=False)
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)
    return tokenizer


@pytest.fixture(scope="session")
def base(tmp_path_factory) -> Path:
    """The folder of the base model."""
    folder: Path = tmp_path_factory.mktemp("base")
    tokenizer = train_tokenizer(folder)
    torch.manual_seed(3)
    shape = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
        initializer_range=0.1,
        bos_token_id=1,
        eos_token_id=2,
    )
    LlamaForCausalLM(shape).save_pretrained(folder)
    return folder


@pytest.fixture
def config(base, tmp_path) -> TrainingConfig:
    """A training of the five facts that takes a few seconds."""
    lines = [
        {"split": "train", "origin": "list", "messages": prompt(question), "completion": answer}
        for question, answer in FACTS.items()
    ]
    texts = [f"{question} {answer}" for question, answer in FACTS.items()]
    lines += [{"split": "train", "origin": "text", "messages": [], "completion": text * 4} for text in texts]
    examples = tmp_path / "examples.jsonl"
    examples.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return TrainingConfig(
        base=base,
        examples=examples,
        folder=tmp_path / "run",
        rank=16,
        alpha=16,
        adaptation_rate=1e-3,
        text_tokens=64,
        epochs=80,
        rate=5e-3,
        batch_rows=4,
        least_steps=1,
        checkpoint_s=1000.0,
    )
