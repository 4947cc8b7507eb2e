import random
from pathlib import Path

import pytest
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from tuning.domain.prompts import question_messages
from tuning.starter.batches import END_ID, Encoder
from tuning.starter.rows import SIZES, row

MODEL = Path(__file__).parents[4] / "tuning" / "starter" / "model"


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerBase:
    return AutoTokenizer.from_pretrained(MODEL)


def test_the_chat_template_marks_each_message_and_opens_the_answer(tokenizer) -> None:
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}]
    rendered = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    assert rendered == "<s><|system|>\nBe brief.<|end|>\n<|user|>\nWhy?<|end|>\n<|assistant|>\n"


def test_training_reads_the_same_tokens_as_the_chat_template_gives(tokenizer) -> None:
    encoder = Encoder(MODEL / "tokenizer.model")
    rng = random.Random(11)
    for _ in range(20):
        example = row(rng, SIZES["short"])
        rendered = tokenizer.apply_chat_template(example.messages, tokenize=False)
        assert encoder.encode(example).ids == tokenizer(rendered, add_special_tokens=False).input_ids


def test_answers_and_their_ends_weigh_most(tokenizer) -> None:
    encoder = Encoder(MODEL / "tokenizer.model")
    example = row(random.Random(2), SIZES["short"])
    encoded = encoder.encode(example)
    last = encoded.answers[-1]
    assert tokenizer.decode(encoded.ids[last.start : last.stop - 1]) == example.messages[-1]["content"]
    assert encoded.ids[last.stop - 1] == END_ID
    assert min(encoded.weights[at] for at in last) >= 0.4
    assert encoded.weights[0] == 0.0
    assert (
        max(weight for at, weight in enumerate(encoded.weights) if not any(at in part for part in encoded.answers))
        <= 0.05
    )


@pytest.mark.parametrize("text", ["two  blanks", "a\n\n- b\n", "140 €, naïve “so”", " leading", "漢字 😀", "| a | b |"])
def test_any_text_comes_back_as_it_went_in(tokenizer, text: str) -> None:
    assert tokenizer.decode(tokenizer(text, add_special_tokens=False).input_ids) == text


def test_words_that_look_like_special_pieces_are_the_only_ones_read_as_such(tokenizer) -> None:
    rendered = tokenizer.apply_chat_template(question_messages("Is <end> special?"), tokenize=False)
    assert tokenizer(rendered, add_special_tokens=False).input_ids.count(END_ID) == 2
