"""Sequences of random tokens: what teaches a small model to look back, copy and look up before it learns to read."""

import random

import torch

from tuning.starter.architecture import VOCABULARY
from tuning.starter.batches import BOS_ID, END_ID, PAD_ID, Batch

FIRST_ID = 8
"""Ids below are special pieces, which never stand for text."""
_USER_ID, _ASSISTANT_ID, _NEWLINE_ID = 5, 6, 17


def copy_batch(rng: random.Random, *, rows: int, shortest: int = 8, longest: int = 32) -> Batch:
    """Return rows of distinct tokens, each row said twice, all of one length drawn between the bounds.

    Only the second saying counts, and not its first token: nothing tells when it begins.
    """
    length = rng.randint(shortest, longest)
    once = torch.tensor([rng.sample(range(FIRST_ID, VOCABULARY), length) for _ in range(rows)])
    weights = torch.zeros(rows, 2 * length)
    weights[:, length + 1 :] = 1.0
    return Batch(ids_B_T=torch.cat([once, once], dim=1), weights_B_T=weights)


def recall_batch(rng: random.Random, *, rows: int, statements: int) -> Batch:
    """Return rows of lines of random tokens in the form of a chat: keys and a value each, then keys to look up.

    Lines share keys, so that only all the keys of a line together tell which one is asked for; they are asked for in
    another order, half of the time mixed with tokens that mean nothing.
    """
    made = [_recall_row(rng, statements) for _ in range(rows)]
    longest = max(len(ids) for ids, _ in made)
    return Batch(
        ids_B_T=torch.tensor([ids + [PAD_ID] * (longest - len(ids)) for ids, _ in made]),
        weights_B_T=torch.tensor([weights + [0.0] * (longest - len(weights)) for _, weights in made]),
    )


def _recall_row(rng: random.Random, statements: int) -> tuple[list[int], list[float]]:
    tokens = rng.sample(range(FIRST_ID, VOCABULARY), 6 * statements + 12)
    pool = [tokens.pop() for _ in range(statements + 3)]
    asked: dict[tuple[int, ...], list[int]] = {}
    while len(asked) < statements:
        keys = rng.sample(pool, 2)
        if not any(set(keys) == set(known) for known in asked):
            asked[tuple(keys)] = [tokens.pop() for _ in range(rng.randint(1, 4))]
    ids, weights = [BOS_ID], [0.0]
    for keys_of_line, value in asked.items():
        line = [*keys_of_line, *value, _NEWLINE_ID]
        ids += line
        weights += [0.0] * len(line)
    for keys_of_line, value in rng.sample(list(asked.items()), min(4, statements)):
        question = rng.sample(keys_of_line, 2)
        if rng.random() < 0.5:
            question.insert(rng.randint(0, 2), tokens.pop())
        opening = [_USER_ID, _NEWLINE_ID, *question, END_ID, _NEWLINE_ID, _ASSISTANT_ID, _NEWLINE_ID]
        ids += [*opening, *value, END_ID, _NEWLINE_ID]
        weights += [0.0] * len(opening) + [1.0] * (len(value) + 1) + [0.0]
    return ids, weights
