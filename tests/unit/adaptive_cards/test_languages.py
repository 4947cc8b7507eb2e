"""Every card in other languages: nothing on it stays English, and it stays small."""

import ast
import gettext
import json
import re
import runpy

import pytest
from babel.core import Locale
from babel.dates import get_day_names

from adaptive_cards.elements import MAX_BYTES
from tuning.languages import Language, speaking, speaking_in
from tuning.languages.catalogue import found

READ = ("text", "title", "label", "placeholder", "errorMessage", "xAxisTitle", "yAxisTitle", "legend")
"""What a client shows of an element, besides the values of facts."""
FROM_PEOPLE = ("nasty", "long")
WORD = re.compile(r"\b(?!(\w)\1+\b)[A-Za-z]{2,}")
"""A word, but not a hash of one letter."""
KEPT = {"UTC", "ROUGE"}
"""The same everywhere."""


class Pseudo(gettext.NullTranslations):
    """A language that writes every known text in capitals of another alphabet."""

    def __init__(self):
        super().__init__()
        texts = [one.id for one in found() if one.id]
        self.known = {form for text in texts for form in (text if isinstance(text, tuple) else (text,))}

    def gettext(self, message):
        return re.sub(r"\*\*[^*]+\*\*|\{\w+\}|\w+", self._strange, message) if message in self.known else message

    def ngettext(self, msgid1, msgid2, n):
        return self.gettext(msgid1 if n == 1 else msgid2)

    @staticmethod
    def _strange(found):
        word = found[0]
        return word if word[0] in "*{" else "".join(chr(0x410 + ord(letter) % 32) for letter in word)


def words_of(text):
    return {found[0] for found in WORD.finditer(text)}


def cards_of(root, spoken):
    with speaking_in(spoken):
        return runpy.run_path(str(root / "tests/unit/adaptive_cards/test_cards.py"))["CARDS"]


def shown(value):
    """Yield what people read of a card."""
    if isinstance(value, list):
        for item in value:
            yield from shown(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key in READ and isinstance(item, str):
                yield item
            elif key == "facts":
                yield from (text for fact in item for text in (fact["title"], fact["value"]))
            else:
                yield from shown(item)


@pytest.fixture(scope="module")
def given(root):
    """The words that the cards are made of: what people typed, names, ids, what was kept in English, and babel's."""
    words = KEPT | set(get_day_names("wide", locale="de").values())
    for path in ("tests/unit/adaptive_cards/test_cards.py", "tests/factories.py"):
        tree = ast.parse((root / path).read_text("utf-8"))
        keys = {key for node in ast.walk(tree) if isinstance(node, ast.Dict) for key in node.keys}
        words |= {
            word
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in keys
            for word in words_of(node.value)
        }
    return words


def test_no_text_of_ours_stays_english(root, given):
    strange = cards_of(root, Language(locale=Locale("de"), catalogue=Pseudo()))
    assert len(strange) > 60
    left = {
        (name, text)
        for name, card in strange.items()
        if not any(word in name for word in FROM_PEOPLE)
        for text in shown(card)
        if words_of(re.sub(r"\*\*[^*]+\*\*|attune [\w -]+", "", text)) - given
    }
    assert left == set()


def test_german_cards_are_small_and_say_titles_short_enough_for_a_phone(root):
    with speaking("de"):
        german = runpy.run_path(str(root / "tests/unit/adaptive_cards/test_cards.py"))["CARDS"]
    assert "Wen möchten Sie fragen?" in json.dumps(german["welcome"], ensure_ascii=False)
    assert {name for name, card in german.items() if len(json.dumps(card)) >= MAX_BYTES} == set()
    ours = {name: card for name, card in german.items() if not any(word in name for word in FROM_PEOPLE)}
    long = {title for card in ours.values() for title in titles(card) if len(title) > 30}
    assert long == set()


def titles(value):
    """Yield the titles of buttons, which don't wrap."""
    if isinstance(value, list):
        for item in value:
            yield from titles(item)
    elif isinstance(value, dict):
        if value.get("type") in {"Action.Execute", "Action.ShowCard"}:
            yield value["title"]
        for item in value.values():
            yield from titles(item)
