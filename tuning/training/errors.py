"""What ends a training, each with the sentence and the remedy that a person reads.

    TrainingFailed
    ├── BaseModelMissing
    ├── BaseModelUnfit
    ├── ParentUnfit
    ├── NothingToLearn
    ├── MemoryTooSmall
    ├── OutOfMemory
    ├── DiskFull
    ├── LossNotFinite
    ├── Broken
    └── ExportFailed
    Stopped

A class's docstring is the template of its sentence.
"""

from typing import ClassVar

from tuning.domain.errors import RunFailed
from tuning.languages import mark


class TrainingFailed(RunFailed):
    """The training failed."""

    failure_code: ClassVar[str] = "training_failed"
    cure: ClassVar[str] = mark("Start the run again; if it fails again, tell the admin.")

    def __init__(self, **values: object) -> None:
        """Fill the docstring's template and the remedy's with the values."""
        sentence = " ".join((self.__doc__ or "").split()).format(**values)
        super().__init__(self.failure_code, sentence, self.cure.format(**values))


class BaseModelMissing(TrainingFailed):
    """The base model is not in {folder}: {missing} is missing."""

    failure_code = "base_missing"
    cure = mark("Set ATTUNE_BASE_MODEL to a folder with config.json, the tokenizer and safetensors weights.")


class BaseModelUnfit(TrainingFailed):
    """The base model can't be tuned: {reason}."""

    failure_code = "base_unfit"
    cure = mark("Choose another base model with ATTUNE_BASE_MODEL.")


class ParentUnfit(TrainingFailed):
    """The live release's adapter can't be continued: {reason}."""

    failure_code = "parent_unfit"
    cure = mark("Revoke the live release, then start a run that begins afresh.")


class NothingToLearn(TrainingFailed):
    """None of the {examples} examples can be learned from: they are empty, or longer than {row_tokens} tokens."""

    failure_code = "nothing_to_learn"
    cure = mark("Add documents or shorter pairs, then start again.")


class MemoryTooSmall(TrainingFailed):
    """The training needs about {needed_gib:.1f} GiB of memory, and {free_gib:.1f} GiB are free."""

    failure_code = "memory_too_small"
    cure = mark(
        "Choose a smaller base model, free memory, or allow more with ATTUNE_TRAINING_MEMORY_GIB, then start again."
    )


class OutOfMemory(TrainingFailed):
    """The training ran out of memory."""

    failure_code = "out_of_memory"
    cure = mark("Choose a smaller base model, or free memory, then retry the run; it begins from the start.")


class DiskFull(TrainingFailed):
    """The disk with the artifacts is full."""

    failure_code = "disk_full"
    cure = mark("Free some space, then retry the run; it begins from the start.")


class LossNotFinite(TrainingFailed):
    """The loss became {loss} in step {step} of stage '{stage}', so the adapter is of no use."""

    failure_code = "loss_not_finite"
    cure = mark("Start again with a lower learning rate, and look for damaged documents among the sources.")


class Broken(TrainingFailed):
    """The training stopped on an error: {reason}."""

    failure_code = "training_broken"
    cure = mark("The run's training.log says more; tell the admin.")


class ExportFailed(TrainingFailed):
    """The model could not be brought into the engine's format: {reason}."""

    failure_code = "export_failed"
    cure = mark("Check ATTUNE_BASE_MODEL and run the set-up again; the log says more.")


class Stopped(Exception):  # noqa: N818 - names say what happened, without a suffix
    """The training was asked to stop; its checkpoint says where to go on."""
