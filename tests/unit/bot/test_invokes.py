import pytest

from bot.thumbs import Thumb, read_thumb
from tuning.domain.feedback import Fault, Reaction

FILLED = '{"reason":"outdated","comment":"Too short.","correction":"By rail."}'
WHOLE = Thumb(
    reaction=Reaction.DISLIKE, reason=Fault.OUTDATED, comment="Too short.", correction="By rail.", is_whole=True
)


@pytest.mark.parametrize(
    ("feedback", "comment"),
    [('{"feedbackText":"Too short."}', "Too short."), ("Too short.", "Too short."), ("", ""), (None, ""), ("3", "3")],
)
def test_both_forms_of_a_comment_are_read(feedback, comment):
    value = {"actionName": "feedback", "actionValue": {"reaction": "dislike", "feedback": feedback}}
    assert read_thumb(value) == Thumb(reaction=Reaction.DISLIKE, comment=comment)


@pytest.mark.parametrize("is_wrapped", [True, False])
def test_the_bots_own_form_is_read_wrapped_or_not(is_wrapped):
    value = {"actionName": "feedback", "actionValue": {"reaction": "dislike", "feedback": FILLED}}
    assert read_thumb({"data": value} if is_wrapped else value) == WHOLE


@pytest.mark.parametrize(
    ("filled", "thumb"),
    [
        ('{"reason":"none","comment":7,"correction":null}', Thumb(reaction=Reaction.LIKE, is_whole=True)),
        ({"comment": "Good."}, Thumb(reaction=Reaction.LIKE, comment="Good.")),
    ],
)
def test_fields_that_are_not_what_the_form_asks_for_say_nothing(filled, thumb):
    assert read_thumb({"actionValue": {"reaction": "like", "feedback": filled}}) == thumb


@pytest.mark.parametrize("value", [None, [], {}, {"actionValue": "like"}, {"actionValue": {"reaction": ["like"]}}])
def test_what_is_no_thumb_is_none(value):
    assert read_thumb(value) is None
