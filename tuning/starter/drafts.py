"""Precedents, briefs and drafts: the same form, filled in twice."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from string import Formatter

from tuning.starter.wording import TEAMS, VALUES, invented, person, say, sentence

_KINDS: dict[str, Callable[[random.Random], str]] = {
    "client": lambda rng: rng.choice(
        (
            f"{invented(rng)} {rng.choice(('Ltd', 'GmbH', 'AG', 'Inc.', 'BV', 'Group', 'Partners', 'Systems'))}",
            invented(rng),
            f"{invented(rng)} and {invented(rng)}",
        )
    ),
    "person": person,
    "signer": person,
    "start": VALUES["date"],
    "end": VALUES["date"],
    "price": VALUES["money"],
    "rate": VALUES["money_unit"],
    "term": VALUES["months"],
    "notice": VALUES["days"],
    "place": VALUES["place"],
    "project": lambda rng: f"{invented(rng)}",
    "role": lambda rng: say(
        rng,
        "(office manager|data analyst|sales engineer|warehouse clerk|team lead|accountant|support agent|product designer|driver|nurse|electrician|web developer|buyer|trainer|project lead|receptionist)",
    ),
    "team": lambda rng: rng.choice(TEAMS),
    "discount": VALUES["percent"],
    "count": VALUES["count"],
    "contact": VALUES["email"],
    "phone": VALUES["phone"],
    "product": lambda rng: say(
        rng,
        "(the |){x} (sensor|pump|licence|platform|service|package|printer|reader|course|workshop|filter|scanner)",
        x=invented(rng),
    ),
    "reason": VALUES["reason"],
    "hours": VALUES["hours"],
    "number": VALUES["code"],
}
_LABELS = {
    "client": "Client|Customer|Company|For",
    "person": "Name|Contact person|Person|Recipient",
    "signer": "Signed by|Sender|From|Signature",
    "start": "Start date|Start|Begins on|From date|Date",
    "end": "End date|End|Ends on|Until|Deadline",
    "price": "Price|Amount|Fee|Total|Salary",
    "rate": "Rate|Unit price|Price per unit",
    "term": "Term|Duration|Length",
    "notice": "Notice|Notice period|Payment term",
    "place": "Place|Location|Where",
    "project": "Project|Project name|Subject",
    "role": "Role|Position|Job",
    "team": "Team|Department",
    "discount": "Discount|Share|Rate in percent",
    "count": "Number|Quantity|Included",
    "contact": "Email|Contact|Mail",
    "phone": "Phone|Telephone|Hotline",
    "product": "Product|Item|Service",
    "reason": "Reason|Because",
    "hours": "Hours|Times|Time",
    "number": "Reference|Number|Contract number",
}
_OPENINGS = (
    "Dear {person},",
    "Hello {person},",
    "To: {client}",
    "Offer for {client}",
    "Agreement with {client}",
    "Contract {number}",
    "Subject: {project}",
    "Minutes: {project}",
    "Letter to {person}",
    "Offer {number}",
    "Statement of work: {project}",
    "Welcome, {person}!",
    "Notice to {client}",
    "# {project}",
    "Confirmation for {person}",
    "Date: {start}\nTo: {client}",
    "Proposal: {product} for {client}",
)
_BODY = (
    "(thank you for your interest in|we are pleased to offer you|this agreement covers|we confirm your order of|you asked us about) {product}.",
    "The (price|fee|total) is {price}.",
    "The (work|service|contract|project|agreement) (starts|begins) on {start}.",
    "It (ends|runs until|expires) on {end}.",
    "The term of this agreement is {term}.",
    "Either party may end it with {notice} of notice.",
    "Invoices are payable within {notice}.",
    "We grant {client} a discount of {discount}.",
    "{client} receives {count} (at no extra cost|as part of the package|with the first delivery).",
    "We charge {rate}.",
    "Your contact is {person} ({contact}).",
    "You can reach us at {phone}.",
    "Please write to {contact} (if you have questions|at any time).",
    "The (meeting|training|installation|handover) takes place in {place}.",
    "We are happy to offer you the position of {role}.",
    "You will join the {team} team in {place}.",
    "Your first day is {start}.",
    "Your working hours are {hours}.",
    "Your salary is {price}.",
    "The project is called {project} and is led by {person}.",
    "{client} shall name {person} as its representative.",
    "The supplier delivers {product} to {place}.",
    "Delivery is due on {end}.",
    "We decided to go ahead with {project} because {reason}.",
    "{person} will prepare the plan by {end}.",
    "The budget for {project} is {price}.",
    "- Client: {client}\n- Start: {start}",
    "- Product: {product}\n- Price: {price}",
    "| Item | Price |\n| --- | --- |\n| {product} | {price} |",
    "The parties are {client} and {project}.",
    "Support is available {hours} under {phone}.",
    "We regret to tell you that {project} is delayed because {reason}.",
    "The new date is {end}.",
)
_FIXED = (
    "Changes to this agreement must be made in writing.",
    "Both parties keep all information confidential.",
    "We look forward to working with you.",
    "All prices are net of tax.",
    "Please sign and return one copy.",
    "The law of our place of business applies.",
    "We hope that this offer meets your needs.",
    "Thank you for your trust.",
    "The general terms are part of this document.",
    "If a clause is void, the others remain in force.",
    "Please let us know if anything is unclear.",
    "Travel costs are not included.",
    "All open points were discussed.",
)
_CLOSINGS = (
    "(Kind regards|Best regards|Yours sincerely|With best wishes)\n{signer}",
    "Signed: {signer}",
    "{signer}, {team} team",
    "For {client}: {signer}",
    "{signer}",
    "",
    "",
)


@dataclass(frozen=True, kw_only=True)
class _Form:
    """A document with slots."""

    text: str
    slots: tuple[str, ...]


def _invent_form(rng: random.Random, longest: int) -> _Form:
    body = [say(rng, line) for line in rng.sample(_BODY, rng.randint(1, max(1, min(longest - 1, 7))))]
    for line in rng.sample(_FIXED, rng.randint(0, 2)):
        body.insert(rng.randint(0, len(body)), line)
    if rng.random() < 0.3:
        paragraphs = "\n".join(
            f"{number}. {sentence(line)}" if "\n" not in line else line for number, line in enumerate(body, start=1)
        )
    else:
        paragraphs = ""
        for line in body:
            joint = (
                ""
                if not paragraphs
                else "\n"
                if "\n" in line or paragraphs.endswith(("|", "}"))
                else rng.choice((" ", " ", "\n", "\n\n"))
            )
            paragraphs += joint + sentence(line)
    opening, closing = rng.choice(_OPENINGS), say(rng, rng.choice(_CLOSINGS))
    text = opening + rng.choice(("\n", "\n\n")) + paragraphs + (rng.choice(("\n", "\n\n")) + closing if closing else "")
    return _Form(text=text, slots=tuple(slot for slot in _KINDS if f"{{{slot}}}" in text))


def _brief(rng: random.Random, slots: Sequence[str]) -> str:
    """Return the form of a brief: each slot once, with a label."""
    names = list(slots)
    if rng.random() < 0.5:
        rng.shuffle(names)
    labelled = [(rng.choice(_LABELS[name].split("|")), f"{{{name}}}") for name in names]
    if rng.random() < 0.75:
        return "\n".join(
            f"{rng.choice(('', '', '- ') if index else ('',))}{label}: {value}"
            for index, (label, value) in enumerate(labelled)
        )
    start = say(rng, "(Please write it with |We need this with |Same as before, but with |New one, with |)")
    return sentence(start + ", ".join(f"{label.lower()} {value}" for label, value in labelled) + ".")


@dataclass(frozen=True, kw_only=True)
class Part:
    """A piece of a form that is filled in: words that stay, or a slot's value; ranges are characters."""

    slot: str | None
    precedent: range
    draft: range
    brief: range | None
    """Where the brief gives the value, if it is one."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A form filled in twice."""

    precedent: str
    brief: str
    text: str
    """The precedent with every value replaced by the brief's."""
    parts: tuple[Part, ...]
    """All of the form in its order."""


