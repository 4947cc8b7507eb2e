"""What a family of facts is: many ways to state one kind of fact, and many ways to ask for it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Family:
    """A kind of fact, such as the limit of an expense.

    In statements `{k}` is what the fact is about, `{v}` its value and `{e}` where it holds (' in the Brenwood office',
    or nothing); in questions `{k}` is another name of the same thing. '(a|b)' stands for either.
    """

    topics: str
    """Headings that such a fact may stand under, separated by '|'."""
    about: tuple[str, ...]
    """What it may be about: 'name in statements = name in questions | another'."""
    values: str
    """The kinds of value, separated by spaces, as `wording.VALUES` names them."""
    statements: tuple[str, ...]
    """Sentences that state it."""
    questions: tuple[str, ...]
    """Questions that ask for it."""
    options: tuple[str, ...] = ()
    """The values themselves, where they are no kind that `wording.VALUES` has."""
