"""Facts made of random tokens, and questions for them: what teaches a small model to find an answer by what is asked.

A row has the frame of a real conversation, but its statements are random pieces: nothing can be guessed, only looked
up.
"""

import random

from tuning.starter.architecture import VOCABULARY
from tuning.starter.batches import BOS_ID, END_ID, Batch, EncodedRow, Encoder, collate

FIRST_ID = 263
"""Ids below are special pieces and bytes."""
LOCATING_WEIGHT = 3.0
"""Of an answer's first token, the one that has to be found; the others copy on."""


def _draw(rng: random.Random, least: int, most: int) -> list[int]:
    return [rng.randrange(FIRST_ID, VOCABULARY) for _ in range(rng.randint(least, most))]


def lookup_row(rng: random.Random, encoder: Encoder, *, statements: tuple[int, int], queries: int) -> EncodedRow:
    """Return statements that give a name's relation a value, and questions for some of them.

    Names share relations and relations names, so that only both together find the value.
    """
    count = rng.randint(*statements)
    pool = rng.sample(range(FIRST_ID, VOCABULARY), 240)
    names = [[pool.pop() for _ in range(rng.randint(1, 3))] for _ in range(max(1, count // rng.choice((1, 1, 2))))]
    relations = [[pool.pop() for _ in range(rng.randint(1, 2))] for _ in range(rng.randint(2, 4))]
    pairs = [(name, relation) for name in names for relation in relations]
    ids, answers = [BOS_ID, *encoder.role("user"), *encoder.newline], []
    facts = []
    for name, relation in rng.sample(pairs, min(count, len(pairs))):
        value, subject = _draw(rng, 1, 4), [relation, name] if rng.random() < 0.5 else [name, relation]
        facts.append((name, relation, value))
        said = [*subject[0], *subject[1], *value] if rng.random() < 0.8 else [*value, *subject[0], *subject[1]]
        ids += [*_draw(rng, 0, rng.choice((0, 0, 1, 3))), *said]
        ids += encoder.newline if rng.random() < 0.3 else encoder.stop
    for index, (name, relation, value) in enumerate(rng.sample(facts, min(queries, len(facts)))):
        ids += [END_ID, *encoder.newline, *encoder.role("user")] if index else []
        subject = [relation, name] if rng.random() < 0.5 else [name, relation]
        ids += [*encoder.newline, *encoder.question, *subject[0], *subject[1], *encoder.mark]
        ids += [END_ID, *encoder.newline, *encoder.role("assistant"), *encoder.newline]
        answers.append(range(len(ids), len(ids) + len(value)))
        ids += value
    weights = [0.0] * len(ids) + [1.0]
    for answer in answers:
        weights[answer.start : answer.stop] = [LOCATING_WEIGHT, *[1.0] * (len(answer) - 1)]
    return EncodedRow(ids=[*ids, END_ID], weights=weights, answers=answers)


def lookup_batch(
    rng: random.Random, encoder: Encoder, *, tokens: int, statements: tuple[int, int], queries: int = 6
) -> Batch:
    """Return rows of random facts and questions, at most `tokens` tokens in all, padding included."""
    rows: list[EncodedRow] = []
    longest = 0
    while True:
        row = lookup_row(rng, encoder, statements=statements, queries=queries)
        longest = max(longest, len(row.ids))
        if rows and longest * (len(rows) + 1) > tokens:
            return collate(rows)
        rows.append(row)
