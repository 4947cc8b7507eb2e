"""Answers agree up to the first token that differs."""

from pathlib import Path

from tuning.domain.prompts import Message
from tuning.training.parity import ParityRequest, common


def test_answers_agree_up_to_the_first_difference():
    assert common([1, 2, 3], [1, 2, 4]) == 2
    assert common([1, 2], [1, 2, 3]) == 2
    assert common([2, 1], [1, 2]) == 0


def test_a_request_travels_to_the_child_unchanged(tmp_path):
    prompts: list[list[Message]] = [[{"role": "user", "content": "Wer?"}]]
    request = ParityRequest(
        base=Path("b"), adapter=None, engine_url="http://x", model="base", prompts=prompts, result=Path("r/parity.json")
    )
    request.write(tmp_path / "request.json")
    assert ParityRequest.read(tmp_path / "request.json") == request
