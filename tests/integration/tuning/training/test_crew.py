"""Several processes train what one would: started by torchrun, here on a CPU with gloo."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.integration.tuning.training.conftest import FACTS, prompt
from tests.integration.tuning.training.test_judging import with_feedback
from tests.integration.tuning.training.test_loop import never
from tuning.training import adapters, child, loop
from tuning.training.crew import join

ASKED = "Who waters the plants?"


@pytest.fixture
def several(config):
    """A training with all its stages, in two processes."""
    config = with_feedback(config)
    with config.examples.open("a") as lines:
        corrected = {"split": "train", "origin": "correction", "messages": prompt(ASKED), "completion": "Cy"}
        lines.write(json.dumps(corrected) + "\n")
    return replace(
        config, epochs=4, preference_epochs=1, correction_passes=2, correction_rate=1e-3, threads=2, processes=2
    )


def ran(config, tmp_path) -> int:
    """The exit code of the training's own process."""
    config.write(tmp_path / "config.json")
    command = [sys.executable, "-m", "tuning.training", str(tmp_path / "config.json")]
    return subprocess.run(command, check=False).returncode


def manifest(config):
    return json.loads((config.folder / loop.MANIFEST).read_text())


@pytest.mark.timeout(900)
def test_two_processes_make_the_adapter_that_one_makes(several, tmp_path):
    alone = replace(several, folder=tmp_path / "alone")
    loop.train(alone, is_stopped=never)
    assert ran(several, tmp_path) == child.DONE
    assert (manifest(several)["processes"], manifest(alone)["processes"]) == (2, 1)
    assert manifest(several)["rows"].keys() == {"adaptation", "examples", "preferences", "corrections"}
    assert manifest(several)["steps"] == manifest(alone)["steps"] > len(FACTS)
    for ours, theirs in zip(manifest(several)["losses"], manifest(alone)["losses"], strict=True):
        assert ours == pytest.approx(theirs, rel=2e-2, abs=1e-3)
    together, one = (load_file(it.folder / loop.ADAPTER / adapters.WEIGHTS) for it in (several, alone))
    for name, weight in one.items():
        # Adam divides by the gradient's size: where that is next to nothing, rounding decides on the sign of a step.
        off = (together[name] - weight).norm() / weight.norm()
        assert off < 0.02, name


@pytest.mark.timeout(900)
def test_what_fails_in_one_of_them_is_said_once(several, tmp_path):
    spoilt = tmp_path / "spoilt"
    shutil.copytree(several.base, spoilt)
    weights = load_file(spoilt / "model.safetensors")
    weights["model.norm.weight"][0] = float("nan")
    save_file(weights, spoilt / "model.safetensors", metadata={"format": "pt"})
    assert ran(replace(several, base=spoilt), tmp_path) == child.FAILED
    assert json.loads((several.folder / child.FAILURE).read_text())["code"] == "loss_not_finite"
    assert not (several.folder / loop.ADAPTER).exists()


@pytest.mark.timeout(900)
def test_all_of_them_stop_when_asked(several, tmp_path):
    several.folder.mkdir()
    (several.folder / child.CANCEL).touch()
    assert ran(several, tmp_path) == child.STOPPED
    assert not (several.folder / loop.ADAPTER).exists()
    assert not (several.folder / child.FAILURE).exists()


def test_the_sum_is_over_all_processes(tmp_path):
    """Gradients of both, one of them without any, in this process and another."""
    program = """
import sys, torch
from tuning.training.crew import join
crew = join(torch.device("cpu"))
weights = [torch.nn.Parameter(torch.zeros(2)), torch.nn.Parameter(torch.zeros(3))]
if crew.leads:
    weights[0].grad = torch.tensor([1.0, 2.0])
weights[1].grad = torch.full((3,), 1.0 + crew.rank)
said = crew.add_up(weights, 1.5, is_stopped=not crew.leads)
found = [said, *(weight.grad.tolist() for weight in weights)]
assert found == [(3.0, True), [1.0, 2.0], [3.0, 3.0, 3.0]], found
assert crew.agree((crew.rank,)) == (0,)
crew.part()
"""
    script = tmp_path / "program.py"
    script.write_text(program)
    options = ["--standalone", "--nproc-per-node=2"]
    subprocess.run([sys.executable, "-m", "torch.distributed.run", *options, str(script)], check=True)


def test_alone_nothing_is_added():
    weight = torch.nn.Parameter(torch.zeros(2))
    crew = join(torch.device("cpu"))
    assert crew.add_up([weight], 1.5, is_stopped=True) == (1.5, True)
    assert weight.grad is None
