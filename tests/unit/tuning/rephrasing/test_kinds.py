import pytest

from tuning.rephrasing.kinds import kind


@pytest.mark.parametrize(
    ("question", "told", "not_told"),
    [
        ("How long is the notice period?", "It lasts three months.", "It is in writing."),
        ("Wie lange ist die Probezeit?", "Sie dauert sechs Monate.", "Sie steht im Vertrag."),
        ("How often is the training?", "It is repeated every year.", "It is in Leeds."),
        ("When is payday?", "Wages are paid on the 25th.", "Wages are paid by transfer."),
        ("Bis wann kann ich stornieren?", "Am 12. Mai ist Schluss.", "Im Buchungsportal."),
        ("How much does a lunch cost?", "A lunch costs 4.20 euros.", "Lunch is in the canteen."),
        ("How many people fit in?", "It has 12 seats.", "It has a screen."),
        ("Who runs the team?", "Ada Moreau leads it.", "It meets on site."),
    ],
)
def test_a_sentence_tells_something_of_the_kind_that_is_asked_for(question, told, not_told):
    wanted = kind(question)
    assert wanted is not None
    assert wanted.search(told)
    assert not wanted.search(not_told)


def test_any_answer_may_do_for_other_questions():
    assert kind("May I bring my dog?") is None
    assert kind("What do I do when the toner is empty?") is None
