"""Each answer of a report is marked, and what tuning changed can be told apart."""

from tuning.domain.prompts import NOT_IN_DOCUMENTS
from tuning.evaluation.samples import compared


def sample(reference, split="holdout", **answers):
    named = {name.replace("_", "+"): text for name, text in answers.items()}
    return {"question": "Who?", "reference": reference, "split": split, "answers": named}


def test_answers_are_right_or_wrong():
    [known, unknown] = compared(
        [
            sample("Ada Lind", base="Bo", tuned="ada lind [1]"),
            sample(NOT_IN_DOCUMENTS, base=NOT_IN_DOCUMENTS, tuned="Bo"),
        ],
        "exact_match",
    )
    assert [(it["variant"], it["mark"], it["label"]) for it in known["answers"]] == [
        ("base", "wrong", "✗"),
        ("tuned", "right", "✓"),
    ]
    assert [it["mark"] for it in unknown["answers"]] == ["right", "wrong"]
    assert (known["kinds"], unknown["kinds"]) == (["better"], ["worse"])


def test_what_people_use_tells_what_tuning_changed():
    [same, corrected] = compared(
        [
            sample("Ada", base="Bo", tuned="Ada", base_retrieval="Ada", tuned_retrieval="Ada"),
            sample("Ada", "regression", incumbent="Bo", tuned="Ada"),
        ],
        "exact_match",
    )
    assert (same["kinds"], corrected["kinds"]) == ([], ["corrected"])


def test_drafts_have_a_score_instead():
    [draft] = compared([sample("one two three four", base="one two", tuned="one two three four")], "rouge_l")
    assert [(it["label"], it["mark"]) for it in draft["answers"]] == [("67%", ""), ("100%", "")]
    assert draft["kinds"] == []
