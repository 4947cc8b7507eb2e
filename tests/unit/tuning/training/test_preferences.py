"""The losses on feedback are TRL's, and pull the way they should."""

import json

import pytest
import torch

from tests.unit.tuning.training import trl_losses as fixed
from tuning.training.preferences import class_weights, dpo_loss, drift_of, kto_loss


def doubles(values):
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


EXPECTED = json.loads(fixed.NUMBERS.read_text(encoding="utf-8"))


def test_the_loss_of_pairs_is_trls_and_pulls_them_apart():
    chosen, rejected = doubles(fixed.CHOSEN), doubles(fixed.REJECTED)
    references = doubles(fixed.REFERENCE_CHOSEN), doubles(fixed.REFERENCE_REJECTED)
    loss = dpo_loss(chosen, rejected, *references, beta=fixed.BETA)
    assert loss.item() == pytest.approx(EXPECTED["dpo"], rel=1e-12)
    loss.backward()
    assert (chosen.grad < 0).all()
    assert (rejected.grad > 0).all()


def test_the_loss_of_thumbs_is_trls_and_pulls_each_its_way():
    answers, mismatched = doubles(fixed.ANSWERS), doubles(fixed.MISMATCHED)
    liked = torch.tensor(fixed.LIKED)
    drift = drift_of(mismatched, doubles(fixed.MISMATCHED_REFERENCE))
    assert drift.item() == pytest.approx(1.125)
    weights = {"liked_weight": fixed.LIKED_WEIGHT, "disliked_weight": fixed.DISLIKED_WEIGHT}
    loss = kto_loss(answers, doubles(fixed.REFERENCE), liked, drift, beta=fixed.BETA, **weights)
    assert loss.item() == pytest.approx(EXPECTED["kto"], rel=1e-12)
    loss.backward()
    assert ((answers.grad < 0) == liked).all()
    assert mismatched.grad is None


def test_drift_is_never_below_zero():
    assert drift_of(doubles([-9.0]), doubles([-5.0])).item() == 0.0


def test_the_rarer_thumbs_count_as_much_as_the_others():
    assert class_weights(liked=30, disliked=10) == (1.0, 3.0)
    assert class_weights(liked=5, disliked=10) == (2.0, 1.0)
    assert class_weights(liked=0, disliked=4) == (1.0, 1.0)
