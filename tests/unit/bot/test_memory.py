from hypothesis import given
from hypothesis import strategies as st

from bot.memory import MAX_TOKENS, Said, messages, recalled


async def words(text: str) -> int:
    return len(text.split())


def turn(number: int, length: int) -> Said:
    return Said(question=f"Question{number}?", answer=" ".join([f"answer{number}"] * length))


async def test_the_newest_turns_are_recalled_in_order():
    earlier = [turn(0, 400), turn(1, 10), turn(2, 400)]
    recalled_words = [message["content"].split()[0] for message in messages(await recalled(earlier, words))]
    assert recalled_words == ["Question1?", "answer1", "Question2?", "answer2"]


async def test_what_is_older_than_a_turn_that_does_not_fit_is_left_out():
    assert await recalled([turn(0, 1), turn(1, MAX_TOKENS)], words) == []


@given(st.lists(st.integers(0, 300), max_size=20))
async def test_memory_is_bounded_by_tokens(lengths):
    turns = await recalled([turn(number, length) for number, length in enumerate(lengths)], words)
    assert sum(len(message["content"].split()) for message in messages(turns)) <= MAX_TOKENS
