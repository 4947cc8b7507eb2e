"""Requests as OpenAI's clients send them."""

import json

import pytest

from serving.errors import InvalidRequest, QueueFull
from serving.form import nested_repeats
from serving.protocol import ChatCompletion, Reply, TextCompletion, error_object, parse
from serving.request import Finish, Sampling, TokenLogprob, Usage

CHAT = {"model": "hr", "messages": [{"role": "user", "content": "Hi"}]}


def chat(**fields) -> ChatCompletion:
    body: ChatCompletion = parse(json.dumps({**CHAT, **fields}).encode(), ChatCompletion)
    return body


def test_what_is_not_given_has_openais_default():
    assert chat().sampling() == Sampling()
    assert chat(temperature=0, top_k=-1).sampling() == Sampling(temperature=0.0)
    assert chat(seed=-1).sampling().seed == 2**64 - 1


def test_content_in_parts_is_joined():
    message = {"role": "user", "content": [{"type": "text", "text": "Hi "}, {"type": "text", "text": "there"}]}
    assert chat(messages=[message]).messages[0].plain() == {"role": "user", "content": "Hi there"}


def test_one_stop_or_several():
    assert chat(stop="a").stops() == ("a",)
    assert chat(stop=["a", "b"]).stops() == ("a", "b")
    assert chat().stops() == ()
    assert chat(stop="a" * 256).stops() == ("a" * 256,)


@pytest.mark.parametrize("stop", ["a" * 257, ["b", "a" * 257]], ids=["one", "in a list"])
def test_a_stop_too_long_to_watch_for_is_refused(stop):
    with pytest.raises(InvalidRequest, match="'stop': A stop text has 257 characters, but at most 256") as caught:
        chat(stop=stop)
    assert error_object(caught.value)["error"]["param"] == "stop"


def test_a_prompt_is_text_or_tokens():
    for prompt in ("text", [1, 2], ["text"]):
        assert parse(json.dumps({"prompt": prompt}).encode(), TextCompletion).prompt == prompt


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"temperature": -1}, "temperature"),
        ({"top_p": 2}, "top_p"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"n": 2}, "n"),
        ({"messages": []}, "messages"),
        ({"messages": [{"content": "x"}]}, "messages"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]}, "messages"),
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"response_format": {"type": "xml"}}, "response_format"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(fields, param):
    with pytest.raises(InvalidRequest, match=f"Field '{param}'") as caught:
        chat(**fields)
    assert error_object(caught.value)["error"]["param"] == param


def schema(**fields) -> dict[str, object]:
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "trip", "schema": fields}}}


def test_a_form_is_a_grammar():
    assert chat().form() is None
    assert chat(response_format={"type": "text"}).form() is None
    assert chat(grammar='root ::= "a"').form() == 'root ::= "a"'
    assert "root ::=" in (chat(response_format={"type": "json_object"}).form() or "")
    assert '"true"' in (chat(**schema(type="boolean")).form() or "")
    assert chat(**schema(properties={"minimum": {"enum": [{"not": 1}]}})).form()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (schema(type="nonsense"), "the JSON schema doesn't convert"),
        (schema(**{"$ref": "https://example.com/schema.json"}), "the JSON schema doesn't convert"),
        (schema(type="string", pattern="no anchors"), "the JSON schema doesn't convert"),
        (schema(type="integer", minimum=3), "'minimum' in the JSON schema can't be kept to"),
        (schema(anyOf=[{"items": {"not": {}}}]), "'not' in the JSON schema"),
        (
            schema(properties={"a": {"type": "string", "pattern": "^(((((a?){0,9}){0,9}){0,9}){0,9}){0,9}$"}}),
            "the pattern '.*' repeats what is repeated in it more than 100 times",
        ),
        (schema(**{f"{number}": {} for number in range(2000)}), "has [0-9]+ characters, at most 16384"),
        (schema(properties={f"{number}": {} for number in range(65)}), "65 properties .* may be left out, at most 64"),
        (schema(type="string", pattern=f"^a{{{'9' * 5000}}}$"), "repeats '9+' times, at most 65536"),
        (schema(type="string", pattern="^((a{,90}){9_0})$"), "repeats '9_0' times"),
        (schema(type="string", pattern="^(((a?){,9}){ 9}){9}$"), "more than 100 times"),
        (schema(type="string", maxLength=10**9), "'maxLength' in the JSON schema is more than 65536"),
        (schema(type="object", required=7), "the JSON schema doesn't convert"),
        ({"grammar": "root ::= [x]", **schema(type="boolean")}, "not both"),
        ({"grammar": "root ::= [x]", "ignore_eos": True}, "leave 'ignore_eos' out"),
    ],
)
def test_a_form_that_cannot_be_enforced_is_refused(fields, sentence):
    with pytest.raises(InvalidRequest, match=sentence):
        chat(**fields).form()


@pytest.mark.parametrize(
    ("pattern", "times"),
    [
        ("^[a-z]{1,500}$", 1),
        (r"^\d{1,3}(\.\d{1,3}){3}$", 9),
        (r"^(\(a{9}\)|[(]{8}){7}$", 63),
        ("^(a?){0,60}$", 120),
        ("^((a+)*)?$", 8),
        ("^(a{2,}b){4}$", 8),
    ],
)
def test_repetitions_in_repetitions_are_multiplied(pattern, times):
    assert nested_repeats(pattern) == times


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
def test_a_body_that_is_no_object_is_refused(body):
    with pytest.raises(InvalidRequest):
        parse(body, ChatCompletion)


def test_a_completions_log_probabilities_say_where_each_token_begins_also_in_a_stream():
    items = [
        TokenLogprob(token=number, piece=piece, logprob=-1.0) for number, piece in enumerate((b"Z", b"\xc3", b"rich"))
    ]
    usage = Usage(prompt_tokens=1, reused_tokens=0, completion_tokens=3)
    whole = Reply("hr", chat=False).whole("Z?rich", Finish.STOP, usage, items)["choices"][0]["logprobs"]
    assert whole["tokens"] == ["Z", "\ufffd", "rich"]
    assert whole["text_offset"] == [0, 1, 2]
    stream = Reply("hr", chat=False)
    pieces = [stream.piece("", None, [item])["choices"][0]["logprobs"]["text_offset"] for item in items]
    assert pieces == [[0], [1], [2]]


def test_errors_have_openais_shape():
    error = QueueFull(waiting=7, retry_after_s=1)
    assert error_object(error) == {
        "error": {
            "message": "7 requests are waiting already. Try again in a moment.",
            "type": "invalid_request_error",
            "param": None,
            "code": "queue_full",
        }
    }
