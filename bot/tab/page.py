"""What the page shows: a frame without anything in it, and a report of use as people look at it. Pure."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date

from adaptive_cards.numbers import percent
from adaptive_cards.usage import declined, figures, within
from bot.tab import charts
from bot.tab.charts import Chart, Series
from bot.tab.markup import Node, node, text
from tuning.domain.usage import MAX_STEPS, SPANS, Asker, Topic, UsageReport, Use, UseLine, in_steps, step_bounds
from tuning.languages import day, day_of_year, decimal, mark, number, say, say_many

Measure = Callable[[Use], float | None]
UNSIGNED = mark("Teams did not say who you are. Please reopen this tab, or ask an admin if that doesn't help.")


def frame(language: str) -> str:
    """Return the document that asks for everything else once it knows who is looking."""
    main = node(
        "main",
        node("p", say("One moment ..."), class_="aside", role="status"),
        data_failed=say("That did not work. Please try again in a minute."),
        data_outside=say("This page opens in Teams: it is the tab “Usage” of the app."),
        data_unsigned=say(UNSIGNED),
    )
    head = node(
        "head",
        node("meta", charset="utf-8"),
        node("meta", name="viewport", content="width=device-width, initial-scale=1"),
        node("title", say("Usage")),
        node("link", rel="stylesheet", href="/tab/page.css"),
        node("script", src="/tab/page.js", defer=True),
    )
    body = node("body", main, node("noscript", say("This page needs JavaScript.")))
    return f"<!doctype html>\n{text(node('html', head, body, lang=language))}"


def signed_in(language: str) -> str:
    """Return the document at which signing in ends; Teams closes it."""
    main = node(
        "main",
        node("p", say("One moment ..."), class_="aside", role="status"),
        data_failed=say("That did not work. Close this window, and send the bot: sign in"),
    )
    head = node(
        "head",
        node("meta", charset="utf-8"),
        node("meta", name="viewport", content="width=device-width, initial-scale=1"),
        node("title", say("Sign in")),
        node("link", rel="stylesheet", href="/tab/page.css"),
        node("script", src="/tab/signed-in.js", defer=True),
    )
    return f"<!doctype html>\n{text(node('html', head, node('body', main), lang=language))}"


def refusal(sentence: str) -> str:
    """Return what stands where the report would be."""
    return text(node("section", node("h1", say("Usage"), tabindex=-1), node("p", sentence, class_="refusal")))


def report(shown: UsageReport) -> str:
    """Return a report of use, with charts and tables, and buttons for other days, agents and files."""
    agent = shown.agent
    since = say_many("The last {count} day, today included", "The last {count} days, today included", shown.days)
    head = [
        node("h1", say("Usage of {agent}", agent=agent.name) if agent else say("Usage"), tabindex=-1),
        _choices(shown),
    ]
    if not shown.total.questions:
        return text(node("section", *head, node("p", say("{since}: nobody has asked.", since=since))))
    trial = say("{since}. Owners trying a release are not counted.", since=since)
    return text(
        node(
            "section",
            *head,
            node("p", trial, class_="aside"),
            _figures(shown),
            node("div", *_charts(shown), class_="charts"),
            *_lines(shown),
            node("div", *_topics(shown.topics), *_askers(shown.askers), class_="lists"),
            _downloads(shown),
        )
    )


def _choices(shown: UsageReport) -> Node:
    agent_id = shown.agent.id if shown.agent else ""
    spans = [
        node(
            "button",
            say("Last {count} days", count=number(days)),
            type="button",
            data_agent=agent_id,
            data_days=days,
            aria_pressed="true" if days == shown.days else "false",
        )
        for days in SPANS
    ]
    every = node("button", say("All agents"), type="button", data_agent="", data_days=shown.days, class_="back")
    return node("nav", every if shown.agent else None, *spans, aria_label=say("Agent and days"))


def _figures(shown: UsageReport) -> Node:
    told = [node("div", node("dt", name), node("dd", value)) for name, value in figures(shown).items()]
    return node("dl", *told, class_="figures")


def _charts(shown: UsageReport) -> list[Node]:
    by_day = len(shown.by_day) <= MAX_STEPS
    steps = list(in_steps(shown.by_day))
    days = [begin for begin, _use in shown.by_day]
    told = [(one.name, list(zip(days, one.by_day, strict=True))) for one in shown.lines if one.by_day]
    lines = [(name, [use for _day, use in in_steps(uses)]) for name, uses in told]
    everything = [(say("All together"), [use for _day, use in steps])]
    series = [*everything, *lines] if len(lines) > 1 else lines or everything

    def chart(title: str, measure: Measure, says: Callable[[float], str], highest: float | None = None) -> Node:
        measured = [Series(name=name, values=[measure(use) for use in uses]) for name, uses in series]
        return charts.lines(_chart(title, steps, measured, says, by_day=by_day, highest=highest))

    asked = [
        Series(name=say("Answered"), values=[use.answered - use.declined for _day, use in steps]),
        Series(name=say("Documents didn't say"), values=[use.declined for _day, use in steps]),
        Series(name=say("No answer came"), values=[max(use.questions - use.answered, 0) for _day, use in steps]),
    ]
    lengths = [end - begin for begin, end in step_bounds(len(days))]
    people = [
        Series(name=name, values=[use.people / length for use, length in zip(uses, lengths, strict=True)])
        for name, uses in series
    ]
    title = say("Questions a day") if by_day else say("Questions a week")
    return [
        charts.bars(_chart(title, steps, asked, _count, by_day=by_day)),
        charts.lines(
            _chart(_people_title(shown, by_day=by_day), steps, people, _count if by_day else _mean, by_day=by_day)
        ),
        chart(
            say("Conversations begun a day") if by_day else say("Conversations begun a week"),
            lambda use: use.conversations,
            _count,
        ),
        chart(say("Satisfaction: thumbs up of all thumbs"), lambda use: use.satisfaction, percent, 1.0),
        chart(say("Corrections a day") if by_day else say("Corrections a week"), lambda use: use.corrections, _count),
        chart(say("Seconds until an answer was complete, on average"), lambda use: use.mean_seconds, _seconds),
        chart(say("Answers that the documents didn't say, of all answers"), _share_declined, percent, 1.0),
        *_topics_over_time(shown, steps, by_day=by_day),
    ]


def _people_title(shown: UsageReport, *, by_day: bool) -> str:
    title = say("People a day") if by_day else say("People a day, on average of each week")
    if len(shown.lines) <= 1:
        return title
    if shown.agent:
        return say("{title}; who asks two releases counts at each", title=title)
    return say("{title}; who asks two agents counts at each", title=title)


def _topics_over_time(shown: UsageReport, steps: Sequence[tuple[date, Use]], *, by_day: bool) -> list[Node]:
    """Return how many questions each topic without an answer had, from the first step that is known as a whole."""
    begins = [begin for begin, _use in steps]
    if not shown.topics or begins[-1] < shown.topics_since:
        return []
    series = []
    for topic in shown.topics:
        counted = Counter(bisect_right(begins, day) - 1 for day in topic.asked_on)
        values = [counted[place] if begin >= shown.topics_since else None for place, begin in enumerate(begins)]
        series.append(Series(name=", ".join(topic.words), values=values))
    title = say("Questions that the documents didn't answer, by topic")
    return [charts.lines(_chart(title, steps, series, _count, by_day=by_day))]


def _chart(
    title: str,
    steps: Sequence[tuple[date, Use]],
    series: Sequence[Series],
    says: Callable[[float], str],
    *,
    by_day: bool,
    highest: float | None = None,
) -> Chart:
    return Chart(
        title=title,
        steps=[day_of_year(begin) for begin, _use in steps],
        step=say("Day") if by_day else say("Week from"),
        series=series,
        says=says,
        highest=highest,
    )


def _share_declined(use: Use) -> float | None:
    return use.declined / use.answered if use.answered else None


def _count(value: float) -> str:
    return number(round(value))


def _mean(value: float) -> str:
    return decimal(value, 1)


def _seconds(value: float) -> str:
    return say("{seconds} s", seconds=decimal(value, 1))


def _lines(shown: UsageReport) -> list[Node]:
    of = say("Release") if shown.agent else say("Agent")
    names = (
        of,
        say("People"),
        say("Questions"),
        say("Satisfied"),
        say("Corrections"),
        say("Half of the answers"),
        say("95 % of the answers"),
        say("Documents didn't say"),
    )
    rows = [
        node(
            "tr",
            node("th", _name(shown, one), scope="row", role="rowheader"),
            *(
                node("td", value, role="cell", data_label=name)
                for name, value in zip(names[1:], _values(one), strict=True)
            ),
            role="row",
        )
        for one in shown.lines
    ]
    title = say("By release") if shown.agent else say("By agent")
    head = node("tr", *(node("th", name, scope="col", role="columnheader") for name in names), role="row")
    # The roles keep it a table where a narrow screen shows each row as a list.
    table = node(
        "table",
        node("thead", head, role="rowgroup"),
        node("tbody", *rows, role="rowgroup"),
        class_="lines",
        role="table",
        aria_label=title,
    )
    return [node("h2", title), table]


def _name(shown: UsageReport, one: UseLine) -> Node | str:
    if shown.agent:
        return one.name
    return node("button", one.name, type="button", class_="open", data_agent=one.agent_id, data_days=shown.days)


def _values(one: UseLine) -> tuple[str, ...]:
    use = one.use
    return (
        number(one.people),
        number(use.questions),
        "—" if use.satisfaction is None else percent(use.satisfaction),
        number(use.corrections),
        within(use, 0.5) if use.answered else "—",
        within(use, 0.95) if use.answered else "—",
        declined(use),
    )


def _topics(topics: Sequence[Topic]) -> list[Node]:
    if not topics:
        return []
    items = [
        node(
            "li",
            node("strong", ", ".join(one.words)),
            ": ",
            say(
                "{questions} of {people}",
                questions=say_many("{count} question", "{count} questions", one.questions),
                people=say_many("{count} person", "{count} people", one.people),
            ),
            node("q", one.example) if one.example else None,
        )
        for one in topics
    ]
    return [node("div", node("h2", say("What the documents didn't say")), node("ul", *items))]


def _askers(askers: Sequence[Asker]) -> list[Node]:
    if not askers:
        return []
    items = [
        node(
            "li",
            say(
                "{person}: {questions} so far, the last on {day}",
                person=one.name,
                questions=say_many("{count} question", "{count} questions", one.questions),
                day=day(one.last_day),
            ),
        )
        for one in askers
    ]
    return [node("div", node("h2", say("Who asks most")), node("ul", *items))]


def _downloads(shown: UsageReport) -> Node:
    agent_id = shown.agent.id if shown.agent else ""
    buttons = [
        node("button", name, type="button", data_of=of, data_agent=agent_id, data_days=shown.days)
        for of, name in (("days", say("Each day as CSV")), ("people", say("Who asked as CSV")))
    ]
    return node("p", *buttons, class_="downloads")
