"""Meaning is compared by vectors, each piece of text encoded once."""

import numpy as np
import pytest

from tuning.domain.vectors import LONGEST, Encoded
from tuning.evaluation.similarity import similarities

DIRECTIONS = {"red": (1, 0), "crimson": (0.8, 0.6), "sideways": (0, 1), "not red": (-1, 0)}


class Encoder:
    """Knows four words, and keeps what it was asked."""

    def __init__(self):
        self.asked = []

    def embed(self, texts):
        self.asked += texts
        return Encoded(encoder="four words", vectors=np.array([DIRECTIONS[text.strip()] for text in texts], np.float32))


def test_the_cosine_counts_and_opposites_are_no_nearer_than_strangers():
    encoder = Encoder()
    pairs = [("red", "red"), ("crimson", "red"), ("sideways", "red"), ("not red", "red"), ("", "red"), ("", "")]
    assert similarities(pairs, encoder.embed) == pytest.approx([1.0, 0.8, 0.0, 0.0, 0.0, 1.0])
    assert sorted(encoder.asked) == sorted(DIRECTIONS)


def test_a_long_text_is_read_by_pieces():
    half = ["x" * LONGEST, "y" * LONGEST]
    asked = []

    def embed(texts):
        asked.extend(texts)
        return Encoded(
            encoder="", vectors=np.array([[1, 0] if text[0] == "x" else [0, 1] for text in texts], np.float32)
        )

    [near] = similarities([(half[0], half[0] + half[1])], embed)
    assert near == pytest.approx(np.sqrt(0.5))
    assert sorted(asked) == half


def test_nothing_to_compare_asks_nothing():
    assert similarities([], Encoder().embed) == []
