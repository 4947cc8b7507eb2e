"""What people read, in their language: English stands in the code, any other language in a catalogue beside this file.

The language is the one of the turn that is being worked on; who begins one says so with `speaking`.
"""

import gettext
import io
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Self

from babel.core import Locale
from babel.dates import format_date, format_skeleton, format_time, get_day_names
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

CATALOGUES = Path(__file__).parent
SOURCE = "en"
"""The language of the texts in the code."""
_PLACEHOLDER = re.compile(r"\{(\w+)(?::[^}]*)?\}")
_LONGEST = 1_000
"""Characters of a text that is recognised."""
_LEAST_WORDS = 2
"""So many words of a text must be its own for it to be recognised by them."""


class Said(str):
    """A text in another language than English, which knows what it is in English."""

    __slots__ = ("english",)
    english: str

    def __new__(cls, text: str, english: str = "") -> Self:
        """Take the text, and its English."""
        made = super().__new__(cls, text)
        made.english = english
        return made


@dataclass(frozen=True, kw_only=True)
class Language:
    """How one language says things; without a catalogue it is English."""

    locale: Locale
    catalogue: gettext.NullTranslations | None = None
    texts: Mapping[str, str] = field(default_factory=dict, compare=False)
    """English texts with what they are in this language; of those that count, one and many."""


ENGLISH = Language(locale=Locale(SOURCE))
_spoken: ContextVar[Language] = ContextVar("language", default=ENGLISH)


@contextmanager
def speaking(locale: object) -> Generator[None]:
    """Say everything in the language of a Teams locale such as 'de-AT', and in English where there is no catalogue."""
    with speaking_in(language(locale)):
        yield


@contextmanager
def speaking_in(spoken: Language) -> Generator[None]:
    """Say everything in this language."""
    before = _spoken.set(spoken)
    try:
        yield
    finally:
        _spoken.reset(before)


def language(locale: object) -> Language:
    """Return the language of a locale, which may be anything that a client sends."""
    code = re.split(r"[-_]", locale, maxsplit=1)[0].casefold() if isinstance(locale, str) else ""
    return _read(code) if code in _codes() else ENGLISH


def mark(text: str) -> str:
    """Return the text as it is: it stands in the catalogue, and is said later."""
    return text


def say(text: str, /, **values: object) -> str:
    """Return a text in the language of the turn, its {names} filled in; text from people comes in as a value."""
    spoken = _spoken.get()
    english = _filled(text, values)
    if spoken.catalogue is None or not text:
        return english
    return Said(_fill(spoken.catalogue.gettext(text), values), english)


def say_many(singular: str, plural: str, count: int, /, **values: object) -> str:
    """Return the text for one or for many; {count} is filled in as people of that language write numbers."""
    spoken = _spoken.get()
    values = {"count": number(count), **values}
    english = _filled(singular if count == 1 else plural, values)
    if spoken.catalogue is None:
        return english
    return Said(_fill(spoken.catalogue.ngettext(singular, plural, count), values), english)


def number(value: int) -> str:
    """Return '1,234' or '1.234'."""
    spoken, english = _spoken.get(), f"{value:,}"
    return Said(format_decimal(value, locale=spoken.locale), english) if spoken.catalogue else english


def decimal(value: float, digits: int) -> str:
    """Return '0.25' or '0,25'."""
    spoken, english = _spoken.get(), f"{value:.{digits}f}"
    pattern = f"0.{'0' * digits}"
    return Said(format_decimal(value, pattern, spoken.locale), english) if spoken.catalogue else english


def day(at: date) -> str:
    """Return '2026-01-31' or '31.01.2026'."""
    spoken, english = _spoken.get(), f"{at:%Y-%m-%d}"
    return Said(format_date(at, "medium", spoken.locale), english) if spoken.catalogue else english


