"""What a training is told: where things are, and how to learn. The defaults are their documentation."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Self

from tuning.training.files import write_json

SMALL_BYTES = 200 * 2**20
"""Below this, a base model is small: it learns facts by heart only with high learning rates and many steps."""


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """The defaults suit models of half a billion parameters and more; `for_base` adapts them to small ones."""

    base: Path
    """Folder of the base model: config, tokenizer, safetensors."""
    examples: Path
    """The dataset as JSON lines: split, origin, messages, completion."""
    folder: Path
    """Where checkpoint, progress, adapter and manifest go."""
    parent: Path | None = None
    """Folder of the peft adapter to continue; none: begin afresh."""
    learned: Path | None = None
    """The dataset that the parent has learned."""
    replay: float = 0.25
    """Share of what the parent has learned that an epoch shows again, so that it is not forgotten."""
    seed: int = 1
    threads: int = 1
    """CPU threads, of all processes together."""
    processes: int = 0
    """How many train together; 0: one for each GPU, or one."""
    memory_bytes: int = 0
    """That the training may take; 0: all that is free."""
    rank: int = 16
    """Of the LoRA matrices."""
    alpha: int = 32
    """LoRA's scale is alpha / rank."""
    is_orthogonalised: bool = False
    """Whether steps on text and examples move all directions of a matrix alike (Muon, Jordan et al. 2024) instead of
    AdamW's. Feedback and corrections, of which there are few, are learned with AdamW in any case."""
    adaptation_epochs: float = 1.0
    """How often the documents' running text is read."""
    adaptation_rate: float = 1e-4
    """Peak learning rate while reading."""
    text_tokens: int = 512
    """Tokens per row of running text."""
    epochs: int = 3
    """How often the examples are learned."""
    rate: float = 2e-4
    """Peak learning rate while learning examples."""
    correction_repeats: int = 4
    """How often an epoch shows a correction that comes without passages."""
    long_row_tokens: int = 192
    """Rows with more than this behind what all rows begin with are long: they carry passages."""
    long_share: float = 0.5
    """Of an epoch's tokens, where there are short rows: long ones teach how to read, which the base knows already, and
    cost more. What all short rows begin with doesn't count."""
    preference_epochs: int = 4
    """How often feedback is learned, after the examples."""
    preference_rate: float = 2e-5
    """Peak learning rate while learning feedback."""
    preference_beta: float = 0.1
    """How dearly each step away from the model before the stage is paid for."""
    preference_keeping: float = 4.0
    """Weight of the loss on examples and corrections beside that on feedback, so that it does not drift."""
    preference_cases: int = 8
    """Corrections and thumbs per step."""
    preference_examples: int = 16
    """Examples per step beside them."""
    correction_rate: float = 2e-5
    """Peak learning rate while learning corrections until they are certain."""
    correction_certainty: float = 0.8
    """Probability that every correction's whole answer is to have in the end, in each wording that is learned."""
    correction_passes: int = 12
    """How often at most the corrections that are not certain yet are learned once more, after everything else."""
    row_tokens: int = 2048
    """Longer examples are left out: cut, they would teach to stop early."""
    batch_tokens: int = 4096
    """Tokens per step, not counting the beginning that a batch shares."""
    batch_rows: int = 32
    """Rows per step at most."""
    least_steps: int = 60
    """Fewer steps on examples don't make a training: then batches shrink and epochs are added."""
    bundle_rows: int = 8
    """Rows on the same passage that a step takes together at most."""
    bundle_shared_tokens: int = 48
    """Rows that begin with so much in common, beyond what all begin with, are on the same passage."""
    warmup: float = 0.05
    """Share of the steps in which the learning rate rises."""
    weight_decay: float = 0.0
    clip: float = 1.0
    """Largest norm of the gradient."""
    checkpoint_s: float = 10.0
    """Seconds of work that a kill can cost."""

    @classmethod
    def for_base(
        cls,
        base: Path,
        *,
        examples: Path,
        folder: Path,
        parent: Path | None = None,
        learned: Path | None = None,
        seed: int = 1,
        threads: int = 1,
        processes: int = 0,
        memory_bytes: int = 0,
    ) -> Self:
        """Return the config that suits the base model's size."""
        small = sum(file.stat().st_size for file in base.glob("*.safetensors")) < SMALL_BYTES
        settings = SMALL | (SMALL_CONTINUED if parent else {}) if small else {}
        where = {"base": base, "examples": examples, "folder": folder, "parent": parent, "learned": learned}
        means = {"seed": seed, "threads": threads, "processes": processes, "memory_bytes": memory_bytes}
        return cls(**where, **means, **settings)  # type: ignore[arg-type]

    def write(self, path: Path) -> None:
        """Write it for the child to read."""
        write_json(path, self.as_json())

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `write` wrote; raise `ValueError` or `OSError` if it is something else."""
        values = json.loads(path.read_text(encoding="utf-8"))
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"{path} holds unknown settings: {', '.join(sorted(unknown))}.")
        for name in ("base", "examples", "folder", "parent", "learned"):
            values[name] = Path(values[name]) if values.get(name) else None
        return cls(**values)

    def as_json(self) -> dict[str, object]:
        """Return it with paths as text."""
        return {name: str(value) if isinstance(value, Path) else value for name, value in asdict(self).items()}


SMALL: dict[str, float | int | bool] = {
    "rank": 64,
    "alpha": 128,
    "is_orthogonalised": True,
    "adaptation_rate": 1e-3,
    "text_tokens": 256,
    "epochs": 2,
    "rate": 1.5e-3,
    "long_share": 0.9,
    "correction_repeats": 4,
    "preference_epochs": 3,
    "preference_rate": 1.5e-4,
    "preference_examples": 8,
    "correction_rate": 4e-4,
    "correction_certainty": 0.6,
    "batch_tokens": 1024,
    "batch_rows": 32,
    "checkpoint_s": 4.0,
}
"""What differs for a small base model: higher rates and smaller batches.

On the sample tenant, 1e-2 in batches of 64 rows with a long share of 0.2 answered 48 % of what had been learned
exactly, but over passages it wrote broken text: what is learned by heart must not cost the reading. Over single
sentences AdamW at 4e-3 repeated syllables now and then, and not at 1.5e-3. Corrections shown eight times an epoch
became the answer to everything where there were few other examples.
"""

SMALL_CONTINUED: dict[str, float | int | bool] = {"rate": 7e-4}
"""What differs again where a small base model's release is continued: what it has learned is to stay.

At the first one's rate the sample tenant's second release was 6 points below the first, at this one 1 to 5.
"""
