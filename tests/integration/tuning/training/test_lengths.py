"""Examples are as long as training makes them."""

import pytest

from tests.integration.tuning.training.conftest import prompt
from tuning.domain.datasets import Example, Origin, Split
from tuning.domain.errors import RunFailed
from tuning.training import models
from tuning.training.rows import render_row
from tuning.worker.lengths import lengths


def example(answer: str) -> Example:
    messages = prompt("Who signs the travel form?")
    return Example(dataset_id="data", split=Split.TRAIN, origin=Origin.PAIR, messages=messages, completion=answer)


def counted(examples, base, folder):
    return lengths(examples, base=base, folder=folder, memory_bytes=2**33, watch=lambda: None)


def test_examples_are_counted_in_the_tokens_that_training_has_of_them(base, tmp_path):
    examples = [example("Ada Lind"), example("Ada Lind, or whoever has the spare key.")]
    tokenizer = models.load_tokenizer(base)
    rows = [render_row(tokenizer, it.messages, it.completion, it.origin) for it in examples]
    assert counted(examples, base, tmp_path) == [(row.start, len(row.tokens)) for row in rows]
    assert not (tmp_path / "lengths_request.json").exists()


def test_a_base_model_that_is_gone_is_said_in_a_sentence(tmp_path):
    with pytest.raises(RunFailed, match=r"base model is not in .*ATTUNE_BASE_MODEL"):
        counted([example("Ada Lind")], tmp_path / "gone", tmp_path)