def _filled(form: str, values: Mapping[str, str]) -> tuple[str, list[tuple[str | None, range]]]:
    """Return the form with its slots filled in, and where each part of it stands."""
    text, parts = "", list[tuple[str | None, range]]()
    for words, slot, _, _ in Formatter().parse(form):
        for name, part in ((None, words), (slot, values[slot] if slot else "")):
            if part:
                parts.append((name, range(len(text), len(text) + len(part))))
                text += part
    return text, parts


def invent_draft(rng: random.Random, *, longest: int) -> Draft:
    """Return a precedent, a brief and the draft that they make."""
    form = _invent_form(rng, longest)
    while not form.slots:
        form = _invent_form(rng, longest)
    old = {slot: _KINDS[slot](rng) for slot in form.slots}
    new = {slot: _KINDS[slot](rng) for slot in form.slots}
    for slot in form.slots:
        if len(form.slots) > 2 and rng.random() < 0.1:
            new[slot] = old[slot]
    precedent, before = _filled(form.text, old)
    draft, after = _filled(form.text, new)
    brief, given = _filled(_brief(rng, form.slots), new)
    place = dict(given)
    parts = tuple(
        Part(slot=slot, precedent=there, draft=here, brief=place[slot] if slot else None)
        for (slot, there), (_, here) in zip(before, after, strict=True)
    )
    return Draft(precedent=precedent, brief=brief, text=draft, parts=parts)
