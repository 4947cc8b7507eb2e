"""Writes trl_losses.json again, from TRL's own trainers: `python -m tests.unit.tuning.training.trl_losses`.

It needs trl, which the extra `peer` has. Their `_compute_loss` runs as it is: with a model that answers the fixed
log-probabilities, one token per completion, and on whole steps of a Llama with two layers, whose gradients are kept.
"""

import importlib
import json
from collections import defaultdict
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import torch
from transformers import LlamaConfig, LlamaForCausalLM

NUMBERS = Path(__file__).with_suffix(".json")
BETA = 0.1
CHOSEN, REJECTED = [-3.0, -41.5, -12.25, -7.0], [-9.5, -30.0, -12.0, -80.0]
REFERENCE_CHOSEN, REFERENCE_REJECTED = [-5.5, -40.0, -20.0, -7.0], [-6.0, -33.0, -11.0, -50.0]
ANSWERS, REFERENCE = [-3.0, -41.5, -12.25, -80.0], [-5.5, -40.0, -20.0, -50.0]
LIKED = [True, False, True, False]
MISMATCHED, MISMATCHED_REFERENCE = [-50.0, -61.0, -33.0, -47.0], [-52.0, -64.5, -30.0, -49.0]
LIKED_WEIGHT, DISLIKED_WEIGHT = 1.0, 1.5

SFT_WEIGHT = 4.0
PROMPTS = [(3, 9, 4), (5, 2), (7, 7, 1, 6), (8, 3)]
RIGHT, WRONG = [(10, 11, 0), (12, 0), (9, 9, 13, 14, 0), (6, 0)], [(4, 0), (13, 5, 6, 0), (11, 2, 0), (15, 8, 1, 0)]
THUMBS, THREE_OF_FOUR = [(10, 11, 0), (13, 5, 6, 0), (9, 9, 13, 14, 0), (6, 0)], [True, False, True, True]
WATCHED = "model.layers.0.input_layernorm.weight"
"""Eight weights at the model's bottom, whose gradients all others have their part in."""


class FixedModel:
    """Answers each call with the next of the log-probabilities."""

    training = True

    def __init__(self, *answers):
        self.answers = list(answers)

    def __call__(self, **_inputs):
        column = torch.tensor(self.answers.pop(0), dtype=torch.float64)[:, None]
        rest = torch.zeros_like(column)
        return SimpleNamespace(log_probs=column, entropy=rest, mean_logits=rest, is_top1=rest.bool())


class WatchedModel:
    """Answers as TRL's patched models do: each label's log-probability, zero where none is wanted."""

    training = True

    def __init__(self, model):
        self.model = model

    def __call__(self, input_ids, attention_mask, labels, **_inputs):
        logits_B_T_V = self.model(input_ids=input_ids, attention_mask=attention_mask).logits[:, :-1].log_softmax(-1)
        labels_B_T = labels[:, 1:]
        log_probs = logits_B_T_V.gather(2, labels_B_T.clamp(min=0)[..., None]).squeeze(2) * (labels_B_T >= 0)
        rest = torch.zeros_like(log_probs)
        return SimpleNamespace(log_probs=log_probs, entropy=rest, mean_logits=rest, is_top1=rest.bool())


def small_model(seed):
    """Return a Llama of two layers and 16 tokens, in float64."""
    torch.manual_seed(seed)
    shape = LlamaConfig(
        vocab_size=16, hidden_size=8, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=32, initializer_range=0.3, attn_implementation="eager",
    )  # fmt: skip
    return LlamaForCausalLM(shape).double().train()


def answered(prompts, answers, prefix=""):
    """Return rows of prompts with answers, as TRL's collators pad them."""
    rows = [(*prompt, *answer) for prompt, answer in zip(prompts, answers, strict=True)]
    longest = max(len(row) for row in rows)
    starts = [len(prompt) for prompt in prompts]

    def padded(value):
        return torch.tensor([[value(row, start, at) for at in range(longest)] for row, start in zip(rows, starts)])  # noqa: B905

    return {
        f"{prefix}input_ids": padded(lambda row, _, at: row[at] if at < len(row) else 0),
        f"{prefix}attention_mask": padded(lambda row, _, at: int(at < len(row))),
        f"{prefix}completion_mask": padded(lambda row, start, at: int(start <= at < len(row))),
    }


