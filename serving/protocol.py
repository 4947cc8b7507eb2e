"""OpenAI's request and response objects: what clients may send, and what they get."""

import base64
import time
import uuid
from collections.abc import Sequence
from itertools import accumulate
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from serving.errors import InvalidRequest, ServingError
from serving.form import schema_grammar
from serving.request import Finish, Sampling, TokenLogprob, Usage

Json = dict[str, Any]
LONGEST_STOP = 256
"""Characters of a text that ends an answer: at every token the engine looks for each beginning of it."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=False)


class StreamOptions(_Body):
    """What a stream ends with."""

    include_usage: bool = False


class TextPart(_Body):
    """A part of a message; other kinds than text are refused."""

    type: Literal["text"]
    text: str


class ChatMessage(BaseModel):
    """One message of a chat."""

    model_config = ConfigDict(extra="allow")

    role: str
    content: str | list[TextPart] | None = None

    def plain(self) -> Json:
        """Return the message as chat templates take it."""
        content = self.content
        if isinstance(content, list):
            content = "".join(part.text for part in content)
        return {**(self.model_extra or {}), "role": self.role, "content": content or ""}


class PlainText(_Body):
    """Any text."""

    type: Literal["text"]

    def grammar(self) -> str | None:
        """Return none: nothing is forbidden."""
        return None


class JsonObject(_Body):
    """Any JSON object."""

    type: Literal["json_object"]

    def grammar(self) -> str | None:
        """Return the grammar of JSON objects."""
        return schema_grammar({"type": "object"})


class NamedSchema(_Body):
    """A JSON schema as OpenAI's clients send it."""

    json_schema: Annotated[Json, Field(alias="schema")]


class JsonSchema(_Body):
    """JSON after a schema; strict or not, it is kept to."""

    type: Literal["json_schema"]
    json_schema: NamedSchema

    def grammar(self) -> str | None:
        """Return the schema's grammar."""
        return schema_grammar(self.json_schema.json_schema)


def _short(stop: str | list[str] | None) -> str | list[str] | None:
    longest = max(map(len, [stop] if isinstance(stop, str) else stop or []), default=0)
    if longest > LONGEST_STOP:
        sentence = f"A stop text has {longest} characters, but at most {LONGEST_STOP} are watched for"
        raise PydanticCustomError("stop_too_long", "{sentence}", {"sentence": sentence})
    return stop


ResponseFormat = Annotated[PlainText | JsonObject | JsonSchema, Field(discriminator="type")]


class Generation(_Body):
    """The fields that chat and text completions share."""

    model: str = "base"
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Annotated[float, Field(ge=0, le=100)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    top_k: Annotated[int, Field(ge=-1)] | None = None
    min_p: Annotated[float, Field(ge=0, le=1)] | None = None
    repeat_penalty: Annotated[float, Field(gt=0, le=10)] | None = None
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    stop: Annotated[str | Annotated[list[str], Field(max_length=16)] | None, AfterValidator(_short)] = None
    stream: bool = False
    stream_options: StreamOptions | None = None
    ignore_eos: bool = False
    n: Literal[1] | None = None
    response_format: ResponseFormat | None = None
    grammar: Annotated[str, Field(min_length=1)] | None = None
    """In llama.cpp's GBNF notation."""

    def form(self) -> str | None:
        """Return the grammar of what the answer must look like, if it must.

        Raises:
            InvalidRequest: two forms are asked for, one that never ends, or one that can't be enforced.
        """
        asked = self.response_format.grammar() if self.response_format else None
        if asked and self.grammar:
            raise InvalidRequest(reason="Send either 'response_format' or 'grammar', not both.", param="grammar")
        grammar = asked or self.grammar
        if grammar and self.ignore_eos:
            raise InvalidRequest(
                reason="An answer with a form ends by itself: leave 'ignore_eos' out.", param="grammar"
            )
        return grammar

    def sampling(self) -> Sampling:
        """Return how to choose tokens; what is not given has OpenAI's default."""
        names = ("temperature", "top_p", "min_p", "repeat_penalty", "presence_penalty", "frequency_penalty")
        given = {name: value for name in names if (value := getattr(self, name)) is not None}
        seed = None if self.seed is None else self.seed % 2**64
        return Sampling(**given, top_k=max(self.top_k or 0, 0), seed=seed)

    def stops(self) -> tuple[str, ...]:
        """Return the texts that end the answer."""
        stop = self.stop or []
        return tuple([stop] if isinstance(stop, str) else stop)

    @property
    def wants_usage(self) -> bool:
        """Whether a stream ends with a chunk of usage."""
        return self.stream_options is not None and self.stream_options.include_usage


class ChatCompletion(Generation):
    """The body of POST /v1/chat/completions."""

    messages: Annotated[list[ChatMessage], Field(min_length=1)]
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    tools: Annotated[list[Any], Field(max_length=0)] | None = None


class TextCompletion(Generation):
    """The body of POST /v1/completions."""

    prompt: str | Annotated[list[int], Field(min_length=1)] | Annotated[list[str], Field(min_length=1, max_length=1)]
    logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    echo: Literal[False] | None = None


Texts = (
    str
    | Annotated[list[str], Field(min_length=1, max_length=2048)]
    | Annotated[list[int], Field(min_length=1)]
    | Annotated[list[Annotated[list[int], Field(min_length=1)]], Field(min_length=1, max_length=2048)]
)


class Embeddings(_Body):
    """The body of POST /v1/embeddings."""

    model: str = "embedding"
    input: Texts
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: None = None

    def texts(self) -> list[str] | list[list[int]]:
        """Return the texts, or their tokens, one by one."""
        given: Any = self.input
        return [given] if isinstance(given, str) or isinstance(given[0], int) else given


class AdapterLoad(_Body):
    """The body of POST /v1/adapters."""

    id: str
    path: str
    sha256: Annotated[str, Field(pattern="^[0-9a-fA-F]{64}$")] | None = None
    pinned: bool = False


class Tokenisation(_Body):
    """The body of POST /tokenize."""

    content: str
    add_special: bool = False
    parse_special: bool = True


def parse(body: bytes, kind: type[Any]) -> Any:
    """Return a request's body as its object.

    Raises:
        InvalidRequest: a field is wrong, named with what is wrong with it.
    """
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        # A union reports each of its members; the first element is the field's own name.
        field = ".".join(str(part) for part in first["loc"][:1]) or None
        where = f"Field '{field}': " if field else "The request's body: "
        raise InvalidRequest(reason=f"{where}{first['msg']}.", param=field) from error


def error_object(error: ServingError) -> Json:
    """Return an error in OpenAI's shape."""
    kind = "server_error" if error.status >= 500 else "invalid_request_error"  # noqa: PLR2004 - HTTP's own border
    return {"error": {"message": error.sentence, "type": kind, "param": error.param, "code": error.code}}


def embeddings_object(model: str, vectors: NDArray[np.float32], tokens: int, encoding: str) -> Json:
    """Return vectors as OpenAI's clients expect them: lists of numbers, or their bytes in base64."""
    little = vectors.astype("<f4")
    forms: list[Any] = (
        [base64.b64encode(row.tobytes()).decode() for row in little] if encoding == "base64" else little.tolist()
    )
    data = [{"object": "embedding", "index": index, "embedding": form} for index, form in enumerate(forms)]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "model": model, "data": data, "usage": usage}


