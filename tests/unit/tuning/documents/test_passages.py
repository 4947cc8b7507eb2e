import re

from hypothesis import given, settings
from hypothesis import strategies as st

from tuning.documents.passages import MAX_CHARACTERS, split, title, units


def test_short_sections_share_a_passage_each_under_its_heading():
    [chunk] = split("# Travel\n\n## Hotels\nBook early.\n\n## Meals\nKeep receipts.")

    assert (chunk.heading, chunk.text) == ("", "Hotels\nBook early.\n\nMeals\nKeep receipts.")


def test_a_long_section_has_its_headings_above_every_passage():
    text = " ".join(f"Sentence number {number} is about hotels in town." for number in range(30))

    chunks = split(f"# Travel\n\n## Hotels\n\n### Paris\n{text}")

    assert len(chunks) > 2
    assert {chunk.heading for chunk in chunks} == {"Hotels > Paris"}
    assert all(chunk.text.endswith("town.") for chunk in chunks)
    assert [chunk.position for chunk in chunks] == list(range(len(chunks)))


def test_every_part_of_a_long_table_has_the_tables_head():
    rows = "\n".join(f"| City {number} | {number} euros a night |" for number in range(60))

    chunks = split(f"# Hotels\n\n| City | Limit |\n|---|---|\n{rows}")

    assert len(chunks) > 2
    assert all(chunk.text.startswith("| City | Limit |\n| --- | --- |\n| City ") for chunk in chunks)
    assert sum(chunk.text.count("euros a night |") for chunk in chunks) == 60


def test_a_question_stays_with_its_answer():
    pairs = "\n\n".join(f"**Q: What about matter {n}?**\nA: {'word ' * 30}is said on matter {n}." for n in range(8))

    for chunk in split(f"# Answers\n\n{pairs}"):
        questions = re.findall(r"Q: What about matter (\d)", chunk.text)
        assert questions == re.findall(r"said on matter (\d)", chunk.text)


def test_the_title_is_the_first_heading_and_not_repeated():
    markdown = "# Leave\n\nIntroduction.\n\n## Length\nTwo weeks."

    assert title(markdown) == "Leave"
    assert not any("Leave" in f"{it.heading}{it.text}" for it in split(markdown))
    assert title("No heading at all.") == ""


def test_a_heading_without_text_is_kept_as_text():
    assert [it.text for it in split("# Title\n\n## Lonely\n\n## Other\nText.\n\n## Last")] == [
        "Lonely\n\nOther\nText.\n\nLast"
    ]


def test_a_paragraph_too_long_for_a_passage_is_cut_though_it_ends_with_a_question_mark():
    chunks = split("x" * 1500 + "\nomega?")

    assert all(len(chunk.text) <= MAX_CHARACTERS for chunk in chunks)
    assert "".join(chunk.text for chunk in chunks).replace("\n", " ") == "x" * 1500 + " omega?"


WORDS = st.lists(st.sampled_from(["alpha", "beta.", "gamma", "Delta", "12", "omega?"]), min_size=1, max_size=40)
LINE = st.one_of(
    WORDS.map(" ".join),
    WORDS.map(lambda words: f"- {' '.join(words)}"),
    WORDS.map(lambda words: f"| {' | '.join(words[:3])} |"),
    st.sampled_from(["## One", "### Two", "# Three", "", "**Why so?** Because.", "Q: Who?", "A: Me.", "x" * 1500]),
)


@settings(max_examples=150)
@given(st.lists(LINE, max_size=25))
def test_nothing_is_lost_order_is_kept_and_no_passage_is_too_long(lines):
    markdown = "\n".join(["# Title", *lines])
    chunks = split(markdown)
    shown = " ".join(f"{chunk.heading} {chunk.text}" for chunk in chunks)

    assert all(0 < len(chunk.text) <= MAX_CHARACTERS for chunk in chunks)
    told = re.findall(r"alpha|beta|gamma|Delta|omega|\d+", markdown)
    for word in set(told):
        assert shown.count(word) >= told.count(word)


@given(st.lists(st.integers(0, 999), min_size=1, max_size=200))
@settings(max_examples=50)
def test_sentences_stay_whole_and_in_order(numbers):
    markdown = " ".join(f"Number {number:03} is here." for number in numbers)

    found = [int(it) for chunk in split(markdown) for it in re.findall(r"Number (\d{3}) is here\.", chunk.text)]

    assert found == numbers


def test_a_passage_falls_into_what_can_stand_alone():
    text = """Rooms are booked in the calendar. A room is released after 15 minutes.

| Room | Seats |
| --- | --- |
| Heron | 40 seats |
| Otter | 12 seats |

- Recordings are deleted after 45 days

Q: Where is the list?
A: The list is kept in The Weir."""

    assert units(text) == (
        "Rooms are booked in the calendar.",
        "A room is released after 15 minutes.",
        "| Room | Seats |\n| --- | --- |\n| Heron | 40 seats |",
        "| Room | Seats |\n| --- | --- |\n| Otter | 12 seats |",
        "- Recordings are deleted after 45 days",
        "Q: Where is the list?\nA: The list is kept in The Weir.",
    )
    assert units("word") == ("word",)
    assert units("\n") == ("\n",)
