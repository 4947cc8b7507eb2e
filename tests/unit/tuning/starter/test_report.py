from tuning.domain.prompts import Message
from tuning.starter.report import Line, render, split_citation, word_overlap, writer_score
from tuning.starter.rows import Row

PASSAGE = Row(
    skill="writer",
    messages=[Message(role="system", content=""), Message(role="user", content="Passage:\nTea costs 3 euros.")],
    targets=frozenset(),
)


def test_the_citation_is_told_from_the_answer() -> None:
    assert split_citation("45 euros per night [2]") == ("45 euros per night", 2)
    assert split_citation("45 euros") == ("45 euros", None)


def test_word_overlap_is_one_for_the_same_words_and_less_for_fewer() -> None:
    assert word_overlap("a b c", "a b c") == 1.0
    assert word_overlap("a b", "a c") == 0.5
    assert word_overlap("a b", "") == 0.0


def test_written_questions_count_when_their_answers_stand_in_the_passage() -> None:
    assert writer_score(PASSAGE, "Q: What does tea cost?\nA: 3 euros") == 1.0
    assert writer_score(PASSAGE, "Q: What does tea cost?\nA: 3 euros\nQ: Who drinks tea?\nA: Mira") == 0.5
    assert writer_score(PASSAGE, "Q: What does tea cost?") == 0.0


def test_the_interval_holds_the_share_and_narrows_with_more_rows() -> None:
    few, many = (Line(skill="s", right=0.9 * total, total=total, bar=0.9) for total in (20, 2000))
    for line in (few, many):
        low, high = line.interval()
        assert 0 <= low < line.share < high <= 1
    assert many.interval()[1] - many.interval()[0] < few.interval()[1] - few.interval()[0]


def test_the_card_says_which_bars_are_missed() -> None:
    lines = [Line(skill="easy", right=99, total=100, bar=0.9), Line(skill="hard", right=10, total=100, bar=0.9)]
    card = render(lines, seed=4, parameters=3_000_000, trained={"Steps": "7"})
    easy, hard = (line for line in card.splitlines() if line.startswith(("| easy", "| hard")))
    assert easy.endswith("| yes |")
    assert hard.endswith("| no |")
    assert "- Steps: 7" in card
