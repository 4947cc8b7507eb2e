"""Owners confirm pairs of documents that were found for them."""

import sqlalchemy as sa
from alembic import op

from tuning.domain.fields import UtcDateTime

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.create_table(
        "documentpair",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("precedent_id", sa.String(), nullable=False),
        sa.Column("target_id", sa.String(), nullable=False),
        sa.Column("content_id", sa.String(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("found_by", sa.String(32), nullable=False),
        sa.Column("verdict", sa.String(32), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
    )
    for column in ("agent_id", "precedent_id", "target_id", "content_id", "decided_by"):
        op.create_index(f"ix_documentpair_{column}", "documentpair", [column])


def downgrade() -> None:
    op.drop_table("documentpair")
