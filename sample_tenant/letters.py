"""Renders the pairs: a precedent, a brief and the document wanted; a report and its summary."""

import csv
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sample_tenant.authored import Block, Heading, Listing, Manuscript, Paragraph
from sample_tenant.rendering import render


@dataclass(frozen=True, kw_only=True)
class Offer:
    """The particulars of one letter to a customer."""

    reference: str
    date: str
    customer: str
    contact: str
    site: str
    product: str
    count: int
    price: str
    work: str
    start: str
    days: int
    valid: int
    signatory: str

    def brief(self) -> str:
        """Return the new particulars as a colleague would note them."""
        return (
            f"- Reference: {self.reference}\n- Date: {self.date}\n- Customer: {self.customer}\n"
            f"- Contact: {self.contact}\n- Site: {self.site}\n- Sensors: {self.count} {self.product}\n"
            f"- Price: {self.price}\n- Work: {self.work}\n- Start: {self.start}\n"
            f"- Working days: {self.days}\n- Valid for: {self.valid} days\n- Signed by: {self.signatory}\n"
        )


def write_generation(particulars: dict[str, Any], folder: Path) -> None:
    """Write each pair's precedent, brief and target, and `mapping.csv`; a pair's two letters have the same form."""
    letters = _offers(particulars)
    rows = []
    for number in range(1, particulars["pairs"] + 1):
        form = (_offer_letter, _statement_of_work, _renewal_letter)[number % 3]
        precedent, offer = next(letters), next(letters)
        names = f"precedent-{number:02}.docx", f"brief-{number:02}.md", f"target-{number:02}.docx"
        render(form(names[0], precedent), folder / names[0])
        (folder / names[1]).write_text(offer.brief(), "utf-8")
        render(form(names[2], offer), folder / names[2])
        rows.append(names)
    _write_mapping(folder, ("precedent", "content", "target"), rows)


def write_summaries(particulars: dict[str, Any], folder: Path) -> None:
    """Write each report with its summary, and `mapping.csv`; asides stand in reports only."""
    rng = random.Random(20260303)
    reports = [
        _incident(number, record, rng.sample(particulars["incident_asides"], 4))
        for number, record in enumerate(particulars["incidents"])
    ]
    reports += [
        _meeting(number, record, rng.sample(particulars["meeting_asides"], 4))
        for number, record in enumerate(particulars["meetings"])
    ]
    rows = []
    for number, (title, blocks, summary) in enumerate(reports, 1):
        names = f"report-{number:02}.docx", f"summary-{number:02}.docx"
        render(Manuscript(name=names[0], title=title, blocks=blocks), folder / names[0])
        render(Manuscript(name=names[1], title="", blocks=(Paragraph(text=summary),)), folder / names[1])
        rows.append(names)
    _write_mapping(folder, ("precedent", "target"), rows)


def _incident(number: int, record: list[str], asides: list[str]) -> tuple[str, tuple[Block, ...], str]:
    title, date, at, duration, cause, person, effect, measure, owner, due = record
    opening = (
        f"The fault began on {date} at {at} and lasted {duration}.",
        f"On {date} at {at} something went wrong, and it took {duration} until all was well again.",
        f"This report is about {date}. The trouble started at {at} and was over after {duration}.",
    )[number % 3]
    finding = (
        f"The cause was {cause}. It was found by {person}, who also put it right.",
        f"{person} looked into the matter and found {cause}. The same person repaired it.",
    )[number % 2]
    blocks = (
        Paragraph(text=f"Written by {person} for the weekly review of incidents. Read it before the review."),
        Heading(level=2, text="What happened"),
        Paragraph(text=f"{opening} {asides[0]} {asides[1]}"),
        Heading(level=2, text="Effect"),
        Paragraph(text=f"During that time {effect}. No one was hurt, and no other damage is known. {asides[2]}"),
        Heading(level=2, text="Cause"),
        Paragraph(text=f"{finding} {asides[3]}"),
        Heading(level=2, text="What we change"),
        Paragraph(text=f"There will be {measure}. {owner} is responsible for this and has time until {due}."),
    )
    summary = (
        f"{title} on {date} for {duration}. Cause: {cause}. Effect: {effect}. {owner} introduces {measure} by {due}."
    )
    return f"Incident report: {title}", blocks, summary


