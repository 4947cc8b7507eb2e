"""Drafts are offered as Word files, and kept until the person has them."""

import sqlalchemy as sa
from alembic import op

from tuning.domain.fields import UtcDateTime

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "draft",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("answer_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("chat_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("activity_id", sa.String(), nullable=False),
        sa.Column("offered_at", UtcDateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("answer_id"),
    )
    op.create_index("ix_draft_person_id", "draft", ["person_id"])


def downgrade() -> None:
    op.drop_table("draft")
