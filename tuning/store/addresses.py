"""Queries on documents by their web address."""

from collections.abc import Collection, Sequence

from sqlmodel import Session, col, select

from tuning.domain.documents import Document, DocumentReader, Source
from tuning.domain.fields import now


def with_part(session: Session, part: str, principals: Collection[str]) -> Sequence[Document]:
    """Return the documents with a part of a word in their address that one of the principals may read, by address.

    Those of sources whose access lists are too old to go by are missing.
    """
    may_read = select(DocumentReader.document_id).where(col(DocumentReader.principal_id).in_(principals))
    has_it = col(Document.url).icontains(part, autoescape=True)
    is_over = col(Document.source_id).in_(select(Source.id).where(col(Source.readable_until) < now()))
    query = select(Document).where(has_it, col(Document.id).in_(may_read), ~is_over)
    return session.exec(query.order_by(col(Document.url))).all()
