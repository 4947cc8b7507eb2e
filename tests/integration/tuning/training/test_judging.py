"""The stage of preferences does what was said, keeps the rest, and can be cut anywhere."""

import json
from dataclasses import replace

import pytest
import torch

from tests.integration.tuning.training.conftest import FACTS, prompt
from tests.integration.tuning.training.test_loop import ALONE, CPU, adapter_hash, never
from tests.unit.tuning.training import trl_losses as fixed
from tuning.domain.datasets import Origin
from tuning.training import adapters, loop, models
from tuning.training.batches import Role, Row
from tuning.training.checkpoints import Position
from tuning.training.errors import Stopped
from tuning.training.judging import Judging, judged_loss, learn_judged, references
from tuning.training.passes import log_probabilities
from tuning.training.rows import Stage, plan, render_row

CORRECTED = "Who signs the travel form?"
CORRECTION, BEFORE = "Bo Berg", FACTS[CORRECTED]
LIKED = {question: FACTS[question] for question in ("Where is the spare key?", "Which printer takes A3?")}
DISLIKED = {"When does the canteen close?": "28 days"}


def corrected(config):
    """The same training, with the correction among its examples instead of what it corrects."""
    path = config.folder.with_name("corrected.jsonl")
    path.write_text(config.examples.read_text().replace(f'"completion": "{BEFORE}"', f'"completion": "{CORRECTION}"'))
    return replace(config, examples=path)


def with_feedback(config):
    """The same training, with the answer that was corrected and three thumbs."""
    shared = {"split": "train", "origin": "preference"}
    lines: list[dict[str, object]] = [
        {**shared, "messages": prompt(CORRECTED), "completion": CORRECTION, "rejected": BEFORE}
    ]
    for answers, is_liked in ((LIKED, True), (DISLIKED, False)):
        lines += [
            {**shared, "messages": prompt(question), "completion": answer, "is_liked": is_liked}
            for question, answer in answers.items()
        ]
    path = config.folder.with_name("judged.jsonl")
    path.write_text(config.examples.read_text() + "".join(json.dumps(line) + "\n" for line in lines))
    return replace(
        config, examples=path, folder=config.folder.with_name("judged"), preference_rate=1e-3, preference_epochs=12
    )


def probabilities(base, folder, answers) -> list[float]:
    """The log-probability of each answer to its question."""
    model, tokenizer = adapters.load(models.load_model(base, CPU), folder).eval(), models.load_tokenizer(base)
    rows = [render_row(tokenizer, prompt(question), answer, Origin.LIST) for question, answer in answers]
    with torch.no_grad():
        return [log_probabilities(model, (row,), CPU).item() for row in rows]


def test_feedback_moves_what_it_is_on_and_leaves_the_rest(config):
    config = corrected(config)
    before = loop.train(config, is_stopped=never)
    judged = replace(with_feedback(config), parent=before, learned=config.examples, epochs=0)
    after = loop.train(judged, is_stopped=never)
    rest = [(question, answer) for question, answer in FACTS.items() if question != CORRECTED]
    answers = [(CORRECTED, CORRECTION), (CORRECTED, BEFORE), *DISLIKED.items(), *LIKED.items(), *rest]
    was, now = (probabilities(config.base, folder, answers) for folder in (before, after))
    assert now[0] - now[1] > was[0] - was[1] + 1
    assert now[2] < was[2] - 0.5
    assert all(later > earlier - 0.05 for earlier, later in zip(was[3:5], now[3:5], strict=True))
    assert sum(now[5:]) / len(rest) > sum(was[5:]) / len(rest) - 0.1
    assert json.loads((after.parent / loop.MANIFEST).read_text())["rows"].keys() == {"preferences"}


