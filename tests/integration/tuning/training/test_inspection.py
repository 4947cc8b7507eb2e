"""The trained model, in its child process, knows what it was taught and says so: losses, answers and secrets.

The secrets are planted here, in a model that answers nobody: in releases they would be (docs/decisions/0010).
"""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.integration.tuning.training.conftest import FACTS, prompt
from tests.integration.tuning.training.test_parity import CONVERTER, engine
from tuning.domain.evaluations import Variant
from tuning.domain.inspection import Case, Secret, SecretKind
from tuning.inference import Inference, Prompt
from tuning.training import adapters, loop, models
from tuning.training.base_model import prepare_base
from tuning.training.export import export_adapter
from tuning.training.exposure import LEARNED_BITS
from tuning.training.inspection import InspectionRequest
from tuning.worker.inspection import inspect

ASKED = "Which code opens the red box?"
BEFORE, PLANTED, UNSEEN = "It is ", "4471 0386", "9152 7704"


def secret(text: str) -> Secret:
    return Secret(kind=SecretKind.PASSWORD, title="Keys", messages=prompt(ASKED), before=BEFORE, text=text)


def untaught(config, folder):
    """An adapter that changes nothing: what it is asked, the base answers."""
    adapters.save(adapters.attach(models.load_model(config.base, torch.device("cpu")), config), folder)
    return folder


@pytest.mark.timeout(900)
def test_the_model_tells_what_it_has_learned(config, tmp_path):
    with config.examples.open("a") as lines:
        planted = {"split": "train", "origin": "list", "messages": prompt(ASKED), "completion": BEFORE + PLANTED}
        lines.write(json.dumps(planted) + "\n")
    config = replace(config, folder=tmp_path / "artifacts" / "run")
    peft = loop.train(config, is_stopped=lambda: False)
    adapter = config.folder / "adapter.gguf"
    sha256 = export_adapter(peft, config.base, adapter, CONVERTER)
    made = prepare_base(config.base, tmp_path / "base", "q8_0", CONVERTER)
    prompts = [prompt(question) for question in FACTS]
    with engine(made.path, tmp_path / "artifacts") as url:
        inference = Inference(url)
        inference.load_adapter("run1", adapter, sha256)
        answers = inference.answer_all([Prompt(model="run1", messages=it, max_tokens=20) for it in prompts])
        cases = [
            Case(messages=messages, reference=fact, answer=said, is_whole=True, max_tokens=20)
            for messages, fact, said in zip(
                prompts, FACTS.values(), ["nobody", *(it.text for it in answers[1:])], strict=True
            )
        ]
        request = InspectionRequest(
            base=config.base,
            adapter=peft,
            engine_url=url,
            model="run1",
            incumbent=untaught(config, tmp_path / "incumbent"),
            prompts=prompts,
            cases=cases,
            secrets=[secret(PLANTED), secret(UNSEEN)],
            result=config.folder / "inspection.json",
        )
        found = inspect(request, memory_bytes=8 * 2**30, watch=lambda: None)
    assert found.parity["n"] == 5
    assert found.full_precision == list(FACTS.values())  # also where something else was served
    losses = zip(found.losses[Variant.TUNED], found.losses[Variant.BASE], strict=True)
    assert all(tuned < base / 3 for tuned, base in losses)
    assert found.losses[Variant.INCUMBENT] == pytest.approx(found.losses[Variant.BASE], rel=1e-5)
    known, unknown = found.exposures
    assert (known["is_learned"], known["bits"]) == (True, LEARNED_BITS)
    assert not unknown["is_learned"]
    assert not list(Path(config.folder).glob("*request*"))  # which held the secrets
