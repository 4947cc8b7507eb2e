"""Queries on documents by their web address."""

from collections.abc import Collection, Sequence

from sqlmodel import Session, col, select

from tuning.domain.documents import Document, DocumentReader


def with_part(session: Session, part: str, principals: Collection[str]) -> Sequence[Document]:
    """Return the documents with a part of a word in their address that one of the principals may read, by address."""
    may_read = select(DocumentReader.document_id).where(col(DocumentReader.principal_id).in_(principals))
    has_it = col(Document.url).icontains(part, autoescape=True)
    return session.exec(
        select(Document).where(has_it, col(Document.id).in_(may_read)).order_by(col(Document.url))
    ).all()