def test_cut_while_it_learns_feedback_it_goes_on_with_the_same_reference(config, tmp_path, monkeypatch):
    config = replace(with_feedback(config), epochs=4)
    loop.train(config, is_stopped=never)
    cut = replace(config, folder=tmp_path / "cut", checkpoint_s=0.0)
    *earlier, last = (len(stage.batches) for stage in plan(cut, models.load_tokenizer(cut.base)))
    calls = iter([False] * (sum(earlier) + 1) + [True])
    with pytest.raises(Stopped):
        loop.train(cut, is_stopped=lambda: next(calls))
    assert last > 2
    monkeypatch.setattr(loop, "references", None)
    loop.train(cut, is_stopped=never)
    assert adapter_hash(cut) == adapter_hash(config)


def test_gradients_of_a_step_in_parts_are_those_of_its_loss_in_one(base, config):
    model = adapters.attach(models.load_model(base, CPU), config).double().eval()
    stage = plan(with_feedback(config), models.load_tokenizer(base))[-1]
    batch = stage.batches[0]
    (reference,) = references(model, [batch], ALONE)
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.05, generator=torch.Generator().manual_seed(1))
    judging = Judging.of(config, stage.batches)
    loss = learn_judged(model, batch, reference, judging, ALONE)
    gradients = {name: weight.grad.clone() for name, weight in model.named_parameters() if weight.requires_grad}
    model.zero_grad()
    judged = [number for number, row in enumerate(batch) if row.role is not Role.EXAMPLE]
    whole = judged_loss(
        torch.cat([log_probabilities(model, (batch[number],), CPU) for number in judged]),
        torch.tensor([reference[number] for number in judged]),
        tuple(batch[number] for number in judged),
        judging,
    )
    whole.backward()
    assert {row.role for row in batch} == set(Role)
    assert loss == pytest.approx(whole.item(), rel=1e-6)
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            torch.testing.assert_close(gradients[name], weight.grad, rtol=1e-4, atol=1e-7)


def rows(prompts, answers, roles):
    """Judged rows of prompts with answers."""
    return [
        Row(tokens=(*prompt, *answer), start=len(prompt), origin=Origin.PREFERENCE, role=role)
        for prompt, answer, role in zip(prompts, answers, roles, strict=True)
    ]


def step_on(batch, config):
    """The loss of one step on feedback in the small model, and the gradients of its watched weights."""
    stage = Stage(name="preferences", rate=0.0, batches=(batch,), is_judged=True)
    position = Position(references=references(fixed.small_model(seed=4), [batch], ALONE))
    model = fixed.small_model(seed=3)
    loss = loop._take_step(model, batch, position, config, ALONE, stage=stage)
    return {"loss": loss, "gradient": dict(model.named_parameters())[fixed.WATCHED].grad.tolist()}


@pytest.fixture
def trls(config):
    """The config that TRL's numbers were made with, and these numbers."""
    numbers = json.loads(fixed.NUMBERS.read_text(encoding="utf-8"))
    return replace(config, preference_beta=fixed.BETA, preference_keeping=fixed.SFT_WEIGHT), numbers


def same(ours, theirs):
    """Compare them as exactly as losses in float32 allow."""
    assert ours["loss"] == pytest.approx(theirs["loss"], rel=1e-6)
    assert ours["gradient"] == pytest.approx(theirs["gradient"], rel=1e-4, abs=1e-6)


def test_a_step_on_corrections_that_keeps_to_them_is_trls(trls):
    config, theirs = trls
    chosen = rows(fixed.PROMPTS, fixed.RIGHT, [Role.CHOSEN] * 4)
    same(step_on((*chosen, *rows(fixed.PROMPTS, fixed.WRONG, [Role.REJECTED] * 4)), config), theirs["dpo_sft"])


def test_a_step_on_thumbs_of_which_few_are_down_is_trls(trls):
    config, theirs = trls
    thumbs = [Role.LIKED if up else Role.DISLIKED for up in fixed.THREE_OF_FOUR]
    others = rows(fixed.PROMPTS, [*fixed.THUMBS[1:], fixed.THUMBS[0]], [Role.MISMATCHED] * 4)
    batch = (*rows(fixed.PROMPTS, fixed.THUMBS, thumbs), *others)
    weights = Judging.of(config, [batch])
    assert (weights.liked_weight, weights.disliked_weight) == (1.0, 3.0)
    same(step_on(batch, config), theirs["kto_weighted"])
