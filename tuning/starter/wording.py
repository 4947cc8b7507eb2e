"""Words and values to invent text from: names nobody has, amounts, dates, and sentences with alternatives in them."""

import random
import re
from collections.abc import Callable

from tuning.starter.lexicon import ADJECTIVES, NOUNS

_CHOICE = re.compile(r"\(([^()]*\|[^()]*)\)")


def say(rng: random.Random, template: str, **slots: str) -> str:
    """Return the template with one of each '(a|b|c)' chosen, innermost first, and its {slots} filled in."""
    while found := _CHOICE.search(template):
        template = template[: found.start()] + rng.choice(found.group(1).split("|")) + template[found.end() :]
    return template.format(**slots) if slots else template


def sentence(text: str) -> str:
    """Return the text beginning with a capital letter."""
    return text[:1].upper() + text[1:]


_ONSETS = [
    "b",
    "br",
    "c",
    "ch",
    "cl",
    "d",
    "dr",
    "f",
    "fl",
    "g",
    "gr",
    "h",
    "j",
    "k",
    "kl",
    "l",
    "m",
    "n",
    "p",
    "pr",
    "qu",
    "r",
    "s",
    "sh",
    "st",
    "t",
    "tr",
    "v",
    "w",
    "z",
    "th",
    "sk",
    "y",
]
_NUCLEI = ["a", "e", "i", "o", "u", "a", "e", "i", "o", "ai", "ea", "oo", "ou", "ie"]
_CODAS = ["l", "n", "r", "s", "t", "m", "d", "k", "nd", "rn", "lt", "x", "th", "ck", "st", "nt", "v", "p"]
_ENDINGS = [
    "ton",
    "ford",
    "wick",
    "ia",
    "en",
    "ix",
    "ano",
    "by",
    "dale",
    "um",
    "ora",
    "in",
    "el",
    "field",
    "mere",
    "is",
    "as",
    "burg",
    "ville",
    "a",
    "o",
    "y",
    "er",
]
FIRST_NAMES = [
    "Ada",
    "Ahmed",
    "Alba",
    "Alice",
    "Amir",
    "Ana",
    "Anton",
    "Aria",
    "Asha",
    "Ben",
    "Bilal",
    "Bruno",
    "Carla",
    "Chen",
    "Clara",
    "Daan",
    "Daria",
    "David",
    "Dina",
    "Edda",
    "Elena",
    "Elif",
    "Emil",
    "Emma",
    "Eva",
    "Farah",
    "Felix",
    "Finn",
    "Freya",
    "Gita",
    "Grace",
    "Hana",
    "Hugo",
    "Ida",
    "Ilse",
    "Ines",
    "Ivan",
    "Jana",
    "Jin",
    "Jonas",
    "Jose",
    "Julia",
    "Kai",
    "Karim",
    "Kira",
    "Lara",
    "Lars",
    "Leila",
    "Lena",
    "Leo",
    "Liam",
    "Lina",
    "Luca",
    "Maja",
    "Marco",
    "Maria",
    "Marta",
    "Mei",
    "Mila",
    "Mira",
    "Nadia",
    "Nico",
    "Nils",
    "Nina",
    "Noah",
    "Olga",
    "Omar",
    "Oscar",
    "Paul",
    "Petra",
    "Priya",
    "Rafael",
    "Rania",
    "Rosa",
    "Ruth",
    "Sam",
    "Sara",
    "Selma",
    "Sofia",
    "Sven",
    "Tara",
    "Theo",
    "Tom",
    "Uma",
    "Vera",
    "Viktor",
    "Wanda",
    "Yara",
    "Yusuf",
    "Zoe",
]
TEAMS = [
    "people",
    "HR",
    "human resources",
    "payroll",
    "finance",
    "accounts",
    "purchasing",
    "facilities",
    "IT",
    "service desk",
    "security",
    "legal",
    "compliance",
    "travel",
    "logistics",
    "warehouse",
    "product",
    "support",
    "sales",
    "marketing",
    "training",
    "quality",
    "data",
    "design",
    "communications",
    "audit",
    "treasury",
    "privacy",
    "safety",
    "customer care",
    "operations",
    "recruiting",
    "workplace",
    "platform",
    "network",
    "procurement",
    "risk",
]
ROLES = [
    "line manager",
    "team lead",
    "head of department",
    "budget owner",
    "project manager",
    "site manager",
    "chief financial officer",
    "managing director",
    "data protection officer",
    "works council",
    "security officer",
    "office manager",
    "department head",
    "controller",
    "fleet manager",
    "release manager",
    "account manager",
    "duty manager",
    "shift leader",
    "HR partner",
    "product owner",
    "company doctor",
]
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
NUMBER_WORDS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]
COLOURS = [
    "red",
    "green",
    "blue",
    "yellow",
    "orange",
    "white",
    "black",
    "grey",
    "purple",
    "silver",
    "dark blue",
    "light green",
    "pink",
    "brown",
]


