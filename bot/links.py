"""Links to documents that people paste: read as files are, if the person may read them; nothing else is opened."""

from collections.abc import Callable
from pathlib import Path

from sqlmodel import Session

from bot.errors import LinkNotRead
from bot.given import Given, ReadFile
from bot.turn import Incoming, Scope
from tuning.documents.addresses import addresses_in, document_at, is_microsofts
from tuning.documents.errors import Unreadable
from tuning.documents.extraction import Extractor
from tuning.documents.rereading import reread
from tuning.documents.shared import SharedFile
from tuning.domain.documents import Document
from tuning.domain.errors import Refusal
from tuning.domain.prompts import Task
from tuning.governance import access
from tuning.governance.tenant import Tenant
from tuning.languages import say
from tuning.sources.kinds import reader_of
from tuning.store import agents, conversations, documents, rooms

MAX_LINKS = 20
MAX_SHOWN = 120


Reader = Callable[[str], SharedFile | None]
"""Reads what a link leads to as the person; None where that is nothing they may read."""


def followed(tenant: Tenant, incoming: Incoming, given: Given, read_shared: Reader | None = None) -> Given:
    """Return what was given with the documents in it that its links name, for agents that are given documents.

    A link leads to a document of the sources that the person may read, or, where Attune acts for them, to a file that
    they may read in the tenant's SharePoint; what else one may lead to is not looked at. In the words the document's
    title takes the link's place.

    Raises:
        LinkNotRead: a link to SharePoint names nothing that the person may read, or there is nothing but other links.
    """
    links = addresses_in(given.text)
    if not links or not takes_documents(tenant, incoming):
        return given
    text, files = given.text, list(given.files)
    principals = tenant.people.principals(incoming.person_id)
    for link in links[:MAX_LINKS]:
        with tenant.store.reading() as session:
            found = document_at(session, link, principals)
        if found is not None:
            files.append(_read(tenant, found))
            text = text.replace(link, f"'{found.title}'")
        elif is_microsofts(link) and (shared := read_shared(link) if read_shared else None) is not None:
            files.append(ReadFile(name=shared.name, text=shared.text, word=shared.word, is_shared=True))
            text = text.replace(link, f"'{Path(shared.name).stem}'")
        elif is_microsofts(link):
            refusal = LinkNotRead(_not_found(link))
            access.note(tenant, incoming.person_id, refusal)
            raise refusal
    has_words = bool(_without(given.text, links))
    if not files and not has_words:
        raise LinkNotRead
    return Given(text=text if has_words else "", files=files)


def has_links(text: str) -> bool:
    """Say whether a text has a link to SharePoint or OneDrive."""
    return any(is_microsofts(link) for link in addresses_in(text))


def takes_documents(tenant: Tenant, incoming: Incoming) -> bool:
    """Say whether the agent that somebody talks to is given documents."""
    with tenant.store.reading() as session:
        agent_id = _agent_id(session, incoming)
        return agent_id is not None and agents.get(session, agent_id).task is not Task.QUESTIONS


def _agent_id(session: Session, incoming: Incoming) -> str | None:
    """Return whom the person talks to: whom they picked, or whom the channel or group chat is bound to."""
    current = conversations.current(session, incoming.chat_id, incoming.person_id)
    if current is not None:
        return current.agent_id
    room = None if incoming.scope is Scope.PERSONAL else rooms.get(session, incoming.chat_id)
    return room.agent_id if room else None


def _read(tenant: Tenant, document: Document) -> ReadFile:
    try:
        with tenant.store.reading() as session:
            source = documents.get_source(session, document.source_id)
        reader = reader_of(source, folder=tenant.folder, uploads=tenant.uploads, registration=tenant.registration)
        with Extractor() as extractor:
            file = reread(reader, document, extractor)
    except Unreadable as unreadable:
        refused = say("I can't use '{name}'.", name=document.title)
        raise LinkNotRead(f"{refused} {unreadable.sentence}") from unreadable
    except (Refusal, OSError) as error:
        raise LinkNotRead(_not_found(document.url)) from error
    if file is None:
        raise LinkNotRead(_not_found(document.url))
    return ReadFile(name=Path(document.path).name, text=file.text, word=file.word, document_id=document.id)


def _without(text: str, links: list[str]) -> str:
    for link in links:
        text = text.replace(link, "")
    return text.strip()


def _not_found(link: str) -> str:
    return say(
        "I find no document at {link} that you may read. Check the address, attach the file, or paste its text.",
        link=link if len(link) <= MAX_SHOWN else f"{link[: MAX_SHOWN - 1]}…",
    )
