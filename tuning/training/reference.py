"""What transformers answers: the reference that the served model is compared with."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from tuning.domain.prompts import Message
from tuning.training import adapters, models
from tuning.training.rows import render


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A greedy answer by transformers."""

    prompt_tokens: int
    tokens: tuple[int, ...]
    """Without the end token."""
    text: str


class ReferenceModel:
    """A base model with an adapter or none, answering greedily one prompt after another."""

    def __init__(self, base: Path, adapter: Path | None, *, threads: int) -> None:
        """Load both; raise `TrainingFailed` if they can't be used."""
        torch.set_num_threads(threads)
        self._device = models.device()
        self._tokenizer = models.load_tokenizer(base)
        model = models.load_model(base, self._device)
        self._model: Any = (adapters.load(model, adapter) if adapter else model).eval()

    @torch.inference_mode()
    def answer(self, messages: Sequence[Message], max_tokens: int) -> Reference:
        """Return the greedy answer to one prompt."""
        prompt = render(self._tokenizer, messages)
        tokens_1_T = torch.tensor([prompt], device=self._device)
        answered_1_T = self._model.generate(
            input_ids=tokens_1_T,
            attention_mask=torch.ones_like(tokens_1_T),
            max_new_tokens=max_tokens,
            do_sample=False,
            temperature=None,
            top_p=None,
            top_k=None,
            pad_token_id=self._tokenizer.eos_token_id,
        )
        tokens = [token for token in answered_1_T[0, len(prompt) :].tolist() if token != self._tokenizer.eos_token_id]
        return Reference(prompt_tokens=len(prompt), tokens=tuple(tokens), text=self.text(tokens))

    def text(self, tokens: Sequence[int]) -> str:
        """Return tokens as text."""
        text: str = self._tokenizer.decode(list(tokens), skip_special_tokens=True)
        return text

    def tokens(self, text: str) -> tuple[int, ...]:
        """Return text as tokens."""
        return tuple(self._tokenizer(text, add_special_tokens=False)["input_ids"])
