"""How agents are used: figures, questions over time, agent by agent or release by release, and what had no answer."""

from collections.abc import Sequence
from datetime import date

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
from adaptive_cards.numbers import percent, sparkline
from adaptive_cards.pages import Page
from adaptive_cards.verbs import Verb
from tuning.domain.usage import LATENCIES_S, MAX_STEPS, SPANS, Topic, UsageReport, Use, UseLine, in_steps
from tuning.languages import day, day_of_year, say, say_many
from tuning.languages import number as number_of

MAX_LINES = 8
MAX_BUTTONS = 4


def usage_card(report: UsageReport, number: int = 0) -> Element:
    """Return the figures of the last days, with charts where the client draws them, and a page of what was used."""
    name = escape(shorten(report.agent.name, 60)) if report.agent else ""
    title = say("Usage of {agent}", agent=name) if name else say("Usage")
    since = say_many("The last {count} day, today included", "The last {count} days, today included", report.days)
    if not report.total.questions:
        return card(heading(title), aside(say("{since}: nobody has asked.", since=since)), actions=_spans(report))
    return card(
        heading(title),
        aside(say("{since}. Owners trying a release are not counted.", since=since)),
        facts(figures(report)),
        *_over_time(report.by_day),
        *_lines(report, Page.of(len(report.lines), MAX_LINES, number)),
        *_topics(report.topics),
        *_askers(report),
        actions=_spans(report),
    )


def used(line: UseLine, days: int) -> str:
    """Return how much one agent was used in the last days as half a sentence."""
    return say(
        "{questions} of {people} in {days}",
        questions=_questions(line.use.questions),
        people=_people(line.people),
        days=days_of(days),
    )


def satisfied(use: Use) -> str:
    """Return how many of the thumbs are up."""
    if use.satisfaction is None:
        return say("no thumbs yet")
    return say_many(
        "{share} of {count} thumb up",
        "{share} of {count} thumbs up",
        use.likes + use.dislikes,
        share=percent(use.satisfaction),
    )


def _questions(count: int) -> str:
    return say_many("{count} question", "{count} questions", count)


def _people(count: int) -> str:
    return say_many("{count} person", "{count} people", count)


def days_of(count: int) -> str:
    """Return '7 days'."""
    return say_many("{count} day", "{count} days", count)


def figures(report: UsageReport) -> dict[str, str]:
    """Return the totals in words, by what they are called."""
    use = report.total
    return {
        say("People"): number_of(report.people),
        say("Conversations"): number_of(use.conversations),
        say("Questions"): number_of(use.questions),
        say("Satisfaction"): satisfied(use),
        say("Corrections"): number_of(use.corrections),
        say("Answers came"): say("half of them {half}, 95 % {most}", half=within(use, 0.5), most=within(use, 0.95))
        if use.answered
        else say("none did"),
        say("Documents didn't say"): declined(use),
    }


def within(use: Use, share: float) -> str:
    """Return how soon that share of the answers came."""
    seconds = use.seconds_for(share)
    if seconds is None:
        return say("in more than {seconds} s", seconds=LATENCIES_S[-1])
    return say("within {seconds} s", seconds=seconds)


def declined(use: Use) -> str:
    """Return how many answers were that the documents don't say."""
    return f"{number_of(use.declined)} ({percent(use.declined / use.answered)})" if use.answered else "0"


def _over_time(by_day: Sequence[tuple[date, Use]]) -> list[Element]:
    return [_asked_over_time(by_day), *_satisfied_over_time(by_day)]


def _asked_over_time(by_day: Sequence[tuple[date, Use]]) -> Element:
    by_the_day = len(by_day) <= MAX_STEPS
    title = say("Questions a day") if by_the_day else say("Questions a week")
    bars = [(begin, use.questions) for begin, use in in_steps(by_day)]
    asked = [questions for _day, questions in bars]
    return {
        "type": "Chart.VerticalBar",
        "title": title,
        "xAxisTitle": say("Day") if by_the_day else say("Week from"),
        "yAxisTitle": say("Questions"),
        "data": [{"x": day_of_year(day), "y": questions} for day, questions in bars],
        "fallback": aside(
            say(
                "{title}: {bars} (most: {most})",
                title=title,
                bars=sparkline(asked, len(asked)),
                most=number_of(max(asked)),
            )
        ),
    }


