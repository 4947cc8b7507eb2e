"""Rows through the model: what they have in common is computed once, and its end only where some row has loss.

The end is the output head, and the last layer but for its keys and values. Both leave losses and gradients what they
are for each row by itself. Tensors are named with their shape: B rows of a batch, P tokens that they all begin with, S
further tokens, K of those where the loss is, V vocabulary.
"""

from typing import Any

import torch
from torch.nn.functional import cross_entropy

from tuning.training import models
from tuning.training.batches import Batch, prefix_of

_NO_LOSS = -100


def loss_of(model: Any, rows: Batch, device: torch.device) -> torch.Tensor:
    """Return the sum of the losses of all completion tokens of the rows."""
    logits_B_K_V, labels_B_K = _forward(model, rows, device)
    return cross_entropy(logits_B_K_V.flatten(0, 1), labels_B_K.flatten(), ignore_index=_NO_LOSS, reduction="sum")


def log_probabilities(model: Any, rows: Batch, device: torch.device) -> torch.Tensor:
    """Return each row's log-probability of its completion, summed over its tokens, as a tensor (B)."""
    logits_B_K_V, labels_B_K = _forward(model, rows, device)
    losses_B_K = cross_entropy(logits_B_K_V.transpose(1, 2), labels_B_K, ignore_index=_NO_LOSS, reduction="none")
    return -losses_B_K.sum(dim=1)


def _forward(model: Any, rows: Batch, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Return logits_B_K_V and labels_B_K of the rows."""
    prefix = prefix_of(rows)
    longest = max(len(row.tokens) for row in rows)
    tokens_B_S = torch.zeros(len(rows), longest - prefix - 1, dtype=torch.long)
    labels_B_S = torch.full_like(tokens_B_S, _NO_LOSS)
    for number, row in enumerate(rows):
        last = len(row.tokens) - 1 - prefix
        tokens_B_S[number, :last] = torch.tensor(row.tokens[prefix:-1])
        labels_B_S[number, row.start - 1 - prefix : last] = torch.tensor(row.tokens[row.start :])
    where_K = (labels_B_S != _NO_LOSS).any(dim=0).nonzero().squeeze(1)
    cache = None
    if prefix:
        prefix_1_P = torch.tensor([rows[0].tokens[:prefix]], device=device)
        cache = models.beginning(model, prefix_1_P, len(rows))
    # Padding is on the right, where a causal model looks at it from padding only: no mask is needed.
    with models.looked_at(model, (labels_B_S != _NO_LOSS).to(device)):
        answer = model(
            input_ids=tokens_B_S.to(device),
            past_key_values=cache,
            use_cache=cache is not None,
            logits_to_keep=where_K.to(device),
        )
    return answer.logits.float(), labels_B_S[:, where_K].to(device)
