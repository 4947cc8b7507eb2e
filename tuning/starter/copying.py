"""Sequences of random tokens: what teaches a small model to look back and copy before it learns to read."""

import random

import torch

from tuning.starter.architecture import VOCABULARY
from tuning.starter.batches import Batch

FIRST_ID = 8
"""Ids below are special pieces, which never stand for text."""


def copy_batch(rng: random.Random, *, rows: int, shortest: int = 8, longest: int = 32) -> Batch:
    """Return rows of distinct tokens, each row said twice, all of one length drawn between the bounds.

    Only the second saying counts, and not its first token: nothing tells when it begins.
    """
    length = rng.randint(shortest, longest)
    once = torch.tensor([rng.sample(range(FIRST_ID, VOCABULARY), length) for _ in range(rows)])
    weights = torch.zeros(rows, 2 * length)
    weights[:, length + 1 :] = 1.0
    return Batch(ids_B_T=torch.cat([once, once], dim=1), weights_B_T=weights)
