"""What the bot says about itself to Prometheus."""

import aiohttp

from tests.integration.bot.test_chat import is_answer, pick


async def test_turns_are_counted_and_no_word_of_them_is_said(bot, chat):
    bo = chat("bo")
    await pick(bo)
    await bo.say("How do I book a trip?", wanted=is_answer)

    async with aiohttp.ClientSession() as session, session.get(bot.make_url("/metrics")) as answer:
        said = await answer.text()

    lines = said.splitlines()
    accepted = next(line for line in lines if line.startswith('attune_bot_requests_total{status="202"}'))
    assert float(accepted.split()[-1]) >= 2
    assert any(line.startswith('attune_bot_turns_total{kind="message",outcome="done"}') for line in lines)
    assert "attune_bot_notices_waiting 0.0" in lines
    assert not any(word in said.lower() for word in ("trip", "travel", "bo "))
