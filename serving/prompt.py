"""A chat to a prompt: the model's own Jinja template, in the sandbox and with the extras that transformers gives it."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from jinja2 import TemplateError, nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from serving.errors import InvalidRequest

Message = Mapping[str, Any]


class _Generation(Extension):
    """`{% generation %}` marks the assistant's words for training; in serving its body is rendered as it is."""

    tags = {"generation"}  # noqa: RUF012 - Jinja's own declaration

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _raise(message: str) -> None:
    raise TemplateError(message)


def _to_json(value: object, **options: Any) -> str:
    # Jinja's own filter escapes for HTML.
    return json.dumps(value, **{"ensure_ascii": False, **options})


def _now(form: str) -> str:
    return datetime.now().astimezone().strftime(form)


class ChatTemplate:
    """Renders chats as the model was trained to see them."""

    def __init__(self, source: str, *, bos: str, eos: str) -> None:
        """Compile the template.

        Raises:
            InvalidRequest: it is no Jinja template.
        """
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, loopcontrols]
        )
        environment.filters["tojson"] = _to_json
        environment.globals.update(raise_exception=_raise, strftime_now=_now)
        try:
            self._template = environment.from_string(source)
        except TemplateError as error:
            raise InvalidRequest(reason=f"The model's chat template is broken: {error}") from error
        # Templates ask whether tools and documents are none, as transformers passes them.
        self._given = {"bos_token": bos, "eos_token": eos, "tools": None, "documents": None}

    def render(self, messages: Sequence[Message], *, add_generation_prompt: bool = True) -> str:
        """Return the prompt's text, special tokens written out.

        Raises:
            InvalidRequest: the template refuses the messages, as for roles in an order it doesn't know.
        """
        try:
            return self._template.render(messages=messages, add_generation_prompt=add_generation_prompt, **self._given)
        except (TemplateError, TypeError, ValueError) as error:
            raise InvalidRequest(reason=f"The model's chat template refuses these messages: {error}") from error
