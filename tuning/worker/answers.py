"""Answers kept within a run, and from one run to the next: the same weights answer a prompt in the same words."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence, Sized
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from tuning.evaluation.evaluate import Answering
from tuning.inference import Completion, Prompt
from tuning.training.files import write_json

FILE = "answers.json"
"""In a run's folder."""
SLICE = 32
"""Prompts whose answers are kept together: at most so many are asked again when the engine or the worker ends."""


@dataclass(frozen=True, kw_only=True)
class KeptAnswers:
    """Asks only what neither this run nor the one before was asked, and keeps the answers. For greedy prompts."""

    inference: Answering
    weights: Mapping[str, str]
    """Name of each model to the hashes of what it is made of."""
    folder: Path
    """The run's."""
    earlier: Path | None = None
    """The folder of the run before."""

    def answer_all(self, prompts: Sequence[Prompt], *, progress: Callable[[float], None]) -> list[Completion]:
        """Return the answers to all prompts, in their order; raise `EngineAway` or `EngineRefused`."""
        keys = [self._key(prompt) for prompt in prompts]
        found = self._kept()
        missing = {key: prompt for key, prompt in zip(keys, prompts, strict=True) if key not in found}
        self._keep(keys, found)
        for start in range(0, len(missing), SLICE):
            part = dict(islice(missing.items(), start, start + SLICE))
            answers = self.inference.answer_all(list(part.values()), progress=_scaled(progress, start, part, missing))
            found |= dict(zip(part, answers, strict=True))
            self._keep(keys, found)
        return [found[key] for key in keys]

    def _keep(self, keys: Sequence[str], found: Mapping[str, Completion]) -> None:
        write_json(self.folder / FILE, {key: asdict(found[key]) for key in keys if key in found})

    def _kept(self) -> dict[str, Completion]:
        found: dict[str, Completion] = {}
        for folder in (self.earlier, self.folder):
            if folder is not None and (path := folder / FILE).is_file():
                kept = json.loads(path.read_text("utf-8"))
                found |= {key: Completion(**values) for key, values in kept.items()}
        return found

    def _key(self, prompt: Prompt) -> str:
        if prompt.temperature:
            raise ValueError("An answer with chance in it is never the same twice.")
        content = [self.weights[prompt.model], prompt.messages, prompt.max_tokens]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _scaled(progress: Callable[[float], None], start: int, part: Sized, whole: Sized) -> Callable[[float], None]:
    """Return what takes the share done of a part and reports that of the whole."""
    return lambda share: progress((start + share * len(part)) / len(whole))
