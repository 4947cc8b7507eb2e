"""Owners' criteria, and how far the answers of an evaluation keep to them."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    for table in ("agent", "evaluation"):
        op.add_column(table, sa.Column("criteria", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    for table in ("evaluation", "agent"):
        with op.batch_alter_table(table) as changed:
            changed.drop_column("criteria")