def _meeting(number: int, record: list[str], asides: list[str]) -> tuple[str, tuple[Block, ...], str]:
    title, date, chair, others, situation, decision, reason, action, owner, due = record
    verdict = (
        f"We decided to {decision}, because {reason}.",
        f"After a round of opinions all agreed to {decision}. The reason is that {reason}.",
        f"The decision is to {decision}. What counted most was that {reason}.",
    )[number % 3]
    task = (
        f"{owner} will {action} by {due}.",
        f"By {due}, {owner} will {action}.",
    )[number % 2]
    blocks = (
        Paragraph(text=f"Meeting on {date}. {chair} was in the chair. {others} took part."),
        Heading(level=2, text="Opening"),
        Paragraph(text=f"{asides[0]} {asides[1]}"),
        Heading(level=2, text="Discussion"),
        Paragraph(
            text=f"{chair} reported that {situation}. The matter had been on the list since last year. {asides[2]} "
            f"Costs, time and the work for the teams were compared. Everybody spoke once before the end."
        ),
        Heading(level=2, text="Decision"),
        Paragraph(text=verdict),
        Heading(level=2, text="Tasks and close"),
        Paragraph(text=f"{task} {asides[3]} {chair} thanked all and closed the meeting."),
    )
    summary = f"Decision of {date}: {decision}, because {reason}. {owner} will {action} by {due}."
    return f"Meeting notes: {title}", blocks, summary


def _offers(particulars: dict[str, Any]) -> Iterator[Offer]:
    rng = random.Random(20260302)
    customers = list(particulars["customers"])
    rng.shuffle(customers)
    for number, (customer, contact, site) in enumerate(customers):
        product, price = rng.choice(particulars["products"])
        count = rng.randint(3, 48)
        yield Offer(
            reference=f"BV-{rng.randint(2000, 9899)}",
            date=f"{rng.randint(1, 28)} {rng.choice(particulars['months'])} 2026",
            customer=customer,
            contact=contact,
            site=site,
            product=product,
            count=count,
            price=f"{count * price:,} euros",
            work=particulars["work"][number % len(particulars["work"])],
            start=f"{rng.randint(1, 28)} {rng.choice(particulars['starts'])}",
            days=rng.randint(2, 15),
            valid=rng.choice((14, 20, 30, 45, 60)),
            signatory=rng.choice(particulars["signatories"]),
        )


def _offer_letter(name: str, offer: Offer) -> Manuscript:
    return Manuscript(
        name=name,
        title=f"Offer {offer.reference}",
        blocks=(
            Paragraph(text=f"{offer.customer}, for the attention of {offer.contact}. Aarhus, {offer.date}."),
            Paragraph(text=f"Dear {offer.contact}, thank you for your interest in our sensors for {offer.site}."),
            Heading(level=2, text="What we offer"),
            Paragraph(
                text=f"We offer {offer.count} sensors of the model {offer.product} for {offer.price}. "
                f"The price includes {offer.work}."
            ),
            Heading(level=2, text="Dates"),
            Paragraph(
                text=f"Our engineers can start on {offer.start} and need {offer.days} working days. "
                f"This offer is valid for {offer.valid} days."
            ),
            Paragraph(text=f"Kind regards, {offer.signatory}, Brenvale Instruments"),
        ),
    )


def _statement_of_work(name: str, offer: Offer) -> Manuscript:
    return Manuscript(
        name=name,
        title=f"Statement of work {offer.reference}",
        blocks=(
            Paragraph(text=f"Agreed on {offer.date} between {offer.customer} and Brenvale Instruments."),
            Heading(level=2, text="Scope"),
            Listing(
                items=(
                    f"Place of work: {offer.site}",
                    f"Equipment: {offer.count} sensors {offer.product}",
                    f"Included: {offer.work}",
                ),
                is_numbered=False,
            ),
            Heading(level=2, text="Schedule and price"),
            Paragraph(
                text=f"Work begins on {offer.start} and takes {offer.days} working days. The fixed price is "
                f"{offer.price}, due {offer.valid} days after acceptance."
            ),
            Heading(level=2, text="Contacts"),
            Paragraph(text=f"{offer.contact} accepts the work for the customer. {offer.signatory} leads it for us."),
        ),
    )


def _renewal_letter(name: str, offer: Offer) -> Manuscript:
    return Manuscript(
        name=name,
        title=f"Renewal of your service contract {offer.reference}",
        blocks=(
            Paragraph(text=f"To {offer.contact}, {offer.customer}. Date: {offer.date}."),
            Paragraph(
                text=f"Your service contract for {offer.count} {offer.product} sensors at {offer.site} ends soon. "
                f"We would be glad to go on looking after them."
            ),
            Heading(level=2, text="The new contract"),
            Listing(
                items=(
                    f"The contract starts on {offer.start}.",
                    f"The price for the year is {offer.price}.",
                    f"We provide {offer.work}.",
                    f"A fault is repaired within {offer.days} working days.",
                ),
                is_numbered=False,
            ),
            Paragraph(text=f"Please send us your answer within {offer.valid} days. Yours, {offer.signatory}"),
        ),
    )


def _write_mapping(folder: Path, header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    with (folder / "mapping.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