@torch.no_grad()
def logps(model, prompts, answers):
    """Return the log-probability of each answer to its prompt."""
    batch = answered(prompts, answers)
    labels = batch["input_ids"].masked_fill(batch["completion_mask"] == 0, -100)
    return WatchedModel(model)(batch["input_ids"], batch["attention_mask"], labels).log_probs.sum(1)


def inputs(rows, prefix=""):
    """Return rows of one prompt token and one completion token."""
    ones = torch.ones(rows, 2, dtype=torch.long)
    mask = torch.tensor([[0, 1]] * rows)
    return {f"{prefix}input_ids": ones, f"{prefix}attention_mask": ones, f"{prefix}completion_mask": mask}


def loss(trainer, model, batch, **settings):
    """Return what the trainer's own method computes."""
    same = SimpleNamespace(device=torch.device("cpu"), gather=lambda x: x, gather_for_metrics=lambda x: x)
    metrics: dict[str, dict[str, list[float]]] = {"train": defaultdict(list)}
    own = SimpleNamespace(
        model=model, accelerator=same, aux_loss_enabled=False, precompute_ref_logps=True, beta=BETA, _metrics=metrics,
        _total_train_tokens=0, _tp_size=1, **settings,
    )  # fmt: skip
    if hasattr(trainer, "_compute_kl_logps"):
        own._compute_kl_logps = lambda *arguments: trainer._compute_kl_logps(own, *arguments)
    return trainer._compute_loss(own, model, batch, return_outputs=False)


def step(trainer, batch, **settings):
    """Return the loss of a step of the small model, and the gradients of its watched weights."""
    model = small_model(seed=3)
    value = loss(trainer, WatchedModel(model), batch, **settings)
    value.backward()
    return {"loss": value.item(), "gradient": dict(model.named_parameters())[WATCHED].grad.tolist()}


def steps(trl):
    """Return a step on corrections with the SFT term, and one on thumbs with weights for each class."""
    before = small_model(seed=4)
    dpo_sft = step(
        trl.DPOTrainer,
        answered(PROMPTS * 2, RIGHT + WRONG)
        | {"ref_chosen_logps": logps(before, PROMPTS, RIGHT), "ref_rejected_logps": logps(before, PROMPTS, WRONG)},
        ld_alpha=None, f_divergence_type="reverse_kl", loss_types=["sigmoid", "sft"],
        loss_weights=[1.0, SFT_WEIGHT], use_weighting=False,
    )  # fmt: skip
    others = [*THUMBS[1:], THUMBS[0]]
    kto_weighted = step(
        trl.KTOTrainer,
        answered(PROMPTS, THUMBS)
        | answered(PROMPTS, others, "KL_")
        | {
            "label": torch.tensor(THREE_OF_FOUR),
            "ref_logps": logps(before, PROMPTS, THUMBS),
            "ref_KL_logps": logps(before, PROMPTS, others),
        },
        calculate_KL=True, loss_type="kto", desirable_weight=1.0, undesirable_weight=3.0,
    )  # fmt: skip
    return {"dpo_sft": dpo_sft, "kto_weighted": kto_weighted}


def main():
    """Compute and write them."""
    double = torch.float64
    trl = importlib.import_module("trl")
    dpo = loss(
        trl.DPOTrainer,
        FixedModel(CHOSEN + REJECTED),
        inputs(8)
        | {
            "ref_chosen_logps": torch.tensor(REFERENCE_CHOSEN, dtype=double),
            "ref_rejected_logps": torch.tensor(REFERENCE_REJECTED, dtype=double),
        },
        ld_alpha=None, f_divergence_type="reverse_kl", loss_types=["sigmoid"], loss_weights=[1.0], use_weighting=False,
    )  # fmt: skip
    kto = loss(
        trl.KTOTrainer,
        FixedModel(MISMATCHED, ANSWERS),
        inputs(4)
        | inputs(4, "KL_")
        | {
            "label": torch.tensor(LIKED),
            "ref_logps": torch.tensor(REFERENCE, dtype=double),
            "ref_KL_logps": torch.tensor(MISMATCHED_REFERENCE, dtype=double),
        },
        calculate_KL=True, loss_type="kto", desirable_weight=LIKED_WEIGHT, undesirable_weight=DISLIKED_WEIGHT,
    )  # fmt: skip
    numbers = {"trl": version("trl"), "dpo": dpo.item(), "kto": kto.item(), **steps(trl)}
    NUMBERS.write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
