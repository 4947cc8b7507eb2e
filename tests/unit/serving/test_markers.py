"""What steers a model can be quoted, but not used."""

import re
import time

from hypothesis import given
from hypothesis import strategies as st

from serving.markers import BREAK, Markers


@given(st.text("<|>ab"), st.lists(st.text("<|>ab", min_size=2, max_size=4), max_size=6))
def test_no_marker_is_left_and_nothing_else_is_changed(text, markers):
    broken = Markers([(marker, True) for marker in markers]).broken_up(text)
    assert broken.replace(BREAK, "") == text
    assert not any(marker in broken for marker in markers)
    assert broken.count(BREAK) == sum(any(text.startswith(it, at) for it in markers) for at in range(len(text)))


def test_added_words_are_markers_only_if_they_look_it():
    tokens = ["\n\n", "<td>", "</think>", "<|im_end|>", "<\uff5cUser\uff5c>", "<unused7>", "x"]
    markers = Markers([*((token, False) for token in tokens), ("<s>", True), ("!", True)])
    assert [token for token in (*tokens, "<s>", "!") if markers.broken_up(token) != token] == [*tokens[3:6], "<s>"]


def test_thousands_of_markers_are_looked_for_at_once():
    markers = Markers([(f"<unused{number}>", True) for number in range(6000)])
    began = time.process_time()
    assert markers.broken_up("<unused" * 50_000 + "<unused5999>").count(BREAK) == 1
    assert time.process_time() - began < 1
    assert markers.broken_up("<unused6000>") == "<unused6000>"
    assert re.fullmatch(f"<{BREAK}unused60>", markers.broken_up("<unused60>"))
