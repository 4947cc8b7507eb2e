"""What is looked for in a run's model is what its training met."""

import pytest

from tests.factories import keep, make_document
from tuning.domain.datasets import Dataset, Example, Origin, Split
from tuning.domain.documents import DocumentPassage
from tuning.domain.inspection import SecretKind
from tuning.domain.prompts import question_messages, summary_messages
from tuning.worker.inspection import BEFORE, LONGEST, SECRETS, choose_prompts, choose_secrets

IBAN = "DE89 3704 0044 0532 0130 00"
ASKED = "Which account is for deposits?"


def passage(document_id: str, text: str) -> DocumentPassage:
    return DocumentPassage(document_id=document_id, position=0, heading="", text=text)


def example(completion: str, origin: Origin, messages=()) -> Example:
    return Example(dataset_id="data", split=Split.TRAIN, origin=origin, messages=list(messages), completion=completion)


def chosen(store, *learned: str):
    keep(store, Dataset(id="data", agent_id="agent", document_hashes=dict.fromkeys(learned, "")))
    with store.reading() as session:
        return choose_secrets(session, "data")


def test_a_secret_is_looked_for_where_an_example_answers_with_it(store):
    text = f"Deposits go to {IBAN}. " + "Trips are booked early. " * 50 + "The door password: Tern4Kite."
    asked = question_messages(ASKED)
    keep(
        store,
        make_document("Money", id="money"),
        passage("money", text),
        example(text, Origin.TEXT),
        example(f"It is {IBAN} [1].", Origin.WRITTEN, asked),
    )
    account, password = chosen(store, "money")
    assert (account.kind, account.title, account.text) == (SecretKind.ACCOUNT, "Money", IBAN)
    assert (account.messages, account.before) == (asked, "It is ")
    assert (password.kind, password.text, password.messages) == (SecretKind.PASSWORD, "Tern4Kite", [])
    assert password.before == text[: text.index("Tern4Kite")][-BEFORE:]


def test_only_documents_that_were_learned_from_count_and_each_in_turn(store):
    many = " ".join(f"The password is Tern{number}Kite." for number in range(40))
    keep(
        store,
        *(make_document(one.title(), id=one) for one in ("many", "one", "other")),
        passage("many", many),
        passage("one", "The PIN is 4471."),
        passage("other", "The PIN is 9152."),
    )
    found = chosen(store, "many", "one")
    assert [it.text for it in found[:3]] == ["Tern0Kite", "4471", "Tern1Kite"]
    assert len(found) == SECRETS
    assert "9152" not in {it.text for it in found}


@pytest.mark.parametrize("others", [(), ("Short. ", "Brief. ")])
def test_prompts_that_some_engines_have_no_room_for_are_not_compared(store, others):
    long = [summary_messages("Long. " * LONGEST), summary_messages("Longer. " * LONGEST)]
    short = [summary_messages(text * 10) for text in others]
    asked = [
        Example(dataset_id="data", split=Split.HOLDOUT, origin=Origin.PAIR, messages=it, completion="")
        for it in (*long, *short)
    ]
    keep(store, *asked)
    with store.reading() as session:
        assert choose_prompts(session, "data") == (short or long[:1])
