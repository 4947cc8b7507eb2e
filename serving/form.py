"""What an answer must look like: a JSON schema or a grammar, checked before native code reads it."""

import json
from collections.abc import Iterator
from typing import Any

from serving.errors import BadGrammar
from serving.llama.grammars import Grammar, grammar_of_schema
from serving.llama.models import Vocabulary

LONGEST = 2**16
"""Characters of a grammar."""
DEEPEST = 100
"""Parentheses in parentheses: llama.cpp reads them by recursion, on a stack that ends."""
NAMED = ("properties", "$defs", "definitions")
"""Keywords whose values are schemas by name."""
VALUES = ("enum", "const", "default", "examples")
"""Keywords whose values are no schemas."""
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


def schema_grammar(schema: dict[str, Any]) -> str:
    """Return the grammar of the JSON texts that a JSON schema allows.

    Raises:
        BadGrammar: it is no schema, or one that can't be kept to.
    """
    overlooked = next((keyword for keyword in _keywords(schema) if keyword in NOT_KEPT), None)
    if overlooked:
        raise BadGrammar(reason=f"'{overlooked}' in the JSON schema can't be kept to")
    return grammar_of_schema(json.dumps(schema))


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


def _keywords(schema: object) -> Iterator[str]:
    """Return the keywords of a schema and of those in it."""
    if isinstance(schema, list):
        for item in schema:
            yield from _keywords(item)
    elif isinstance(schema, dict):
        for keyword, value in schema.items():
            yield keyword
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
