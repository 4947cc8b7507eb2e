"""Access lists of a source elsewhere count for a time only; how often a document's could not be read is counted."""

import sqlalchemy as sa
from alembic import op

from tuning.domain.fields import UtcDateTime

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.add_column("source", sa.Column("readable_until", UtcDateTime(timezone=True), nullable=True))
    op.add_column("document", sa.Column("unknown_syncs", sa.Integer(), nullable=False, server_default="0"))
    # Those of Microsoft 365 count until the next sync, which has to confirm them.
    times = [sa.column(name, UtcDateTime(timezone=True)) for name in ("synced_at", "next_sync_at", "readable_until")]
    source = sa.table("source", sa.column("kind"), *times)
    until = sa.func.coalesce(source.c.next_sync_at, source.c.synced_at)
    op.execute(source.update().where(source.c.kind == "sharepoint").values(readable_until=until))


def downgrade() -> None:
    # In place: a new table of documents would be without the triggers of the full-text index.
    op.drop_column("document", "unknown_syncs")
    op.drop_column("source", "readable_until")
