"""Questions in other words that mean the same, so that a fact is found by whatever people call it."""

import random
import re
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

from tuning.rephrasing.synonyms import ACTIONS, ALSO_VERBS, ASKED, QUALITIES, STUFF, THINGS

_SUBJECTS = frozenset(
    "i you we they who to employees staff people someone everyone visitors guests managers colleagues".split()  # noqa: SIM905
)
_DETERMINERS = frozenset("a an the my our your their this each every any no which what another".split())  # noqa: SIM905
_ARTICLES = frozenset({"a", "an"})
_WORD = re.compile(r"[^\W_]+(?:['’.,:@/_-][^\W_]+)*")  # noqa: RUF001 - an apostrophe as people type it
_HEAD_OF_NOUN = re.compile(r"(?= of | in | for | to )|$")
_HEAD_OF_VERB = re.compile(r"(?= )|$")
_CAPITAL = re.compile(r"[A-Z][a-z]")
_BARE_ARTICLE = re.compile(r"\b([Aa])n?( )$")
_BEGINS_WITH_VOWEL = re.compile(r"(?!uni|use|USB|one|eu)[aeiouAEIO]|U(?!SB)|hour|[FHLMNRSX](?=[A-Z])")

_KEPT = 2**12

_Alternatives = dict[str, list[str]]


def rephrased(question: str, rng: random.Random, share: float = 0.6) -> str:
    """Return the question with about that share of the words that have synonyms replaced by one.

    All else stays, but for an 'a' before a word that takes 'an'. Capitals make a name, so only the first word of the
    question may be written with one.
    """
    said, end = "", 0
    for start, stop, others in _cut(question):
        said += question[end:start]
        if others and rng.random() < share:
            other = rng.choice(others)
            article = "n" if _BEGINS_WITH_VOWEL.match(other) else ""
            said = _BARE_ARTICLE.sub(rf"\1{article}\2", said)
            said += other[:1].upper() + other[1:] if question[start].isupper() and not end else other
        else:
            said += question[start:stop]
        end = stop
    return said + question[end:]


def phrases(text: str) -> list[tuple[str, list[str]]]:
    """Return the text cut into words and phrases, in small letters, each with its synonyms of whatever word class."""
    words = [found[0].lower() for found in _WORD.finditer(text)]
    cut, at = [], 0
    while at < len(words):
        sizes = range(min(_LONGEST, len(words) - at), 0, -1)
        size = next((size for size in sizes if " ".join(words[at : at + size]) in _ALL), 1)
        phrase = " ".join(words[at : at + size])
        cut.append((phrase, _ALL.get(phrase, [])))
        at += size
    return cut


@lru_cache(_KEPT)
def _cut(question: str) -> Sequence[tuple[int, int, Sequence[str]]]:
    """Return where the question's words and phrases begin and end, in order, each with its synonyms.

    Kept, because a dataset asks each question in dozens of ways.
    """
    words = list(_WORD.finditer(question))
    cut, at = [], 0
    while at < len(words):
        size, others = _found(question, words, at)
        cut.append((words[at].start(), words[at + size - 1].end(), others))
        at += size
    return cut


def _found(question: str, words: list[re.Match[str]], at: int) -> tuple[int, list[str]]:
    """Return of how many words the longest phrase there is that has synonyms, and these; 1 and none without."""
    before = words[at - 1][0].lower() if at else ""
    for size in range(min(_LONGEST, len(words) - at), 0, -1):
        after = words[at + size][0] if at + size < len(words) else ""
        phrase = question[words[at].start() : words[at + size - 1].end()]
        if not at and phrase not in _ALL and not _CAPITAL.match(after):
            phrase = phrase[:1].lower() + phrase[1:]
        # A word that is doubled tells that the two stand for one thing: 'paid annual leave'.
        others = [it for it in _others(phrase, before) if it.split()[0] != before and it.split()[-1] != after.lower()]
        if others:
            return size, others
    return 1, []


def _others(phrase: str, before: str) -> list[str]:
    nouns = [*_THINGS.get(phrase, []), *(_STUFF.get(phrase, []) if before not in _ARTICLES else [])]
    if phrase in _ALSO_VERBS:
        if before in _SUBJECTS:
            return _ACTIONS.get(phrase, [])
        return nouns if before in _DETERMINERS else []
    return [*nouns, *_ACTIONS.get(phrase, []), *_SAID.get(phrase, [])]


def _plural(noun: str) -> str:
    return _with_s(noun, _HEAD_OF_NOUN)


def _third_person(verb: str) -> str:
    return "has" + verb.removeprefix("have") if verb.startswith("have ") else _with_s(verb, _HEAD_OF_VERB)


def _with_s(phrase: str, head: re.Pattern[str]) -> str:
    """Return the phrase with an 's' after its head, as nouns and verbs are spelt."""
    found = head.search(phrase)
    end = found.start() if found else len(phrase)
    word, rest = phrase[:end], phrase[end:]
    if re.search(r"[^aeiou]y$", word):
        return f"{word[:-1]}ies{rest}"
    return f"{word}{'es' if re.search(r'(?:s|x|z|ch|sh|o)$', word) else 's'}{rest}"


def _alternatives(*groups: list[list[str]]) -> _Alternatives:
    found: _Alternatives = defaultdict(list)
    for group in (it for some in groups for it in some):
        for word in group:
            found[word] += [other for other in group if other != word]
    return dict(found)


def _groups(table: str) -> list[list[str]]:
    return [line.split("|") for line in table.split("\n")]


_NOUNS, _VERBS = _groups(THINGS), _groups(ACTIONS)
_THINGS = _alternatives(_NOUNS, [[_plural(noun) for noun in group] for group in _NOUNS])
_STUFF = _alternatives(_groups(STUFF))
_ACTIONS = _alternatives(_VERBS, [[_third_person(verb) for verb in group] for group in _VERBS])
_SAID = _alternatives(_groups(QUALITIES), _groups(ASKED))
_ALL = _THINGS | _STUFF | _ACTIONS | _SAID
_LONGEST = max(len(phrase.split()) for phrase in _ALL)
_ALSO_VERBS = frozenset(form for word in ALSO_VERBS.split() for form in (word, _with_s(word, _HEAD_OF_VERB)))
