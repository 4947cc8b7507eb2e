"""What one run was answered is not asked again by the next, unless the weights or the prompt are others."""

from contextlib import suppress

import pytest

from tuning.domain.prompts import question_messages
from tuning.inference import Completion, EngineAway, Prompt
from tuning.worker.answers import SLICE, KeptAnswers


class Asked:
    """An engine that counts."""

    def __init__(self):
        self.prompts = []

    def answer_all(self, prompts, *, progress):
        self.prompts += prompts
        return [
            Completion(text=f"{it.model} {len(self.prompts)}", prompt_tokens=1, completion_tokens=1, seconds=0.1)
            for it in prompts
        ]


def prompt(model, question, temperature=0.0):
    return Prompt(model=model, messages=question_messages(question), max_tokens=8, temperature=temperature)


@pytest.fixture
def engine():
    return Asked()


@pytest.fixture
def first(engine, tmp_path):
    return KeptAnswers(inference=engine, weights={"base": "b", "run1": "a1"}, folder=tmp_path / "1")


def ask(kept, *prompts):
    return [answer.text for answer in kept.answer_all(prompts, progress=lambda _share: None)]


def test_the_same_weights_are_asked_once_under_whatever_name(first, tmp_path):
    said = ask(first, prompt("base", "Who?"), prompt("run1", "Who?"))
    later = Asked()
    weights = {"base": "b", "release1": "a1", "run2": "a2"}
    second = KeptAnswers(inference=later, weights=weights, folder=tmp_path / "2", earlier=tmp_path / "1")
    again = ask(second, prompt("base", "Who?"), prompt("release1", "Who?"), prompt("run2", "Who?"))
    assert again[:2] == said
    assert [it.model for it in later.prompts] == ["run2"]


def test_what_a_run_asked_before_it_learned_is_not_asked_again_by_its_evaluation(first, engine):
    said = ask(first, prompt("base", "Who?"))
    assert ask(first, prompt("base", "Who?"), prompt("run1", "Who?"))[:1] == said
    assert [it.model for it in engine.prompts] == ["base", "run1"]


def test_another_prompt_or_base_is_asked(first, engine, tmp_path):
    ask(first, prompt("base", "Who?"))
    later = Asked()
    other = KeptAnswers(inference=later, weights={"base": "c"}, folder=tmp_path / "2", earlier=tmp_path / "1")
    ask(other, prompt("base", "Who?"), prompt("base", "Who?"))
    assert len(later.prompts) == 1
    ask(first, prompt("base", "When?"))
    assert len(engine.prompts) == 2


def test_answers_with_chance_are_refused(first):
    with pytest.raises(ValueError, match="chance"):
        ask(first, prompt("base", "Who?", temperature=0.5))


class Dying(Asked):
    """An engine that goes away after so many prompts."""

    def __init__(self, after):
        super().__init__()
        self.after = after

    def answer_all(self, prompts, *, progress):
        if len(self.prompts) + len(prompts) > self.after:
            raise EngineAway
        progress(0.5)
        progress(1.0)
        return super().answer_all(prompts, progress=progress)


def test_what_was_answered_before_the_engine_went_away_is_not_asked_again(tmp_path):
    prompts = [prompt("base", f"Who is {number}?") for number in range(2 * SLICE + 8)]
    shares: list[float] = []
    for engine in (dying := Dying(2 * SLICE), whole := Dying(100)):
        kept = KeptAnswers(inference=engine, weights={"base": "b"}, folder=tmp_path)
        with suppress(EngineAway):
            kept.answer_all(prompts, progress=shares.append)
    assert [len(dying.prompts), len(whole.prompts)] == [2 * SLICE, 8]
    assert shares == [share / len(prompts) for share in (16, 32, 48, 64)] + [0.5, 1.0]
