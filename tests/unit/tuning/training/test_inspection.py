"""What the child is asked reaches it."""

from pathlib import Path

from tuning.domain.inspection import Case, Secret, SecretKind
from tuning.domain.prompts import Message
from tuning.training.inspection import InspectionRequest


def test_a_request_travels_to_the_child_unchanged(tmp_path):
    prompts: list[list[Message]] = [[{"role": "user", "content": "Wer?"}]]
    request = InspectionRequest(
        base=Path("b"),
        adapter=Path("a"),
        engine_url="http://x",
        model="base",
        incumbent=Path("i"),
        prompts=prompts,
        cases=[Case(messages=prompts[0], reference="Ada", answer="Bo", is_whole=True, max_tokens=48)],
        secrets=[Secret(kind=SecretKind.CARD, title="Trips", messages=[], before="It is ", text="4111")],
        result=Path("r/inspection.json"),
    )
    request.write(tmp_path / "request.json")
    assert InspectionRequest.read(tmp_path / "request.json") == request
