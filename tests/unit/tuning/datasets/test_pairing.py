"""Which documents are proposed as pairs: by names, by words, and rather none than a wrong one."""

import csv
import re
import zipfile

import pytest

from tuning.datasets.pairing import Paper, Rank, propose
from tuning.domain.pairs import FoundBy
from tuning.domain.prompts import Task

PLANT = (
    "The compressor in Halden failed on 3 March 2026 because its bearing had run dry. Ingrid Solberg found the damage "
    "and ordered a replacement from Kestrel. Production stood still for 41 hours. From now on, lubrication is checked "
    "every Tuesday. The canteen was open as usual, and nobody was hurt."
)
PLANT_IN_SHORT = "Halden's compressor failed: its bearing had run dry. Kestrel delivers; 41 hours lost."
OFFICE = (
    "The archive in Voss moved on 9 May 2026 from the cellar to the second floor. Torvald Berge carried the plans. "
    "Humidity had reached 83 percent. The old shelves go to the museum in Bergen, and the move cost 12,400 crowns."
)
OFFICE_IN_SHORT = "Voss moved its archive because humidity had reached 83 percent; shelves go to Bergen's museum."


def pairs(task, *names, texts=None, **values):
    """Return (precedent, target) by file name; where nothing else is said, the texts tell nothing."""
    papers = [Paper(id=name, path=name, text=(texts or {}).get(name, "")) for name in names]
    return [(it.precedent_id, it.target_id) for it in propose(papers, task, **values)]


@pytest.mark.parametrize(
    ("precedent", "target"),
    [
        ("report-07.docx", "summary-07.docx"),
        ("Report 007.docx", "7 summary.md"),
        ("Halden incident.docx", "Halden incident (summary).docx"),
        ("reports/2026/halden.docx", "summaries/2026/halden.docx"),
        ("Bericht Halden 2026-03-01.docx", "Zusammenfassung zu Bericht Halden 01.03.2026.docx"),
        ("HaldenReport.docx", "HaldenSummary.docx"),
        ("halden full.pdf", "halden short.docx"),
    ],
)
def test_names_tell_a_document_from_its_summary(precedent, target):
    extra = ["report-08.docx", "reports/other.docx", "summaries/another.docx", "summary 31.docx"]
    assert pairs(Task.SUMMARY, *extra, target, precedent) == [(precedent, target)]


@pytest.mark.parametrize(
    ("precedent", "target"),
    [
        ("Offer Kestrel template.docx", "Offer Kestrel final.docx"),
        ("offer_kestrel_v1.docx", "offer_kestrel_v3.docx"),
        ("Offer Kestrel.docx", "Offer Kestrel rev 2.docx"),
        ("Kestrel template.docx", "Kestrel draft.docx"),
        ("Kestrel draft.docx", "Kestrel final.docx"),
        ("Vorlage Kestrel.docx", "Endfassung Kestrel.docx"),
    ],
)
def test_names_tell_a_precedent_from_what_became_of_it(precedent, target):
    assert pairs(Task.GENERATION, "Offer Merlin.docx", target, precedent) == [(precedent, target)]


def test_a_brief_is_the_content_of_its_pair():
    papers = [Paper(id=name, path=f"{name} 12.docx", text="") for name in ("brief", "final", "template")]
    (found,) = propose(papers, Task.GENERATION)
    assert (found.precedent_id, found.content_id, found.target_id) == ("template", "brief", "final")


def test_the_owners_own_words_count_before_the_usual_ones():
    called = {Rank.PRECEDENT: "last year's contracts", Rank.TARGET: "our new agreements"}
    names = ("Contract Merlin.docx", "Agreement Merlin.docx")
    assert not pairs(Task.GENERATION, *names)
    assert pairs(Task.GENERATION, *names, called=called) == [names]


@pytest.mark.parametrize(
    ("task", "names"),
    [
        (Task.SUMMARY, ["report 1.docx", "report 1 (copy).docx", "summary 1 of Halden.docx"]),
        (Task.SUMMARY, ["report 1.docx", "report-1.pdf", "summary 1.docx"]),
        (Task.SUMMARY, ["report 1.docx", "summary 2.docx"]),
        (Task.SUMMARY, ["report 1 v1.docx", "summary 1 v2.docx"]),
        (Task.SUMMARY, ["halden.docx", "halden.md"]),
        (Task.GENERATION, ["kestrel v1.docx", "kestrel v2.docx", "kestrel v3.docx"]),
        (Task.GENERATION, ["kestrel template.docx", "kestrel draft.docx", "kestrel final.docx"]),
        (Task.GENERATION, ["kestrel.docx", "kestrel draft.docx"]),
        (Task.GENERATION, ["offer 2025-03-01.docx", "offer 2026-03-01.docx"]),
        (Task.QUESTIONS, ["report 1.docx", "summary 1.docx"]),
    ],
)
def test_what_may_be_meant_either_way_is_in_no_pair(task, names):
    assert not pairs(task, *names)


