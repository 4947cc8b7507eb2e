"""Texts as an encoder sees them: what means the same lies close together."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LONGEST = 480
"""Characters of a text to encode: even with a token for each, no more than the 512 that small encoders read."""

Vectors = NDArray[np.float32]
"""[texts, width], each of length 1."""


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """Texts as vectors, in their order."""

    encoder: str
    """The name of what made them; only vectors of the same encoder can be compared."""
    vectors: Vectors

    @property
    def width(self) -> int:
        """How many numbers a vector has."""
        return int(self.vectors.shape[1])
