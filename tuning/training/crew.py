"""The processes that train one adapter together: usually one, else one for each GPU, started by torchrun.

Each computes some of a step's parts, and gradients are added up over all of them: a step is what one would make of it.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.distributed as dist

from tuning.training.batches import Batch, cost, groups, prefix_of


@dataclass(frozen=True, kw_only=True)
class Crew:
    """This process among those that train together."""

    device: torch.device
    rank: int = 0
    size: int = 1
    most_tokens: int = sys.maxsize
    """What a part of a batch may compute at once; a row by itself may have more."""

    @property
    def leads(self) -> bool:
        """Whether this process is the one that writes files."""
        return self.rank == 0

    def parts(self, batch: Batch) -> list[Batch]:
        """Return a batch in the parts that are cheapest to compute within the limit, and none of them for one alone."""
        if self.size == 1:
            return groups(batch, self.most_tokens)
        share = sum(cost(part) for part in groups(batch)) // self.size + prefix_of(batch)
        return groups(batch, min(self.most_tokens, share))

    def own(self, parts: Sequence[Batch]) -> list[Batch]:
        """Return the parts that this process computes: the costliest go first, each to who has the least so far."""
        load = [0] * self.size
        mine: list[Batch] = []
        for part in sorted(parts, key=cost, reverse=True):
            taker = load.index(min(load))
            load[taker] += cost(part)
            if taker == self.rank:
                mine.append(part)
        return mine

    def add_up(self, weights: Sequence[torch.nn.Parameter], loss: float, *, is_stopped: bool) -> tuple[float, bool]:
        """Add up the weights' gradients and the loss over all processes, and tell whether any was asked to stop."""
        if self.size == 1:
            return loss, is_stopped
        said = torch.tensor([loss, float(is_stopped)], dtype=torch.double, device=self.device)
        # One message for all: there are hundreds of small gradients. A process without a part has none.
        flat = torch.cat([_gradient(weight).flatten() for weight in weights])
        dist.all_reduce(said)
        dist.all_reduce(flat)
        for weight, gradient in zip(weights, flat.split([it.numel() for it in weights]), strict=True):  # type: ignore[no-untyped-call]
            weight.grad = gradient.view_as(weight)
        return said[0].item(), said[1].item() > 0

    def agree(self, batch: Batch) -> Batch:
        """Return what the first process found: rounding must not let two go different ways."""
        if self.size > 1:
            said = [batch]
            dist.broadcast_object_list(said, device=self.device)
            return said[0]
        return batch

    def part(self) -> None:
        """Leave, once all processes have come here."""
        if self.size > 1:
            dist.barrier()
            dist.destroy_process_group()


def join(device: torch.device) -> Crew:
    """Return the crew that torchrun has made this process part of; without torchrun it is alone."""
    if not dist.is_torchelastic_launched():
        return Crew(device=device)
    if device.type == "cuda":
        torch.cuda.set_device(dist.get_node_local_rank())
    if not dist.is_initialized():
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return Crew(device=device, rank=dist.get_rank(), size=dist.get_world_size())


def _gradient(weight: torch.nn.Parameter) -> torch.Tensor:
    return torch.zeros_like(weight) if weight.grad is None else weight.grad
