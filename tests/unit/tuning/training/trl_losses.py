"""Writes trl_losses.json again, from TRL's own trainers: `python trl_losses.py`, where trl is installed.

Their `_compute_loss` runs as it is, with a model that answers the fixed log-probabilities, one token per completion.
"""

import importlib
import json
from collections import defaultdict
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import torch

NUMBERS = Path(__file__).with_suffix(".json")
BETA = 0.1
CHOSEN, REJECTED = [-3.0, -41.5, -12.25, -7.0], [-9.5, -30.0, -12.0, -80.0]
REFERENCE_CHOSEN, REFERENCE_REJECTED = [-5.5, -40.0, -20.0, -7.0], [-6.0, -33.0, -11.0, -50.0]
ANSWERS, REFERENCE = [-3.0, -41.5, -12.25, -80.0], [-5.5, -40.0, -20.0, -50.0]
LIKED = [True, False, True, False]
MISMATCHED, MISMATCHED_REFERENCE = [-50.0, -61.0, -33.0, -47.0], [-52.0, -64.5, -30.0, -49.0]
LIKED_WEIGHT, DISLIKED_WEIGHT = 1.0, 1.5


class FixedModel:
    """Answers each call with the next of the log-probabilities."""

    training = True

    def __init__(self, *answers):
        self.answers = list(answers)

    def __call__(self, **_inputs):
        column = torch.tensor(self.answers.pop(0), dtype=torch.float64)[:, None]
        rest = torch.zeros_like(column)
        return SimpleNamespace(log_probs=column, entropy=rest, mean_logits=rest, is_top1=rest.bool())


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
    return trainer._compute_loss(own, model, batch, return_outputs=False).item()


def main():
    """Compute and write them."""
    double = torch.float64
    dpo = loss(
        importlib.import_module("trl").DPOTrainer,
        FixedModel(CHOSEN + REJECTED),
        inputs(8)
        | {
            "ref_chosen_logps": torch.tensor(REFERENCE_CHOSEN, dtype=double),
            "ref_rejected_logps": torch.tensor(REFERENCE_REJECTED, dtype=double),
        },
        ld_alpha=None, f_divergence_type="reverse_kl", loss_types=["sigmoid"], loss_weights=[1.0], use_weighting=False,
    )  # fmt: skip
    kto = loss(
        importlib.import_module("trl").KTOTrainer,
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
    NUMBERS.write_text(json.dumps({"trl": version("trl"), "dpo": dpo, "kto": kto}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
