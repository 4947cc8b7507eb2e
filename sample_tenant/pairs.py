"""Renders the pairs: a precedent, a brief and the document wanted; a report and its summary."""

import csv
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sample_tenant.authored import Heading, Listing, Manuscript, Paragraph
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


def write_summaries(records: list[dict[str, Any]], folder: Path) -> None:
    """Write each report with its summary, and `mapping.csv`."""
    rows = []
    for number, record in enumerate(records, 1):
        names = f"report-{number:02}.docx", f"summary-{number:02}.docx"
        blocks = [
            block
            for heading, text in record["sections"].items()
            for block in (Heading(level=2, text=heading), _body(text))
        ]
        report = Manuscript(name=names[0], title=record["title"], blocks=tuple(blocks))
        summary = Manuscript(name=names[1], title="", blocks=(Paragraph(text=record["summary"]),))
        render(report, folder / names[0])
        render(summary, folder / names[1])
        rows.append(names)
    _write_mapping(folder, ("precedent", "target"), rows)


def _body(text: str | list[str]) -> Paragraph | Listing:
    return Paragraph(text=text) if isinstance(text, str) else Listing(items=tuple(text), is_numbered=False)


def _offers(particulars: dict[str, Any]) -> Any:
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


def _write_mapping(folder: Path, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    with (folder / "mapping.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
