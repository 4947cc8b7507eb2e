"""What transformers answers and thinks of answers: the reference that the served model is compared with."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

import torch

from tuning.domain.datasets import Origin
from tuning.domain.prompts import Message
from tuning.training import adapters, models
from tuning.training.rows import render, render_row, running_tokens, turn_end

_ROWS = 128
"""Texts to look at together at most."""


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A greedy answer by transformers."""

    prompt_tokens: int
    tokens: tuple[int, ...]
    """Without the end token."""
    text: str


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What transformers thinks of a greedy answer by the engine."""

    prompt_tokens: int
    gaps: tuple[float, ...]
    """How many nats each token of the answer, its end included, lies below the likeliest one; 0: the model's choice."""
    text: str
    """What it would have answered itself."""


class ReferenceModel:
    """A base model with an adapter or none, answering greedily one prompt after another."""

    def __init__(self, base: Path, adapter: Path | None, *, threads: int) -> None:
        """Load both; raise `TrainingFailed` if they can't be used."""
        torch.set_num_threads(threads)
        self._device = models.device()
        self._tokenizer = models.load_tokenizer(base)
        model = models.load_model(base, self._device)
        self._ends = sorted(models.ends(model, self._tokenizer) | {turn_end(self._tokenizer)})
        """Tokens at which an answer ends, whichever of them comes."""
        self._is_adapted = adapter is not None
        self._model: Any = (adapters.load(model, adapter) if adapter else model).eval()

    def answer(self, messages: Sequence[Message], max_tokens: int) -> Reference:
        """Return the greedy answer to one prompt."""
        prompt = render(self._tokenizer, messages)
        tokens = self._continue(prompt, max_tokens)
        return Reference(prompt_tokens=len(prompt), tokens=tuple(tokens), text=self.text(tokens))

    def judge(self, messages: Sequence[Message], text: str, *, is_whole: bool, max_tokens: int) -> Judged:
        """Return what the model thinks of a greedy answer, and what it would have said instead.

        An answer of which each token is its own choice is its own. Of others it goes on from the first that is not.
        """
        prompt, tokens = render(self._tokenizer, messages), list(self.tokens(text))
        gaps = self._gaps(prompt, tokens, is_whole=is_whole)
        differs_at = next((place for place, gap in enumerate(gaps) if gap > 0), None)
        if differs_at is None:
            return Judged(prompt_tokens=len(prompt), gaps=tuple(gaps), text=text)
        own = tokens[:differs_at]
        own += self._continue([*prompt, *own], max_tokens - differs_at)
        said = self.text(own)
        if said == text:  # the same text can be cut into tokens in several ways; the reference's is the one
            gaps = self._gaps(prompt, own, is_whole=is_whole)
        return Judged(prompt_tokens=len(prompt), gaps=tuple(gaps), text=said)

    def loss(self, messages: Sequence[Message], text: str, *, without_adapter: bool = False) -> float:
        """Return how unlikely a text is as the answer to a prompt, in nats per token; its end doesn't count."""
        prompt, tokens = self._answered(messages, text)
        return self._surprises(prompt, [tokens], without_adapter)[0] / max(1, len(tokens))

    @contextmanager
    def with_adapter(self, adapter: Path) -> Iterator[None]:
        """Be the base with another adapter than its own for a while; for a model that has one."""
        with adapters.instead(self._model, adapter):
            yield

    def surprises(
        self, messages: Sequence[Message], before: str, texts: Sequence[str], *, without_adapter: bool = False
    ) -> list[float]:
        """Return how unlikely each text is after what stands before it, in nats.

        That is the beginning of an answer, or without messages of a document.
        """
        prompt, begun = self._answered(messages, before)
        rows = [self._answered(messages, before + text)[1] for text in texts]
        # Where a text begins, its first letters may share a token with what stands before.
        places = zip(begun, *rows, strict=False)
        shared = sum(1 for _ in takewhile(lambda tokens: len(set(tokens)) == 1, places))
        return self._surprises([*prompt, *begun[:shared]], [row[shared:] for row in rows], without_adapter)

    def text(self, tokens: Sequence[int]) -> str:
        """Return tokens as text."""
        text: str = self._tokenizer.decode(list(tokens), skip_special_tokens=True)
        return text

    def tokens(self, text: str) -> tuple[int, ...]:
        """Return text as tokens."""
        return tuple(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _answered(self, messages: Sequence[Message], text: str) -> tuple[Sequence[int], Sequence[int]]:
        """Return the tokens of a prompt and of a text as its answer, both as training has them; or of running text."""
        if not messages:
            return [self._tokenizer.eos_token_id], running_tokens(self._tokenizer, text)
        row = render_row(self._tokenizer, messages, text, Origin.OWNER)
        end = -1 if row.tokens[-1] in self._ends else None
        return row.tokens[: row.start], row.tokens[row.start : end]

    @torch.inference_mode()
    def _continue(self, beginning: Sequence[int], max_tokens: int) -> list[int]:
        """Return the tokens that the model goes on with, without the end token."""
        tokens_1_T = torch.tensor([list(beginning)], device=self._device)
        answered_1_T = self._model.generate(
            input_ids=tokens_1_T,
            attention_mask=torch.ones_like(tokens_1_T),
            max_new_tokens=max_tokens,
            do_sample=False,
            temperature=None,
            top_p=None,
            top_k=None,
            eos_token_id=self._ends,
            pad_token_id=self._tokenizer.eos_token_id,
        )
        said = answered_1_T[0, len(beginning) :].tolist()
        return list(takewhile(lambda token: token not in self._ends, said))

    @torch.inference_mode()
    def _gaps(self, prompt: Sequence[int], tokens: Sequence[int], *, is_whole: bool) -> list[float]:
        places = len(tokens) + is_whole
        if not places:
            return []
        tokens_1_T = torch.tensor([[*prompt, *tokens][: len(prompt) + places - 1]], device=self._device)
        logits_S_V = self._model(input_ids=tokens_1_T, logits_to_keep=places).logits[0].float()
        said = [float(logits_V[token]) for logits_V, token in zip(logits_S_V, tokens, strict=False)]
        said += [float(logits_S_V[-1, self._ends].max())] if is_whole else []
        return [float(best) - own for best, own in zip(logits_S_V.max(dim=1).values, said, strict=True)]

    @torch.inference_mode()
    def _surprises(
        self,
        prompt: Sequence[int],
        rows: Sequence[Sequence[int]],
        without_adapter: bool,  # noqa: FBT001 - handed on
    ) -> list[float]:
        """Return the nats of each row of tokens after the same prompt, which is computed once for all of them."""
        found: list[float] = []
        with self._model.disable_adapter() if without_adapter and self._is_adapted else nullcontext():
            for start in range(0, len(rows), _ROWS):
                found += self._few_surprises(prompt, rows[start : start + _ROWS])
        return found

    def _few_surprises(self, prompt: Sequence[int], rows: Sequence[Sequence[int]]) -> list[float]:
        """The same for no more rows than fit at once."""
        longest = max(len(row) for row in rows)
        padded = [[*row, *[self._tokenizer.eos_token_id] * (longest - len(row))] for row in rows]
        said_N_S = torch.tensor(padded, device=self._device)
        prompt_1_T = torch.tensor([list(prompt)], device=self._device)
        last_N_1 = prompt_1_T[:, -1:].repeat(len(rows), 1)
        asked_N_S = torch.cat([last_N_1, said_N_S[:, :-1]], dim=1)
        cache = models.beginning(self._model, prompt_1_T[:, :-1], len(rows)) if len(prompt) > 1 else None
        logits_N_S_V = self._model(input_ids=asked_N_S, past_key_values=cache, logits_to_keep=longest).logits.float()
        nats_N_S = torch.nn.functional.cross_entropy(logits_N_S_V.transpose(1, 2), said_N_S, reduction="none")
        return [float(nats_S[: len(row)].sum()) for nats_S, row in zip(nats_N_S, rows, strict=True)]