TEXTS = {"a.docx": PLANT, "b.docx": OFFICE_IN_SHORT, "c.docx": PLANT_IN_SHORT, "d.docx": OFFICE}


def test_words_find_what_names_dont_tell():
    papers = [Paper(id=name, path=name, text=text) for name, text in TEXTS.items()]
    found = propose(papers, Task.SUMMARY)
    assert [(it.precedent_id, it.target_id, it.found_by) for it in found] == [
        ("d.docx", "b.docx", FoundBy.WORDS),
        ("a.docx", "c.docx", FoundBy.WORDS),
    ]


def test_names_that_words_speak_against_are_not_believed():
    texts = dict(zip(["report 1.md", "summary 1.md", "summary 2.md", "report 2.md"], TEXTS.values(), strict=True))
    found = pairs(Task.SUMMARY, *texts, texts=texts)
    assert found == [("report 2.md", "summary 1.md"), ("report 1.md", "summary 2.md")]


def test_a_document_with_two_summaries_is_in_no_pair():
    texts = {**TEXTS, "e.docx": PLANT_IN_SHORT}
    assert pairs(Task.SUMMARY, *texts, texts=texts) == [("d.docx", "b.docx")]


def test_what_was_rejected_is_not_proposed_again():
    names = ("report 1.docx", "summary 1.docx")
    assert not pairs(Task.SUMMARY, *names, refused={names})


def text_of(path):
    """Return a document's words without starting a reader."""
    if path.suffix == ".md":
        return path.read_text("utf-8")
    with zipfile.ZipFile(path) as parts:
        content = parts.read("word/document.xml").decode()
    return "\n".join("".join(re.findall(r"<w:t(?: [^>]*)?>([^<]*)", it)) for it in content.split("</w:p>"))


@pytest.fixture(scope="module")
def tenant_pairs(root):
    """Per task the sample tenant's texts by file name, the pairs that its mapping names, and what is in no pair."""
    noise = sorted((root / "sample_tenant/documents").rglob("*.docx"))
    others = [Paper(id=path.name, path=f"Handbook/{path.name}", text=text_of(path)) for path in noise]
    made = {}
    for task, folder in ((Task.GENERATION, "generation"), (Task.SUMMARY, "summaries")):
        place = root / "sample_tenant/pairs" / folder
        with (place / "mapping.csv").open(encoding="utf-8", newline="") as file:
            mapping = {(row["precedent"], row["target"]): row.get("content", "") for row in csv.DictReader(file)}
        files = [path for path in sorted(place.iterdir()) if path.suffix in {".docx", ".md"}]
        made[task] = ({path.name: text_of(path) for path in files}, mapping, others)
    return made


def proposed(tenant_pairs, task, name_of):
    """Return how many pairs were found right, and how many wrong, with files named so (name and number to path)."""
    papers, mapping, others = tenant_pairs[task]
    named = [Paper(id=name, path=name_of(name, place), text=text) for place, (name, text) in enumerate(papers.items())]
    found = propose([*named, *others], task)
    right = [it for it in found if mapping.get((it.precedent_id, it.target_id)) == it.content_id]
    return len(right), len(found) - len(right)


@pytest.mark.parametrize(("task", "count"), [(Task.GENERATION, 30), (Task.SUMMARY, 28)])
def test_all_pairs_of_the_sample_tenant_are_found_by_names_and_words(tenant_pairs, task, count):
    assert proposed(tenant_pairs, task, lambda name, _place: f"Pairs/{name}") == (count, 0)


@pytest.mark.parametrize(("task", "count"), [(Task.GENERATION, 0), (Task.SUMMARY, 28)])
def test_without_telling_names_summaries_are_found_by_words_and_no_pair_is_wrong(tenant_pairs, task, count):
    assert proposed(tenant_pairs, task, lambda _name, place: f"Pairs/{place * 37 % 101}.docx") == (count, 0)


@pytest.mark.parametrize(("task", "count"), [(Task.GENERATION, 0), (Task.SUMMARY, 28)])
def test_wrong_numbers_in_names_make_no_wrong_pair(tenant_pairs, task, count):
    def shifted(name, place):
        kind, _, number = name.partition(".")[0].partition("-")
        return f"{kind} {int(number) % 25 + 1 if kind in {'target', 'summary'} else int(number)}.docx"

    right, wrong = proposed(tenant_pairs, task, shifted)
    assert wrong == 0
    assert right >= count
