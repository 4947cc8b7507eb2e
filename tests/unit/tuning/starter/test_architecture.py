import random

import torch

from tuning.starter.architecture import LAYERS, build_model, grow
from tuning.starter.batches import Batch
from tuning.starter.copying import copy_batch
from tuning.starter.training import loss_of


def test_growing_leaves_the_function_unchanged() -> None:
    small = build_model(2)
    large = grow(small, LAYERS)
    ids = torch.randint(8, 2048, (2, 24))
    assert len(large.model.layers) == LAYERS
    assert torch.allclose(small(ids).logits, large(ids).logits, atol=1e-5)


def test_the_new_layers_still_learn_after_growing() -> None:
    large = grow(build_model(2), LAYERS)
    large(torch.randint(8, 2048, (1, 12))).logits.square().mean().backward()
    assert large.model.layers[-1].mlp.down_proj.weight.grad.abs().max() > 0


def test_the_starter_has_between_two_and_ten_million_parameters() -> None:
    assert 2_000_000 <= build_model(LAYERS).num_parameters() <= 10_000_000


def test_the_planted_heads_look_at_the_previous_token() -> None:
    model = build_model(2)
    model.set_attn_implementation("eager")
    attention_H_T_T = model(torch.randint(8, 2048, (1, 30)), output_attentions=True).attentions[0][0]
    previous_H_T = attention_H_T_T.diagonal(offset=-1, dim1=1, dim2=2)
    assert previous_H_T[:2, 5:].mean() > 2 * previous_H_T[2:, 5:].mean()


def test_copies_count_only_where_the_second_saying_can_be_known() -> None:
    batch = copy_batch(random.Random(1), rows=3, shortest=9, longest=9)
    assert torch.equal(batch.ids_B_T[:, :9], batch.ids_B_T[:, 9:])
    assert batch.weights_B_T.sum(dim=1).tolist() == [8.0] * 3
    assert batch.weights_B_T[:, :10].sum() == 0


def test_tokens_without_weight_do_not_move_the_loss() -> None:
    model = build_model(2)
    ids = torch.randint(8, 2048, (1, 10))
    weights = torch.zeros(1, 10)
    weights[0, 4] = 1.0
    changed = ids.clone()
    changed[0, 7] = 9
    first, second = (loss_of(model, Batch(ids_B_T=text, weights_B_T=weights)) for text in (ids, changed))
    assert torch.allclose(first, second)
