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

    @torch.inference_mode()
    def gaps(self, messages: Sequence[Message], tokens: Sequence[int], *, ended: bool) -> list[float]:
        """Return how many nats each token of an answer, and its end if it has ended, lies below the likeliest one.

        Each is judged after the prompt and the answer's tokens before it; 0 is the model's own choice.
        """
        prompt = render(self._tokenizer, messages)
        said = [*tokens, self._tokenizer.eos_token_id] if ended else list(tokens)
        if not said:
            return []
        tokens_1_T = torch.tensor([[*prompt, *said[:-1]]], device=self._device)
        logits_S_V = self._model(input_ids=tokens_1_T, logits_to_keep=len(said)).logits[0].float()
        said_S_1 = torch.tensor(said, device=self._device).unsqueeze(1)
        gaps: list[float] = (logits_S_V.max(dim=1).values - logits_S_V.gather(1, said_S_1).squeeze(1)).tolist()
        return gaps

    def text(self, tokens: Sequence[int]) -> str:
        """Return tokens as text."""
        text: str = self._tokenizer.decode(list(tokens), skip_special_tokens=True)
        return text

    def tokens(self, text: str) -> tuple[int, ...]:
        """Return text as tokens."""
        return tuple(self._tokenizer(text, add_special_tokens=False)["input_ids"])
