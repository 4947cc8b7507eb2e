"""Documents of which some sentences matter, and summaries that keep those."""

import random
from dataclasses import dataclass

from tuning.starter.facts import AREAS
from tuning.starter.fillers import FILLERS, TITLES
from tuning.starter.passages import invent_fact
from tuning.starter.wording import MONTHS, ROLES, TEAMS, VALUES, WEEKDAYS, invented, person, say, sentence

_DECISIONS = (
    "(We|The team|The board|The committee|Everyone|Management) (decided|agreed|voted) to (move|extend|stop|start|postpone|cancel|approve|rename|test|replace|buy|hire for) {k}.",
    "(It was decided|It was agreed) that {k} (starts|ends|moves|will be tested|will be replaced) (on|by) {d}.",
    "{p} (will|is to|has to) (send|prepare|finish|check|publish|order|update|collect|present) {t} (by|before|no later than) {d}.",
    "{t} (must be|will be|has to be) (ready|finished|signed|delivered|approved) (by|before|on) {d}.",
    "The (budget|cost|price|total|order value) (of|for) {k} (is|was set at|rises to|falls to|will be) {m}.",
    "(Action|Task|To do): {p} (sends|prepares|checks|updates|orders) {t} by {d}.",
    "(Decision|Result): {k} (will be stopped|goes ahead|is postponed to {d}|is approved with {m}).",
    "The (deadline|due date) for {t} is {d}.",
    "{p} (takes over|is now responsible for|will lead|leaves) {k} (from|on|after) {d}.",
    "(Sales|Costs|Complaints|Orders|Sick days|Visits) (rose|fell|grew|dropped) by {c} (compared with last year|in {mo}|to {m}).",
    "The (next meeting|review|audit|launch|workshop) (is|takes place) on {d}( in {x}|).",
    "(Risk|Problem): {k} (may be late|depends on {x}|costs {m} more than planned).",
    "(From|Starting) {d}, all (requests|orders|invoices|reports) for {k} (go to|need the approval of) {w}.",
    "The contract with {x} (ends|was renewed|was signed|will be cancelled) on {d}.",
)
_SMALL_TALK = (
    "(The meeting|The call|The session|The day) (started|began) a little late (because of the traffic|because the room was taken|as some people had no link|).",
    "{p} (thanked|welcomed|greeted) (everyone|all guests|the team|the group)( and made a joke|)(.| for coming.| warmly.)",
    "(The coffee|The cake|The weather|The view|The room|Lunch) was (good|better than last time|pleasant|a bit cold|praised by everyone).",
    "(There was|We had) a (lively|long|friendly|short|open) (discussion|talk|exchange)( about many things| with many views| without a result|).",
    "(Some|Several|A few) people (told stories|shared memories|had questions|were on holiday|joined later)( from the last trip| about the old days|).",
    "(As always|As usual|Once again), the (mood|atmosphere|spirit) was (good|friendly|relaxed|positive).",
    "{p} (said|mentioned|remarked|added|felt) that (things are going well|it has been a busy time|the team works well|it was too early to tell|nothing new had happened|the pictures were nice).",
    "(It was|This has been) an (interesting|exciting|unusual|ordinary) (week|month|year|time) for (us all|everyone|the team).",
    "(We all know|Everybody knows|It is well known) that (time is short|good work takes time|communication matters|change is hard).",
    "(The slides|The photos|Some numbers|The old minutes) (were shown|were passed around|were looked at) (again|briefly|for a while).",
    "(Nobody|No one) (had anything to add|raised an objection|wanted to go first).",
    "(In the beginning|At first|Before that), (we looked back at the past months|people introduced themselves|there was time for coffee).",
    "(Let us|We should) (keep up the good work|stay curious|look ahead with confidence|not forget to have fun).",
    "(Many|A lot of) (ideas|opinions|words|thanks) (were exchanged|were heard|went around).",
    "The (projector|microphone|screen|printer) (did not work at first|made a strange noise|had to be restarted).",
    "{x} was mentioned (in passing|again|as a nice example).",
    "(The text|This paper|This note) (follows|uses) the usual (form|order).",
    "Afterwards (there were drinks|people stayed for a chat|some went for a walk).",
)
_THINGS = "(the report|the list of suppliers|the new price list|the contract|the draft|the slides|the budget plan|the test results|the invoice|the training plan|a quote|the risk list|the floor plan|the user guide|the application|the job advert|the final version|a proposal|the press text|the schedule|the {x} file|the survey)"
_TOPICS = "(the {x} project|the {x} office|the new portal|the pilot in {x}|the {x} contract|the move to {x}|the {x} campaign|the old server|the summer party|the training programme|the {x} machine|the second shift|the web shop|the newsletter|the {x} account|the {x} release)"


