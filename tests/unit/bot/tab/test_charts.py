"""What a chart draws of its figures."""

from hypothesis import given
from hypothesis import strategies as st

from bot.tab import charts
from bot.tab.charts import Chart, Series
from bot.tab.markup import node, text

NASTY = "<script>alert('1')</script> & \"quoted\""


def chart(*values, highest=None, name="all"):
    series = [Series(name=f"{name}{number}", values=list(one)) for number, one in enumerate(values)]
    steps = [f"day {number}" for number in range(len(values[0]))]
    return Chart(title="Title", steps=steps, step="Day", series=series, says=lambda one: f"{one:g}", highest=highest)


def svg(made):
    (picture, *_keys) = made.iter("svg")
    return picture


def drawn(made, tag):
    return list(made.iter(tag))


def test_bars_stand_on_top_of_one_another():
    made = charts.bars(chart([10, 5], [10, 0]))
    low, high, short = drawn(svg(made), "rect")
    assert float(high.get("y")) + float(high.get("height")) == float(low.get("y"))
    assert low.get("height") == high.get("height")
    assert abs(float(short.get("height")) * 2 - float(low.get("height"))) < 0.1


def test_a_line_goes_on_where_there_is_nothing_to_say_and_its_table_says_so():
    made = charts.lines(chart([1.0, None, 0.5], highest=1.0))
    (line,) = drawn(made, "polyline")
    assert len(line.get("points").split()) == 2
    assert [cell.text for cell in drawn(made, "td")] == ["1", "—", "0.5"]


def test_a_chart_without_a_figure_is_an_empty_frame():
    for draw in (charts.bars, charts.lines):
        made = draw(chart([None, None]))
        assert not drawn(made, "polyline")
        assert "nothing yet" in svg(made).get("aria-label")


def test_the_newest_figures_are_told_to_those_who_do_not_see_it():
    label = svg(charts.lines(chart([1.0, 2.0, None], [4.0, None, 6.0]))).get("aria-label")
    assert label == "Title, the newest figures: all0: 2; all1: 6"


@given(st.lists(st.one_of(st.none(), st.floats(0, 1e9)), min_size=1, max_size=60))
def test_whatever_the_figures_are_nothing_is_drawn_outside_the_picture(values):
    for draw in (charts.bars, charts.lines):
        picture = svg(draw(chart(values)))
        for bar in drawn(picture, "rect"):
            assert -0.1 <= float(bar.get("y")) <= charts.HEIGHT
            assert float(bar.get("y")) + float(bar.get("height")) <= charts.HEIGHT
        for dot in drawn(picture, "circle"):
            assert charts.LEFT <= float(dot.get("cx")) <= charts.WIDTH
            assert charts.TOP - 0.1 <= float(dot.get("cy")) <= charts.HEIGHT


def test_the_axis_ends_at_a_round_number():
    ends = {value: charts._nice(value) for value in (0, 1, 2, 3, 7, 10, 11, 59, 61, 100, 101, 999)}
    assert ends == {0: 2, 1: 2, 2: 2, 3: 4, 7: 10, 10: 10, 11: 20, 59: 60, 61: 100, 100: 100, 101: 200, 999: 1000}


def test_what_people_wrote_is_text_and_never_markup():
    made = text(node("p", NASTY, node("b", NASTY), NASTY, title=NASTY, hidden=True, class_=None))
    assert "<script" not in made.replace(f'title="{NASTY}"', "").split(">", 1)[1]
    assert made.count("&lt;script&gt;") == 3
    assert '"quoted"' not in made.split(">")[0]
    assert "class" not in made
