"""How good one answer is, from 0 to 1. Pure functions of texts."""

import re
import string
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

from tuning.domain.prompts import NOT_IN_DOCUMENTS, Passage

_CITATION = re.compile(r"\[(\d{1,2})\]")
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalise(text: str) -> str:
    """Return a text as SQuAD compares it (Rajpurkar et al. 2016): lower case, no punctuation, articles or citations."""
    plain = _CITATION.sub(" ", text).lower().translate(_NO_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", plain).split())


def exact_match(answer: str, reference: str) -> float:
    """Return 1 if both say the same after normalising."""
    return float(normalise(answer) == normalise(reference))


def token_f1(answer: str, reference: str) -> float:
    """Return the harmonic mean of precision and recall of the words, in any order."""
    said, wanted = normalise(answer).split(), normalise(reference).split()
    if not said or not wanted:
        return float(said == wanted)
    right = (Counter(said) & Counter(wanted)).total()
    return 2 * right / (len(said) + len(wanted))


def rouge_l(answer: str, reference: str) -> float:
    """Return ROUGE-L's F-measure (Lin 2004): the longest common subsequence of words."""
    score: float = _rouge().score(_CITATION.sub(" ", reference), _CITATION.sub(" ", answer))["rougeL"].fmeasure
    return score


def is_refusal(answer: str) -> bool:
    """Return whether an answer says that the documents don't say."""
    return normalise(answer).startswith(normalise(NOT_IN_DOCUMENTS))


def citation(answer: str, reference: str, passages: Sequence[Passage]) -> float:
    """Return 1 if the answer cites passages that exist and one of them contains the reference answer."""
    cited = [int(number) for number in _CITATION.findall(answer)]
    if not cited or not all(1 <= number <= len(passages) for number in cited):
        return 0.0
    return float(any(normalise(reference) in normalise(passages[number - 1].text) for number in cited))


@cache
def _rouge() -> Any:
    from rouge_score.rouge_scorer import RougeScorer  # noqa: PLC0415 - it loads nltk, and the bot scores nothing

    return RougeScorer(["rougeL"], use_stemmer=False)
