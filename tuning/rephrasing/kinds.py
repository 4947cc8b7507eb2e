"""What kind of answer a question asks for, and whether a sentence has something of that kind.

English and German, by the words that questions begin with (Prager, Brown, Coden and Radev 2000).
"""

import re

_KINDS = {
    # a length of time
    r"how (long|soon|fast|quickly|much time|far ahead|far in advance)|wie (lange|schnell|bald)": re.compile(
        r"\b(days?|weeks?|months?|years?|hours?|minutes?|tagen?|wochen?|monaten?|jahren?|stunden?|minuten?)\b",
        re.IGNORECASE,
    ),
    r"how (often|frequently)|wie oft": re.compile(
        r"\b(every|each|once|twice|yearly|annually|monthly|weekly|daily|a (day|week|month|year)"
        r"|jede[rsn]?|alle|einmal|zweimal|(täg|wöchent|monat|jähr)lich)\b",
        re.IGNORECASE,
    ),
    # a point in time
    r"^\W*when|(since|until|by|from) when|how late|(what|which) (days?|dates?|times?|months?|hours?)|wann"
    r"|welche[mnr]? (tag|monat|datum)": re.compile(
        r"\b(jan(uary|uar)|feb(ruary|ruar)|march|märz|april|ma[yi]|jun[ei]|jul[yi]|august|september|o[ck]tober"
        r"|november|de[cz]ember|(mon|tues|wednes|thurs|fri|satur|sun)days?|(mon|diens|donners|frei|sams|sonn)tags?"
        r"|mittwochs?|noon|midnight|mittags?|\d{1,2}:\d\d|\d{1,2}(st|nd|rd|th)|day \d+|before|after|until|vor|nach|bis"
        r"|uhr)\b|\b\d{1,2}\.",
        re.IGNORECASE,
    ),
    r"how much|costs?|price|fee|earn|wie ?viel|kostet|kosten": re.compile(
        r"\b(euros?|eur|percent|cents?|dollars?|pounds?|free|full|paid|prozent|kostenlos|bezahlt)\b|[€$£%]",
        re.IGNORECASE,
    ),
    r"how (many|far|large|big|high)|wie (viele|weit|groß|hoch)": re.compile(
        r"\d|\b(one|two|three|four|five|six|seven|eight|nine|ten|half|twice|once|eine?|zwei|drei|vier|fünf|sechs|sieben"
        r"|acht|neun|zehn|halb)\b",
        re.IGNORECASE,
    ),
    # somebody: a name of two words, or a role
    r"whom?|whose|we[rmn]": re.compile(
        r"\b[A-ZÄÖÜ][a-zäöüß]+ [A-ZÄÖÜ][a-zäöüß]+\b"
        r"|\b(?:manager|head|team|desk|officer|lead|owner|employee|department|leiter(?:in)?|abteilung)s?\b"
    ),
}
_ASKED = [(re.compile(rf"\b(?:{asked})\b", re.IGNORECASE), told) for asked, told in _KINDS.items()]


def kind(question: str) -> re.Pattern[str] | None:
    """Return what finds something of the kind that a question asks for in a sentence; None if any answer may do."""
    return next((told for asked, told in _ASKED if asked.search(question)), None)
