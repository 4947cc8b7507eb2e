"""Chat templates: rendered as transformers does, and harmless."""

import pytest

from serving.errors import InvalidRequest
from serving.prompt import ChatTemplate

MESSAGES = [{"role": "user", "content": "Hi <b>"}]


def render(source: str, messages=MESSAGES) -> str:
    return ChatTemplate(source, bos="<s>", eos="</s>").render(messages)


def test_blocks_leave_no_blank_lines():
    source = (
        "{{ bos_token }}\n  {% for message in messages %}\n"
        "{{ message.role }}: {{ message['content'] }}{{ eos_token }}\n  {% endfor %}\n"
    )
    assert render(source) == "<s>\nuser: Hi <b></s>\n"


def test_json_is_not_escaped_for_html():
    assert render("{{ messages[0] | tojson }}") == '{"role": "user", "content": "Hi <b>"}'


def test_marks_for_training_render_their_body():
    assert render("{% generation %}{{ messages[0].content }}{% endgeneration %}") == "Hi <b>"


def test_loops_may_be_left():
    assert render("{% for n in range(9) %}{% if n == 2 %}{% break %}{% endif %}{{ n }}{% endfor %}") == "01"


def test_what_the_template_raises_is_an_invalid_request():
    with pytest.raises(InvalidRequest, match="roles must alternate"):
        render("{{ raise_exception('roles must alternate') }}")


@pytest.mark.parametrize(
    "source",
    [
        "{{ messages.__class__.__mro__ }}",
        "{{ messages.append(1) }}",
        "{{ cycler.__init__.__globals__.os }}",
        "{% for %}",
    ],
)
def test_a_template_reaches_nothing_outside(source):
    with pytest.raises(InvalidRequest):
        render(source)
