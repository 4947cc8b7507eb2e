import pytest

from bot.invokes import read_reaction
from tuning.domain.feedback import Reaction


@pytest.mark.parametrize(
    ("feedback", "comment"),
    [('{"feedbackText":"Too short."}', "Too short."), ("Too short.", "Too short."), ("", ""), (None, ""), ("3", "3")],
)
def test_both_forms_of_a_comment_are_read(feedback, comment):
    value = {"actionName": "feedback", "actionValue": {"reaction": "dislike", "feedback": feedback}}
    assert read_reaction(value) == (Reaction.DISLIKE, comment)


@pytest.mark.parametrize("value", [None, [], {}, {"actionValue": "like"}, {"actionValue": {"reaction": ["like"]}}])
def test_what_is_no_thumb_is_none(value):
    assert read_reaction(value) == (None, "")
