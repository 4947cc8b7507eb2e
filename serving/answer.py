"""One request while it is answered: what is decoded, chosen, and delivered so far."""

import math
import time

from numpy.typing import NDArray

from serving.errors import DecodingFailed, ServingError
from serving.llama.models import Vocabulary
from serving.lookup import NOTHING, Draft, Lookup
from serving.request import Constraint, Finish, Output, Request, TokenLogprob, Usage
from serving.sampling import Logits, Sampler, likeliest, log_probabilities
from serving.text import TextStream


class Answer:
    """A request's state, changed by the engine's thread only."""

    def __init__(
        self,
        request: Request,
        vocabulary: Vocabulary,
        *,
        context_tokens: int,
        deadline_s: float,
        lookup: Lookup | None = None,
    ) -> None:
        """Begin with the whole prompt to decode; prompt and answer together fit the context."""
        self.request = request
        self.prompt = list(request.prompt)
        self.pending = self.prompt
        self.position = 0
        self.room = min(len(self.prompt) + request.max_tokens, context_tokens)
        self.row = -1
        self.reused = 0
        self.tokens: list[int] = []
        self.submitted_at = time.monotonic()
        self.deadline = self.submitted_at + deadline_s
        self.sampler = Sampler(request.sampling)
        self._vocabulary = vocabulary
        self._lookup = lookup
        self._text = TextStream(request.stops, strip_space=request.strip_space)
        self._shown: list[str] = []
        self._logprobs: list[TokenLogprob] = []

    def draft(self, most: int) -> Draft:
        """Return at most so many tokens that may follow the one chosen last."""
        return self._lookup.draft(most) if self._lookup and self.tokens else NOTHING

    def choose(self, logits_V: Logits, largest: int) -> int:
        """Choose the next token, given which has the largest logit.

        Raises:
            DecodingFailed: the logits are no numbers, or no token fits the form that the answer must have.
        """
        if not math.isfinite(logits_V[largest]):
            raise DecodingFailed(reason="its numbers overflowed")
        token = largest if self.sampler.is_greedy else self.sampler.choose(logits_V, self.prompt, self.tokens)
        if self.request.constraint:
            token = self._constrained(self.request.constraint, token, logits_V)
        if self.request.top_logprobs is not None:
            self._logprobs.append(self._logprob(token, log_probabilities(logits_V), self.request.top_logprobs))
        return token

    def _constrained(self, constraint: Constraint, token: int, logits_V: Logits) -> int:
        """Return the token if it is allowed, else a draw from those that are: masking all of them takes longer."""
        if not constraint.allows(token):
            masked_V = constraint.mask(logits_V)
            if math.isfinite(masked_V.max()):
                token = self.sampler.choose(masked_V, self.prompt, self.tokens)
            if not constraint.allows(token):
                raise DecodingFailed(reason="no token of this model goes on in the form that was asked for")
        constraint.accept(token)
        return token

    def take(self, token: int) -> Finish | None:
        """Add a chosen token; deliver what can be shown; return why the answer ends, if it does."""
        self.tokens.append(token)
        self.pending = [token]
        if self._lookup:
            self._lookup.add(token)
        finish: Finish | None = None
        text = ""
        if token in self._vocabulary.ends and not self.request.ignore_ends:
            finish = Finish.STOP
        else:
            text = self._text.feed(self._vocabulary.piece(token))
            if self._text.stopped:
                finish = Finish.STOP
            elif len(self.prompt) + len(self.tokens) >= self.room:
                finish = Finish.LENGTH
        if finish:
            self._finish(text + self._text.flush(), finish)
        elif self.request.stream:
            if text or self._logprobs:
                self._deliver(text)
        else:
            self._shown.append(text)
        return finish

    def fail(self, error: ServingError) -> None:
        """Deliver an error."""
        self.request.deliver(Output(error=error))

    def _finish(self, text: str, finish: Finish) -> None:
        usage = Usage(prompt_tokens=len(self.prompt), reused_tokens=self.reused, completion_tokens=len(self.tokens))
        whole = "".join([*self._shown, text])
        self.request.deliver(Output(text=whole, logprobs=tuple(self._logprobs), finish=finish, usage=usage))

    def _deliver(self, text: str) -> None:
        self.request.deliver(Output(text=text, logprobs=tuple(self._logprobs)))
        self._logprobs.clear()

    def _logprob(self, token: int, logprobs_V: NDArray, count: int) -> TokenLogprob:  # type: ignore[type-arg]
        piece = self._vocabulary.piece
        top = tuple((piece(index), float(logprobs_V[index])) for index in likeliest(logprobs_V, count))
        return TokenLogprob(token=token, piece=piece(token), logprob=float(logprobs_V[token]), top=top)
