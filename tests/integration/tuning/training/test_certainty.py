"""Corrections are learned until they are certain, however little of them the rest of the training has learned."""

import json
import math
from dataclasses import replace

import pytest

from tests.integration.tuning.training.conftest import FACTS, prompt
from tests.integration.tuning.training.test_judging import CORRECTED, CORRECTION, probabilities
from tests.integration.tuning.training.test_loop import adapter_hash, never
from tuning.training import loop, models
from tuning.training.config import TrainingConfig
from tuning.training.errors import Stopped
from tuning.training.rows import plan

WORDINGS = (CORRECTED, "Who signs the form?", "Who is it that signs the travel form?")


@pytest.fixture
def mended(config, root):
    """A training of the starter in which a few steps learn four facts and the correction of a fifth by half."""
    shared = {"split": "train", "origin": "correction", "completion": CORRECTION}
    lines = [{**shared, "messages": prompt(wording)} for wording in WORDINGS]
    kept = [line for line in config.examples.read_text().splitlines() if CORRECTED not in line]
    path = config.folder.with_name("mended.jsonl")
    path.write_text("\n".join([*kept, *(json.dumps(line) for line in lines)]) + "\n")
    starter = TrainingConfig.for_base(root / "tuning/starter/model", examples=path, folder=config.folder)
    return replace(starter, epochs=1, least_steps=1, correction_passes=60, checkpoint_s=1000.0)


def steps_of(config) -> int:
    return int(json.loads((config.folder / loop.MANIFEST).read_text())["steps"])


def test_all_wordings_of_a_correction_are_certain_in_the_end(mended, tmp_path):
    without = replace(mended, folder=tmp_path / "without", correction_passes=0)
    answers = [(wording, CORRECTION) for wording in WORDINGS]
    before = probabilities(mended.base, loop.train(without, is_stopped=never), answers)
    after = probabilities(mended.base, loop.train(mended, is_stopped=never), answers)
    assert min(before) < math.log(mended.correction_certainty) <= min(after)


def test_what_is_certain_is_not_learned_further(mended, tmp_path):
    planned = plan(mended, models.load_tokenizer(mended.base))
    loop.train(mended, is_stopped=never)
    earlier = sum(len(stage.batches) for stage in planned[:-1])
    assert planned[-1].name == "corrections"
    assert earlier < steps_of(mended) < earlier + len(planned[-1].batches)
    satisfied = replace(mended, folder=tmp_path / "satisfied", correction_certainty=1e-30)
    loop.train(satisfied, is_stopped=never)
    assert steps_of(satisfied) == earlier


def test_cut_while_it_learns_corrections_it_ends_with_the_same_adapter(mended, tmp_path):
    loop.train(mended, is_stopped=never)
    cut = replace(mended, folder=tmp_path / "cut", checkpoint_s=0.0)
    calls = iter([False] * (steps_of(mended) - 3) + [True])
    with pytest.raises(Stopped):
        loop.train(cut, is_stopped=lambda: next(calls))
    loop.train(cut, is_stopped=never)
    assert adapter_hash(cut) == adapter_hash(mended)


def test_what_is_known_beside_them_is_kept(mended, tmp_path):
    without = replace(mended, folder=tmp_path / "without", correction_passes=0)
    rest = [(question, answer) for question, answer in FACTS.items() if question != CORRECTED]
    before = probabilities(mended.base, loop.train(without, is_stopped=never), rest)
    after = probabilities(mended.base, loop.train(mended, is_stopped=never), rest)
    assert all(now > was - 0.1 for was, now in zip(before, after, strict=True))
