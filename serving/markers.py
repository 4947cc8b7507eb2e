"""The words that steer a model, as those that begin and end a turn. Only its chat template may write them."""

import re
from collections.abc import Iterable, Sequence
from itertools import groupby

BREAK = "\u200b"
"""A space without width, which nobody sees."""
_LOOKS_IT = re.compile(r"<\|.*\|>|<\uff5c.*\uff5c>|<unused.*>|<pad>|<mask>|<2mass>|\[@BOS@\]", re.DOTALL)
"""What llama.cpp's converter takes for a control token whatever the tokenizer says (`does_token_look_special`).

The engine has to see the same markers in a GGUF file as training sees in the tokenizer it was made of.
"""


class Markers:
    """The texts of a model's control tokens, which people and documents may quote but not use."""

    def __init__(self, tokens: Iterable[tuple[str, bool]]) -> None:
        """Take the tokens that the vocabulary cuts out of text before all others, and whether each is for control."""
        # A single letter can't be broken up.
        found = {text for text, is_control in tokens if len(text) > 1 and (is_control or _LOOKS_IT.fullmatch(text))}
        heads = groupby(sorted(found), key=lambda text: text[0])
        # Only the first letter is taken, so that one that begins in another is found, too.
        form = "|".join(f"{re.escape(head)}(?={_any_of([it[1:] for it in texts])})" for head, texts in heads)
        self._form = re.compile(form or "(?!)")

    def broken_up(self, text: str) -> str:
        """Return a text in which the model reads every marker letter by letter."""
        return self._form.sub(rf"\g<0>{BREAK}", text)


def _any_of(texts: Sequence[str]) -> str:
    """Return the regular expression of sorted texts that tries each letter once, however many texts there are."""
    first, last = texts[0], texts[-1]
    length = next((place for place, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    beginning = first[:length]
    rest = [text.removeprefix(beginning) for text in texts]
    if "" in rest:
        return re.escape(beginning)  # whatever follows
    branches = [_any_of(list(group)) for _, group in groupby(rest, key=lambda text: text[0])]
    return f"{re.escape(beginning)}(?:{'|'.join(branches)})"
