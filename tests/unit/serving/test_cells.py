"""The ledger against a small model of native memory: what it promises is what is there."""

from itertools import count

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from serving.cells import Grant, Hold, Ledger
from serving.lists import common_length
from serving.swap import Swap, Swapped

CELLS, ROWS = 120, 4
PREFIX = list(range(100, 140))


class Memory:
    """Native memory: rows of cells, each cell holding a token; rows may share cells."""

    def __init__(self, rows: int) -> None:
        self.rows: list[list[tuple[int, int]]] = [[] for _ in range(rows)]
        self._cells = count()

    def carry_out(self, grant: Grant) -> None:
        if grant.swapped is not None:
            for row in grant.forget:
                self.rows[row] = []
            start = grant.swapped.start
            beginning = [] if grant.donor is None else self.rows[grant.donor][:start]
            self.rows[grant.row] = beginning
            self.decode(grant.row, list(map(int, np.frombuffer(grant.swapped.state.tobytes(), np.int64))))
            del self.rows[grant.row][grant.reused :]
            return
        if grant.donor is None:
            del self.rows[grant.row][grant.reused :]
        else:
            self.rows[grant.row] = self.rows[grant.donor][: grant.reused]
        for row in grant.forget:
            self.rows[row] = []

    def save(self, row: int, start: int) -> NDArray[np.uint8]:
        tokens = [token for _, token in self.rows[row][start:]]
        del self.rows[row][start:]
        return np.array(tokens, np.int64).view(np.uint8)

    def decode(self, row: int, tokens: list[int]) -> None:
        self.rows[row].extend((next(self._cells), token) for token in tokens)

    @property
    def used(self) -> int:
        return len({cell for row in self.rows for cell, _ in row})


conversations = st.lists(
    st.tuples(
        st.integers(0, 40),  # how much of the common prefix the prompt begins with
        st.lists(st.integers(0, 3), min_size=1, max_size=30),  # its own words
        st.integers(1, 20),  # tokens of its answer
        st.integers(0, 3),  # which of the running answers ends first when it must wait
    ),
    max_size=25,
)


@given(conversations, st.sampled_from([0, 200, 10_000]))
@settings(max_examples=150)
def test_a_prompt_finds_exactly_its_own_beginning_and_memory_never_overflows(conversations, swap_bytes):
    ledger, memory = Ledger(cells=CELLS, rows=ROWS, swap=Swap(swap_bytes)), Memory(ROWS)
    running: list[tuple[int, list[int], int]] = []

    def finish(index: int) -> None:
        row, prompt, answer = running.pop(index % len(running))
        decoded = len(memory.rows[row])
        memory.decode(row, prompt[decoded:])
        ledger.grow(row, [7] * answer, len(prompt))
        memory.decode(row, [7] * (answer - 1))  # the last token chosen is never decoded
        ledger.grow(row, [], len(prompt) + answer - 1)
        ledger.release(row)
        for resting, start in ledger.at_rest():
            ledger.swap_out(resting, start, memory.save(resting, start))
        assert ledger.swap.used <= swap_bytes

    for shared, own, answer, ends in conversations:
        prompt = PREFIX[:shared] + own
        grant = ledger.admit(prompt, len(prompt) + answer)
        while isinstance(grant, Hold):
            finish(ends)
            grant = ledger.admit(prompt, len(prompt) + answer)
        memory.carry_out(grant)
        assert [token for _, token in memory.rows[grant.row]] == prompt[: grant.reused]
        assert grant.reused < len(prompt)
        running.append((grant.row, prompt, answer))
        assert memory.used <= ledger.used() <= CELLS
        for row, held in enumerate(ledger.rows):
            if not held.busy:
                assert [token for _, token in memory.rows[row]] == held.tokens
    while running:
        finish(0)
    assert memory.used == ledger.used() <= CELLS


def test_a_conversation_goes_on_in_its_own_row():
    ledger = Ledger(cells=100, rows=3)
    first = ledger.admit([1, 2, 3], 10)
    assert isinstance(first, Grant)
    ledger.grow(first.row, [4, 5], 4)
    ledger.release(first.row)
    second = ledger.admit([1, 2, 3, 4, 5, 6], 12)
    assert second == Grant(row=first.row, reused=4, donor=None, forget=())


def test_a_second_conversation_shares_the_beginning_and_leaves_the_first_alone():
    ledger = Ledger(cells=200, rows=3)
    first = ledger.admit([*PREFIX, *[1] * 40], 90)
    assert isinstance(first, Grant)
    ledger.grow(first.row, [], 80)
    ledger.release(first.row)
    second = ledger.admit([*PREFIX, 2], 50)
    assert isinstance(second, Grant)
    assert (second.reused, second.donor) == (40, first.row)
    assert ledger.used() == 80 + 10


def rested(ledger: Ledger, tokens: list[int]) -> int:
    """Have a conversation decoded and at rest; return its row."""
    grant = ledger.admit(tokens, len(tokens) + 1)
    assert isinstance(grant, Grant)
    ledger.grow(grant.row, [], len(tokens))
    ledger.release(grant.row)
    return grant.row


