"""One step after another: the loss, the average over processes, and what a stage of the curriculum is made of.

Shapes: B rows, T tokens, K positions that count, V pieces of the vocabulary.
"""

from typing import Any

import torch
import torch.distributed
from transformers import LlamaForCausalLM

from tuning.starter.batches import Batch
from tuning.starter.guidance import GUIDANCE, guidance_loss

_LIGHT = 0.06
"""Weights below this are those of tokens that are read, not answered."""
HAS_UNITS = bool(torch.cpu.get_capabilities().get("amx_bf16"))
"""Whether the processor computes in bfloat16: one that does not takes ten times as long with it as without."""
_READ_SHARE = 0.3
"""Share of the tokens that are no answers whose prediction is computed in a step: the vocabulary is costly on a CPU."""
COPYING_RATE = 2e-3
PEAK_LEARNING_RATE = 6e-4
"""Of the skills: at 1.5e-3 their loss was a fifth higher after 125 steps of 4,000 tokens."""


def loss_of(model: LlamaForCausalLM, batch: Batch) -> torch.Tensor:
    """Return the weighted mean of the cross entropy; of the lightly weighted positions a sample stands for all.

    Where the batch says where attention should go, that counts as well.
    """
    weights_B_T = batch.weights_B_T[:, 1:]
    light = (weights_B_T > 0) & (weights_B_T < _LIGHT)
    drawn = torch.rand_like(weights_B_T) < _READ_SHARE
    weights_B_T = torch.where(light, weights_B_T * drawn / _READ_SHARE, weights_B_T)
    counted = weights_B_T > 0
    read = model.model(input_ids=batch.ids_B_T[:, :-1], use_cache=False, output_hidden_states=bool(batch.aims))
    logits_K_V = model.lm_head(read.last_hidden_state[counted])
    losses_K = torch.nn.functional.cross_entropy(logits_K_V, batch.ids_B_T[:, 1:][counted], reduction="none")
    loss = (losses_K * weights_B_T[counted]).sum() / weights_B_T[counted].sum()
    return loss + GUIDANCE * guidance_loss(model, read.hidden_states, batch.aims) if batch.aims else loss


class Optimizer:
    """Muon (Jordan et al. 2024) for the layers' matrices, AdamW for embeddings and norms, at the same rate.

    From the same weights, 200 steps with Muon came to a loss of 0.442, AdamW alone to 0.461. Muon computes in bfloat16
    in any case: a processor without units for it would spend most of a step there, so it has AdamW for all of them.
    """

    def __init__(self, model: LlamaForCausalLM) -> None:
        embedding = model.get_input_embeddings().weight
        self.parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        matrices = [one for one in self.parameters if one.ndim == 2 and one is not embedding and HAS_UNITS]
        others = [one for one in self.parameters if one.ndim != 2 or one is embedding or not HAS_UNITS]
        self._parts: list[torch.optim.Optimizer] = [torch.optim.AdamW(others, betas=(0.9, 0.98), weight_decay=0.01)]
        if matrices:
            muon = torch.optim.Muon(matrices, weight_decay=0.01, momentum=0.95, adjust_lr_fn="match_rms_adamw")
            self._parts.append(muon)

    def step(self, learning_rate: float) -> None:
        """Move the weights along their gradients, clipped to a norm of 1, and forget these."""
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        for part in self._parts:
            for group in part.param_groups:
                group["lr"] = learning_rate
            part.step()
            part.zero_grad()

    def state_dict(self) -> list[dict[str, Any]]:
        """Return what `load_state_dict` needs to go on."""
        return [part.state_dict() for part in self._parts]

    def load_state_dict(self, states: list[dict[str, Any]]) -> None:
        """Go on from what `state_dict` returned."""
        for part, state in zip(self._parts, states, strict=True):
            part.load_state_dict(state)


def step(model: LlamaForCausalLM, optimizer: Optimizer, batch: Batch, *, learning_rate: float) -> float:
    """Take one step with the gradients of all processes averaged, and return this process's loss."""
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=HAS_UNITS):
        loss = loss_of(model, batch)
    loss.backward()  # type: ignore[no-untyped-call]
    held = [parameter for parameter in optimizer.parameters if parameter.grad is not None]
    flat = average(torch.cat([parameter.grad.flatten() for parameter in held if parameter.grad is not None]))
    start = 0
    for parameter in held:
        parameter.grad = flat[start : start + parameter.numel()].view_as(parameter)
        start += parameter.numel()
    optimizer.step(learning_rate)
    return loss.item()


def average(values: torch.Tensor) -> torch.Tensor:
    """Return the mean of the values over all processes, the same in each."""
    torch.distributed.all_reduce(values)
    return values / torch.distributed.get_world_size()