class Reply:
    """Builds the objects of one answer, whole or in chunks; chat and text differ in names only."""

    def __init__(self, model: str, *, chat: bool) -> None:
        """Give the answer an id and a time."""
        self._chat = chat
        kind = "chatcmpl" if chat else "cmpl"
        self._head = {"id": f"{kind}-{uuid.uuid4().hex}", "created": int(time.time()), "model": model}
        self._kind = "chat.completion" if chat else "text_completion"
        self._offset = 0

    def whole(self, text: str, finish: Finish | None, usage: Usage, logprobs: Sequence[TokenLogprob] | None) -> Json:
        """Return a finished answer."""
        content = {"message": {"role": "assistant", "content": text}} if self._chat else {"text": text}
        choice = {"index": 0, **content, "logprobs": self._logprobs(logprobs), "finish_reason": finish}
        return {**self._head, "object": self._kind, "choices": [choice], "usage": usage_object(usage)}

    def opening(self) -> Json:
        """Return the first chunk of a chat, which names the role."""
        return self._chunk({"delta": {"role": "assistant", "content": ""}}, None, None)

    def piece(self, text: str, finish: Finish | None, logprobs: Sequence[TokenLogprob] | None) -> Json:
        """Return a chunk."""
        content: Json = {"text": text}
        if self._chat:
            content = {"delta": {"content": text} if text else {}}
        return self._chunk(content, finish, logprobs)

    def closing(self, usage: Usage) -> Json:
        """Return the last chunk, with what the answer cost."""
        return {**self._head, "object": self._chunk_kind, "choices": [], "usage": usage_object(usage)}

    @property
    def _chunk_kind(self) -> str:
        return f"{self._kind}.chunk" if self._chat else self._kind

    def _chunk(self, content: Json, finish: Finish | None, logprobs: Sequence[TokenLogprob] | None) -> Json:
        choice = {"index": 0, **content, "logprobs": self._logprobs(logprobs), "finish_reason": finish}
        return {**self._head, "object": self._chunk_kind, "choices": [choice]}

    def _logprobs(self, logprobs: Sequence[TokenLogprob] | None) -> Json | None:
        if logprobs is None:
            return None
        if self._chat:
            return {"content": [_chat_logprob(item) for item in logprobs], "refusal": None}
        texts = [_text(item.piece) for item in logprobs]
        offsets = list(accumulate(map(len, texts), initial=self._offset))
        self._offset = offsets.pop()
        return {
            "tokens": texts,
            "text_offset": offsets,
            "token_logprobs": [item.logprob for item in logprobs],
            # Pieces of characters look alike as text: the likeliest, which comes first, must not be overwritten.
            "top_logprobs": [{_text(piece): value for piece, value in reversed(item.top)} for item in logprobs],
            "token_ids": [item.token for item in logprobs],
        }


def usage_object(usage: Usage) -> Json:
    """Return what an answer cost."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.reused_tokens},
    }


def _chat_logprob(item: TokenLogprob) -> Json:
    top = [{"token": _text(piece), "bytes": list(piece), "logprob": value} for piece, value in item.top]
    return {"token": _text(item.piece), "bytes": list(item.piece), "logprob": item.logprob, "top_logprobs": top}


def _text(piece: bytes) -> str:
    return piece.decode("utf-8", "replace")