def _satisfied_over_time(by_day: Sequence[tuple[date, Use]]) -> list[Element]:
    by_the_day = len(by_day) <= MAX_STEPS
    title = say("Satisfaction by day") if by_the_day else say("Satisfaction by week")
    shares = [(begin, use.satisfaction) for begin, use in in_steps(by_day) if use.satisfaction is not None]
    if not shares:
        return []
    known = [share for _day, share in shares]
    text = say(
        "{title}: {bars} (lowest: {lowest}, highest: {highest}, newest: {newest})",
        title=title,
        bars=sparkline(known, len(known)),
        lowest=percent(min(known)),
        highest=percent(max(known)),
        newest=percent(known[-1]),
    )
    # A line's places on the axis are dates in ISO 8601, so that days without thumbs leave room.
    values = [{"x": begin.isoformat(), "y": round(100 * share)} for begin, share in shares]
    chart = {
        "type": "Chart.Line",
        "title": title,
        "xAxisTitle": say("Day") if by_the_day else say("Week from"),
        "yAxisTitle": say("Thumbs up in %"),
        "yMin": 0,
        "yMax": 100,
        "data": [{"legend": say("Satisfaction"), "values": values}],
        "fallback": aside(text),
    }
    return [chart]


def _lines(report: UsageReport, page: Page) -> list[Element]:
    lines = page.cut(report.lines)
    rows = [
        (
            f"{escape(shorten(one.name, 60))}  \n{_people(one.people)}",
            number_of(one.use.questions),
            "—" if one.use.satisfaction is None else percent(one.use.satisfaction),
            declined(one.use),
        )
        for one in lines
    ]
    of = say("Release") if report.agent else say("Agent")
    shown = [
        table((of, say("Questions"), say("Satisfied"), say("No answer")), rows, (3, 3, 3, 3)),
        _corrected_and_soon(of, lines),
    ]
    if (place := page.place()) is not None:
        turn = page.steps(Verb.USAGE_OPEN, agent_id=report.agent.id if report.agent else "", days=report.days)
        shown += [place, {"type": "ActionSet", "actions": turn}]
    if not report.agent and len(report.lines) > 1:
        closer = [
            execute(shorten(one.name, 30), Verb.USAGE_OPEN, agent_id=one.agent_id, days=report.days)
            for one in lines[:MAX_BUTTONS]
        ]
        shown.append({"type": "ActionSet", "actions": closer})
    return shown


def _corrected_and_soon(of: str, lines: Sequence[UseLine]) -> Element:
    rows = [
        (
            escape(shorten(one.name, 60)),
            number_of(one.use.corrections),
            within(one.use, 0.5) if one.use.answered else "—",
            within(one.use, 0.95) if one.use.answered else "—",
        )
        for one in lines
    ]
    return table((of, say("Corrected"), say("Half came"), say("95 % came")), rows, (3, 3, 3, 3))


def _topics(topics: Sequence[Topic]) -> list[Element]:
    if not topics:
        return []
    lines = [
        say(
            "**{topic}**: {questions} of {people}, the last on {day}{example}",
            topic=escape(shorten(", ".join(one.words), 60)),
            questions=_questions(one.questions),
            people=_people(one.people),
            day=day(max(one.asked_on)),
            example=_example(one),
        )
        for one in topics
    ]
    return [label(say("What the documents didn't say")), bullets(lines)]


def _example(topic: Topic) -> str:
    if not topic.example:
        return ""
    return say(", such as “{question}”", question=escape(shorten(" ".join(topic.example.split()), 120)))


def _askers(report: UsageReport) -> list[Element]:
    lines = [
        say(
            "{person}: {questions} so far, the last on {day}",
            person=escape(shorten(one.name, 60)),
            questions=_questions(one.questions),
            day=day(one.last_day),
        )
        for one in report.askers
    ]
    return [label(say("Who asks most")), bullets(lines)]


def _spans(report: UsageReport) -> list[Element]:
    agent_id = report.agent.id if report.agent else ""
    return [
        execute(days_of(days), Verb.USAGE_OPEN, agent_id=agent_id, days=days) for days in SPANS if days != report.days
    ]
