import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.parts import parts_of, sections_of


@given(st.text(alphabet="ab .\n", min_size=1), st.integers(1, 9))
def test_nothing_but_space_is_lost_between_parts(text, count):
    parts = parts_of(text, count)
    assert len(parts) <= count
    assert all(parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


@pytest.mark.parametrize("end", ["\n\n", "\n", ". ", " "])
def test_a_cut_falls_where_something_ends(end):
    text = f"{'x' * 45}{end}{'y' * 40}"
    assert parts_of(text, 2) == [f"{'x' * 45}{end}".strip(), "y" * 40]


def test_paragraphs_are_kept_whole_where_they_can_be():
    text = f"{'One. ' * 11}\n\n{'Two. ' * 9}"
    assert parts_of(text, 2) == [("One. " * 11).strip(), ("Two. " * 9).strip()]


@pytest.mark.parametrize("longest", [7, 20, 35, 1000])
def test_sections_end_between_paragraphs_where_these_are_short_enough(longest):
    text = "One two.\n\nThree four five six seven.\n\nEight.\n\nNine ten."
    found = sections_of(text, longest)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(len(section) <= longest * 1.3 for section in found)
    assert longest < 35 or all(section.endswith(".") for section in found)


def test_what_has_no_paragraphs_is_one_section():
    assert sections_of("", 5) == [""]
