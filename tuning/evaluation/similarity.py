"""How near in meaning answers are to their references, by an encoder."""

from collections.abc import Callable, Sequence

import numpy as np

from tuning.domain.vectors import LONGEST, Encoded, Vectors

Embed = Callable[[Sequence[str]], Encoded]
_AT_ONCE = 16


def similarities(pairs: Sequence[tuple[str, str]], embed: Embed) -> list[float]:
    """Return for each pair of texts the cosine of their vectors, from 0 to 1; below 0 they mean nothing alike either.

    What is too long for the encoder is read by pieces, whose vectors are averaged. Each piece is encoded once: many
    answers are the same.
    """
    pieces = sorted({piece for pair in pairs for text in pair for piece in _pieces(text)})
    known: dict[str, Vectors] = {}
    for start in range(0, len(pieces), _AT_ONCE):
        some = pieces[start : start + _AT_ONCE]
        known |= zip(some, embed(some).vectors, strict=True)
    return [_cosine(*([known[piece] for piece in _pieces(text)] for text in pair)) for pair in pairs]


def _pieces(text: str) -> list[str]:
    plain = " ".join(text.split())
    return [plain[start : start + LONGEST] for start in range(0, len(plain), LONGEST)]


def _cosine(first: Sequence[Vectors], second: Sequence[Vectors]) -> float:
    if not first or not second:
        return float(not first and not second)
    one, other = np.mean(first, axis=0), np.mean(second, axis=0)
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    return min(1.0, max(0.0, float(one @ other) / lengths)) if lengths else 0.0
