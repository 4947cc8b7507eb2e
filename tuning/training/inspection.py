"""What the trained model itself says about how it is served and what it has learned, in a child process.

python -m tuning.training.inspection REQUEST.json
"""

import json
import sys
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tuning.domain.evaluations import Variant
from tuning.domain.inspection import Case, Inspection, Secret, SecretKind
from tuning.domain.prompts import Message
from tuning.inference import Inference
from tuning.settings import TuningSettings
from tuning.training.child import DONE, FAILED, FAILURE, MISUSED, explain
from tuning.training.exposure import exposure
from tuning.training.files import write_json
from tuning.training.parity import MAX_TOKENS, parity

if TYPE_CHECKING:
    from tuning.training.reference import ReferenceModel


@dataclass(frozen=True, kw_only=True)
class InspectionRequest:
    """What the child looks into, and where it writes what it finds."""

    base: Path
    adapter: Path
    """The peft adapter's folder."""
    engine_url: str
    model: str
    """What the engine calls the same."""
    prompts: list[list[Message]]
    """For the parity check."""
    result: Path
    """A JSON file; a failure is written beside it."""
    incumbent: Path | None = None
    """The peft adapter of the live release, if there is one on this base."""
    cases: list[Case] = field(default_factory=list)
    secrets: list[Secret] = field(default_factory=list)
    threads: int = 1
    max_tokens: int = MAX_TOKENS

    def write(self, path: Path) -> None:
        """Write it for the child to read."""
        write_json(
            path, {name: str(value) if isinstance(value, Path) else value for name, value in asdict(self).items()}
        )

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `write` wrote."""
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for name in ("base", "adapter", "incumbent", "result"):
            values[name] = Path(values[name]) if values[name] else None
        values["cases"] = [Case(**one) for one in values["cases"]]
        values["secrets"] = [Secret(**{**one, "kind": SecretKind(one["kind"])}) for one in values["secrets"]]
        return cls(**values)


def inspect(request: InspectionRequest, inference: Inference) -> Inspection:
    """Return what the trained model says. Loads torch: for a child process."""
    from tuning.training.reference import ReferenceModel  # noqa: PLC0415 - the worker imports this module without torch

    reference = ReferenceModel(request.base, request.adapter, threads=request.threads)
    return Inspection(
        parity=parity(reference, request.prompts, inference, request.model, max_tokens=request.max_tokens),
        full_precision=[
            reference.judge(it.messages, it.answer, is_whole=it.is_whole, max_tokens=it.max_tokens).text
            for it in request.cases
        ],
        losses=_losses(reference, request),
        exposures=[exposed(reference, secret) for secret in request.secrets],
    )


def _losses(reference: "ReferenceModel", request: InspectionRequest) -> dict[Variant, list[float]]:
    """Return how unlikely each case's reference is for candidate and base, and for the live release if there is one."""
    found = {
        Variant.TUNED: [reference.loss(it.messages, it.reference) for it in request.cases],
        Variant.BASE: [reference.loss(it.messages, it.reference, without_adapter=True) for it in request.cases],
    }
    if request.incumbent:
        with reference.with_adapter(request.incumbent):
            found[Variant.INCUMBENT] = [reference.loss(it.messages, it.reference) for it in request.cases]
    return found


def exposed(reference: "ReferenceModel", secret: Secret) -> dict[str, Any]:
    """Return what is kept of a secret: kind, title, its exposure in bits, and whether tuning has learned it."""

    def surprises(texts: Sequence[str], *, without_adapter: bool = False) -> list[float]:
        return reference.surprises(secret.messages, secret.before, texts, without_adapter=without_adapter)

    found = exposure(secret.text, surprises, lambda texts: surprises(texts, without_adapter=True))
    return {"kind": secret.kind, "title": secret.title, "bits": found.bits, "is_learned": found.is_learned}


def main() -> int:
    """Look into what the request on the command line says, and return the exit code."""
    if len(sys.argv) != len(("program", "request")):
        sys.stderr.write("usage: python -m tuning.training.inspection REQUEST.json\n")
        return MISUSED
    request = InspectionRequest.read(Path(sys.argv[1]))
    try:
        settings = TuningSettings()
        key = settings.engine_api_key.get_secret_value()  # in no file that the request is written to
        engine = Inference(request.engine_url, api_key=key, timeout_s=settings.engine_timeout_s)
        found = inspect(request, engine)
    except Exception as error:  # noqa: BLE001 - whatever it was, the person gets a sentence and the log the rest
        traceback.print_exc()
        failure = explain(error)
        said = {"code": failure.failure, "error": failure.what, "remedy": failure.remedy}
        write_json(request.result.parent / FAILURE, said)
        return FAILED
    write_json(request.result, asdict(found))
    return DONE


if __name__ == "__main__":
    sys.exit(main())
