"""Attention that is shown where to look, as long as the starter learns.

Finding an answer takes two looks: a statement has to remember the value that it began with ("Ten days are granted for
..."), and the end of the question has to find the statement. Left alone, heads hardly ever learned the first of them.
Drafting takes two as well: a brief's value has to find what it takes the place of, and the draft where to copy from.
So does a summary: whether a sentence matters is known at its end, which has to know its beginning and what came before.
A few heads are therefore told: the loss gains the negative logarithm of the attention that they give to where they
should look (guided attention as of Liu et al. 2016, arXiv:1609.04186). Nothing of this is left in the weights' shape.

Shapes: B rows, T tokens, Q queries, D the width of a head, W the width of the model.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import torch
from transformers import LlamaForCausalLM
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

GUIDANCE = 0.15
"""Weight beside the loss of the tokens: at 0.5 answers got worse."""


class Guide(Enum):
    """What heads look for: the layer, and which of its heads."""

    VALUE = (2, (0,))
    REPLACED = (2, (1,))
    PREVIOUS = (2, (2,))
    STATEMENT = (3, (0, 1))
    COPIED = (3, (2,))


@dataclass(frozen=True, kw_only=True)
class Aim:
    """Where the attention of some tokens should go."""

    guide: Guide
    queries: range
    """The tokens that look."""
    keys: range
    """The tokens that they should look at; at any of them, if several aims have the same query."""


def guidance_loss(
    model: LlamaForCausalLM, hidden: Sequence[torch.Tensor], aims: Sequence[tuple[int, Aim]]
) -> torch.Tensor:
    """Return the mean over queries of the negative logarithm of the attention to the aims, summed over guides.

    `hidden` holds what each layer reads, B x T x W, as the model returns its hidden states. Each aim comes with the
    number of its row.
    """
    loss = hidden[0].new_zeros(())
    for guide in Guide:
        chosen = [(row, aim) for row, aim in aims if aim.guide is guide]
        if chosen:
            loss = loss + _loss_of_guide(model, guide, hidden[guide.value[0]], chosen)
    return loss


def _loss_of_guide(
    model: LlamaForCausalLM, guide: Guide, hidden_B_T_W: torch.Tensor, aims: Sequence[tuple[int, Aim]]
) -> torch.Tensor:
    number, heads = guide.value
    layer = model.model.layers[number]
    attention, longest = layer.self_attn, hidden_B_T_W.shape[1]
    normed_B_T_W = layer.input_layernorm(hidden_B_T_W)
    cos, sin = model.model.rotary_emb(normed_B_T_W, torch.arange(longest)[None])
    asked = _by_row(aims, longest)
    losses = []
    for head in heads:
        part = slice(head * attention.head_dim, (head + 1) * attention.head_dim)
        queries_B_1_T_D, keys_B_1_T_D = (
            torch.nn.functional.linear(normed_B_T_W, projection.weight[part])[:, None]
            for projection in (attention.q_proj, attention.k_proj)
        )
        queries_B_1_T_D, keys_B_1_T_D = apply_rotary_pos_emb(queries_B_1_T_D, keys_B_1_T_D, cos, sin)
        for row, asking_Q, aimed_Q_T in asked:
            logits_Q_T = queries_B_1_T_D[row, 0, asking_Q] @ keys_B_1_T_D[row, 0].T * attention.scaling
            future_Q_T = torch.arange(longest) > asking_Q[:, None]
            logits_Q_T = logits_Q_T.masked_fill(future_Q_T, -torch.inf)
            found_Q = logits_Q_T.masked_fill(~aimed_Q_T, -torch.inf).logsumexp(-1)
            losses.append(logits_Q_T.logsumexp(-1) - found_Q)
    return torch.cat(losses).mean()


def _by_row(aims: Sequence[tuple[int, Aim]], longest: int) -> list[tuple[int, torch.Tensor, torch.Tensor]]:
    """Return the tokens of each row that look, and for each of them at which of the row's tokens it should."""
    looks: dict[int, dict[int, list[range]]] = {}
    for row, aim in aims:
        for query in aim.queries:
            if query < longest:
                looks.setdefault(row, {}).setdefault(query, []).append(aim.keys)
    asked = []
    for row, found in looks.items():
        aimed_Q_T = torch.zeros(len(found), longest, dtype=torch.bool)
        for index, places in enumerate(found.values()):
            for keys in places:
                aimed_Q_T[index, keys.start : keys.stop] = True
        asked.append((row, torch.tensor(list(found)), aimed_Q_T))
    return asked
