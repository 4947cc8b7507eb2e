import random

import pytest
import sentencepiece
import torch

from tuning.starter.architecture import build_model
from tuning.starter.batches import Encoder, collate
from tuning.starter.guidance import Aim, Guide, guidance_loss
from tuning.starter.report import MODEL
from tuning.starter.rows import draft_row, question_row, summary_row


def test_the_loss_is_the_negative_logarithm_of_the_attention_that_the_layer_itself_gives():
    model = build_model(4, seed=3).double()
    model.set_attn_implementation("eager")
    ids = torch.randint(300, 2000, (2, 24), generator=torch.Generator().manual_seed(1))
    aims = (
        (0, Aim(guide=Guide.VALUE, queries=range(9, 12), keys=range(5, 6))),
        (1, Aim(guide=Guide.VALUE, queries=range(20, 21), keys=range(2, 4))),
        (1, Aim(guide=Guide.REPLACED, queries=range(20, 23), keys=range(2, 4))),
        (0, Aim(guide=Guide.PREVIOUS, queries=range(7, 9), keys=range(1, 3))),
        (1, Aim(guide=Guide.STATEMENT, queries=range(23, 24), keys=range(4, 11))),
        (0, Aim(guide=Guide.COPIED, queries=range(22, 23), keys=range(22, 23))),
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
            elif aim.guide is Guide.STATEMENT:
                assert any(shown.rstrip(".") in statement for statement in statements)
                assert aim.queries.stop in {answer.start for answer in one.answers}
            else:
                said = pieces.decode(one.ids[aim.queries.start + 1 : aim.queries.stop + 1]).strip()
                assert (said, any(value.find(said) >= 0 for value in values)) == (shown, True)
                assert any(aim.queries.stop in answer for answer in one.answers)
    assert seen == {Guide.VALUE, Guide.STATEMENT, Guide.COPIED}
    assert [row for row, _ in collate(encoded).aims] == [row for row, one in enumerate(encoded) for _ in one.aims]


def test_a_brief_looks_for_what_it_replaces_and_a_draft_for_where_it_copies_from():
    encoder, rng = Encoder(MODEL / "tokenizer.model"), random.Random(8)
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(MODEL / "tokenizer.model"))
    copied = replaced = places = 0
    for _ in range(20):
        row = draft_row(rng, longest=6)
        one, message = encoder.encode(row), row.messages[row.asked]["content"]
        precedent = message[: message.rindex("\n\nBrief:\n")]
        changes = {
            (message[it.new.start : it.new.stop], message[it.old[0].start : it.old[0].stop]) for it in row.replacements
        }
        assert all(old in precedent and new in row.messages[-1]["content"] for new, old in changes)
        for aim in one.aims:
            looks = pieces.decode(one.ids[aim.queries.start : aim.queries.stop]).strip()
            shown = pieces.decode(one.ids[aim.keys.start : aim.keys.stop]).strip()
            assert aim.keys.start <= aim.queries.start
            if aim.guide is Guide.REPLACED:
                assert any(new in looks and old in shown for new, old in changes)
                replaced += 1
            elif aim.guide is Guide.COPIED:
                copied += 1
                assert pieces.decode(one.ids[aim.queries.start + 1]).strip() == shown
        values = [aim for aim in one.aims if aim.guide is Guide.VALUE and aim.keys.start >= one.answers[-1].start]
        assert len(values) == sum(len(it.old) for it in row.replacements)
        for aim in values:
            written = pieces.decode(one.ids[aim.queries.start : aim.queries.stop]).strip()
            assert aim.keys == aim.queries[:1]  # what follows the value looks there, too
            assert any(new in written for new, _ in changes)
        places += sum(len(it.old) for it in row.replacements)
    assert copied > 400
    assert replaced == places


def test_a_summary_looks_for_the_sentences_that_it_keeps():
    encoder, rng = Encoder(MODEL / "tokenizer.model"), random.Random(9)
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(MODEL / "tokenizer.model"))
    for _ in range(20):
        row = summary_row(rng, longest=8)
        one, message = encoder.encode(row), row.messages[row.asked]["content"]
        kept = [message[copy.source.start : copy.source.stop] for copy in row.copies]
        assert " ".join(kept) == row.messages[-1]["content"]
        everything = [message[sentence.start : sentence.stop] for sentence in row.sentences]
        assert set(kept) < set(everything)

        def read(tokens: range, ids: list[int] = one.ids) -> str:
            return str(pieces.decode(ids[tokens.start : tokens.stop])).strip()

        remembering = [aim for aim in one.aims if aim.guide is Guide.VALUE]
        for aim, sentence in zip(remembering, everything, strict=True):
            assert read(range(aim.keys.start, aim.queries.stop)) == sentence
            assert sentence.startswith(read(aim.keys))
            assert sentence.endswith(read(aim.queries))
        choosing = [aim for aim in one.aims if aim.guide is Guide.STATEMENT]
        for aim, sentence in zip(choosing, kept, strict=True):
            assert sentence.startswith(read(range(aim.queries.start + 1, aim.queries.stop + 1)))
            assert sentence.endswith(read(aim.keys))
        following = [aim for aim in one.aims if aim.guide is Guide.PREVIOUS]
        assert following[0].keys.stop == remembering[0].keys.start
        assert [aim.keys for aim in following[1:]] == [aim.keys for aim in choosing[:-1]]
        assert [aim.queries for aim in following] == [aim.keys for aim in choosing]
        assert len(remembering) + len(choosing) + len(following) == len(one.aims)
