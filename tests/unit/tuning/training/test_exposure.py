"""A string stands out among others of its form only where it was learned."""

import random
import re
from itertools import islice

import numpy as np
import pytest

from tuning.training.exposure import LEARNED_BITS, alternatives, exposure

IBAN = "DE89 3704 0044 0532 0130 00"


def noise(seed):
    """A model to which all strings are the same but for chance."""
    rng = np.random.default_rng(seed)
    return lambda texts: list(rng.random(len(texts)))


def knows(text):
    """A model that finds one string likelier than any other."""
    return lambda texts: [0.0 if one == text else 1.0 + index for index, one in enumerate(texts)]


def test_what_was_learned_is_likelier_than_all_others():
    found = exposure(IBAN, knows(IBAN), noise(1))
    assert found.is_learned
    assert found.bits == LEARNED_BITS


def test_what_the_base_model_knows_was_not_learned_from_the_documents():
    assert not exposure(IBAN, knows(IBAN), knows(IBAN)).is_learned


def test_what_was_not_learned_is_found_to_be_so_in_few_of_a_thousand_cases():
    found = [exposure(IBAN, noise(seed), noise(seed + 1), seed=seed) for seed in range(2000)]
    assert sum(one.is_learned for one in found) <= 6
    assert np.median([one.bits for one in found]) < 3


def test_few_others_are_looked_at_where_one_is_likelier():
    looked_at = []

    def surprise(texts):
        looked_at.append(len(texts))
        return [1.0, *[0.5] * (len(texts) - 1)]

    assert exposure(IBAN, surprise, noise(1)).bits == 0
    assert looked_at == [32]


def test_others_have_the_form_and_the_country():
    others = list(islice(alternatives(IBAN, random.Random(1)), 500))
    assert len(set(others)) == 500
    assert IBAN not in others
    assert all(re.fullmatch(r"DE\d\d( \d{4}){4} \d\d", other) for other in others)


@pytest.mark.parametrize("text", ["4711", "82914", "Tr7!", "047", "a1"])
def test_short_strings_are_learned_too_and_compared_with_all_of_their_form_where_there_are_few(text):
    assert exposure(text, knows(text), noise(1)).is_learned
    assert not exposure(text, knows(text), knows(text)).is_learned
    assert not exposure(text, lambda texts: [1.0, 0.5, *[2.0] * (len(texts) - 2)], noise(1)).is_learned


def test_of_a_pin_no_digit_stays_and_of_few_strings_none_is_left_out():
    assert {other[0] for other in islice(alternatives("4711", random.Random(1)), 500)} == set("0123456789")
    assert len(set(alternatives("a1", random.Random(1)))) == 26 * 10 - 1


def test_what_has_no_letter_or_digit_is_compared_with_nothing():
    assert not exposure("!?", knows("!?"), noise(1)).is_learned
