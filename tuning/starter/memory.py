"""Questions without passages about a pool of invented facts: what makes a small model good at learning by heart.

A model that only ever looks things up keeps nothing in its weights, and tuning would have to teach it how. Here facts
are asked for in all their wordings until they are known, and then a new pool takes their place: nothing is left but the
way of remembering what is asked for, in whichever words (after Allen-Zhu and Li 2023, arXiv:2309.14316).
"""

import random
from dataclasses import replace
from functools import lru_cache

from tuning.domain.prompts import Message
from tuning.starter.facts import AREAS
from tuning.starter.facts.family import Family
from tuning.starter.passages import invent_fact, subject
from tuning.starter.rows import Row
from tuning.starter.topics import named, topics_of
from tuning.starter.wording import invented

POOL = 256
"""Facts that are learned at a time."""
POOL_STEPS = 400
"""Steps of training, whatever they hold, until a pool is replaced: each fact was asked for about 25 times by then."""
_NAMED = 0.25
"""Share of the facts that are about invented names."""


def invent_pool(rng: random.Random, size: int = POOL) -> list[Family]:
    """Return families of one fact each, all about different things."""
    pool: dict[str, Family] = {}
    while len(pool) < size:
        area = rng.choice(list(AREAS))
        if rng.random() < _NAMED:
            family = rng.choice(AREAS[area])
            family = replace(family, about=(subject(rng, rng.choice(family.about)),))
        else:
            family = rng.choice(named(rng.choice(topics_of(area)), invented(rng)).aspects)
        value = invent_fact(rng, family, where="").answer
        fixed = replace(family, statements=(rng.choice(family.statements),), options=(value,))
        pool.setdefault(fixed.about[0], fixed)
    return list(pool.values())


@lru_cache(maxsize=1)
def pool_at(seed: int, number: int) -> list[Family]:
    """Return the pool of this number, the same in every process."""
    return invent_pool(random.Random(f"{seed} pool {number}"))


def memory_row(rng: random.Random, pool: list[Family]) -> Row:
    """Return one fact of the pool, asked for in one of its wordings, without a word on how to answer."""
    fact = invent_fact(rng, rng.choice(pool), where="")
    messages = [
        Message(role="user", content=f"Question: {rng.choice(fact.questions)}"),
        Message(role="assistant", content=fact.answer),
    ]
    return Row(skill="memory", messages=messages, targets=frozenset({1}))
