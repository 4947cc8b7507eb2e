"""Languages: every text has its translation, and numbers, dates and records are what they should be."""

import copy
import re
from datetime import UTC, date, datetime

import pytest
from babel.messages.pofile import read_po

from tuning.domain.errors import NotAllowed
from tuning.languages import (
    CATALOGUES,
    Said,
    day,
    day_of_year,
    decimal,
    in_english,
    language,
    moment,
    number,
    retell,
    say,
    say_many,
    speaking,
)
from tuning.languages.catalogue import found, is_translated, update

LANGUAGES = sorted(path.stem for path in CATALOGUES.glob("*.po"))
AT = datetime(2026, 1, 31, 8, 5, tzinfo=UTC)


def forms(text):
    return list(text) if isinstance(text, tuple | list) else [text]


def names(text):
    return {f"{{{name}}}" for name in re.findall(r"\{(\w+)", text)}


def marks(text):
    """The commands in bold, which are the same in every language."""
    return sorted(re.findall(r"\*\*[^*]+\*\*", text))


@pytest.fixture(scope="module")
def in_code():
    return found()


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_text_is_translated_with_the_same_names_and_commands(code, in_code):
    with (CATALOGUES / f"{code}.po").open("rb") as file:
        catalogue = {str(one.id): one for one in read_po(file, locale=code) if one.id}
    assert len(in_code) > 500
    assert sorted(catalogue) == sorted(str(one.id) for one in in_code if one.id), "run: make messages"
    for one in catalogue.values():
        assert is_translated(one), one.id
        allowed = {name for text in forms(one.id) for name in names(text)}
        for english, said in zip(forms(one.id), forms(one.string), strict=True):
            assert names(said) | {"{count}"} == allowed | {"{count}"}, one.id
            assert marks(said) == marks(english), one.id
            assert (said[0] == " ", said[-1] == " ") == (english[0] == " ", english[-1] == " "), one.id


def test_a_second_update_changes_nothing(tmp_path, in_code):
    copied = tmp_path / "de.po"
    copied.write_bytes((CATALOGUES / "de.po").read_bytes())
    update(copied, in_code)
    first = copied.read_text("utf-8")
    update(copied, in_code)
    assert copied.read_text("utf-8") == first


def test_a_new_text_waits_for_its_translation_and_an_old_one_goes(tmp_path, in_code):
    texts = copy.deepcopy(in_code)
    texts.add("Bring {thing} along.")
    texts.delete("Your agents")
    copied = tmp_path / "de.po"
    copied.write_bytes((CATALOGUES / "de.po").read_bytes())
    assert "Bring {thing} along." in update(copied, texts)
    assert 'msgid "Your agents"' not in copied.read_text("utf-8")


@pytest.mark.parametrize("locale", ["de", "de-DE", "de_AT", "DE-ch"])
def test_german_is_spoken_in_every_german_country(locale):
    with speaking(locale):
        assert say("Your agents") == "Ihre Agents"


@pytest.mark.parametrize("locale", ["", "en-GB", "fr-FR", "../de", "d", None, 7, ["de"], "de" * 5_000])
def test_english_is_spoken_to_everybody_else(locale):
    assert language(locale).catalogue is None


def test_numbers_and_dates_are_written_as_in_the_language():
    def written():
        return [number(1234567), decimal(0.25, 2), day(date(2026, 1, 31)), day_of_year(date(2026, 1, 31)), moment(AT)]

    assert written() == ["1,234,567", "0.25", "2026-01-31", "01-31", "2026-01-31 08:05"]
    with speaking("de"):
        assert written() == ["1.234.567", "0,25", "31.01.2026", "31.01.", "31.01.2026 08:05"]
        assert say_many("{count} question", "{count} questions", 1) == "1 Frage"
        assert say_many("{count} question", "{count} questions", 1234) == "1.234 Fragen"


def test_text_from_people_is_filled_in_and_never_looked_up():
    with speaking("de"):
        assert say("Ask {agent}", agent="{Your agents} %s") == "{Your agents} %s fragen"


def test_what_is_recorded_is_english():
    with speaking("de"):
        refusal = NotAllowed(say("'{agent}' has no live release: nothing was changed.", agent="Travel"))
        assert refusal.sentence == "„Travel“ hat kein Live-Release: Es wurde nichts geändert."
        assert refusal.english == "'Travel' has no live release: nothing was changed."
        nested = say("tuning, {share}", share=say("{number} %", number=number(1234)))
        assert (nested, in_english(nested)) == ("Training läuft, 1.234 %", "tuning, 1,234 %")
        assert copy.deepcopy(nested) == nested
        assert isinstance(NotAllowed().sentence, Said)
    assert NotAllowed().sentence == "You may not do that. Ask an admin if you should be able to."


def test_what_was_kept_in_english_is_told_again_with_its_names_and_figures():
    kept = (
        "It is rated worse than the live release. Release 2: 7 of 8 people who rated it liked it (88 %). "
        "Release 1: nobody has rated it yet."
    )
    with speaking("de"):
        assert retell(kept) == (
            "Es wird schlechter bewertet als das Live-Release. "
            "Release 2: 7 von 8 bewertenden Personen gefiel es (88 %). "
            "Release 1: noch von niemandem bewertet."
        )
        assert retell("Not readable by Staff.") == "Nicht lesbar für Staff."
        assert retell("Whatever else was written.") == "Whatever else was written."
    assert retell(kept) == kept