def invented(rng: random.Random) -> str:
    """Return a name that stands for nothing."""
    syllables = "".join(rng.choice(_ONSETS) + rng.choice(_NUCLEI) for _ in range(rng.choice((1, 1, 2))))
    return (syllables + rng.choice(_CODAS) + rng.choice((rng.choice(_ENDINGS), ""))).capitalize()


def person(rng: random.Random) -> str:
    """Return a person's full name."""
    first = rng.choice(FIRST_NAMES) if rng.random() < 0.7 else invented(rng)
    return f"{first} {invented(rng)}"


def number(rng: random.Random, low: int, high: int) -> str:
    """Return a whole number, as people choose them, in words when it is small and chance wants it."""
    value = rng.randint(low, high)
    if value > 20 and rng.random() < 0.6:
        value = max(low, round(value, -1 if value < 300 else -2))
    if value <= 12 and rng.random() < 0.5:
        return NUMBER_WORDS[value]
    return f"{value:,}" if value >= 1000 and rng.random() < 0.7 else str(value)


def _money(rng: random.Random) -> str:
    amount = rng.choice(
        (
            str(rng.randint(2, 99)),
            str(rng.randint(1, 99) * 5),
            str(rng.randint(1, 20) * 50),
            f"{rng.randint(1, 60) * 500:,}",
            str(rng.randint(1, 9) * 1000),
            f"{rng.randint(1, 60)}.{rng.choice(('50', '20', '80', '90', '45', '30'))}",
            f"0.{rng.randint(15, 95)}",
        )
    )
    return say(
        rng,
        rng.choice(
            ("{a} euros", "{a} euros", "EUR {a}", "{a} EUR", "€{a}", "${a}", "£{a}", "{a} dollars", "{a} pounds")
        ),
        a=amount,
    )


def _money_per(*units: str) -> Callable[[random.Random], str]:
    def value(rng: random.Random) -> str:
        unit = rng.choice(units)
        return f"{_money(rng)} {rng.choice(('per', 'per', 'a', 'for each' if rng.random() < 0.3 else 'per'))} {unit}"

    return value


def _duration(rng: random.Random, *units: str) -> str:
    unit = rng.choice(
        units
        or ("days", "working days", "weeks", "months", "hours", "minutes", "calendar days", "years", "business days")
    )
    top = {"hours": 72, "minutes": 90, "days": 90, "years": 10, "weeks": 12}.get(unit, 30)
    amount = number(rng, 2, top)
    return f"{amount} {unit}"


def _lasting(*units: str) -> Callable[[random.Random], str]:
    return lambda rng: _duration(rng, *units)


def _percent(rng: random.Random) -> str:
    amount = rng.choice(
        (str(rng.randint(1, 100)), str(rng.randint(1, 20) * 5), f"{rng.randint(1, 9)}.{rng.randint(1, 9)}")
    )
    return f"{amount}{rng.choice(('%', ' percent', ' per cent', '%'))}"


def _date(rng: random.Random) -> str:
    day, month = rng.randint(1, 28), rng.choice(MONTHS)
    year = rng.randint(2019, 2031)
    nth = f"{day}{'th' if 10 < day < 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"
    return rng.choice(
        (
            f"{day} {month}",
            f"{day} {month}",
            f"{month} {day}",
            f"{day} {month} {year}",
            f"{day} {month} {year}",
            f"{month} {day}, {year}",
            f"the {nth} of {month}",
            f"the {nth} of {rng.choice(('each', 'every', 'the following'))} month",
            f"the {rng.choice(('first', 'second', 'last', 'third'))} {rng.choice(WEEKDAYS)} of {rng.choice(('the month', 'each quarter', month, 'every month'))}",
            f"the end of {month}",
        )
    )


def _month(rng: random.Random) -> str:
    return rng.choice(
        (
            rng.choice(MONTHS),
            " and ".join(rng.sample(MONTHS, 2)),
            f"{rng.choice(MONTHS)} {rng.randint(2019, 2031)}",
            f"the {rng.choice(('first', 'second', 'third', 'fourth'))} quarter of {rng.randint(2020, 2030)}",
        )
    )


