"""A draft as a Word file where Teams itself offers none: in groups and channels."""

from adaptive_cards.elements import Element, aside, card, escape, execute, open_url, paragraph
from adaptive_cards.verbs import Verb
from tuning.domain.drafts import Draft
from tuning.languages import say


def draft_card(draft: Draft) -> Element:
    """Return the offer, which only who asked for the draft can take."""
    return card(
        paragraph(say("As a Word file: {name}", name=escape(draft.name))),
        aside(say("Only who asked for the draft can save it.")),
        actions=[execute(say("Save to my OneDrive"), Verb.DRAFT_SAVE, draft_id=draft.id)],
    )


def saved_card(name: str, url: str) -> Element:
    """Return where the file is."""
    return card(
        paragraph(say("✓ {name} is saved, in OneDrive, in the folder Attune.", name=escape(name))),
        actions=[open_url(say("Open"), url)] if url.startswith("https://") else (),
    )