def day_of_year(at: date) -> str:
    """Return '01-31' or '31.01.'."""
    spoken, english = _spoken.get(), f"{at:%m-%d}"
    return Said(_skeleton("MMdd", at, spoken), english) if spoken.catalogue else english


def weekday(number: int) -> str:
    """Return 'Monday' or 'Montag', from 1 for Monday on."""
    spoken, english = _spoken.get(), _weekday(number, ENGLISH)
    return Said(_weekday(number, spoken), english) if spoken.catalogue else english


def moment(at: datetime) -> str:
    """Return '2026-01-31 08:00' or '31.01.2026 08:00', in UTC."""
    at = at.astimezone(UTC)
    spoken, english = _spoken.get(), f"{at:%Y-%m-%d %H:%M}"
    if spoken.catalogue is None:
        return english
    time = format_time(at, "short", UTC, spoken.locale)
    return Said(f"{format_date(at, 'medium', spoken.locale)} {time}", english)


def in_english(text: str) -> str:
    """Return what a text is in English, for what is recorded, logged or kept."""
    return text.english if isinstance(text, Said) else text


def retell(english: str) -> str:
    """Return a text that was kept in English in the language of the turn, as far as the catalogue knows it.

    It is recognised by its words: what stands where a text has a {name} is taken over as it is.
    """
    spoken = _spoken.get()
    if spoken.catalogue is None or not english:
        return english
    if english in spoken.texts:
        return Said(spoken.texts[english], english)
    for parts, pattern, text in _patterns(spoken) if len(english) <= _LONGEST else ():
        if all(part in english for part in parts) and (found := pattern.fullmatch(english)):
            values = {name: retell(value) for name, value in found.groupdict().items()}
            return Said(_fill(spoken.texts[text], values), english)
    return english


def _filled(text: str, values: Mapping[str, object]) -> str:
    return _fill(text, {name: in_english(v) if isinstance(v, str) else v for name, v in values.items()})


def _fill(text: str, values: Mapping[str, object]) -> str:
    return text.format(**values) if values else text


def _weekday(number: int, spoken: Language) -> str:
    return str(get_day_names("wide", "stand-alone", spoken.locale)[number - 1])


def _skeleton(fields: str, at: date, spoken: Language) -> str:
    return format_skeleton(fields, datetime(at.year, at.month, at.day, tzinfo=UTC), UTC, locale=spoken.locale)


@cache
def _codes() -> frozenset[str]:
    return frozenset(path.stem for path in CATALOGUES.glob("*.po"))


@cache
def _read(code: str) -> Language:
    with (CATALOGUES / f"{code}.po").open("rb") as file:
        catalogue = read_po(file, locale=code)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    texts = {
        text: said
        for one in catalogue
        if one.id
        for text, said in zip(_forms(one.id), _forms(one.string), strict=False)
    }
    return Language(locale=Locale(code), catalogue=gettext.GNUTranslations(compiled), texts=texts)


def _forms(text: object) -> list[str]:
    return [str(form) for form in text] if isinstance(text, tuple | list) else [str(text or "")]


@cache
def _patterns(spoken: Language) -> list[tuple[list[str], re.Pattern[str], str]]:
    """Return for each text with names its own parts, what it looks like filled in, and itself; the longest first."""
    known = [text for text in spoken.texts if _PLACEHOLDER.search(text)]
    return [
        (_PLACEHOLDER.split(text)[::2], re.compile(_pattern(text), re.DOTALL), text)
        for text in sorted(known, key=len, reverse=True)
        if len(_PLACEHOLDER.sub("", text).split()) >= _LEAST_WORDS
    ]


def _pattern(text: str) -> str:
    seen: set[str] = set()
    pattern = ""
    for place, part in enumerate(_PLACEHOLDER.split(text)):  # own words and names by turns
        if place % 2 == 0:
            pattern += re.escape(part)
        else:
            pattern += f"(?P={part})" if part in seen else f"(?P<{part}>.+?)"
            seen.add(part)
    return pattern
