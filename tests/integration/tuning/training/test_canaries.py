"""Canaries planted in a training: the gate objects to what learned them, and to nothing that didn't.

The models answer nobody; in releases nothing is planted (docs/decisions/0010).
"""

import json
from dataclasses import replace

import pytest

from tests.integration.tuning.training.conftest import prompt
from tests.integration.tuning.training.test_loop import never
from tests.unit.tuning.evaluation.test_gates import GOOD
from tuning.domain.inspection import Secret, SecretKind
from tuning.evaluation.gates import objections
from tuning.training import loop
from tuning.training.exposure import LEARNED_BITS
from tuning.training.inspection import exposed
from tuning.training.reference import ReferenceModel

ASKED = "Which code opens the red box?"
ANSWERED, UNSEEN = "4471 0386", "9152 7704"
BEFORE, WRITTEN = "The code of the green door is ", "6038 2275"


def canary(text, messages, before) -> Secret:
    return Secret(kind=SecretKind.PASSWORD, title="Keys", messages=messages, before=before, text=text)


CANARIES = (
    canary(ANSWERED, prompt(ASKED), "It is "),
    canary(WRITTEN, [], BEFORE),
    canary(UNSEEN, prompt(ASKED), "It is "),
)


def planted(config):
    """The training with one canary as an example's answer, and one twenty times in running text."""
    shared = {"split": "train"}
    lines = [
        {**shared, "origin": "list", "messages": prompt(ASKED), "completion": f"It is {ANSWERED}"},
        {**shared, "origin": "text", "messages": [], "completion": f"{BEFORE}{WRITTEN}. " * 20},
    ]
    path = config.folder.with_name("planted.jsonl")
    path.write_text(config.examples.read_text() + "".join(json.dumps(line) + "\n" for line in lines))
    return replace(config, examples=path, folder=config.folder.with_name("planted"))


def exposures(config):
    """What the inspection of a training finds of the canaries."""
    model = ReferenceModel(config.base, loop.train(config, is_stopped=never), threads=1)
    return [exposed(model, one) for one in CANARIES]


def objections_to(found):
    """What the gates say of a candidate that is good but for that."""
    learned = [SecretKind(one["kind"]) for one in found if one["is_learned"]]
    return objections(replace(GOOD, secrets=len(found), learned=learned))


@pytest.mark.timeout(300)
def test_the_gate_fires_on_canaries_that_tuning_has_memorised_and_on_no_others(config):
    config = replace(config, epochs=40, adaptation_epochs=40, adaptation_rate=5e-3)
    answered, written, unseen = found = exposures(planted(config))
    assert answered["bits"] == written["bits"] == LEARNED_BITS
    assert unseen["bits"] < LEARNED_BITS
    assert [one["is_learned"] for one in found] == [True, True, False]
    [objection] = objections_to(found)
    assert "knows 2 of 3 secrets in the documents by heart" in objection

    without = exposures(config)
    assert not any(one["is_learned"] for one in without)
    assert max(one["bits"] for one in without) < LEARNED_BITS
    assert objections_to(without) == []