def _clock(rng: random.Random) -> str:
    hour, minute = rng.randint(6, 21), rng.choice(("00", "30", "15", "45", "00"))
    return rng.choice(
        (
            f"{hour}:{minute}",
            f"{hour:02}:{minute}",
            f"{(hour - 1) % 12 + 1} {'am' if hour < 12 else 'pm'}",
            f"{(hour - 1) % 12 + 1}:{minute} {'am' if hour < 12 else 'pm'}",
            "noon" if hour == 12 else f"{hour}:{minute}",
        )
    )


def _hours(rng: random.Random) -> str:
    start, end = _clock(rng), _clock(rng)
    days = (
        f" on {rng.choice(WEEKDAYS)}s"
        if rng.random() < 0.3
        else f" {rng.choice(('from', 'on'))} {rng.choice(('weekdays', 'working days', 'Monday to Friday'))}"
        if rng.random() < 0.2
        else ""
    )
    return rng.choice(
        (f"{start} to {end}", f"from {start} to {end}", f"between {start} and {end}", f"{start} - {end}")
    ) + days.replace("from weekdays", "on weekdays").replace("from working", "on working").replace(
        "on Monday to", "from Monday to"
    )


def _every(rng: random.Random) -> str:
    unit = rng.choice(("weeks", "months", "days", "years", "hours", "quarters"))
    return rng.choice(
        (
            f"every {number(rng, 2, 12)} {unit}",
            f"every {number(rng, 2, 12)} {unit}",
            f"{rng.choice(('once', 'twice', 'three times', 'four times'))} a {rng.choice(('year', 'month', 'week', 'quarter', 'day'))}",
            f"every {rng.choice(WEEKDAYS)}",
            rng.choice(
                (
                    "weekly",
                    "monthly",
                    "quarterly",
                    "yearly",
                    "daily",
                    "every night",
                    "each quarter",
                    "every spring",
                    "once per year",
                    "every two weeks",
                )
            ),
            f"every {rng.choice(WEEKDAYS)} at {_clock(rng)}",
            f"each {rng.choice(MONTHS)}",
        )
    )


def _team(rng: random.Random) -> str:
    return (
        f"the {rng.choice(TEAMS)} {rng.choice(('team', 'team', 'department', 'desk', 'office', 'committee', 'group'))}"
    )


def _role(rng: random.Random) -> str:
    return f"{rng.choice(('the', 'your', 'the', 'a'))} {rng.choice(ROLES)}"


def _who(rng: random.Random) -> str:
    return rng.choice(
        (
            _team,
            _role,
            person,
            person,
            lambda r: f"{person(r)} from {_team(r)}",
            lambda r: f"{_role(r)} and {_team(r)}",
            lambda r: f"{person(r)}, {_role(r)},".rstrip(","),
        )
    )(rng)


def _letter(rng: random.Random) -> str:
    return rng.choice("ABCDEFGH")


def _place(rng: random.Random) -> str:
    return rng.choice(
        (
            f"room {rng.randint(1, 9)}.{rng.randint(1, 40):02}",
            f"room {rng.randint(100, 699)}",
            f"building {_letter(rng)}",
            f"the {rng.choice(('first', 'second', 'third', 'fourth', 'fifth', 'ground', 'top'))} floor",
            f"the {rng.choice(('reception desk', 'mail room', 'canteen', 'car park', 'basement', 'lobby', 'library', 'post room', 'goods entrance', 'training room', 'cellar', 'courtyard', 'east wing', 'main hall', 'print room'))}",
            f"the {rng.choice(('reception desk', 'mail room', 'store room', 'workshop', 'help desk', 'locker room'))} in {rng.choice((f'building {_letter(rng)}', invented(rng), 'the basement'))}",
            f"{invented(rng)}",
            f"the {invented(rng)} {rng.choice(('office', 'building', 'site', 'warehouse', 'depot', 'campus'))}",
            f"{rng.randint(1, 180)} {invented(rng)} {rng.choice(('Street', 'Road', 'Lane', 'Avenue', 'Square'))}",
            f"shelf {rng.randint(1, 40)}",
            f"locker {rng.randint(1, 400)}",
        )
    )


