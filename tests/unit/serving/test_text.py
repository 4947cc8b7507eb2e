"""Bytes to text: whole characters, and stop texts that never show."""

from hypothesis import given
from hypothesis import strategies as st

from serving.text import TextStream


@given(st.text(), st.integers(1, 5))
def test_text_in_pieces_of_bytes_is_the_text(text, size):
    data = text.encode()
    stream = TextStream()
    pieces = [stream.feed(data[start : start + size]) for start in range(0, len(data), size)]
    assert "".join(pieces) + stream.flush() == text
    assert "\ufffd" not in "".join(pieces).replace(text, "") or "\ufffd" in text


@given(st.text("abc"), st.lists(st.text("abc", min_size=1, max_size=4), min_size=1, max_size=3), st.integers(1, 4))
def test_nothing_of_a_stop_text_shows(text, stops, size):
    stream = TextStream(stops)
    shown = ""
    for start in range(0, len(text), size):
        shown += stream.feed(text[start : start + size].encode())
        if stream.stopped:
            break
    shown += stream.flush()
    assert not any(stop in shown for stop in stops)
    assert text.startswith(shown)
    assert shown == text or stream.stopped
    if stream.stopped:
        assert any(text.startswith(stop, len(shown)) for stop in stops)


def test_a_character_cut_at_the_end_is_dropped():
    stream = TextStream()
    assert stream.feed("ab🙂".encode()[:-1]) == "ab"
    assert stream.flush() == ""


def test_one_blank_at_the_beginning_can_be_dropped():
    stream = TextStream(strip_space=True)
    assert [stream.feed(data) for data in (b"", b"  a", b" b")] == ["", " a", " b"]
