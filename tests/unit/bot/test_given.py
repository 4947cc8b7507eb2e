"""What files are to an agent that writes drafts: precedent, looks, or content."""

import pytest

from bot.given import Given, ReadFile
from tuning.domain.prompts import Task

OFFER = ReadFile(name="offer.docx", text="An offer has a price.", word=b"PK")
NOTES = ReadFile(name="notes.docx", text="Nine sensors.", word=b"PK")
PLAIN = ReadFile(name="notes.md", text="Nine sensors.")


@pytest.mark.parametrize(
    ("text", "files", "precedent", "brief"),
    [
        ("For Rothmere.", [], None, "For Rothmere."),
        ("For Rothmere.", [PLAIN], None, "For Rothmere.\n\nNine sensors."),
        ("For Rothmere.", [OFFER], OFFER, "For Rothmere."),
        ("For Rothmere.", [PLAIN, OFFER], OFFER, "For Rothmere.\n\nNine sensors."),
        ("", [OFFER, NOTES], OFFER, "Nine sensors."),
        ("", [NOTES], None, "Nine sensors."),
        ("Take this as content.", [NOTES], None, "Take this as content.\n\nNine sensors."),
        ("Nimm das als Inhalt.", [NOTES], None, "Nimm das als Inhalt.\n\nNine sensors."),
    ],
)
def test_the_first_word_file_is_the_precedent_unless_it_is_all_there_is_or_called_content(
    text, files, precedent, brief
):
    given = Given(text=text, files=files)
    assert given.precedent is precedent
    assert given.question(Task.GENERATION) == brief
    assert given.word is next((file for file in files if file.word), None)


def test_to_other_agents_every_file_is_content():
    assert Given(text="What is this?", files=[OFFER]).question(Task.SUMMARY) == "What is this?\n\nAn offer has a price."
