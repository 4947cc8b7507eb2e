"""What somebody can do to the audit who owns the database: first take away what guards it, then change it."""

from sqlalchemy import text
from sqlmodel import Session


def unguard(session: Session) -> None:
    """Take away the triggers by which the database refuses to change or delete events."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(text("ALTER TABLE auditevent DISABLE TRIGGER USER"))
        return
    for trigger in ("audit_no_update", "audit_no_delete"):
        connection.execute(text(f"DROP TRIGGER IF EXISTS {trigger}"))
