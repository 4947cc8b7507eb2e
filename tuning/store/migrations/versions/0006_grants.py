"""People ask for the right to make and tune agents, and admins grant it."""

import sqlalchemy as sa
from alembic import op

from tuning.domain.fields import UtcDateTime

revision = "0006"
down_revision = "0005"

_OPEN = sa.text("state IN ('asked', 'granted')")


def upgrade() -> None:
    op.create_table(
        "grant",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("justification", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("is_once", sa.Boolean(), nullable=False),
        sa.Column("expires_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("asked_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("decided_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_grant_person_id", "grant", ["person_id"])
    op.create_index("ix_grant_state", "grant", ["state"])
    op.create_index("open_grant", "grant", ["person_id"], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN)


def downgrade() -> None:
    op.drop_table("grant")
