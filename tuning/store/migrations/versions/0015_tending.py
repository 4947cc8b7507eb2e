"""What owners do to tend their agents: settle corrections together, pause, hand over, and say when to retrain."""

import sqlalchemy as sa
from alembic import op

from tuning.domain.fields import UtcDateTime

revision = "0015"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("feedback", sa.Column("reviewed_at", UtcDateTime(timezone=True), nullable=True))
    op.add_column("feedback", sa.Column("matter_id", sa.String(), nullable=True))
    op.create_index("ix_feedback_matter_id", "feedback", ["matter_id"])
    op.add_column("agent", sa.Column("is_paused", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("agent", sa.Column("former_owner_ids", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("agent", sa.Column("retraining", sa.String(32), nullable=False, server_default="never"))
    op.add_column("agent", sa.Column("retrain_after", sa.Integer(), nullable=False, server_default="10"))
    op.add_column("agent", sa.Column("retraining_held", sa.String(), nullable=False, server_default=""))
    op.add_column("run", sa.Column("is_automatic", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("run") as run:
        run.drop_column("is_automatic")
    with op.batch_alter_table("agent") as agent:
        for column in ("retraining_held", "retrain_after", "retraining", "former_owner_ids", "is_paused"):
            agent.drop_column(column)
    op.drop_index("ix_feedback_matter_id", "feedback")
    with op.batch_alter_table("feedback") as feedback:
        feedback.drop_column("matter_id")
        feedback.drop_column("reviewed_at")
