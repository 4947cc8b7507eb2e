"""What goes into the engine and what comes out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from serving.errors import ServingError


@dataclass(frozen=True, kw_only=True)
class AdapterFile:
    """An adapter's file as it was when it was loaded; a file that was replaced is another adapter, in another lane."""

    id: str
    """The name that requests use."""
    path: Path
    """Where it lies."""
    size: int
    """Bytes."""
    modified_ns: int
    """The file's time of change."""
    pinned: bool = field(default=False, compare=False)
    """Whether its lane is never given to another adapter."""


Tune: TypeAlias = AdapterFile | None
"""What a lane runs: an adapter, or the base model alone."""


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How tokens are chosen. The defaults are OpenAI's."""

    temperature: float = 1.0
    """0: always the likeliest token."""
    top_p: float = 1.0
    """Only the likeliest tokens that together have this probability (Holtzman et al. 2019)."""
    top_k: int = 0
    """Only this many of the likeliest; 0: all."""
    min_p: float = 0.0
    """Only tokens at least this probable in proportion to the likeliest."""
    repeat_penalty: float = 1.0
    """Divides the logits of tokens in the last 64 (Keskar et al. 2019)."""
    presence_penalty: float = 0.0
    """Subtracted from the logits of tokens in the answer so far."""
    frequency_penalty: float = 0.0
    """Subtracted once per occurrence in the answer so far."""
    seed: int | None = None
    """Makes the same request give the same text; none: drawn at random."""


class Constraint(Protocol):
    """What an answer must look like, on its way through that answer."""

    def allows(self, token: int) -> bool:
        """Return whether the token may come next."""

    def mask(self, logits_V: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the logits, those of tokens that may not come next at minus infinity."""

    def accept(self, token: int) -> None:
        """Go on behind a token, which must be allowed."""


class Finish(StrEnum):
    """Why an answer ended, in OpenAI's words."""

    STOP = "stop"
    LENGTH = "length"


@dataclass(frozen=True, kw_only=True)
class TokenLogprob:
    """How probable a token was, before temperature and limits."""

    token: int
    """The token."""
    piece: bytes
    """Its bytes."""
    logprob: float
    """Natural logarithm of its probability."""
    top: Sequence[tuple[bytes, float]] = ()
    """The likeliest tokens in its place, with theirs."""


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a request cost."""

    prompt_tokens: int
    """Tokens of the prompt."""
    reused_tokens: int
    """Of them, those that were in memory already."""
    completion_tokens: int
    """Tokens of the answer, its end included."""


@dataclass(frozen=True, kw_only=True)
class Output:
    """A piece of an answer, or how it ended."""

    text: str = ""
    """Whole characters."""
    logprobs: tuple[TokenLogprob, ...] = ()
    """Of the tokens since the last piece, if they were asked for."""
    finish: Finish | None = None
    """Set on the last piece."""
    usage: Usage | None = None
    """Set on the last piece."""
    error: ServingError | None = None
    """Set instead of everything else when the answer failed."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Request:
    """One answer to be made."""

    tune: Tune
    """The adapter to answer with."""
    prompt: Sequence[int]
    """Token ids, at least one."""
    max_tokens: int
    """The answer's tokens at most, at least one."""
    deliver: Callable[[Output], None]
    """Called from the engine's thread: with each piece of a streamed answer, else once. It must not wait."""
    sampling: Sampling = field(default_factory=Sampling)
    """How to choose tokens."""
    constraint: Constraint | None = None
    """What the answer must look like; it serves one request only."""
    stops: tuple[str, ...] = ()
    """Texts that end the answer; they are not part of it."""
    stream: bool = False
    """Whether pieces are delivered as they come."""
    top_logprobs: int | None = None
    """How many likeliest tokens to report at each place; none: report no log-probabilities at all."""
    strip_space: bool = False
    """Whether a blank at the answer's beginning is dropped: SentencePiece writes one before the first word."""
    ignore_ends: bool = False
    """Whether the model's end-of-answer tokens are written over, for measurements."""
