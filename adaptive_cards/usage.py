"""How agents are used: figures, questions over time, agent by agent or release by release, and what had no answer."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise

from adaptive_cards.elements import (
    Element,
    aside,
    bullets,
    card,
    escape,
    execute,
    facts,
    heading,
    label,
    shorten,
    table,
)
from adaptive_cards.numbers import count, percent, sparkline
from adaptive_cards.verbs import Verb
from tuning.domain.usage import LATENCIES_S, SPANS, Topic, UsageReport, Use, UseLine

MAX_LINES = 8
MAX_BUTTONS = 4
MAX_BARS = 31
"""More days than this are shown week by week."""


def usage_card(report: UsageReport) -> Element:
    """Return the figures of the last days, with charts where the client draws them."""
    of = f" of {escape(shorten(report.agent.name, 60))}" if report.agent else ""
    since = f"The last {count(report.days, 'day')}, today included"
    if not report.total.questions:
        return card(heading(f"Usage{of}"), aside(f"{since}: nobody has asked."), actions=_spans(report))
    return card(
        heading(f"Usage{of}"),
        aside(f"{since}. Owners trying a release are not counted."),
        facts(_figures(report)),
        _over_time(report.by_day),
        *_lines(report),
        *_topics(report.topics),
        *_askers(report),
        actions=_spans(report),
    )


def in_short(line: UseLine, days: int) -> str:
    """Return how one agent is used as half a sentence."""
    thumbs = line.use.satisfaction
    satisfied = "" if thumbs is None else f", {percent(thumbs)} satisfied"
    return (
        f"{count(line.use.questions, 'question')} of {count(line.people, 'person', 'people')} "
        f"in {count(days, 'day')}{satisfied}"
    )


def _figures(report: UsageReport) -> dict[str, str]:
    use = report.total
    return {
        "People": f"{report.people:,}",
        "Conversations": f"{use.conversations:,}",
        "Questions": f"{use.questions:,}",
        "Satisfaction": "no thumbs yet"
        if use.satisfaction is None
        else f"{percent(use.satisfaction)} of {count(use.likes + use.dislikes, 'thumb')} up",
        "Corrections": f"{use.corrections:,}",
        "Answers came": f"half of them {_within(use, 0.5)}, 95 % {_within(use, 0.95)}" if use.answered else "none did",
        "Documents didn't say": _declined(use),
    }


def _within(use: Use, share: float) -> str:
    seconds = use.seconds_for(share)
    return f"in more than {LATENCIES_S[-1]} s" if seconds is None else f"within {seconds} s"


def _declined(use: Use) -> str:
    return f"{use.declined:,} ({percent(use.declined / use.answered)})" if use.answered else "0"


def _over_time(by_day: Sequence[tuple[date, int]]) -> Element:
    unit, size = ("day", 1) if len(by_day) <= MAX_BARS else ("week", 7)
    bars = list(_in_steps(by_day, size))
    asked = [questions for _day, questions in bars]
    return {
        "type": "Chart.VerticalBar",
        "title": f"Questions a {unit}",
        "xAxisTitle": "Day" if size == 1 else "Week from",
        "yAxisTitle": "Questions",
        "data": [{"x": f"{day:%m-%d}", "y": questions} for day, questions in bars],
        "fallback": aside(f"Questions a {unit}: {sparkline(asked, len(asked))} (most: {max(asked):,})"),
    }


def _in_steps(by_day: Sequence[tuple[date, int]], size: int) -> Iterator[tuple[date, int]]:
    """Yield steps of so many days that end today; the first one may be shorter."""
    first = len(by_day) % size
    bounds = [*([0] if first else []), *range(first, len(by_day), size), len(by_day)]
    for begin, end in pairwise(bounds):
        yield by_day[begin][0], sum(questions for _day, questions in by_day[begin:end])


def _lines(report: UsageReport) -> list[Element]:
    rows = [
        (
            escape(shorten(one.name, 60)),
            f"{one.people:,}",
            f"{one.use.questions:,}",
            "-" if one.use.satisfaction is None else percent(one.use.satisfaction),
            _declined(one.use),
        )
        for one in report.lines[:MAX_LINES]
    ]
    hidden = len(report.lines) - MAX_LINES
    of = "Release" if report.agent else "Agent"
    shown = [table((of, "People", "Questions", "Satisfied", "No answer"), rows, (5, 2, 3, 3, 3))]
    if hidden > 0:
        shown.append(aside(f"and {hidden} more: attune usage --csv FILE"))
    if not report.agent and len(report.lines) > 1:
        closer = [
            execute(shorten(one.name, 30), Verb.USAGE_OPEN, agent_id=one.agent_id, days=report.days)
            for one in report.lines[:MAX_BUTTONS]
        ]
        shown.append({"type": "ActionSet", "actions": closer})
    return shown


def _topics(topics: Sequence[Topic]) -> list[Element]:
    if not topics:
        return []
    lines = [
        f"**{escape(shorten(', '.join(one.words), 60))}**: {count(one.questions, 'question')} of "
        f"{count(one.people, 'person', 'people')}{_example(one)}"
        for one in topics
    ]
    return [label("What the documents didn't say"), bullets(lines)]


def _example(topic: Topic) -> str:
    return f", such as “{escape(shorten(' '.join(topic.example.split()), 120))}”" if topic.example else ""


def _askers(report: UsageReport) -> list[Element]:
    lines = [
        f"{escape(shorten(one.name, 60))}: {count(one.questions, 'question')} so far, the last on {one.last_day}"
        for one in report.askers
    ]
    return [label("Who asks most"), bullets(lines)]


def _spans(report: UsageReport) -> list[Element]:
    agent_id = report.agent.id if report.agent else ""
    return [
        execute(count(days, "day"), Verb.USAGE_OPEN, agent_id=agent_id, days=days)
        for days in SPANS
        if days != report.days
    ]
