"""Which type is served follows from the table."""

from benchmarks.harness.exam import Marks
from benchmarks.quantisation import Line, alike, choose

TOKENS = tuple([number] for number in range(2000))


def line(kind: str, *, right: float = 0.9, wrong: int = 0, read_ms: float = 1.0, write_ms: float = 1.0) -> Line:
    chosen = ([-1],) * wrong + TOKENS[wrong:]
    marks = Marks(right=right, loss=0.1, chosen=chosen, read_ms=read_ms, write_ms=write_ms)
    return Line(type=kind, is_weighed=False, bytes=1, marks=marks)


def chosen(lines: list[Line]) -> str:
    best = choose(lines)
    return best.type if best else ""


def test_the_fastest_is_served_of_those_that_answer_as_full_precision_does():
    exact = line("F16", read_ms=2.0)
    assert chosen([exact, line("Q8_0"), line("Q6_K", write_ms=1.1)]) == "Q8_0"
    assert chosen([exact, line("Q8_0"), line("Q4_K_M", read_ms=0.5, right=0.88)]) == "Q8_0"
    assert chosen([exact, line("Q8_0"), line("Q4_K_M", read_ms=0.5, wrong=3)]) == "Q8_0"
    assert chosen([exact, line("Q8_0"), line("Q4_K_M", read_ms=0.5, wrong=2)]) == "Q4_K_M"
    assert chosen([exact, line("Q4_K_M", right=0.5)]) == "F16"
    assert chosen([line("F16", right=0.0), line("Q8_0", right=0.0)]) == ""


def test_two_are_alike_in_the_share_of_places_with_the_same_token():
    assert alike([[1, 2], [3, 4]], [[1, 9], [3, 4]]) == 0.75