def _statement(rng: random.Random, template: str) -> str:
    name = invented(rng)
    slots = {
        "k": say(rng, _TOPICS, x=name),
        "t": say(rng, _THINGS, x=name),
        "p": rng.choice(
            (
                person(rng),
                person(rng),
                person(rng).split()[0],
                f"the {rng.choice(TEAMS)} team",
                f"the {rng.choice(ROLES)}",
            )
        ),
        "w": VALUES["who"](rng),
        "d": VALUES["date"](rng) if rng.random() < 0.75 else f"{rng.choice(WEEKDAYS)}",
        "m": VALUES["money"](rng),
        "c": VALUES["percent"](rng),
        "mo": rng.choice(MONTHS),
        "x": invented(rng),
    }
    return sentence(say(rng, template, **slots))


def _idle(rng: random.Random, area: str) -> str:
    if rng.random() < 0.6:
        return _statement(rng, rng.choice(_SMALL_TALK))
    return say(rng, rng.choice([*FILLERS[area], *FILLERS["any"]]))


def _important(rng: random.Random, area: str) -> str:
    if rng.random() < 0.6:
        return _statement(rng, rng.choice(_DECISIONS))
    return invent_fact(rng, rng.choice(AREAS[area])).statement


@dataclass(frozen=True, kw_only=True)
class Summary:
    """A document and what matters in it."""

    document: str
    sentences: tuple[range, ...]
    """Where its sentences stand, as characters; a title is none."""
    important: tuple[int, ...]
    """Which of them matter, in their order."""

    @property
    def text(self) -> str:
        """The sentences that matter."""
        kept = [self.sentences[index] for index in self.important]
        return " ".join(self.document[sentence.start : sentence.stop] for sentence in kept)


def invent_summary(rng: random.Random, *, longest: int) -> Summary:
    """Return a document of up to `longest` sentences of which one to four matter."""
    area = rng.choice(list(AREAS))
    total = rng.randint(3, max(3, longest))
    kept = min(rng.randint(1, 4), max(1, total - 1))
    flags = [True] * kept + [False] * (total - kept)
    rng.shuffle(flags)
    texts: list[str] = []
    for matters in flags:
        while (text := _important(rng, area) if matters else _idle(rng, area)) in texts:
            continue
        texts.append(text)
    breaks = [rng.random() < 0.15 for _ in texts]
    title = rng.choice(
        (
            rng.choice(TITLES[area].split("|")),
            f"Minutes {invented(rng)}",
            f"Notes of {VALUES['date'](rng)}",
            f"Meeting of the {rng.choice(TEAMS)} team",
            f"Report on {invented(rng)}",
        )
    )
    document = f"{title}\n" if rng.random() < 0.5 else ""
    sentences = []
    for text, broken in zip(texts, breaks, strict=True):
        sentences.append(range(len(document), len(document) + len(text)))
        document += text + ("\n" if broken else " ")
    important = tuple(index for index, matters in enumerate(flags) if matters)
    return Summary(document=document.strip(), sentences=tuple(sentences), important=important)
