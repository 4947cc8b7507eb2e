"""Owners have their agents tuned again each day, week or month, at a time of their own."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from tuning.domain.fields import UtcDateTime

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.add_column("agent", sa.Column("retrain_at", sa.Time(), nullable=False, server_default="02:00:00.000000"))
    op.add_column("agent", sa.Column("retrain_on", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("agent", sa.Column("retrain_zone", sa.String(), nullable=False, server_default="UTC"))
    op.add_column("agent", sa.Column("retrain_next_at", UtcDateTime(timezone=True), nullable=True))
    # Those that were tuned every week begin on the next Monday; from then on, as they are set.
    today = datetime.now(UTC).replace(hour=2, minute=0, second=0, microsecond=0)
    agent = sa.table("agent", sa.column("retraining"), sa.column("retrain_next_at", UtcDateTime(timezone=True)))
    monday = today + timedelta(days=7 - today.weekday())
    op.execute(agent.update().where(agent.c.retraining == "weekly").values(retrain_next_at=monday))


def downgrade() -> None:
    with op.batch_alter_table("agent") as agent:
        for column in ("retrain_next_at", "retrain_zone", "retrain_on", "retrain_at"):
            agent.drop_column(column)
