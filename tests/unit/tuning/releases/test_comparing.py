"""Blind rounds: fair to both sides, resumable, and settled before admins decide."""

import pytest

from tests.factories import keep, make_agent, make_release, make_run
from tuning.domain.audit import Tag
from tuning.domain.comparisons import A_ROUND, Choice
from tuning.domain.errors import NotAllowed, WrongState
from tuning.domain.evaluations import Evaluation, Variant
from tuning.domain.runs import RunState
from tuning.evaluation.intervals import wilson
from tuning.releases import comparing, publishing
from tuning.store import audit, comparisons, runs


def sample(number, **answers):
    return {"question": f"Question {number}?", "reference": "Right.", "split": "holdout", "answers": answers}


SAMPLES = [
    *(sample(number, **{"tuned+retrieval": f"Mine {number}", "base+retrieval": "Theirs"}) for number in range(30)),
    sample(30, **{"tuned+retrieval": "Both  say SO.", "base+retrieval": "both say so."}),
]


@pytest.fixture
def rated(tenant, tmp_path):
    """A candidate of Ana's agent, measured on 31 questions, of which both answer one alike."""
    report = tmp_path / "report.html"
    report.write_text("<p>Scores</p><!-- rating --><!-- /rating --><p>Loss</p>")
    keep(
        tenant.store,
        make_agent(),
        make_run(state=RunState.READY),
        make_release(),
        Evaluation(run_id="run", samples=SAMPLES, report_path=str(report)),
    )
    return tenant


def measured(tenant):
    with tenant.store.reading() as session:
        found = runs.evaluation(session, "run")
    assert found
    return found


def go_through(tenant, choose, **options):
    """Rate a whole round, preferring what `choose` picks of a pair."""
    seen, pair = [], comparing.begin(tenant, "ana", "release", **options)
    while pair is not None:
        seen.append(pair)
        _, pair = comparing.rate(tenant, "ana", pair.comparison_id, choose(pair))
    return seen


def mine(pair):
    return Choice.FIRST if pair.first.startswith("Mine") else Choice.SECOND


def test_a_round_is_a_dozen_questions_on_which_both_differ_in_random_order(rated):
    seen = go_through(rated, mine)
    assert len({pair.question for pair in seen}) == A_ROUND
    assert [pair.number for pair in seen] == list(range(1, A_ROUND + 1))
    assert "Question 30?" not in {pair.question for pair in seen}
    assert {mine(pair) for pair in seen} == {Choice.FIRST, Choice.SECOND}


def test_what_was_preferred_is_kept_with_its_interval_and_stands_in_the_report(rated, tmp_path):
    choices = iter([Choice.EQUAL] * 2 + [None] * 9)
    go_through(rated, lambda pair: next(choices, None) or mine(pair))
    rating = measured(rated).rating
    assert (rating["better"], rating["equal"], rating["worse"], rating["n"]) == (10, 2, 0, 12)
    assert rating["against"] == "base+retrieval"
    assert rating["mean"] == pytest.approx(11 / 12)
    assert 0.6 < rating["low"] < rating["mean"] < rating["high"] < 1
    page = (tmp_path / "report.html").read_text()
    assert "preferred the candidate's 10 times, base+retrieval's 0 times, and neither 2 times: 92%" in page
    assert page.count("preferred") == 1
    assert page.endswith("<p>Loss</p>")
    with rated.store.reading() as session:
        told = [event for event in audit.events(session, "release") if event.tag == Tag.RELEASE_RATED]
    assert len(told) == A_ROUND
    assert {event.actor_id for event in told} == {"ana"}


def test_a_round_is_taken_up_where_it_was_left_and_another_one_asks_other_questions(rated):
    first = comparing.begin(rated, "ana", "release")
    assert first
    comparing.rate(rated, "ana", first.comparison_id, Choice.EQUAL)
    second = comparing.begin(rated, "ana", "release")
    assert second
    assert second.number == 2
    assert comparing.begin(rated, "ana", "release") == second
    seen = {first.question, *(pair.question for pair in go_through(rated, mine))}
    assert comparing.begin(rated, "ana", "release") is None
    further = {pair.question for pair in go_through(rated, mine, further=True)}
    assert (len(seen), len(further), len(seen & further)) == (12, 12, 0)
    assert measured(rated).rating["n"] == 24
    assert len(go_through(rated, mine, further=True)) == 6
    assert go_through(rated, mine, further=True) == []


def test_the_live_release_is_what_a_candidate_is_compared_with_where_there_is_one():
    answers = {
        "tuned": "a",
        "tuned+retrieval": "b",
        "base+retrieval": "c",
        "incumbent": "d",
        "incumbent+retrieval": "e",
    }
    (made,) = comparing.choose([sample(0, **answers)], [], "release")
    assert made.against is Variant.INCUMBENT_RETRIEVAL
    assert comparing.choose([sample(0, base="a")], [], "release") == []


def test_each_pair_counts_once_only_for_its_owner_and_only_before_it_is_submitted(rated):
    pair = comparing.begin(rated, "ana", "release")
    assert pair
    with pytest.raises(NotAllowed):
        comparing.rate(rated, "bo", pair.comparison_id, Choice.FIRST)
    comparing.rate(rated, "ana", pair.comparison_id, Choice.FIRST)
    with pytest.raises(WrongState, match="rated already"):
        comparing.rate(rated, "ana", pair.comparison_id, Choice.SECOND)
    publishing.submit(rated, "ana", "release")
    with pytest.raises(WrongState, match="It has been submitted"):
        comparing.begin(rated, "ana", "release")
    with rated.store.reading() as session:
        assert sum(one.choice is not None for one in comparisons.of_release(session, "release")) == 1


def test_what_was_erased_is_compared_no_more(rated):
    pair = comparing.begin(rated, "ana", "release")
    assert pair
    with rated.store.transaction() as session:
        found = runs.evaluation(session, "run")
        assert found
        found.samples = []
        session.add(found)
    with pytest.raises(WrongState, match="have been erased"):
        comparing.begin(rated, "ana", "release")
    assert measured(rated).rating == {}


def test_few_answers_leave_much_open():
    assert (round(wilson(1, 12).low, 2), wilson(1, 12).high) == (0.76, 1.0)
    assert round(wilson(0.5, 12).high - wilson(0.5, 12).low, 2) == 0.49
