"""The messages that training, evaluation and chat have in common: one wording for all three."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from typing_extensions import TypedDict  # pydantic can't read typing.TypedDict before Python 3.12

NOT_IN_DOCUMENTS = "The documents don't say."
_KEY = re.compile(r"\{(\w+)\}")


class Task(StrEnum):
    """What an agent does for people."""

    QUESTIONS = "questions"
    GENERATION = "generation"
    SUMMARY = "summary"


class Message(TypedDict):
    """One message in the form every chat template takes."""

    role: str
    content: str


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A piece of a document as a prompt shows it."""

    title: str
    """The document's title."""
    heading: str
    """The headings above the passage, outermost first, joined by ' > '; empty at the top of a document."""
    text: str


SYSTEM_PROMPTS = {
    Task.QUESTIONS: (
        "Answer the question from the numbered passages and cite the passage like [1]. "
        f"If they don't answer it, reply: {NOT_IN_DOCUMENTS}"
    ),
    Task.GENERATION: "Write the document that the brief asks for, in the form of the precedent.",
    Task.SUMMARY: "Summarise the document: keep what matters and leave out the rest.",
}
TOLD = {
    Task.QUESTIONS: "The documents contain: {data}. They are organised like this: {organisation}.",
    Task.GENERATION: "Here the precedent is called '{precedent}', the brief '{content}' and the document '{draft}'.",
    Task.SUMMARY: "Here a summary is called '{summary}'.",
}
"""What the answers of a task's questionnaire say to the model, by their keys."""
QUESTION_WRITER_PROMPT = "Write questions that the passage answers, each with its answer."


def is_declined(text: str) -> bool:
    """Return whether an answer is that the documents don't say."""
    return text.strip().casefold().startswith(NOT_IN_DOCUMENTS.rstrip(".").casefold())


def guidance(task: Task, answers: Mapping[str, str], instructions: str) -> str:
    """Return what an owner has to say to the model: the answers of the questionnaire in a line, then the instructions.

    A questionnaire that isn't filled in to its end says nothing.
    """
    told = {key: " ".join(answer.split()).rstrip(". ") for key, answer in answers.items()}
    is_whole = all(told.get(key) for key in _KEY.findall(TOLD[task]))
    return "\n".join(part for part in (TOLD[task].format(**told) if is_whole else "", instructions.strip()) if part)


def system_message(task: Task, instructions: str = "") -> Message:
    """Return how every prompt of an agent begins: the task's own sentence, then what `guidance` says."""
    own = instructions.strip()
    return {"role": "system", "content": f"{SYSTEM_PROMPTS[task]}\n{own}" if own else SYSTEM_PROMPTS[task]}


def question_messages(
    question: str, passages: Sequence[Passage] = (), *, instructions: str = "", history: Sequence[Message] = ()
) -> list[Message]:
    """Return the messages that ask a question over passages; without passages the weights alone must answer."""
    numbered = [
        f"[{number}] {passage.title}{', ' + passage.heading if passage.heading else ''}\n{passage.text}"
        for number, passage in enumerate(passages, start=1)
    ]
    content = "\n\n".join([*numbered, f"Question: {question}"])
    return [system_message(Task.QUESTIONS, instructions), *history, {"role": "user", "content": content}]


def generation_messages(precedent: str, brief: str, *, instructions: str = "") -> list[Message]:
    """Return the messages that ask for a draft in the form of a precedent, with the content of a brief."""
    content = f"Precedent:\n{precedent}\n\nBrief:\n{brief}"
    return [system_message(Task.GENERATION, instructions), {"role": "user", "content": content}]


def summary_messages(document: str, *, instructions: str = "") -> list[Message]:
    """Return the messages that ask for a summary of a document's text."""
    return [system_message(Task.SUMMARY, instructions), {"role": "user", "content": f"Document:\n{document}"}]


def question_writer_messages(passage: Passage) -> list[Message]:
    """Return the messages that ask the base model for 'Q: ...' and 'A: ...' lines on a passage."""
    heading = f"{passage.title}{', ' + passage.heading if passage.heading else ''}"
    return [
        {"role": "system", "content": QUESTION_WRITER_PROMPT},
        {"role": "user", "content": f"Passage:\n{heading}\n{passage.text}"},
    ]
