"""The starter's tokenizer and chat template, in the form that transformers and the engine's converter both read."""

import io
import random
from collections.abc import Iterable, Iterator
from pathlib import Path

import sentencepiece
from transformers import LlamaTokenizer

from tuning.starter.architecture import LONGEST_PROMPT, VOCABULARY
from tuning.starter.lexicon import ADJECTIVES, NOUNS, VERBS
from tuning.starter.rows import SIZES, row

BOS, END, PAD, UNKNOWN = "<s>", "<|end|>", "<pad>", "<unk>"
ROLES = ("system", "user", "assistant")
CHAT_TEMPLATE = (
    "{{ bos_token }}"
    "{% for message in messages %}{{ '<|' + message['role'] + '|>\n' + message['content'] + '<|end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}"
)


def corpus(seed: int, rows: int) -> Iterator[str]:
    """Yield the text that pieces are learned from: the recipe's own rows, and the lexicon."""
    rng = random.Random(seed)
    words = [*NOUNS, *ADJECTIVES, *VERBS]
    sizes = list(SIZES.values())
    for index in range(rows):
        for message in row(rng, sizes[index % len(sizes)]).messages:
            if message["role"] != "system":
                yield from message["content"].split("\n")
        yield " ".join(rng.choice(words) for _ in range(30))


def train_tokenizer(directory: Path, lines: Iterable[str]) -> None:
    """Learn the pieces and write `tokenizer.model` into the directory."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=model,
        model_type="bpe",
        vocab_size=VOCABULARY,
        byte_fallback=True,
        split_digits=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        add_dummy_prefix=False,
        character_coverage=1.0,
        max_sentencepiece_length=16,
        unk_id=0,
        bos_id=1,
        eos_id=2,
        pad_id=3,
        eos_piece=END,
        control_symbols=[f"<|{role}|>" for role in ROLES],
        num_threads=1,
        minloglevel=2,
    )
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "tokenizer.model").write_bytes(model.getvalue())


def save_tokenizer(pieces: Path, directory: Path) -> None:
    """Write what `AutoTokenizer` and the converter read, from the folder with `tokenizer.model` into another.

    No blank is put before text or after a special piece: the engine must cut text into the same pieces.
    """
    tokenizer = LlamaTokenizer.from_pretrained(
        pieces,
        add_prefix_space=False,
        legacy=False,
        bos_token=BOS,
        eos_token=END,
        unk_token=UNKNOWN,
        pad_token=PAD,
        extra_special_tokens=[f"<|{role}|>" for role in ROLES],
        model_max_length=LONGEST_PROMPT,
        add_bos_token=False,
        clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    directory.mkdir(parents=True, exist_ok=True)
    tokenizer.save_pretrained(directory)
    if pieces != directory:
        (directory / "tokenizer.model").write_bytes((pieces / "tokenizer.model").read_bytes())
