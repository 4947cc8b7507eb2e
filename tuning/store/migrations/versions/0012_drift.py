"""Sources are synced on a schedule, and releases are compared with what became of the documents they learned from."""

import sqlalchemy as sa
from alembic import op

from tuning.domain.fields import UtcDateTime

revision = "0012"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("source", sa.Column("next_sync_at", UtcDateTime(timezone=True), nullable=True))
    op.add_column("source", sa.Column("sync_failures", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("source", sa.Column("sync_error", sa.String(), nullable=False, server_default=""))
    op.add_column("source", sa.Column("syncing_job_id", sa.String(), nullable=False, server_default=""))
    op.add_column("policy", sa.Column("drift_action", sa.String(length=32), nullable=False, server_default="warn"))
    op.create_table(
        "drift",
        sa.Column("release_id", sa.String(), primary_key=True),
        sa.Column("learned", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("deleted", sa.Integer(), nullable=False),
        sa.Column("lost", sa.JSON(), nullable=False),
        sa.Column("checked_at", UtcDateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("drift")
    with op.batch_alter_table("policy") as policy:
        policy.drop_column("drift_action")
    with op.batch_alter_table("source") as source:
        for name in ("syncing_job_id", "sync_error", "sync_failures", "next_sync_at"):
            source.drop_column(name)
