# ruff: noqa: D415, N818 - the docstrings are templates that may end with a reason; names say what happened
"""What can go wrong in the engine, each with the sentence that a client reads.

    ServingError
    ├── InvalidRequest
    │   ├── PromptTooLong
    │   ├── BadGrammar
    │   ├── GrammarsOff
    │   ├── NoEncoder
    │   └── TextTooLong
    ├── NotAuthorised
    ├── UnknownModel
    ├── BrokenFile
    ├── AdapterOutside
    ├── AdapterChanged
    ├── AdapterMismatch
    ├── TooManyPinned
    ├── QueueFull
    ├── ShuttingDown
    ├── DeadlinePassed
    ├── DecodingFailed
    ├── MemoryTooSmall
    ├── ConverterMissing
    ├── ConversionFailed
    └── QuantisationFailed

A class's docstring is the template of its message.
"""

from inspect import cleandoc
from typing import ClassVar


class ServingError(Exception):
    """{reason}"""

    status: ClassVar[int] = 500
    """The HTTP status that says it."""
    code: ClassVar[str] = "server_error"
    """The machine-readable name, as in OpenAI's error objects."""
    param: str | None = None
    """The field of the request that is wrong."""
    retry_after_s: int | None = None
    """When trying again makes sense, in seconds."""

    def __init__(self, *, param: str | None = None, retry_after_s: int | None = None, **values: object) -> None:
        """Fill the docstring's template with the values."""
        super().__init__(" ".join(cleandoc(self.__doc__ or "").format(**values).split()))
        self.param = param
        self.retry_after_s = retry_after_s

    @property
    def sentence(self) -> str:
        """The sentence to show: what is wrong and what to do."""
        return str(self.args[0])


class InvalidRequest(ServingError):
    """{reason}"""

    status = 400
    code = "invalid_request"


class PromptTooLong(InvalidRequest):
    """The prompt has {prompt_tokens} tokens, but at most {limit_tokens} fit beside an answer. Shorten it."""

    code = "context_length_exceeded"


class BadGrammar(InvalidRequest):
    """The answer's form can't be enforced: {reason}. Correct the schema or grammar."""

    code = "invalid_grammar"


class GrammarsOff(InvalidRequest):
    """This engine takes no grammars. Send a JSON schema, or set ATTUNE_ENGINE_GRAMMARS to true."""

    code = "invalid_grammar"


class NoEncoder(InvalidRequest):
    """This engine embeds no texts. Give it an encoder by ATTUNE_ENGINE_EMBEDDING_MODEL."""

    code = "no_encoder"


class TextTooLong(InvalidRequest):
    """Text {number} has {tokens} tokens, but the encoder reads at most {limit_tokens}. Split it."""

    code = "context_length_exceeded"


class NotAuthorised(ServingError):
    """This engine wants its API key in the header 'Authorization: Bearer ...'."""

    status = 401
    code = "invalid_api_key"


class UnknownModel(ServingError):
    """There is no model '{model}' here. Load its adapter first; GET /v1/models lists what is loaded."""

    status = 404
    code = "model_not_found"


class BrokenFile(ServingError):
    """The file {file} can't be used: {reason}. Export it again."""

    status = 400
    code = "broken_file"


class AdapterOutside(ServingError):
    """The adapter {file} does not lie in the engine's adapter folder. Put it there and load it again."""

    status = 400
    code = "adapter_outside"


class AdapterChanged(ServingError):
    """The adapter file {file} has SHA-256 {actual}, not {expected} as asked for. Export it again."""

    status = 409
    code = "adapter_changed"


class AdapterMismatch(ServingError):
    """The adapter {adapter} doesn't fit the base model {base}: {reason}. Train it on this base model."""

    status = 409
    code = "adapter_mismatch"


class TooManyPinned(ServingError):
    """{pinned} of {lanes} lanes are pinned, and one must stay free. Unload a pinned adapter or allow more lanes."""

    status = 409
    code = "too_many_pinned"


class QueueFull(ServingError):
    """{waiting} requests are waiting already. Try again in a moment."""

    status = 429
    code = "queue_full"


class ShuttingDown(ServingError):
    """The engine is shutting down. Try again in a moment."""

    status = 503
    code = "shutting_down"


class DeadlinePassed(ServingError):
    """The answer was not ready within {deadline_s:g} seconds. Try again, or ask for a shorter answer."""

    status = 504
    code = "deadline_passed"


class DecodingFailed(ServingError):
    """The model failed on this request ({reason}). Try again; if it fails again, tell the admin."""

    code = "decoding_failed"


class MemoryTooSmall(ServingError):
    """A lane of {context_tokens} tokens needs {needed} bytes of KV memory, and {allowed} are allowed. Allow more."""

    code = "memory_too_small"


class ConverterMissing(ServingError):
    """The converter is not in {folder}. Unpack it with 'python -m serving.converter SDIST {folder}'."""

    code = "converter_missing"


class ConversionFailed(ServingError):
    """{source} could not be converted to GGUF: {reason}"""

    code = "conversion_failed"


class QuantisationFailed(ServingError):
    """{source} could not be quantised to {type}: {reason}"""

    code = "quantisation_failed"