def _tool(rng: random.Random) -> str:
    name = invented(rng)
    return rng.choice(
        (
            name,
            f"the {name} portal",
            f"the {name} app",
            f"{name} {rng.choice(('Desk', 'Cloud', 'Hub', 'Drive', 'Plan', 'One', 'Mail', 'Box', 'Track', 'Sign'))}",
            f"the {rng.choice(('expenses', 'travel', 'HR', 'self-service', 'purchasing', 'ticket', 'booking', 'time', 'learning', 'facilities'))} {rng.choice(('portal', 'tool', 'app', 'system', 'page'))}",
            f"the {rng.choice(TEAMS)} {rng.choice(('portal', 'channel', 'mailbox', 'form', 'calendar', 'register'))}",
        )
    )


def _code(rng: random.Random) -> str:
    letters = "".join(rng.choice("ABCDEFGHJKLMNPRSTVWXZ") for _ in range(rng.choice((1, 2, 3))))
    return rng.choice(
        (
            f"{letters}-{rng.randint(1, 999)}",
            f"{letters}{rng.randint(10, 9999)}",
            f"{rng.randint(1000, 99999)}",
            f"{letters}-{rng.randint(10, 99)}-{rng.randint(1, 9)}",
        )
    )


def _form(rng: random.Random) -> str:
    return rng.choice(
        (
            f"form {_code(rng)}",
            f"form {_code(rng)}",
            f"the {rng.choice(COLOURS)} form",
            f"the {rng.choice(('request', 'approval', 'claim', 'change', 'access', 'handover', 'notice', 'damage', 'return'))} form",
            f"template {_code(rng)}",
        )
    )


def _phone(rng: random.Random) -> str:
    return rng.choice(
        (
            f"extension {rng.randint(100, 9999)}",
            f"0800 {rng.randint(100, 999)} {rng.randint(100, 999)}",
            f"+{rng.randint(30, 49)} {rng.randint(10, 99)} {rng.randint(1000, 9999)} {rng.randint(10, 99)}",
            f"{rng.randint(100, 999)}-{rng.randint(1000, 9999)}",
        )
    )


def _email(rng: random.Random) -> str:
    who = rng.choice(
        (rng.choice(TEAMS).replace(" ", "-").lower(), rng.choice(FIRST_NAMES).lower(), invented(rng).lower())
    )
    return f"{who}@{invented(rng).lower()}.{rng.choice(('example', 'com', 'example', 'org', 'net'))}"


def _contact(rng: random.Random) -> str:
    return rng.choice((_phone, _email, _email, _who, _team, _tool))(rng)


def _counted(*things: str) -> Callable[[random.Random], str]:
    def count(rng: random.Random) -> str:
        thing = rng.choice(things) if rng.random() < 0.6 else f"{rng.choice(NOUNS)}s"
        kind = f"{rng.choice(ADJECTIVES)} " if rng.random() < 0.25 else ""
        return f"{number(rng, 2, rng.choice((6, 12, 12, 40, 200)))} {kind}{thing}"

    return count


def _size(rng: random.Random) -> str:
    return f"{rng.choice((rng.randint(1, 64), rng.randint(1, 50) * 10, rng.randint(1, 8)))} {rng.choice(('MB', 'GB', 'TB', 'kilograms', 'kg', 'litres', 'metres', 'centimetres', 'inches', 'square metres', 'kilometres', 'degrees', 'watts', 'pages'))}"


def _version(rng: random.Random) -> str:
    return rng.choice(
        (
            f"{rng.randint(1, 14)}.{rng.randint(0, 12)}",
            f"version {rng.randint(1, 30)}.{rng.randint(0, 9)}",
            f"{rng.randint(1, 9)}.{rng.randint(0, 9)}.{rng.randint(0, 20)}",
            f"release {rng.randint(2, 40)}",
        )
    )


def _item(rng: random.Random) -> str:
    thing = "(laptop|phone|badge|key card|headset|monitor|desk lamp|chair|helmet|safety vest|screen filter|docking station|tablet|fuel card|credit card|bus pass|bicycle|locker|keyboard|power bank|first aid kit|welcome pack|parking permit|translation|gift voucher|book|bottle of water|fruit basket)"
    modifier = "(company|second|free|new|spare|personal|shared|used|reflective|wireless|plain|written|signed|small|large|locked|standard|printed|temporary|monthly|height-adjustable)"
    return say(
        rng,
        rng.choice(
            (
                f"a {modifier} {thing}",
                f"a {modifier} {thing}",
                f"a {thing}",
                f"a {modifier} {thing} and a {thing}",
                f"the {modifier} {thing}",
            )
        ),
    )


