"""One step after another: the loss, the average over processes, and what a stage of the curriculum is made of.

Shapes: B rows, T tokens, K positions that count, V pieces of the vocabulary.
"""

import torch
import torch.distributed
from transformers import LlamaForCausalLM

from tuning.starter.batches import Batch
from tuning.starter.guidance import GUIDANCE, guidance_loss

_LIGHT = 0.06
"""Weights below this are those of tokens that are read, not answered."""
_READ_SHARE = 0.3
"""Share of the tokens that are no answers whose prediction is computed in a step: the vocabulary is costly on a CPU."""
COPYING_RATE = 2e-3
PEAK_LEARNING_RATE = 6e-4
"""Of the skills, with about 3,000 tokens a step: at 1.5e-3 their loss stood still and copying was lost again."""


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


def new_optimizer(model: LlamaForCausalLM) -> torch.optim.AdamW:
    """Return the optimizer of every stage."""
    return torch.optim.AdamW(model.parameters(), lr=PEAK_LEARNING_RATE, betas=(0.9, 0.98), weight_decay=0.01)


def step(model: LlamaForCausalLM, optimizer: torch.optim.AdamW, batch: Batch, *, learning_rate: float) -> float:
    """Take one step with the gradients of all processes averaged, and return this process's loss."""
    optimizer.zero_grad()
    loss = loss_of(model, batch)
    loss.backward()  # type: ignore[no-untyped-call]
    parameters = [parameter for parameter in model.parameters() if parameter.grad is not None]
    flat = torch.cat([parameter.grad.flatten() for parameter in parameters if parameter.grad is not None])
    flat = average(flat)
    start = 0
    for parameter in parameters:
        parameter.grad = flat[start : start + parameter.numel()].view_as(parameter)
        start += parameter.numel()
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    for group in optimizer.param_groups:
        group["lr"] = learning_rate
    optimizer.step()
    return loss.item()


def average(values: torch.Tensor) -> torch.Tensor:
    """Return the mean of the values over all processes, the same in each."""
    torch.distributed.all_reduce(values)
    return values / torch.distributed.get_world_size()
