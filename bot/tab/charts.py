"""Charts as inline SVG: bars on top of one another, and lines. Pure; each comes with its figures as a table."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.tab.markup import Node, node
from tuning.languages import say

WIDTH, HEIGHT = 320, 170
LEFT, RIGHT, TOP, BOTTOM = 40, 8, 10, 24
"""Room around what is drawn, in the same units: pixels at the width of a phone."""
_NICE = (1, 2, 4, 6, 10)
_DOTTED = 40
"""So many steps at most are marked one by one."""

Say = Callable[[float], str]
"""Puts a figure into words."""


@dataclass(frozen=True, kw_only=True)
class Series:
    """One colour of a chart."""

    name: str
    values: Sequence[float | None]
    """By step; None where there is nothing to say."""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """What one chart shows."""

    title: str
    steps: Sequence[str]
    """What the steps are called, oldest first."""
    step: str
    """What a step is: a day, or a week."""
    series: Sequence[Series]
    says: Say
    highest: float | None = None
    """Where the axis ends; None: above the highest value."""


def bars(chart: Chart) -> Node:
    """Return the chart with one bar a step, in which the series stand on top of one another."""
    sums = [sum(values) for values in zip(*_filled(chart), strict=True)]
    top = chart.highest or _nice(max(sums, default=0.0))
    width = (WIDTH - LEFT - RIGHT) / len(chart.steps)
    drawn = []
    for place, values in enumerate(zip(*_filled(chart), strict=True)):
        reached = 0.0
        for number, value in enumerate(values):
            if value:
                drawn.append(_bar(place, number, width=width, begin=reached / top, end=(reached + value) / top))
                reached += value
    return _figure(chart, top, drawn, keys=_swatch)


def lines(chart: Chart) -> Node:
    """Return the chart with one line a series; where a value is missing, the line goes straight on."""
    known = [value for one in chart.series for value in one.values if value is not None]
    top = chart.highest or _nice(max(known, default=0.0))
    drawn = [part for number, one in enumerate(chart.series) for part in _line(one, number, top)]
    return _figure(chart, top, drawn, keys=_dash)


def _filled(chart: Chart) -> list[list[float]]:
    return [[value or 0.0 for value in one.values] for one in chart.series]


def _bar(place: int, number: int, *, width: float, begin: float, end: float) -> Node:
    return node(
        "rect",
        class_=f"fill-{number}",
        x=round(LEFT + place * width + width * 0.1, 2),
        y=round(_y(end), 2),
        width=round(width * 0.8, 2),
        height=round(_y(begin) - _y(end), 2),
    )


def _line(one: Series, number: int, top: float) -> list[Node]:
    places = [
        (_x(place, len(one.values)), _y(value / top)) for place, value in enumerate(one.values) if value is not None
    ]
    if not places:
        return []
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    made = [node("polyline", class_=f"stroke-{number}", points=path)] if len(places) > 1 else []
    if len(places) <= _DOTTED:
        made += [node("circle", class_=f"fill-{number}", cx=f"{x:.1f}", cy=f"{y:.1f}", r=2) for x, y in places]
    return made


def _figure(chart: Chart, top: float, drawn: Sequence[Node], *, keys: Callable[[int], Node]) -> Node:
    picture = node("svg", *_frame(chart, top), *drawn, role="img", aria_label=_in_short(chart))
    picture.set("viewBox", f"0 0 {WIDTH} {HEIGHT}")  # an attribute with a capital letter
    legend = node(
        "ul",
        *(node("li", keys(number), one.name) for number, one in enumerate(chart.series)),
        class_="legend",
    )
    return node(
        "figure",
        node("figcaption", chart.title),
        picture,
        legend if len(chart.series) > 1 else None,
        node("details", node("summary", say("As a table")), _table(chart)),
        class_="chart",
    )


def _frame(chart: Chart, top: float) -> list[Node]:
    """Return the lines behind a chart, what they stand for, and first, middle and last step."""
    made = []
    for share in (0.0, 0.5, 1.0):
        y = round(_y(share), 1)
        made.append(node("line", class_="grid", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y))
        made.append(node("text", chart.says(top * share), class_="tick end", x=LEFT - 5, y=y + 4))
    last = len(chart.steps) - 1
    for place, align in ((0, "start"), (last // 2, "middle"), (last, "end")):
        made.append(
            node("text", chart.steps[place], class_=f"tick {align}", x=round(_x(place, last + 1), 1), y=HEIGHT - 6)
        )
    return made


def _table(chart: Chart) -> Node:
    head = [chart.step, *(one.name for one in chart.series)]
    rows = [
        node(
            "tr",
            node("th", step, scope="row"),
            *(node("td", "—" if value is None else chart.says(value)) for value in values),
        )
        for step, *values in zip(chart.steps, *(one.values for one in chart.series), strict=True)
    ]
    table = node(
        "table",
        node("caption", chart.title),
        node("thead", node("tr", *(node("th", one, scope="col") for one in head))),
        node("tbody", *rows),
    )
    return node("div", table, class_="scroll", tabindex=0, role="region", aria_label=chart.title)


def _in_short(chart: Chart) -> str:
    """Return a chart in a sentence, for those who don't see it: its newest figures."""
    newest = [
        f"{one.name}: {chart.says(known[-1])}"
        for one in chart.series
        if (known := [value for value in one.values if value is not None])
    ]
    if not newest:
        return say("{title}: nothing yet", title=chart.title)
    return say("{title}, the newest figures: {figures}", title=chart.title, figures="; ".join(newest))


def _swatch(number: int) -> Node:
    square = node("rect", class_=f"fill-{number}", x=0, y=1, width=10, height=10)
    return node("svg", square, width=12, height=12, aria_hidden="true")


def _dash(number: int) -> Node:
    dash = node("line", class_=f"stroke-{number}", x1=0, x2=24, y1=6, y2=6)
    return node("svg", dash, width=24, height=12, aria_hidden="true")


def _x(place: int, steps: int) -> float:
    """Return the middle of a step."""
    return LEFT + (place + 0.5) * (WIDTH - LEFT - RIGHT) / steps


def _y(share: float) -> float:
    return TOP + (1 - share) * (HEIGHT - TOP - BOTTOM)


def _nice(highest: float) -> float:
    """Return a round number that is no smaller, and even, so that half of it is round, too; at least 2."""
    if highest <= _NICE[1]:
        return float(_NICE[1])
    size = 10.0 ** math.floor(math.log10(highest))
    return float(next(nice * size for nice in _NICE if nice * size >= highest and (nice * size) % 2 == 0))
