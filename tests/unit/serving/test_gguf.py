"""The header's reader takes whole files and refuses damaged ones, whatever the damage."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.errors import BrokenFile
from serving.gguf import Tensor, read_header
from tests.unit.serving.gguf_files import ADAPTER_METADATA, ADAPTER_TENSORS, BASE_METADATA, gguf, write_base

WHOLE = gguf(ADAPTER_METADATA, ADAPTER_TENSORS)
HUGE = gguf(BASE_METADATA, {"x": (8,)}).replace(
    (8).to_bytes(8, "little") + bytes(12), (2**60).to_bytes(8, "little") + bytes(12)
)


def test_a_whole_file_is_read(tmp_path):
    header = read_header(write_base(tmp_path / "base.gguf"))
    assert header.architecture == "llama"
    assert header.number("block_count") == 1
    assert header.tensors["blk.0.attn_q.weight"] == Tensor(shape=(8, 12), type=0)


def test_a_file_cut_anywhere_is_refused(tmp_path):
    path = tmp_path / "cut.gguf"
    # The last tensor's padding may be missing: it holds nothing.
    for length in range(0, len(WHOLE) - 1, 3):
        path.write_bytes(WHOLE[:length])
        with pytest.raises(BrokenFile):
            read_header(path)


@given(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=8))
@settings(max_examples=100)
def test_damage_anywhere_is_refused_or_harmless(tmp_path, place, damage):
    path = tmp_path / "damaged.gguf"
    path.write_bytes((WHOLE[:place] + damage + WHOLE[place + len(damage) :])[: len(WHOLE)])
    with suppress(BrokenFile):
        for tensor in read_header(path).tensors.values():
            assert 0 < 4 * tensor.shape[0] <= len(WHOLE) or tensor.type != 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"PK\x03\x04 a zip", "no GGUF file"),
        (b"GGUF" + b"\x09\x00\x00\x00" + bytes(16), "version 9"),
        (b"GGUF" + b"\x03\x00\x00\x00" + b"\xff" * 8 + bytes(8), "claims 18446744073709551615"),
        (gguf(BASE_METADATA, {"x": (0, 4)}), "impossible shape"),
        (HUGE, "cut off"),
    ],
)
def test_the_reason_is_named(tmp_path, content, reason):
    path = tmp_path / "broken.gguf"
    path.write_bytes(content)
    with pytest.raises(BrokenFile, match=reason):
        read_header(path)


def test_overlapping_tensors_are_refused(tmp_path):
    path = tmp_path / "overlap.gguf"
    content = gguf(BASE_METADATA, {"first": (8, 8), "second": (8, 8)})
    # The second tensor's offset is the last number of the header.
    place = content.index(b"second") + len(b"second") + 4 + 16 + 4
    path.write_bytes(content[:place] + (32).to_bytes(8, "little") + content[place + 8 :])
    with pytest.raises(BrokenFile, match="overlap"):
        read_header(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(BrokenFile, match="No such file"):
        read_header(tmp_path / "none.gguf")
