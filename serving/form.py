"""What an answer must look like: a JSON schema or a grammar, checked before native code reads it."""

import json
import re
from collections.abc import Iterator
from typing import Any

from serving.errors import BadGrammar
from serving.llama.grammars import Grammar, grammar_of_schema
from serving.llama.models import Vocabulary
from serving.schema import COUNTS, NAMED, VALUES, kept, not_kept

LONGEST = 2**16
"""Characters of a grammar, which writes out what is repeated."""
LARGEST = 16 * 1024
"""Characters of a JSON schema: the converter takes time with their square, and nobody can stop it."""
DEEPEST = 100
"""Parentheses in parentheses: llama.cpp reads them by recursion, on a stack that ends."""
NOT_KEPT = frozenset(
    [
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "uniqueItems",
        "contains",
        "minContains",
        "maxContains",
        "minProperties",
        "maxProperties",
        "patternProperties",
        "propertyNames",
        "dependentRequired",
        "dependentSchemas",
        "not",
        "if",
        "then",
        "else",
        "unevaluatedProperties",
        "unevaluatedItems",
    ]
)
"""Keywords that the converter overlooks: an answer that breaks them would pass for one that keeps to the schema."""
MOST_REPEATS = 100
"""How often a part of a pattern may be repeated in parts that are repeated: llama.cpp keeps every way to read them."""
_PATTERN_PIECE = re.compile(
    r"""
    \\. | \[ (?: \\. | [^\]\\] )* \] | (?P<open> \( ) | (?P<close> \) )
    | (?P<repeat> [*+?] | \{ (?P<times> [^}]* ) \} ) | .
    """,
    re.DOTALL | re.VERBOSE,
)


def schema_grammar(schema: dict[str, Any]) -> str:
    """Return the grammar of the JSON texts that a JSON schema allows.

    Raises:
        BadGrammar: it is no schema, too large, or one that can't be kept to.
    """
    size = len(json.dumps(schema))
    if size > LARGEST:
        raise BadGrammar(reason=f"the JSON schema has {size} characters, at most {LARGEST} are read")
    for keyword, value in _keywords(schema):
        if keyword in NOT_KEPT:
            raise not_kept(keyword)
        if keyword in COUNTS and isinstance(value, int | float) and value > LONGEST:
            raise BadGrammar(reason=f"'{keyword}' in the JSON schema is more than {LONGEST}")
        if keyword == "pattern" and isinstance(value, str) and nested_repeats(value) > MOST_REPEATS:
            raise BadGrammar(
                reason=f"the pattern '{value[:60]}' repeats what is repeated in it more than {MOST_REPEATS} times"
            )
    try:
        return grammar_of_schema(json.dumps(kept(schema)))
    except (TypeError, AttributeError, KeyError) as error:  # a keyword's value is of the wrong kind
        raise BadGrammar(reason=f"the JSON schema doesn't convert ({error})") from error


def read_grammar(vocabulary: Vocabulary, text: str) -> Grammar:
    """Return a grammar at its beginning.

    Raises:
        BadGrammar: it is too long, too deep, or no grammar.
    """
    if len(text) > LONGEST:
        raise BadGrammar(reason=f"its grammar has {len(text)} characters, at most {LONGEST} are read")
    if _depth(text) > DEEPEST:
        raise BadGrammar(reason=f"its parentheses are nested more than {DEEPEST} deep")
    if "\0" in text:
        raise BadGrammar(reason="it holds a null character")
    return Grammar(vocabulary, text)


def nested_repeats(pattern: str) -> int:
    """Return how often a part of a regular expression is repeated at most, where repetitions stand in each other; or 1.

    `?`, `*` and `+` count as two.

    Raises:
        BadGrammar: a number of repetitions is none, or too large.
    """
    groups, worst = [1], 1
    last = 1
    for piece in _PATTERN_PIECE.finditer(pattern):
        if piece["open"]:
            groups.append(1)
            continue
        if piece["close"]:
            last = groups.pop() if len(groups) > 1 else 1
        elif piece["repeat"]:
            times = max([2, *map(_times, (piece["times"] or "").split(","))])
            worst = max(worst, last * times) if last > 1 else worst
            last *= times
        else:
            last = 1
        groups[-1] = max(groups[-1], last)
    return worst


def _times(number: str) -> int:
    """Return how often, as a pattern says it; 0 where it leaves that open."""
    digits = number.strip()
    if not re.fullmatch("[0-9]{0,5}", digits) or int(digits or 0) > LONGEST:
        raise BadGrammar(reason=f"a pattern repeats '{digits[:60]}' times, at most {LONGEST} are read")
    return int(digits or 0)


def _keywords(schema: object) -> Iterator[tuple[str, object]]:
    """Return the keywords of a schema and of those in it, with their values."""
    if isinstance(schema, list):
        for item in schema:
            yield from _keywords(item)
    elif isinstance(schema, dict):
        for keyword, value in schema.items():
            yield keyword, value
            if keyword in NAMED and isinstance(value, dict):
                yield from _keywords(list(value.values()))
            elif keyword not in VALUES:
                yield from _keywords(value)


def _depth(grammar: str) -> int:
    """Return how deep parentheses are nested at most, counting those in literals too."""
    deepest = depth = 0
    for character in grammar:
        if character == "(":
            depth += 1
            deepest = max(deepest, depth)
        elif character == ")":
            depth = max(depth - 1, 0)
    return deepest
