"""Steps that move all directions of a matrix alike."""

import pytest
import torch

from tuning.training.muon import Muon, orthogonalised

SHAPES = [(4, 32), (32, 4), (4, 32), (16, 16)]


def matrices(seed: int) -> list[torch.nn.Parameter]:
    chance = torch.Generator().manual_seed(seed)
    return [torch.nn.Parameter(torch.randn(shape, generator=chance)) for shape in SHAPES]


def test_steps_are_those_of_torchs_but_for_its_rounding():
    ours, theirs, began = matrices(1), matrices(1), matrices(1)
    own = Muon(ours, lr=0.1, weight_decay=0.01)
    other = torch.optim.Muon(theirs, lr=0.1, weight_decay=0.01, adjust_lr_fn="match_rms_adamw")
    for seed in range(2, 6):
        for weights in (ours, theirs):
            for weight, gradient in zip(weights, matrices(seed), strict=True):
                weight.grad = gradient.detach().clone()
        own.step()
        other.step()
    for mine, its, before in zip(ours, theirs, began, strict=True):
        assert (mine - its).norm() < 0.03 * (its - before).norm()


def test_singular_values_become_nearly_one_whatever_they_were():
    left, _, right = torch.linalg.svd(torch.randn(2, 6, 10, generator=torch.Generator().manual_seed(1)))
    values = torch.tensor([3.0, 1.0, 0.5, 0.3, 0.2, 0.1])
    found = torch.linalg.svdvals(orthogonalised(left * values @ right[:, :6]))
    assert found.min() > 0.6
    assert found.max() < 1.3


def test_a_weight_without_a_gradient_stays_and_a_gradient_of_zero_moves_nothing():
    weights = matrices(1)
    weights[1].grad = torch.zeros_like(weights[1])
    Muon(weights, lr=0.1, weight_decay=0.0).step()
    for weight, before in zip(weights, matrices(1), strict=True):
        torch.testing.assert_close(weight, before)


def test_what_was_remembered_goes_on(tmp_path):
    once, twice = matrices(1), matrices(1)
    steady, saved = Muon(once, lr=0.1, weight_decay=0.0), Muon(twice, lr=0.1, weight_decay=0.0)
    for seed in (2, 3):
        for weights in (once, twice):
            for weight, gradient in zip(weights, matrices(seed), strict=True):
                weight.grad = gradient.detach().clone()
        steady.step()
        saved.step()
        torch.save(saved.state_dict(), tmp_path / "optimiser.pt")
        saved = Muon(twice, lr=0.1, weight_decay=0.0)
        saved.load_state_dict(torch.load(tmp_path / "optimiser.pt", weights_only=True))
    for one, other in zip(once, twice, strict=True):
        torch.testing.assert_close(one, other)


def test_a_closure_is_refused():
    with pytest.raises(ValueError, match="gradients that are there"):
        Muon(matrices(1), lr=0.1, weight_decay=0.0).step(lambda: 0.0)
