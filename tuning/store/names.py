"""What people call a row, by its id alone."""

from sqlmodel import Session

from tuning.domain.agents import Agent
from tuning.domain.documents import Document, Source
from tuning.domain.feedback import Feedback
from tuning.domain.grants import Grant
from tuning.domain.pairs import DocumentPair
from tuning.domain.releases import Release
from tuning.domain.runs import Run
from tuning.domain.samples import Sample


def of(session: Session, row_id: str) -> str:
    """Return the name of an agent, source or document, or of what belongs to an agent; for anything else the id."""
    if (named := session.get(Agent, row_id) or session.get(Source, row_id)) is not None:
        return named.name
    if (document := session.get(Document, row_id)) is not None:
        return document.title
    if (release := session.get(Release, row_id)) is not None:
        return f"{of(session, release.agent_id)}, {release.label}"
    made = session.get(Run, row_id) or session.get(Feedback, row_id) or session.get(Sample, row_id)
    if (belonging := made or session.get(DocumentPair, row_id)) is not None:
        kind = type(belonging).__name__.removeprefix("Document").lower()
        return f"{of(session, belonging.agent_id)}, {kind} {belonging.id}"
    if session.get(Grant, row_id) is not None:
        return f"request for access {row_id}"
    return row_id
