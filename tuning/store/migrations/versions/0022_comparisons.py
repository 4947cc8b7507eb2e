"""Owners rate answers blindly."""

import sqlalchemy as sa
from alembic import op

from tuning.domain.fields import UtcDateTime

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_table(
        "comparison",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("release_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sample", sa.Integer(), nullable=False),
        sa.Column("against", sa.String(32), nullable=False),
        sa.Column("is_candidate_first", sa.Boolean(), nullable=False),
        sa.Column("choice", sa.String(32), nullable=True),
        sa.Column("rated_by", sa.String(), nullable=False),
        sa.Column("rated_at", UtcDateTime(timezone=True), nullable=True),
    )
    op.create_index("ix_comparison_release_id", "comparison", ["release_id"])
    op.add_column("evaluation", sa.Column("rating", sa.JSON(), nullable=False, server_default="{}"))


def downgrade() -> None:
    with op.batch_alter_table("evaluation") as evaluation:
        evaluation.drop_column("rating")
    op.drop_table("comparison")
