import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuning.documents.markup import BlockKind, blocks, plain, sentences
from tuning.documents.secrets import redact


def kinds(markdown):
    return [(it.kind, it.lines) for it in blocks(markdown)]


def test_a_document_is_headings_paragraphs_items_and_tables():
    markdown = "# Title\nOne line\nand its end.\n\n- first\n* **second**\n\n| A | B |\n|---|---|\n| 1 | 2 |\n"

    assert kinds(markdown) == [
        (BlockKind.HEADING, ("Title",)),
        (BlockKind.PARAGRAPH, ("One line and its end.",)),
        (BlockKind.ITEM, ("first",)),
        (BlockKind.ITEM, ("second",)),
        (BlockKind.TABLE, ("| A | B |", "| 1 | 2 |")),
    ]


@pytest.mark.parametrize(
    "markdown",
    ["Q: May I?\nA: You may.", "**Q: May I?** A: You may.", "Q: May I? A: You may."],
)
def test_a_labelled_question_and_its_answer_are_two_paragraphs(markdown):
    assert [it.lines[0] for it in blocks(markdown)] == ["Q: May I?", "A: You may."]


def test_a_bold_question_is_told_from_its_answer():
    assert [it.lines[0] for it in blocks("**May I?** You may.")] == ["May I?", "You may."]


def test_short_lines_without_full_stop_are_headings_where_none_are_marked():
    found = blocks("Parental leave\n\nLength and pay\n\nYou may take 22 weeks.\n\nThe end")

    assert [(it.kind, it.level) for it in found] == [
        (BlockKind.HEADING, 1),
        (BlockKind.HEADING, 2),
        (BlockKind.PARAGRAPH, 0),
        (BlockKind.PARAGRAPH, 0),
    ]


def test_what_only_pleases_the_eye_is_taken_off():
    assert plain("See **the [travel page](https://x.example/a)** ![logo](l.png) for 5\\* hotels &amp; _more_") == (
        "See the travel page for 5* hotels & more"
    )


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (
            "Write to <help@northwind.example> or see <https://x.example/leave>.",
            "Write to help@northwind.example or see https://x.example/leave.",
        ),
        ("Put 'Ticket <number>' in it, if a<b and c>d.", "Put 'Ticket <number>' in it, if a<b and c>d."),
        (r"Forms are in \\fileserver\hr\forms.", r"Forms are in \\fileserver\hr\forms."),
        ('<span style="x">Two</span><br/>days<hr>', "Two days"),
    ],
)
def test_addresses_placeholders_and_paths_are_no_marks(text, read):
    assert plain(text) == plain(plain(text)) == read


def test_a_heading_may_end_with_a_hash_and_front_matter_with_a_carriage_return():
    assert [block.lines for block in blocks("---\r\ntitle: x\r\n---\r\n# Working with C#\r\n## Leave ##\r\n")] == [
        ("Working with C#",),
        ("Leave",),
    ]


def test_sentences_end_at_full_stops_but_not_at_abbreviations():
    text = "Ask Dr. Berg, e.g. by mail, approx. 2.5 hours before. Is J. Doe in? Yes! See No. 4."

    assert sentences(text) == [
        "Ask Dr. Berg, e.g. by mail, approx. 2.5 hours before.",
        "Is J. Doe in?",
        "Yes!",
        "See No. 4.",
    ]


@given(st.text(alphabet="aB .!?\"'(1", max_size=80))
def test_sentences_lose_nothing(text):
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


LONG = 100_000


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "hostile",
    [
        f"Password is{' ' * LONG}___",
        "<!--" * LONG,
        "[" * LONG,
        "![](" * LONG,
        "[a](" * LONG,
        "*a" * LONG,
        "_a " * LONG,
        f"<a@{'.' * LONG}",
        f"# a{' ' * LONG}b",
        f"| {'-' * LONG}|x|",
        f"Q{' ' * LONG}x",
        "//a/:_authToken" * (LONG // 15),
    ],
)
def test_no_text_takes_a_reader_longer_than_it_is_long(hostile):
    assert blocks(hostile)
    assert redact(hostile).text == hostile
