"""Whether the served model is the one that was trained: transformers judges the engine's greedy answers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tuning.domain.prompts import Message
from tuning.inference import Inference, Prompt

if TYPE_CHECKING:
    from tuning.training.reference import ReferenceModel

MAX_TOKENS = 48
NEAR_TIE = 0.2
"""Nats by which a token may be less likely than transformers' choice and still count as a tie. Quantising the starter
to Q8_0 moves log-probabilities by 0.03 on average and 0.5 at most, and turned choices that were 0.02 apart; a missing
adapter is 5 to 9 nats off."""


def parity(
    reference: "ReferenceModel",
    prompts: Sequence[list[Message]],
    inference: Inference,
    model: str,
    *,
    max_tokens: int = MAX_TOKENS,
) -> dict[str, float]:
    """Return how far the engine's greedy answers are what transformers would say.

    The reference has the base as it was trained on, in full precision, so that what quantisation costs is seen too.
    Every token of a served answer, its end included, is judged after the same beginning: one that differs does not
    make all later ones wrong, as comparing two answers would.

    `tokens`: share that is the reference's own choice; `faithful`: share that is, or ties with it within `NEAR_TIE`;
    `largest_gap`: nats between the reference's choice and the served token, at worst; `answers`: share of answers
    equal to the letter; `prompts`: share of prompts that both render to equally many tokens; `n`: answers compared.
    """
    theirs = inference.answer_all([Prompt(model=model, messages=it, max_tokens=max_tokens) for it in prompts])
    pairs = [
        (
            reference.judge(messages, said.text, is_whole=said.completion_tokens < max_tokens, max_tokens=max_tokens),
            said,
        )
        for messages, said in zip(prompts, theirs, strict=True)
    ]
    return {
        **agreement([gap for ours, _ in pairs for gap in ours.gaps]),
        "answers": sum(ours.text == served.text for ours, served in pairs) / len(pairs),
        "prompts": sum(ours.prompt_tokens == served.prompt_tokens for ours, served in pairs) / len(pairs),
        "n": float(len(pairs)),
    }


def agreement(gaps: Sequence[float]) -> dict[str, float]:
    """Return `tokens`, `faithful` and `largest_gap` of tokens that lie so many nats below the reference's choices."""
    if not gaps:
        return {"tokens": 1.0, "faithful": 1.0, "largest_gap": 0.0}
    return {
        "tokens": sum(gap <= 0 for gap in gaps) / len(gaps),
        "faithful": sum(gap <= NEAR_TIE for gap in gaps) / len(gaps),
        "largest_gap": max(gaps),
    }
