"""An engine without a model: it writes about, and answers from, sentences of the form 'X is Y.'"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from tuning.domain.prompts import NOT_IN_DOCUMENTS, QUESTION_WRITER_PROMPT, Message
from tuning.domain.vectors import Encoded
from tuning.inference import Completion, EngineAway, Prompt

_STATEMENT = re.compile(r"(?:^|(?<=[.\n] )|(?<=\n))([A-Z][^.\n]*?) (is|are) ([^.\n]+)\.")
_NUMBERED = re.compile(r"\[(\d+)\] (.*?)(?=\n\n\[\d+\]|\n\nQuestion: |\Z)", re.DOTALL)


class FakeInference:
    """What `Inference` offers, answered by rule; keeps what it was asked in `asked`."""

    def __init__(self) -> None:
        self.asked: list[Prompt] = []
        self.loaded: dict[str, str] = {}
        self.encodes = ""
        """The name of the encoder, if there is one: it sees the word 'trial' and how long a text is."""
        self.is_away = False

    def answer(
        self, model: str, messages: list[Message], *, max_tokens: int, temperature: float = 0.0, seed: int | None = None
    ) -> Completion:
        prompt = Prompt(model=model, messages=messages, max_tokens=max_tokens, temperature=temperature, seed=seed)
        self.asked.append(prompt)
        is_writer = messages[0]["content"] == QUESTION_WRITER_PROMPT
        text = _write(messages[-1]["content"]) if is_writer else _reply(messages[-1]["content"])
        return Completion(text=text, prompt_tokens=1, completion_tokens=1, seconds=0.0)

    def answer_all(
        self, prompts: Sequence[Prompt], *, concurrency: int = 8, progress: Callable[[float], None] = lambda _: None
    ) -> list[Completion]:
        answers = [self.answer(it.model, it.messages, max_tokens=it.max_tokens, seed=it.seed) for it in prompts]
        progress(1.0)
        return answers

    def encoder(self) -> str:
        if self.is_away:
            raise EngineAway
        return self.encodes

    def embed(self, texts: Sequence[str]) -> Encoded:
        if self.is_away or not self.encodes:
            raise EngineAway
        rows = np.array([["trial" in text.lower(), len(text) / 1e3, 0.1] for text in texts], np.float32)
        return Encoded(encoder=self.encodes, vectors=rows / np.linalg.norm(rows, axis=1, keepdims=True))

    def load_adapter(self, adapter_id: str, path: Path, sha256: str) -> None:
        self.loaded[adapter_id] = sha256

    def unload_adapter(self, adapter_id: str) -> None:
        self.loaded.pop(adapter_id, None)


def _write(content: str) -> str:
    return "\n".join(
        f"Q: What {verb} {thing.lower()}?\nA: {value}" for thing, verb, value in _STATEMENT.findall(content)
    )


def _reply(content: str) -> str:
    question = content.rsplit("Question: ", 1)[-1].lower()
    best, reply = 0, NOT_IN_DOCUMENTS
    for number, text in _NUMBERED.findall(content):
        for thing, _, value in _STATEMENT.findall(text):
            words = set(thing.lower().split()) - {"the", "a", "an"}
            if words and words <= set(re.findall(r"\w+", question)) and len(words) > best:
                best, reply = len(words), f"{value} [{number}]"
    return reply