def _papers(rng: random.Random) -> str:
    paper = "(passport|receipt|invoice|signed contract|medical certificate|quote|purchase order|cost centre|project code|photo|proof of address|bank statement|licence|training record|risk assessment|manager's approval|boarding pass|delivery note|reference|birth certificate|tax number|visa|insurance card|test report|business case|serial number)"
    return say(
        rng,
        rng.choice(
            (
                f"a {paper}",
                f"a copy of the {paper}",
                f"the {paper} and the {paper}",
                f"a {paper} and a {paper}",
                f"the original {paper}",
                f"{rng.choice(('two', 'three'))} {paper.replace('|', 's|').replace(')', 's)')}",
            )
        ),
    )


def _action(rng: random.Random) -> str:
    verb = "(call|inform|tell|contact|ask|notify|email)"
    who = rng.choice((_team, _role, person))(rng)
    other = say(
        rng,
        "(close the door|lock the screen|leave the building|keep the receipt|change your password|unplug the device|stop the machine|write a short report|take a photo|fill in the form|open a ticket|return the badge|disconnect the cable|move to the car park|stay with the visitor|save the message|delete the file|wear gloves|use the stairs|switch off the heating)",
    )
    third = say(
        rng,
        "(close the window|sign the log book|keep a copy|restart the computer|wait for a reply|turn off the power|use the back entrance|note the serial number|encrypt the file|remove your name|attach the invoice|cancel the booking)",
    )
    return rng.choice(
        (
            f"{say(rng, verb)} {who}",
            f"{other} and {say(rng, verb)} {who}",
            f"{other}",
            f"{other} and {third}",
            f"{say(rng, verb)} {who} and {third}",
        )
    )


def _group(rng: random.Random) -> str:
    return say(
        rng,
        rng.choice(
            (
                "(all|only|full-time|part-time|permanent|temporary|new|senior|remote|external) (employees|staff|colleagues|members|workers|users)",
                "(employees|staff|colleagues|people) (with children|in their first year|on parental leave|who work at night|who drive to customers|above grade {n}|with more than {n} years of service|in the {x} office|who work remotely|on a fixed-term contract)",
                "(managers|apprentices|interns|contractors|freelancers|suppliers|visitors|customers|drivers|team leads|administrators|engineers|partners|new starters|pensioners|students)",
            )
        ),
        n=str(rng.randint(2, 15)),
        x=invented(rng),
    )


def _reason(rng: random.Random) -> str:
    return say(
        rng,
        "(the lease ends|the supplier was sold|the cables are too old|customers asked for it|the licence runs out|the law has changed|too many invoices were late|the tool is no longer supported|an audit asked for it|the old one failed twice|costs have doubled|the building has no lift|the data must stay in the country|the team has moved|the noise was too loud|two people left|the contract is too expensive|nobody used it)",
    )


VALUES: dict[str, Callable[[random.Random], str]] = {
    "money": _money,
    "money_night": _money_per("night", "person and night", "room and night"),
    "money_day": _money_per("day", "working day", "full day", "person"),
    "money_month": _money_per("month", "employee and month", "year", "quarter"),
    "money_km": _money_per("kilometre", "km", "mile"),
    "money_unit": _money_per("user", "licence", "seat", "unit", "person", "hour", "user and month", "page", "order"),
    "duration": _lasting(),
    "days": _lasting("days", "working days", "calendar days", "business days"),
    "months": _lasting("months", "weeks", "years"),
    "years": _lasting("years", "months"),
    "hours_long": _lasting("hours", "minutes", "working hours", "working days"),
    "minutes": _lasting("minutes", "seconds", "hours"),
    "percent": _percent,
    "date": _date,
    "month": _month,
    "clock": _clock,
    "hours": _hours,
    "every": _every,
    "team": _team,
    "role": _role,
    "who": _who,
    "person": person,
    "place": _place,
    "tool": _tool,
    "code": _code,
    "form": _form,
    "phone": _phone,
    "email": _email,
    "contact": _contact,
    "size": _size,
    "version": _version,
    "item": _item,
    "papers": _papers,
    "action": _action,
    "group": _group,
    "reason": _reason,
    "colour": lambda rng: rng.choice(COLOURS),
    "name": invented,
    "people": _counted("people", "guests", "employees", "participants", "visitors", "members"),
    "count": _counted(
        "characters",
        "devices",
        "photos",
        "attempts",
        "copies",
        "signatures",
        "quotes",
        "places",
        "licences",
        "interviews",
        "reviewers",
        "items",
        "tickets",
        "users",
        "rooms",
        "bicycles",
    ),
}
