"""A thumb and a correction on one answer at the same moment, on both databases."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from tests.factories import keep, make_agent, make_answer, make_tenant
from tuning.domain.feedback import Reaction
from tuning.governance import feedback as governed
from tuning.store import audit, feedback

THUMB = {"reaction": Reaction.DISLIKE, "comment": "Too short."}
CORRECTION = {"correction": "By rail."}


@pytest.mark.parametrize(
    ("said", "is_said_before"),
    [((THUMB, CORRECTION), False), ((CORRECTION, THUMB), False), ((THUMB, CORRECTION), True)],
)
def test_what_is_said_while_something_else_is_being_written_undoes_nothing(
    store, tmp_path, monkeypatch, said, is_said_before
):
    first, second = said
    tenant = make_tenant(store, tmp_path)
    keep(store, make_agent(), make_answer())
    if is_said_before:
        governed.give(tenant, "bo", "answer", comment="Hm.")
    is_read, may_write = threading.Event(), threading.Event()
    keep_on_answer = feedback.keep_on_answer

    def read_and_pause(session, fresh):
        known = keep_on_answer(session, fresh)
        if not is_read.is_set():
            is_read.set()
            assert may_write.wait(30)
        return known

    monkeypatch.setattr(feedback, "keep_on_answer", read_and_pause)
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(governed.give, tenant, "bo", "answer", **first)
        assert is_read.wait(30)
        quick = pool.submit(governed.give, tenant, "bo", "answer", **second)
        assert not wait([quick], timeout=0.3).done  # it has to wait for the one that has begun
        may_write.set()
        assert slow.result(30).id == quick.result(30).id
    with store.reading() as session:
        (given,) = feedback.to_review(session, "agent")
        assert audit.first_broken_link(session) is None
    assert (given.reaction, given.comment, given.correction) == (Reaction.DISLIKE, "Too short.", "By rail.")
