"""How well a model does on rows that it never saw: right is what greedy decoding would give word for word."""

import random

import torch
from transformers import LlamaForCausalLM

from tuning.domain.prompts import NOT_IN_DOCUMENTS
from tuning.starter.batches import Encoder
from tuning.starter.rows import SIZES, row


@torch.no_grad()
def examine(model: LlamaForCausalLM, encoder: Encoder, *, seed: int, rows: int) -> tuple[float, str]:
    """Return the mean over skills of the share of exact answers, and a line that names each.

    An answer is what greedy decoding gives exactly when every one of its tokens is the likeliest after those before it,
    so one pass over the row tells.
    """
    model.eval()
    rng = random.Random(seed)
    right: dict[str, list[bool]] = {}
    for index in range(rows):
        example = row(rng, SIZES["middle" if index % 2 else "long"])
        encoded = encoder.encode(example)
        ids_1_T = torch.tensor([encoded.ids[:2000]])
        likeliest = model(ids_1_T[:, :-1]).logits[0].argmax(-1).tolist()
        for message, answer in zip(sorted(example.targets), encoded.answers, strict=True):
            skill = example.skill
            if skill in {"questions", "refusal"}:
                skill = "refusal" if example.messages[message]["content"] == NOT_IN_DOCUMENTS else "questions"
            correct = answer.stop <= ids_1_T.shape[1] and all(likeliest[at - 1] == encoded.ids[at] for at in answer)
            right.setdefault(skill, []).append(correct)
            if skill == "questions":
                place, number = answer.start, answer.stop - 3
                right.setdefault("place", []).append(likeliest[place - 1] == encoded.ids[place])
                right.setdefault("citation", []).append(likeliest[number - 1] == encoded.ids[number])
    model.train()
    shares = {skill: sum(results) / len(results) for skill, results in sorted(right.items())}
    line = "  ".join(f"{skill} {100 * share:.0f} % of {len(right[skill])}" for skill, share in shares.items())
    return sum(shares.values()) / len(shares), line
