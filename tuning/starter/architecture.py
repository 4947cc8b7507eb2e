"""The shape of the starter, the copying heads it is born with, and how two trained layers become four.

Plain initialisation did not learn to copy within a quarter of an hour on one core. Copying needs two heads that find
each other (Olsson et al. 2022, arXiv:2209.11895): one that looks at the previous token, and one that looks for what
followed the present token before. Both can be written down, so they are planted, and training makes them sharp within
a minute.
"""

import math

import torch
from transformers import LlamaConfig, LlamaForCausalLM

VOCABULARY = 2048
LAYERS = 4
COPYING_LAYERS = 2
LONGEST_PROMPT = 2048
WIDTH = 256
HEADS = 4
HEAD_WIDTH = WIDTH // HEADS
ROPE_BASE = 1e6

_PREVIOUS_TOKEN_HEADS = 2
_FAST_PAIRS = 8
"""Rotary pairs that turn fast enough to tell the previous token from its neighbours."""
_SLOWEST_USEFUL_TURN = 1.1e-3
"""Radians a token: pairs slower than this compare tokens a thousand apart as if they stood side by side."""


def build_model(layers: int, *, seed: int = 0) -> LlamaForCausalLM:
    """Return a Llama of this many layers (3.1 million parameters at four) whose first two layers begin to copy."""
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=WIDTH,
        intermediate_size=512,
        num_hidden_layers=layers,
        num_attention_heads=HEADS,
        num_key_value_heads=HEADS,
        max_position_embeddings=LONGEST_PROMPT,
        rope_parameters={"rope_type": "default", "rope_theta": ROPE_BASE},
        tie_word_embeddings=True,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=3,
        attn_implementation="sdpa",
    )
    model = LlamaForCausalLM(config)
    _plant_copying(model, torch.Generator().manual_seed(seed))
    return model


@torch.no_grad()
def _plant_copying(model: LlamaForCausalLM, generator: torch.Generator) -> None:
    """Write a previous-token pair of heads into layer 0 and matching heads into layer 1.

    Every embedding gets one direction in common, so that a head can attend by position alone: there its query is turned
    by one position against its key. What the previous token was is written into a subspace of its own, where the heads
    of layer 1 look for the present token, along rotary pairs that hardly turn; what they find is handed to the output.
    """

    def rotation() -> torch.Tensor:
        orthogonal: torch.Tensor = torch.linalg.qr(torch.randn(WIDTH, WIDTH, generator=generator))[0]
        return orthogonal

    shared = torch.nn.functional.normalize(torch.randn(WIDTH, generator=generator), dim=0)
    own_V_W = torch.randn(VOCABULARY, WIDTH, generator=generator) / math.sqrt(WIDTH)
    own_V_W -= (own_V_W @ shared)[:, None] * shared
    model.model.embed_tokens.weight.copy_(own_V_W + shared)

    turn_P = ROPE_BASE ** -(torch.arange(0, HEAD_WIDTH, 2).float() / HEAD_WIDTH)
    half = HEAD_WIDTH // 2
    read_W_W, write_W_W = rotation(), rotation()
    key = torch.zeros(HEAD_WIDTH)
    key[:_FAST_PAIRS] = 1.0
    query = torch.cat([key[:half] * torch.cos(turn_P), key[:half] * torch.sin(-turn_P)])
    # After the norm, the shared direction and the token's own part are each sqrt(WIDTH / 2) long.
    length = math.sqrt(WIDTH / 2)
    sharpness = math.sqrt(10.0 * math.sqrt(HEAD_WIDTH)) / length
    first, second = model.model.layers[0].self_attn, model.model.layers[1].self_attn
    for head in range(_PREVIOUS_TOKEN_HEADS):
        rows = slice(head * HEAD_WIDTH, (head + 1) * HEAD_WIDTH)
        first.k_proj.weight[rows] += sharpness * torch.outer(key, shared)
        first.q_proj.weight[rows] += sharpness * torch.outer(query, shared)
        first.v_proj.weight[rows] = read_W_W[rows]
        first.o_proj.weight[:, rows] = write_W_W[:, rows] * 1.5 / length

    written = _PREVIOUS_TOKEN_HEADS * HEAD_WIDTH
    slow = [pair for pair in range(half) if turn_P[pair] <= _SLOWEST_USEFUL_TURN]
    dims = torch.tensor(slow + [pair + half for pair in slow])
    value_W_W = rotation()
    for head in range(HEADS):
        rows = slice(head * HEAD_WIDTH, (head + 1) * HEAD_WIDTH)
        compare = torch.linalg.qr(torch.randn(written, written, generator=generator))[0][: len(dims)]
        second.q_proj.weight[dims + head * HEAD_WIDTH] += 1.6 * compare @ read_W_W[:written]
        second.k_proj.weight[dims + head * HEAD_WIDTH] += 1.6 * compare @ write_W_W[:, :written].T
        second.v_proj.weight[rows] = value_W_W[rows]
        second.o_proj.weight[:, rows] = value_W_W[rows].T * 0.25


@torch.no_grad()
def grow(small: LlamaForCausalLM, layers: int) -> LlamaForCausalLM:
    """Return a model of more layers that computes the same function.

    The new layers come after the old ones, and what they add to the residual stream is multiplied by zero: their two
    output projections are zero, so that training starts where the small model was (after Net2Net, arXiv:1511.05641).
    """
    large = build_model(layers)
    large.load_state_dict(small.state_dict(), strict=False)
    for block in large.model.layers[small.config.num_hidden_layers :]:
        block.self_attn.o_proj.weight.zero_()
        block.mlp.down_proj.weight.zero_()
    return large
