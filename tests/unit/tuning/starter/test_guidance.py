import random

import pytest
import sentencepiece
import torch

from tuning.starter.architecture import build_model
from tuning.starter.batches import Encoder, collate
from tuning.starter.guidance import Aim, Guide, guidance_loss
from tuning.starter.report import MODEL
from tuning.starter.rows import question_row


def test_the_loss_is_the_negative_logarithm_of_the_attention_that_the_layer_itself_gives():
    model = build_model(4, seed=3).double()
    model.set_attn_implementation("eager")
    ids = torch.randint(300, 2000, (2, 24), generator=torch.Generator().manual_seed(1))
    aims = (
        (0, Aim(guide=Guide.VALUE, queries=range(9, 12), keys=range(5, 6))),
        (1, Aim(guide=Guide.VALUE, queries=range(20, 21), keys=range(2, 4))),
        (1, Aim(guide=Guide.STATEMENT, queries=range(23, 24), keys=range(4, 11))),
    )
    read = model.model(input_ids=ids, output_hidden_states=True, output_attentions=True)
    expected = torch.zeros(())
    for guide in Guide:
        layer, heads = guide.value
        attention = read.attentions[layer]
        losses = [
            -attention[row, head, query, aim.keys.start : aim.keys.stop].sum().log()
            for head in heads
            for row, aim in aims
            if aim.guide is guide
            for query in aim.queries
        ]
        expected += torch.stack(losses).mean()
    assert guidance_loss(model, read.hidden_states, aims).item() == pytest.approx(expected.item(), rel=1e-6)


def test_aims_stand_where_the_tokens_of_values_and_statements_do():
    encoder, rng = Encoder(MODEL / "tokenizer.model"), random.Random(5)
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(MODEL / "tokenizer.model"))
    rows = [question_row(rng, passages=(2, 4), facts_each=(1, 3), fillers=(0, 2)) for _ in range(20)]
    encoded = [encoder.encode(row) for row in rows]
    seen = set()
    for row, one in zip(rows, encoded, strict=True):
        message = row.messages[row.asked]["content"]
        statements = [message[it.statement.start : it.statement.stop] for it in row.evidence]
        values = [message[it.value.start : it.value.stop] for it in row.evidence]
        for aim in one.aims:
            seen.add(aim.guide)
            shown = pieces.decode(one.ids[aim.keys.start : aim.keys.stop]).strip()
            if aim.guide is Guide.VALUE:
                assert any(value.startswith(shown) for value in values)
                assert aim.keys.stop <= aim.queries.start
            else:
                assert any(shown.rstrip(".") in statement for statement in statements)
                assert aim.queries.stop in {answer.start for answer in one.answers}
    assert seen == set(Guide)
    assert [row for row, _ in collate(encoded).aims] == [row for row, one in enumerate(encoded) for _ in one.aims]