def test_conversations_at_rest_are_swapped_out_but_for_the_last_and_for_what_others_share():
    ledger = Ledger(cells=400, rows=4, swap=Swap(1000))
    first = rested(ledger, [*PREFIX, *[1] * 40])
    assert ledger.at_rest() == []
    rested(ledger, [*PREFIX, *[2] * 50])
    assert ledger.at_rest() == [(first, 40)]
    ledger.swap_out(first, 40, np.zeros(100, np.uint8))
    assert (ledger.swap.used, ledger.used()) == (100, 40 + 50)
    assert ledger.at_rest() == []


def test_a_swapped_conversation_comes_back_behind_the_beginning_that_stayed():
    ledger = Ledger(cells=400, rows=4, swap=Swap(1000))
    first = rested(ledger, [*PREFIX, *[1] * 40])
    other = rested(ledger, [*PREFIX, *[2] * 50])
    ledger.swap_out(first, 40, state := np.zeros(100, np.uint8))
    back = ledger.admit([*PREFIX, *[1] * 40, 3], 100)
    assert isinstance(back, Grant)
    assert back.swapped is not None
    assert (back.reused, back.donor in {first, other}, back.swapped.start, back.swapped.state is state) == (
        80,
        True,
        40,
        True,
    )
    assert back.row != back.donor
    assert ledger.swap.used == 0
    assert ledger.used() == 50 + 100


def test_what_a_closed_lane_held_is_there_for_the_next_lane_of_its_tune_only():
    swap = Swap(1000)
    closed = Ledger(cells=400, rows=4, swap=swap, tune="a")
    rows = [rested(closed, [*PREFIX, *[word] * 40]) for word in (1, 2)]
    for row, start in closed.at_rest():
        closed.swap_out(row, start, np.zeros(100, np.uint8))
    assert closed.left() == [(rows[1], 0)]
    closed.swap_out(rows[1], 0, state := np.ones(200, np.uint8))
    assert Ledger(cells=400, rows=4, swap=swap, tune="b").admit([*PREFIX, 3], 50) == Grant(
        row=0, reused=0, donor=None, forget=()
    )
    opened = Ledger(cells=400, rows=4, swap=swap, tune="a")
    other = opened.admit([*PREFIX, *[3] * 40], 90)
    assert isinstance(other, Grant)
    assert other.swapped is not None
    assert (other.reused, other.swapped.state is state) == (40, True)
    assert swap.used == 300, "the conversation that only began alike is still there"
    back = opened.admit([*PREFIX, *[1] * 40, 1], 90)
    assert isinstance(back, Grant)
    assert (back.reused, back.donor) == (80, other.row)
    assert swap.used == 200


def test_what_no_longer_fits_the_memory_for_it_goes_the_longest_unused_first_whoever_s_it_is():
    swap = Swap(250)
    kept = {tune: Swapped([1] * 40, 0, np.zeros(100, np.uint8)) for tune in "abc"}
    for tune, one in kept.items():
        swap.put(tune, one)
    assert swap.used == 200
    assert swap.best("a", [1] * 41, shared=0) == (None, 0)
    assert swap.best("c", [1] * 41, shared=0) == (kept["c"], 40)
    swap.drop("c")
    assert (swap.used, swap.best("c", [1] * 41, shared=0)) == (100, (None, 0))
    swap.put("d", Swapped([4], 0, np.zeros(251, np.uint8)))
    assert swap.used == 0


def test_a_prompt_waits_while_another_decodes_the_same_beginning():
    ledger = Ledger(cells=200, rows=3)
    first = ledger.admit([*PREFIX, 1], 50)
    assert isinstance(first, Grant)
    assert ledger.admit([*PREFIX, 2], 50) is Hold.BEGINNING
    ledger.grow(first.row, [9], 41)
    assert isinstance(ledger.admit([*PREFIX, 2], 50), Grant)


def test_a_full_memory_forgets_the_conversation_unused_the_longest():
    ledger = Ledger(cells=100, rows=4)
    rows = []
    for word in (1, 2, 3):
        grant = ledger.admit([word] * 29, 30)
        assert isinstance(grant, Grant)
        ledger.grow(grant.row, [], 29)
        ledger.release(grant.row)
        rows.append(grant.row)
    grant = ledger.admit([4] * 39, 40)
    assert isinstance(grant, Grant)
    assert grant.forget == (rows[0],)


def test_without_sharing_nothing_is_reused():
    ledger = Ledger(cells=100, rows=2, share=False)
    first = ledger.admit([1, 2, 3], 5)
    assert isinstance(first, Grant)
    ledger.grow(first.row, [4], 3)
    ledger.release(first.row)
    second = ledger.admit([1, 2, 3, 4], 6)
    assert isinstance(second, Grant)
    assert second.reused == 0


@given(st.lists(st.integers(0, 1)), st.lists(st.integers(0, 1)))
def test_the_common_length_is_where_two_lists_part(first, second):
    length = common_length(first, second)
    assert first[:length] == second[:length]
    assert length == min(len(first), len(second)) or first[length] != second[length]
