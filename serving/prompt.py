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
from serving.markers import Markers

Message = Mapping[str, Any]
_PROBE = "system-probe"


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

    def __init__(self, source: str, *, bos: str, eos: str, markers: Markers) -> None:
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
        self._markers = markers
        self._takes_system = self._is_system_shown()

    def render(self, messages: Sequence[Message], *, add_generation_prompt: bool = True) -> str:
        """Return the prompt's text, special tokens written out; those that the messages write are broken up.

        Where the template has no place of its own for a system message, it stands before the user's first words.

        Raises:
            InvalidRequest: the template refuses the messages, as for roles in an order it doesn't know.
        """
        messages = self._quoted(list(messages))
        if not self._takes_system:
            messages = folded(messages)
        try:
            return self._template.render(messages=messages, add_generation_prompt=add_generation_prompt, **self._given)
        except (TemplateError, TypeError, ValueError) as error:
            raise InvalidRequest(reason=f"The model's chat template refuses these messages: {error}") from error

    def _quoted(self, said: Any) -> Any:
        """Return what messages say, as text only: else a document could end the user's turn and begin the system's."""
        if isinstance(said, str):
            return self._markers.broken_up(said)
        if isinstance(said, Mapping):
            return {name: self._quoted(value) for name, value in said.items()}
        return [self._quoted(value) for value in said] if isinstance(said, list) else said

    def _is_system_shown(self) -> bool:
        """Return whether the template writes out a system message, before an answer and with one.

        Gemma 2's refuses it, and Mistral's puts it into the last message only if that is the user's, so that a
        prompt would not be how its conversation begins.
        """
        asked = [{"role": "system", "content": _PROBE}, {"role": "user", "content": "?"}]
        try:
            return all(
                _PROBE in self._template.render(messages=chat, add_generation_prompt=False, **self._given)
                for chat in (asked, [*asked, {"role": "assistant", "content": "!"}])
            )
        except (TemplateError, TypeError, ValueError):
            return False


def folded(messages: Sequence[Message]) -> Sequence[Message]:
    """Return a chat that begins with a system message and a user's as one in which the user says both."""
    if [message.get("role") for message in messages[:2]] != ["system", "user"]:
        return messages
    system, user, *rest = messages
    together = "\n\n".join(words for words in (system["content"], user["content"]) if words)
    return [{**user, "content": together}, *rest]
