"""What can go wrong, each with the sentence that a person reads.

Refusal
├── NotAllowed
├── NotFound
├── WrongState
├── InvalidInput
│   └── InvalidFields
├── TooFewExamples
└── RunFailed
"""

from collections.abc import Mapping
from typing import ClassVar

from tuning.languages import Said, in_english, say


class Refusal(Exception):  # noqa: N818 - names say what happened, without a suffix
    """Attune can't do that."""

    code: ClassVar[str] = "refused"

    def __init__(self, sentence: str = "") -> None:
        """Take the sentence to show; the class's docstring is the default."""
        super().__init__(sentence or say((self.__doc__ or "").strip()))

    @property
    def sentence(self) -> str:
        """The sentence to show to the person: what is wrong and what to do."""
        text: str = self.args[0]
        return text

    @property
    def english(self) -> str:
        """The sentence to record and to log."""
        return in_english(self.sentence)


class NotAllowed(Refusal):
    """You may not do that. Ask an admin if you should be able to."""

    code = "not_allowed"


class NotFound(Refusal):
    """That is not there any more. Send 'help' to see what you can do."""

    code = "not_found"


class WrongState(Refusal):
    """That can't be done now: the state has changed since the card was sent."""

    code = "wrong_state"


class InvalidInput(Refusal):
    """That input can't be used."""

    code = "invalid_input"


class InvalidFields(InvalidInput):
    """Some of a form can't be used; nothing was changed."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        """Take the sentence for each field that is wrong, by the field's name."""
        english = " ".join(map(in_english, problems.values()))
        super().__init__(Said(" ".join(problems.values()), english))
        self.problems = dict(problems)


class TooFewExamples(Refusal):
    """There are too few examples to tune on. Add documents or pairs, then start again."""

    code = "too_few_examples"


class RunFailed(Refusal):
    """The run failed. The live release is untouched."""

    code = "run_failed"

    def __init__(self, code: str, sentence: str, remedy: str) -> None:
        """Take the code for the card (such as 'out_of_memory'), what happened, and what to do about it."""
        super().__init__(f"{sentence} {remedy}")
        self.failure = code
        self.what = sentence
        self.remedy = remedy
